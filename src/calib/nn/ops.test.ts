import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { Rng } from "../../base/rng.js";
import { selectBackend } from "./backend.js";
import { registerGradients } from "./gradients.js";
import { conv1d, conv1dTranspose, logSumExp, matMul, mean, silu, tanh } from "./ops.js";

const rng = Rng.fromSeed(11);
const normals = (n: number): Float32Array => Float32Array.from({ length: n }, () => rng.normal());

/** Largest difference between the gradient of a scalar function and central differences, relative to its size. */
function gradientError(f: (...x: tf.Tensor[]) => tf.Scalar, inputs: tf.Tensor[]): number {
  const { grads } = tf.valueAndGrads(f)(inputs);
  let worst = 0;
  inputs.forEach((input, k) => {
    const values = input.dataSync() as Float32Array;
    const gradient = (grads[k] as tf.Tensor).dataSync();
    const size = Math.max(1e-2, ...gradient.map(Math.abs));
    for (let i = 0; i < values.length; i++) {
      const at = (delta: number): number => {
        const moved = Float32Array.from(values);
        moved[i] = (moved[i] as number) + delta;
        const x = inputs.map((other, j) => (j === k ? tf.tensor(moved, other.shape) : other));
        return f(...x).dataSync()[0] as number;
      };
      const difference = (at(1e-2) - at(-1e-2)) / 2e-2;
      worst = Math.max(worst, Math.abs(difference - (gradient[i] as number)) / size);
    }
  });
  return worst;
}

describe.each(["wasm", "cpu"] as const)("on the %s backend", (backend) => {
  beforeAll(async () => {
    await selectBackend(backend);
    registerGradients();
  });

  test.each([
    { stride: 1, overlap: 3, length: 5 },
    { stride: 2, overlap: 1, length: 6 },
    { stride: 4, overlap: 2, length: 12 },
    { stride: 3, overlap: 4, length: 9 },
  ])("conv1d equals the sum over its window: %o", ({ stride, overlap, length }) => {
    const [n, c, f] = [2, 3, 2];
    const [x, w, b] = [normals(length * n * c), normals(overlap * stride * c * f), normals(f)];
    const out = conv1d(tf.tensor3d(x, [length, n, c]), tf.tensor3d(w, [overlap, stride * c, f]), tf.tensor1d(b), {
      stride,
      overlap,
    });
    expect(out.shape).toEqual([length / stride, n, f]);
    const first = -Math.floor((overlap - 1) / 2) * stride;
    const expected: number[] = [];
    for (let p = 0; p < length / stride; p++) {
      for (let i = 0; i < n; i++) {
        for (let o = 0; o < f; o++) {
          let sum = b[o]!;
          for (let k = 0; k < overlap * stride; k++) {
            const t = p * stride + first + k;
            if (t < 0 || t >= length) continue;
            for (let ch = 0; ch < c; ch++) sum += x[(t * n + i) * c + ch]! * w[(k * c + ch) * f + o]!;
          }
          expected.push(sum);
        }
      }
    }
    out.dataSync().forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 4);
    });
  });

  test.each([
    { stride: 4, overlap: 1 },
    { stride: 2, overlap: 2 },
    { stride: 2, overlap: 3 },
  ])("conv1dTranspose is the adjoint of conv1d: %o", ({ stride, overlap }) => {
    const [n, c, f, positions] = [2, 3, 4, 5];
    const length = positions * stride;
    const x = tf.tensor3d(normals(length * n * c), [length, n, c]);
    const y = tf.tensor3d(normals(positions * n * f), [positions, n, f]);
    const w = tf.tensor3d(normals(overlap * stride * c * f), [overlap, stride * c, f]);
    const forward = conv1d(x, w, tf.zeros([f]), { stride, overlap });
    const backward = conv1dTranspose(y, tf.transpose(w, [0, 2, 1]), tf.zeros([c]), { stride, overlap });
    const left = tf.sum(tf.mul(forward, y)).dataSync()[0]!;
    const right = tf.sum(tf.mul(x, backward)).dataSync()[0]!;
    expect(left).toBeCloseTo(right, 3);
  });

  test("gradients of both convolutions agree with finite differences", () => {
    const shape = { stride: 2, overlap: 2 };
    const conv = (x: tf.Tensor, w: tf.Tensor, b: tf.Tensor): tf.Scalar =>
      tf.sum(tf.square(conv1d(x as tf.Tensor3D, w as tf.Tensor3D, b as tf.Tensor1D, shape)));
    const transposed = (x: tf.Tensor, w: tf.Tensor, b: tf.Tensor): tf.Scalar =>
      tf.sum(tf.square(conv1dTranspose(x as tf.Tensor3D, w as tf.Tensor3D, b as tf.Tensor1D, shape)));
    const x = tf.tensor3d(normals(6 * 2 * 2), [6, 2, 2]);
    expect(gradientError(conv, [x, tf.tensor3d(normals(2 * 4 * 3), [2, 4, 3]), tf.tensor1d(normals(3))])).toBeLessThan(
      2e-2,
    );
    const w = tf.tensor3d(normals(2 * 2 * 6), [2, 2, 6]);
    expect(gradientError(transposed, [x, w, tf.tensor1d(normals(3))])).toBeLessThan(2e-2);
  });

  test("activations and reductions: value and gradient", () => {
    const values = [-9, -2, -0.3, 0, 1e-3, 0.7, 3, 12];
    const x = tf.tensor2d(values, [2, 4]);
    tanh(x)
      .dataSync()
      .forEach((y, i) => {
        expect(Math.abs(y - Math.tanh(values[i]!))).toBeLessThan(3e-7);
      });
    silu(x)
      .dataSync()
      .forEach((y, i) => {
        expect(y).toBeCloseTo(values[i]! / (1 + Math.exp(-values[i]!)), 4);
      });
    const lse = [values.slice(0, 4), values.slice(4)].map((row) => Math.log(row.reduce((s, v) => s + Math.exp(v), 0)));
    logSumExp(x)
      .dataSync()
      .forEach((y, i) => {
        expect(y).toBeCloseTo(lse[i]!, 4);
      });
    expect(logSumExp(tf.tensor2d([1000, 1000], [1, 2])).dataSync()[0]).toBeCloseTo(1000 + Math.LN2, 3);
    const weight = tf.tensor2d(normals(8), [2, 4]);
    for (const f of [tanh, silu, (t: tf.Tensor) => tf.exp(tf.mul(t, 0.1)), (t: tf.Tensor) => tf.sigmoid(t)]) {
      expect(gradientError((t) => tf.sum(tf.mul(f(t as tf.Tensor), weight)), [x])).toBeLessThan(2e-2);
    }
    expect(gradientError((t) => mean(logSumExp(t as tf.Tensor2D)), [x])).toBeLessThan(2e-2);
  });

  test("gradients of broadcasting, slicing, padding and products agree with finite differences", () => {
    const a = tf.tensor2d(normals(6), [3, 2]);
    const b = tf.tensor2d(normals(2), [1, 2]);
    const c = tf.tensor2d(normals(8), [2, 4]);
    const f = (...[p, q, r]: tf.Tensor[]): tf.Scalar => {
      const mixed = tf.mul(tf.sub(p!, q!), tf.add(p!, tf.neg(q!))) as tf.Tensor2D;
      const product = matMul(mixed, r as tf.Tensor2D);
      const padded = tf.pad(tf.slice(product, [1, 1], [2, 2]), [
        [0, 1],
        [1, 0],
      ]);
      return tf.sum(tf.square(tf.sum(tf.transpose(padded), 0)));
    };
    expect(gradientError(f, [a, b, c])).toBeLessThan(2e-2);
  });
});
