// Log-density of a mixture of normal densities with full covariance, and its gradient. Feature-major: for each component
// one row of raw weight, d rows of means, d rows of log-diagonals and d (d - 1) / 2 rows of entries below the diagonal of
// the factor L of the precision, P = L^T L with L lower triangular: log N = sum log L_ii - |L (z - m)|^2 / 2 - d/2 ln 2 pi.
// Four columns are one vector. The oracle is src/kernels/mixture.ts.
import { fma, splat, vexp, vlog } from "./simd";

/** Largest |log diagonal|. */
const limit: f32 = 10;

const maxComponents: i32 = 64;
const maxParameters: i32 = 64;
const scores: usize = memory.data(maxComponents * 16);
/** z - m, and L (z - m), of one component. */
const delta: usize = memory.data(maxParameters * 16);
const white: usize = memory.data(maxParameters * 16);

// @ts-ignore: decorator
@inline
function clampLog(x: v128): v128 {
  return f32x4.pmin(f32x4.pmax(x, splat(-limit)), splat(limit));
}

/** Fill `delta` and `white` for component k; returns its log-density without the weight. */
function component(d: i32, raw: usize, stride: usize, z: usize): v128 {
  const means = raw;
  const diagonal = raw + <usize>d * stride;
  let below = raw + <usize>(2 * d) * stride;
  let log = splat(-0.9189385332 * <f32>d);
  for (let i = 0; i < d; i++) {
    v128.store(delta + <usize>i * 16, f32x4.sub(v128.load(z + <usize>i * stride), v128.load(means + <usize>i * stride)));
  }
  for (let i = 0; i < d; i++) {
    const l = clampLog(v128.load(diagonal + <usize>i * stride));
    let w = f32x4.mul(vexp(l), v128.load(delta + <usize>i * 16));
    for (let j = 0; j < i; j++, below += stride) w = fma(v128.load(below), v128.load(delta + <usize>j * 16), w);
    v128.store(white + <usize>i * 16, w);
    log = f32x4.add(log, fma(f32x4.mul(w, w), splat(-0.5), l));
  }
  return log;
}

/**
 * logQ (N) = log sum_k w_k N_k(z). @param raw K blocks of 1 + 2 d + d (d - 1) / 2 rows of N
 * @param z d rows of N @param share receives K rows of N: the responsibilities
 */
export function mixtureForward(N: i32, d: i32, K: i32, raw: usize, z: usize, logQ: usize, share: usize): void {
  const stride = <usize>N << 2;
  const block = <usize>(1 + 2 * d + ((d * (d - 1)) >> 1)) * stride;
  for (let r: usize = 0; r < stride; r += 16) {
    let top = splat(-1e30);
    let topWeight = splat(-1e30);
    for (let k = 0; k < K; k++) {
      const own = raw + r + <usize>k * block;
      const weight = v128.load(own);
      topWeight = f32x4.pmax(topWeight, weight);
      const s = f32x4.add(weight, component(d, own + stride, stride, z + r));
      v128.store(scores + <usize>k * 16, s);
      top = f32x4.pmax(top, s);
    }
    let sum = splat(0);
    let sumWeights = splat(0);
    for (let k = 0; k < K; k++) {
      const e = vexp(f32x4.sub(v128.load(scores + <usize>k * 16), top));
      v128.store(share + r + <usize>k * stride, e);
      sum = f32x4.add(sum, e);
      sumWeights = f32x4.add(sumWeights, vexp(f32x4.sub(v128.load(raw + r + <usize>k * block), topWeight)));
    }
    const norm = f32x4.div(splat(1), sum);
    for (let k = 0; k < K; k++) {
      const at = share + r + <usize>k * stride;
      v128.store(at, f32x4.mul(v128.load(at), norm));
    }
    const l = f32x4.sub(f32x4.add(top, vlog(sum)), f32x4.add(topWeight, vlog(sumWeights)));
    v128.store(logQ + r, l);
  }
}

/** graw receives g (N) times the gradient of logQ with respect to raw. @param share as mixtureForward left it */
export function mixtureBackward(
  N: i32, d: i32, K: i32, raw: usize, z: usize, share: usize, g: usize, graw: usize,
): void {
  const stride = <usize>N << 2;
  const block = <usize>(1 + 2 * d + ((d * (d - 1)) >> 1)) * stride;
  for (let r: usize = 0; r < stride; r += 16) {
    const outer = v128.load(g + r);
    let topWeight = splat(-1e30);
    for (let k = 0; k < K; k++) topWeight = f32x4.pmax(topWeight, v128.load(raw + r + <usize>k * block));
    let sumWeights = splat(0);
    for (let k = 0; k < K; k++) {
      sumWeights = f32x4.add(sumWeights, vexp(f32x4.sub(v128.load(raw + r + <usize>k * block), topWeight)));
    }
    for (let k = 0; k < K; k++) {
      const own = raw + r + <usize>k * block;
      const gradient = graw + r + <usize>k * block;
      component(d, own + stride, stride, z + r);
      const p = v128.load(share + r + <usize>k * stride);
      const prior = f32x4.div(vexp(f32x4.sub(v128.load(own), topWeight)), sumWeights);
      v128.store(gradient, f32x4.mul(outer, f32x4.sub(p, prior)));
      const gp = f32x4.mul(outer, p);
      const gMeans = gradient + stride;
      const gDiagonal = gMeans + <usize>d * stride;
      let gBelow = gDiagonal + <usize>d * stride;
      const diagonal = own + stride + <usize>d * stride;
      let below = diagonal + <usize>d * stride;
      for (let i = 0; i < d; i++) v128.store(gMeans + <usize>i * stride, splat(0));
      for (let i = 0; i < d; i++) {
        const rawLog = v128.load(diagonal + <usize>i * stride);
        const l = clampLog(rawLog);
        const e = vexp(l);
        const w = v128.load(white + <usize>i * 16);
        const gw = f32x4.neg(f32x4.mul(gp, w)); // d/dw of -w^2/2
        const gl = fma(gw, f32x4.mul(e, v128.load(delta + <usize>i * 16)), gp);
        v128.store(gDiagonal + <usize>i * stride, v128.and(gl, f32x4.eq(l, rawLog)));
        const at = gMeans + <usize>i * stride;
        v128.store(at, f32x4.sub(v128.load(at), f32x4.mul(gw, e)));
        for (let j = 0; j < i; j++, below += stride, gBelow += stride) {
          v128.store(gBelow, f32x4.mul(gw, v128.load(delta + <usize>j * 16)));
          const m = gMeans + <usize>j * stride;
          v128.store(m, f32x4.sub(v128.load(m), f32x4.mul(gw, v128.load(below))));
        }
      }
    }
  }
}
