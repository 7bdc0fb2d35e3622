// Element-wise kernels and their derivatives. Lengths n are rounded up to a multiple of 4: buffers must have that room.
import { fma, splat, vexp, vlog, vsigmoid, vsoftplus, vtanh } from "./simd";

/** Row-wise bias: X (rows x columns, leading dimension ld) += bias. columns a multiple of 4 in storage. */
export function addBias(rows: i32, columns: i32, X: usize, ld: i32, bias: usize): void {
  for (let r = 0; r < rows; r++) {
    let x = X + ((<usize>r * ld) << 2);
    const end = x + ((<usize>columns) << 2);
    for (let b = bias; x < end; x += 16, b += 16) v128.store(x, f32x4.add(v128.load(x), v128.load(b)));
  }
}

/** G (columns) += the sum over the rows of X: the gradient of a bias. */
export function sumRows(rows: i32, columns: i32, X: usize, ld: i32, G: usize): void {
  for (let j = 0; j < columns; j += 4) {
    let s = splat(0);
    let x = X + ((<usize>j) << 2);
    for (let r = 0; r < rows; r++, x += (<usize>ld) << 2) s = f32x4.add(s, v128.load(x));
    const g = G + ((<usize>j) << 2);
    v128.store(g, f32x4.add(v128.load(g), s));
  }
}

export function tanhForward(x: usize, n: i32): void {
  for (const end = x + ((<usize>n) << 2); x < end; x += 16) v128.store(x, vtanh(v128.load(x)));
}

/** g *= 1 - y^2 for y = tanh x. */
export function tanhBackward(g: usize, y: usize, n: i32): void {
  for (const end = g + ((<usize>n) << 2); g < end; g += 16, y += 16) {
    const v = v128.load(y);
    v128.store(g, f32x4.mul(v128.load(g), f32x4.sub(splat(1), f32x4.mul(v, v))));
  }
}

export function reluForward(x: usize, n: i32): void {
  for (const end = x + ((<usize>n) << 2); x < end; x += 16) v128.store(x, f32x4.pmax(splat(0), v128.load(x)));
}

/** o = g where y > 0, else 0. o may be g. */
export function reluBackward(o: usize, g: usize, y: usize, n: i32): void {
  for (const end = g + ((<usize>n) << 2); g < end; g += 16, y += 16, o += 16) {
    v128.store(o, v128.and(v128.load(g), f32x4.gt(v128.load(y), splat(0))));
  }
}

/** A residual connection: y = max(0, y), o = x + y. */
export function reluResidual(o: usize, x: usize, y: usize, n: i32): void {
  for (const end = y + ((<usize>n) << 2); y < end; y += 16, x += 16, o += 16) {
    const v = f32x4.pmax(splat(0), v128.load(y));
    v128.store(y, v);
    v128.store(o, f32x4.add(v128.load(x), v));
  }
}

/** y = x for x > 0, slope * x below. */
export function leakyReluForward(x: usize, n: i32, slope: f32): void {
  const k = splat(slope);
  for (const end = x + ((<usize>n) << 2); x < end; x += 16) {
    const v = v128.load(x);
    v128.store(x, f32x4.max(v, f32x4.mul(v, k)));
  }
}

/** g *= 1 or slope, by the sign of the output y (same sign as the input). */
export function leakyReluBackward(g: usize, y: usize, n: i32, slope: f32): void {
  const k = splat(slope);
  for (const end = g + ((<usize>n) << 2); g < end; g += 16, y += 16) {
    const v = v128.load(g);
    v128.store(g, v128.bitselect(v, f32x4.mul(v, k), f32x4.gt(v128.load(y), splat(0))));
  }
}

/** y = x sigmoid(x); x is kept for the backward pass. */
export function siluForward(x: usize, y: usize, n: i32): void {
  for (const end = x + ((<usize>n) << 2); x < end; x += 16, y += 16) {
    const v = v128.load(x);
    v128.store(y, f32x4.mul(v, vsigmoid(v)));
  }
}

/** g *= s + x s (1 - s), s = sigmoid(x). */
export function siluBackward(g: usize, x: usize, n: i32): void {
  for (const end = g + ((<usize>n) << 2); g < end; g += 16, x += 16) {
    const v = v128.load(x);
    const s = vsigmoid(v);
    v128.store(g, f32x4.mul(v128.load(g), fma(f32x4.mul(v, s), f32x4.sub(splat(1), s), s)));
  }
}

export function expForward(x: usize, y: usize, n: i32): void {
  for (const end = x + ((<usize>n) << 2); x < end; x += 16, y += 16) v128.store(y, vexp(v128.load(x)));
}

export function logForward(x: usize, y: usize, n: i32): void {
  for (const end = x + ((<usize>n) << 2); x < end; x += 16, y += 16) v128.store(y, vlog(v128.load(x)));
}

export function sigmoidForward(x: usize, y: usize, n: i32): void {
  for (const end = x + ((<usize>n) << 2); x < end; x += 16, y += 16) v128.store(y, vsigmoid(v128.load(x)));
}

export function softplusForward(x: usize, y: usize, n: i32): void {
  for (const end = x + ((<usize>n) << 2); x < end; x += 16, y += 16) v128.store(y, vsoftplus(v128.load(x)));
}

/** o = a + b */
export function add(o: usize, a: usize, b: usize, n: i32): void {
  for (const end = o + (<usize>n << 2); o < end; o += 16, a += 16, b += 16) {
    v128.store(o, f32x4.add(v128.load(a), v128.load(b)));
  }
}

/** y += k x */
export function axpy(y: usize, x: usize, n: i32, k: f32): void {
  const kk = splat(k);
  for (const end = y + ((<usize>n) << 2); y < end; y += 16, x += 16) v128.store(y, fma(v128.load(x), kk, v128.load(y)));
}

/** y += k (x - y): a running average. */
export function approach(y: usize, x: usize, n: i32, k: f32): void {
  const kk = splat(k);
  for (const end = y + ((<usize>n) << 2); y < end; y += 16, x += 16) {
    const v = v128.load(y);
    v128.store(y, fma(f32x4.sub(v128.load(x), v), kk, v));
  }
}

/** o = k (a - b) */
export function scaledDifference(o: usize, a: usize, b: usize, n: i32, k: f32): void {
  const kk = splat(k);
  for (const end = o + ((<usize>n) << 2); o < end; o += 16, a += 16, b += 16) {
    v128.store(o, f32x4.mul(f32x4.sub(v128.load(a), v128.load(b)), kk));
  }
}

/** g = k w (a - b) @returns the sum of w (a - b)^2, in four partial sums of float32 per 1024 elements, then float64 */
export function weightedResidual(g: usize, a: usize, b: usize, w: usize, n: i32, k: f32): f64 {
  let total: f64 = 0;
  const kk = splat(k);
  const end = g + ((<usize>n) << 2);
  while (g < end) {
    const stop = g + 4096 < end ? g + 4096 : end;
    let s = splat(0);
    for (; g < stop; g += 16, a += 16, b += 16, w += 16) {
      const r = f32x4.sub(v128.load(a), v128.load(b));
      const wr = f32x4.mul(v128.load(w), r);
      s = fma(wr, r, s);
      v128.store(g, f32x4.mul(wr, kk));
    }
    total += laneSum(s);
  }
  return total;
}

// @ts-ignore: decorator
@inline
function laneSum(s: v128): f64 {
  return (
    <f64>f32x4.extract_lane(s, 0) +
    <f64>f32x4.extract_lane(s, 1) +
    <f64>f32x4.extract_lane(s, 2) +
    <f64>f32x4.extract_lane(s, 3)
  );
}

/** Sum of squares, in four partial sums of float32 per 1024 elements, added in float64. */
export function sumSquares(x: usize, n: i32): f64 {
  let total: f64 = 0;
  const end = x + ((<usize>n) << 2);
  while (x < end) {
    const stop = x + 4096 < end ? x + 4096 : end;
    let s = splat(0);
    for (; x < stop; x += 16) {
      const v = v128.load(x);
      s = fma(v, v, s);
    }
    total += laneSum(s);
  }
  return total;
}

/**
 * One AdamW step: m, s are the moments; c1 = 1 / (1 - beta1^t), c2 = 1 / (1 - beta2^t); gradient is scaled by `clip`
 * first; weights decay by lr * decay.
 */
export function adamw(
  p: usize,
  g: usize,
  m: usize,
  s: usize,
  n: i32,
  lr: f32,
  beta1: f32,
  beta2: f32,
  epsilon: f32,
  c1: f32,
  c2: f32,
  clip: f32,
  decay: f32,
): void {
  const b1 = splat(beta1);
  const b2 = splat(beta2);
  const i1 = splat(1 - beta1);
  const i2 = splat(1 - beta2);
  const scale = splat(clip);
  const rate = splat(lr * c1);
  const keep = splat(1 - lr * decay);
  for (const end = p + ((<usize>n) << 2); p < end; p += 16, g += 16, m += 16, s += 16) {
    const q = f32x4.mul(v128.load(g), scale);
    const a = fma(v128.load(m), b1, f32x4.mul(q, i1));
    const b = fma(v128.load(s), b2, f32x4.mul(f32x4.mul(q, q), i2));
    v128.store(m, a);
    v128.store(s, b);
    const step = f32x4.div(f32x4.mul(a, rate), f32x4.add(f32x4.sqrt(f32x4.mul(b, splat(c2))), splat(epsilon)));
    v128.store(p, f32x4.sub(f32x4.mul(v128.load(p), keep), step));
  }
}
