// Shared pieces of the kernels: fused multiply-add where the engine has it, and vector exp, tanh, sigmoid, log.
// Four float32 lanes. Accuracy of each function is stated and held by src/kernels/elementwise.test.ts.

// @ts-ignore: decorator
@inline
export function fma(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
}

// @ts-ignore: decorator
@inline
export function splat(x: f32): v128 {
  return f32x4.splat(x);
}

/** Put or add a vector at a place. */
// @ts-ignore: decorator
@inline
export function put(at: usize, x: v128, accumulate: bool): void {
  v128.store(at, accumulate ? f32x4.add(v128.load(at), x) : x);
}

/**
 * e^x. Argument clamped to [-87, 88]; relative error below 2e-7.
 * Method: x = k ln 2 + r, |r| <= ln2/2; minimax polynomial of degree 6 (coefficients as in the Cephes library's expf);
 * ln 2 in two parts so that r keeps its digits.
 */
// @ts-ignore: decorator
@inline
export function vexp(x: v128): v128 {
  const y = f32x4.pmin(f32x4.pmax(x, splat(-87)), splat(88));
  const magic = splat(12582912.0); // 1.5 * 2^23: adding it rounds to an integer in the low mantissa bits
  const t = fma(y, splat(1.44269504), magic);
  const k = f32x4.sub(t, magic);
  let r = fma(k, splat(-0.693359375), y);
  r = fma(k, splat(2.12194440e-4), r);
  let p = splat(1.9875691500e-4);
  p = fma(p, r, splat(1.3981999507e-3));
  p = fma(p, r, splat(8.3334519073e-3));
  p = fma(p, r, splat(4.1665795894e-2));
  p = fma(p, r, splat(1.6666665459e-1));
  p = fma(p, r, splat(0.5));
  p = fma(p, f32x4.mul(r, r), f32x4.add(r, splat(1)));
  return i32x4.add(p, i32x4.shl(t, 23));
}

/** ln x for x > 0 (normal numbers); relative error below 3e-7 away from 1, absolute below 1e-7 near 1. Cephes logf. */
// @ts-ignore: decorator
@inline
export function vlog(x: v128): v128 {
  const bits = x;
  let e = i32x4.sub(i32x4.shr_u(bits, 23), i32x4.splat(126));
  let m = v128.or(v128.and(bits, i32x4.splat(0x007fffff)), i32x4.splat(0x3f000000)); // [0.5, 1)
  const small = f32x4.lt(m, splat(0.707106781186547524));
  e = i32x4.add(e, small); // the mask is -1 where true
  m = f32x4.sub(f32x4.add(m, v128.and(m, small)), splat(1));
  const ef = f32x4.convert_i32x4_s(e);
  const z = f32x4.mul(m, m);
  let p = splat(7.0376836292e-2);
  p = fma(p, m, splat(-1.1514610310e-1));
  p = fma(p, m, splat(1.1676998740e-1));
  p = fma(p, m, splat(-1.2420140846e-1));
  p = fma(p, m, splat(1.4249322787e-1));
  p = fma(p, m, splat(-1.6668057665e-1));
  p = fma(p, m, splat(2.0000714765e-1));
  p = fma(p, m, splat(-2.4999993993e-1));
  p = fma(p, m, splat(3.3333331174e-1));
  let y = f32x4.mul(f32x4.mul(p, m), z);
  y = fma(ef, splat(-2.12194440e-4), y);
  y = fma(z, splat(-0.5), y);
  return fma(ef, splat(0.693359375), f32x4.add(m, y));
}

/** 1 / (1 + e^-x); absolute error below 1e-7. */
// @ts-ignore: decorator
@inline
export function vsigmoid(x: v128): v128 {
  return f32x4.div(splat(1), f32x4.add(splat(1), vexp(f32x4.neg(x))));
}

/** tanh x = 1 - 2 / (e^2x + 1); absolute error below 2e-7, which is what a training step needs. */
// @ts-ignore: decorator
@inline
export function vtanh(x: v128): v128 {
  const y = f32x4.pmin(f32x4.pmax(x, splat(-9.5)), splat(9.5));
  return f32x4.sub(splat(1), f32x4.div(splat(2), f32x4.add(vexp(f32x4.add(y, y)), splat(1))));
}

/** ln(1 + e^x); above 20 it is x. */
// @ts-ignore: decorator
@inline
export function vsoftplus(x: v128): v128 {
  const y = f32x4.pmin(x, splat(20));
  return v128.bitselect(x, vlog(f32x4.add(splat(1), vexp(y))), f32x4.gt(x, splat(20)));
}
