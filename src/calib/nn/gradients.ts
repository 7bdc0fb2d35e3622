/**
 * Gradients of the tensor ops that our networks use. The tensor library ships them outside of the bundle that Node
 * loads from its core package, so the few that are needed are stated here and registered once. Ops that the library
 * already knows (tfjs-node brings the full set) are left alone.
 */
import * as tf from "@tensorflow/tfjs-core";

type Attributes = Readonly<Record<string, unknown>>;

/** Add up what broadcasting had spread, so that a gradient gets the shape of its input. */
function sumTo(gradient: tf.Tensor, shape: number[]): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes(shape, gradient.shape);
  return tf.reshape(axes.length > 0 ? tf.sum(gradient, axes) : gradient, shape);
}

const inputs = (saved: tf.Tensor[]): [tf.Tensor, tf.Tensor] => [saved[0] as tf.Tensor, saved[1] as tf.Tensor];

const gradients: readonly tf.GradConfig[] = [
  {
    kernelName: tf.Add,
    inputsToSave: ["a", "b"],
    gradFunc: (dy, saved) => {
      const [a, b] = inputs(saved);
      return { a: () => sumTo(dy as tf.Tensor, a.shape), b: () => sumTo(dy as tf.Tensor, b.shape) };
    },
  },
  {
    kernelName: tf.Sub,
    inputsToSave: ["a", "b"],
    gradFunc: (dy, saved) => {
      const [a, b] = inputs(saved);
      return { a: () => sumTo(dy as tf.Tensor, a.shape), b: () => sumTo(tf.neg(dy as tf.Tensor), b.shape) };
    },
  },
  {
    kernelName: tf.Multiply,
    inputsToSave: ["a", "b"],
    gradFunc: (dy, saved) => {
      const [a, b] = inputs(saved);
      return {
        a: () => sumTo(tf.mul(dy as tf.Tensor, b), a.shape),
        b: () => sumTo(tf.mul(dy as tf.Tensor, a), b.shape),
      };
    },
  },
  {
    kernelName: tf.Exp,
    outputsToSave: [true],
    gradFunc: (dy, saved) => ({ x: () => tf.mul(dy as tf.Tensor, saved[0] as tf.Tensor) }),
  },
  {
    kernelName: tf.Square,
    inputsToSave: ["x"],
    gradFunc: (dy, saved) => ({ x: () => tf.mul(dy as tf.Tensor, tf.mul(saved[0] as tf.Tensor, 2)) }),
  },
  {
    kernelName: tf.Sigmoid,
    outputsToSave: [true],
    gradFunc: (dy, saved) => {
      const s = saved[0] as tf.Tensor;
      return { x: () => tf.mul(dy as tf.Tensor, tf.mul(s, tf.sub(1, s))) };
    },
  },
  {
    kernelName: tf.Neg,
    gradFunc: (dy) => ({ x: () => tf.neg(dy as tf.Tensor) }),
  },
  {
    kernelName: tf.Reshape,
    inputsToSave: ["x"],
    gradFunc: (dy, saved) => ({ x: () => tf.reshape(dy as tf.Tensor, (saved[0] as tf.Tensor).shape) }),
  },
  {
    kernelName: tf.Transpose,
    gradFunc: (dy, _saved, attributes) => {
      const perm = (attributes as Attributes).perm as number[];
      return { x: () => tf.transpose(dy as tf.Tensor, tf.backend_util.getUndoAxesPermutation(perm)) };
    },
  },
  {
    kernelName: tf.Sum,
    inputsToSave: ["x"],
    gradFunc: (dy, saved, attributes) => {
      const x = saved[0] as tf.Tensor;
      const axes = tf.util.parseAxisParam((attributes as Attributes).axis as number[], x.shape);
      const kept = x.shape.map((n, i) => (axes.includes(i) ? 1 : n));
      return { x: () => tf.mul(tf.reshape(dy as tf.Tensor, kept), tf.ones(x.shape)) };
    },
  },
  {
    kernelName: tf.Slice,
    inputsToSave: ["x"],
    gradFunc: (dy, saved, attributes) => {
      const { shape } = saved[0] as tf.Tensor;
      const begin = (attributes as Attributes).begin as number[];
      const after = (i: number): number =>
        (shape[i] as number) - (begin[i] as number) - ((dy as tf.Tensor).shape[i] ?? 0);
      return {
        x: () =>
          tf.pad(
            dy as tf.Tensor,
            shape.map((_, i): [number, number] => [begin[i] as number, after(i)]),
          ),
      };
    },
  },
  {
    kernelName: tf.PadV2,
    inputsToSave: ["x"],
    gradFunc: (dy, saved, attributes) => {
      const { shape } = saved[0] as tf.Tensor;
      const paddings = (attributes as Attributes).paddings as [number, number][];
      return {
        x: () =>
          tf.slice(
            dy as tf.Tensor,
            paddings.map(([before]) => before),
            shape,
          ),
      };
    },
  },
];

/** Register what is missing; idempotent. */
export function registerGradients(): void {
  for (const config of gradients) if (tf.getGradient(config.kernelName) === undefined) tf.registerGradient(config);
}
