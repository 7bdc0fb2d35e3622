/**
 * The few differentiable operations that the networks are made of, composed from tensor ops that every backend can
 * train with. Backward passes are written out where the ones of the library are missing or slow: the WebAssembly
 * backend has no gradient of a convolution, multiplies with a transposed operand ten times slower than with a
 * transposed copy, and takes seventeen times longer for tanh than for the logistic function (measured, 1000 x 50).
 */
import * as tf from "@tensorflow/tfjs-core";

/** Matrix product with a gradient that never multiplies by a transposed operand. a (n, k), b (k, m). */
export const matMul = tf.customGrad((a, b, save) => {
  const left = a as tf.Tensor2D;
  const right = b as tf.Tensor2D;
  (save as tf.GradSaveFunc)([left, right]);
  return {
    value: tf.matMul(left, right),
    gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [x, w] = saved as [tf.Tensor2D, tf.Tensor2D];
      return [tf.matMul(dy as tf.Tensor2D, tf.transpose(w)), tf.matMul(tf.transpose(x), dy as tf.Tensor2D)];
    },
  };
}) as (a: tf.Tensor2D, b: tf.Tensor2D) => tf.Tensor2D;

/** Affine layer: x (n, k), w (k, m), b (m). */
export function dense(x: tf.Tensor2D, w: tf.Tensor2D, b: tf.Tensor1D): tf.Tensor2D {
  return tf.add(matMul(x, w), b);
}

/** Hyperbolic tangent through the logistic function: 2 s(2x) - 1. Absolute error below 3e-7 in float32. */
export const tanh = tf.customGrad((x, save) => {
  const value = tf.sub(tf.mul(tf.sigmoid(tf.mul(x as tf.Tensor, 2)), 2), 1);
  (save as tf.GradSaveFunc)([value]);
  return {
    value,
    gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(dy, tf.sub(1, tf.square(saved[0] as tf.Tensor))),
  };
}) as <T extends tf.Tensor>(x: T) => T;

/** x s(x), smooth and cheap ("swish"). */
export const silu = tf.customGrad((x, save) => {
  const gate = tf.sigmoid(x as tf.Tensor);
  const value = tf.mul(x as tf.Tensor, gate);
  (save as tf.GradSaveFunc)([gate, value]);
  return {
    value,
    gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [s, y] = saved as [tf.Tensor, tf.Tensor];
      // d/dx x s(x) = s + x s (1 - s) = s + y (1 - s)
      return tf.mul(dy, tf.add(s, tf.mul(y, tf.sub(1, s))));
    },
  };
}) as <T extends tf.Tensor>(x: T) => T;

/** Mean of all values. */
export function mean(x: tf.Tensor): tf.Scalar {
  return tf.mul(tf.sum(x), 1 / x.size);
}

/** log sum exp over the last axis, without overflow. x (n, k), result (n). */
export const logSumExp = tf.customGrad((x, save) => {
  const rows = x as tf.Tensor2D;
  const top = tf.max(rows, 1, true);
  const powers = tf.exp(tf.sub(rows, top));
  const total = tf.sum(powers, 1, true);
  (save as tf.GradSaveFunc)([powers, total]);
  return {
    value: tf.reshape(tf.add(tf.log(total), top), [rows.shape[0]]),
    gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [p, sum] = saved as [tf.Tensor, tf.Tensor];
      return tf.mul(tf.reshape(dy, sum.shape), tf.div(p, sum));
    },
  };
}) as (x: tf.Tensor2D) => tf.Tensor1D;

/** Geometry of a strided convolution over time. The kernel is `overlap` x `stride` points wide. */
export interface Conv1dShape {
  /** Points by which the window moves; the length must be a multiple of it. */
  readonly stride: number;
  /** Kernel width in strides, 1 or more. */
  readonly overlap: number;
}

/**
 * Strided convolution, zero-padded so that length L becomes L / stride. Layout is time-major, (L, n, channels): shifting
 * by one stride is then one contiguous slice, and the convolution a sum of `overlap` matrix products.
 * @param x shape (L, n, c) @param w shape (overlap, stride * c, f) @param b shape (f) @returns shape (L / stride, n, f)
 */
export function conv1d(x: tf.Tensor3D, w: tf.Tensor3D, b: tf.Tensor1D, shape: Conv1dShape): tf.Tensor3D {
  const [length, count, channels] = x.shape;
  const positions = length / shape.stride;
  const filters = w.shape[2];
  const [before, after] = margins(shape.overlap);
  const patches = tf.pad3d(foldTime(x, shape.stride), [
    [before, after],
    [0, 0],
    [0, 0],
  ]);
  const width = shape.stride * channels;
  let sum: tf.Tensor2D | undefined;
  for (let j = 0; j < shape.overlap; j++) {
    const rows = tf.reshape(tf.slice(patches, [j, 0, 0], [positions, count, width]), [positions * count, width]);
    const term = matMul(rows as tf.Tensor2D, kernelSlice(w, j));
    sum = sum === undefined ? term : tf.add(sum, term);
  }
  return tf.reshape(tf.add(sum as tf.Tensor2D, b), [positions, count, filters]);
}

/**
 * Adjoint geometry of {@link conv1d}: length P becomes P * stride, overlapping windows are added.
 * @param x shape (P, n, f) @param w shape (overlap, f, stride * c) @param b shape (c) @returns shape (P * stride, n, c)
 */
export function conv1dTranspose(x: tf.Tensor3D, w: tf.Tensor3D, b: tf.Tensor1D, shape: Conv1dShape): tf.Tensor3D {
  const [positions, count, filters] = x.shape;
  const width = w.shape[2];
  const rows = tf.reshape(x, [positions * count, filters]);
  const [before] = margins(shape.overlap);
  let sum: tf.Tensor3D | undefined;
  for (let j = 0; j < shape.overlap; j++) {
    const term = tf.reshape(matMul(rows as tf.Tensor2D, kernelSlice(w, j)), [positions, count, width]) as tf.Tensor3D;
    const shifted = tf.pad3d(term, [
      [j, shape.overlap - 1 - j],
      [0, 0],
      [0, 0],
    ]);
    sum = sum === undefined ? shifted : tf.add(sum, shifted);
  }
  const cropped = tf.slice(sum as tf.Tensor3D, [before, 0, 0], [positions, count, width]);
  return tf.add(unfoldTime(cropped, shape.stride), b);
}

/** Strides of zero padding before and after. */
function margins(overlap: number): [number, number] {
  const before = Math.floor((overlap - 1) / 2);
  return [before, overlap - 1 - before];
}

function kernelSlice(w: tf.Tensor3D, j: number): tf.Tensor2D {
  const [, rows, columns] = w.shape;
  return tf.reshape(tf.slice(w, [j, 0, 0], [1, rows, columns]), [rows, columns]);
}

/** (L, n, c) to (L / s, n, s c): the s points of a stride become channels. */
function foldTime(x: tf.Tensor3D, stride: number): tf.Tensor3D {
  const [length, count, channels] = x.shape;
  if (stride === 1) return x;
  const blocks = tf.reshape(x, [length / stride, stride, count, channels]);
  return tf.reshape(tf.transpose(blocks, [0, 2, 1, 3]), [length / stride, count, stride * channels]);
}

/** Inverse of {@link foldTime}. */
function unfoldTime(x: tf.Tensor3D, stride: number): tf.Tensor3D {
  const [positions, count, width] = x.shape;
  if (stride === 1) return x;
  const blocks = tf.reshape(x, [positions, count, stride, width / stride]);
  return tf.reshape(tf.transpose(blocks, [0, 2, 1, 3]), [positions * stride, count, width / stride]);
}
