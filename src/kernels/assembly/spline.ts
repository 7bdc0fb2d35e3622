// Monotone rational-quadratic spline on [-bound, bound], identity outside, for one dimension of a flow over many rows.
// Feature-major: the 3 bins - 1 raw parameters of a row stand one below the other, `rows` apart (raw widths, raw heights,
// raw inner derivatives); four rows are one vector. Source: Durkan, Bekasov, Murray, Papamakarios, "Neural Spline Flows",
// 2019, section 3.1 and appendix A. All-zero raw parameters give the identity. The oracle is src/kernels/spline.ts.
import { fma, splat, vexp, vlog, vsigmoid, vsoftplus } from "./simd";

/** Smallest share of a bin in the interval, and smallest derivative. */
const minShare: f32 = 1e-3;
const minSlope: f32 = 1e-3;
/** softplus(slopeShift) + minSlope = 1 */
const slopeShift: f32 = 0.5397424172369522;

const maxBins: i32 = 32;
/** Per bin: share of the width, share of the height (softmax values); 16 bytes each. */
const scratch: usize = memory.data(maxBins * 2 * 16);

// What the search for the bin found, per lane; module state because AssemblyScript returns one value. Single-threaded.
let X0: v128 = splat(0);
let W: v128 = splat(0);
let Y0: v128 = splat(0);
let H: v128 = splat(0);
let A: v128 = splat(0);
let B: v128 = splat(0);
let BIN: v128 = splat(0);
let RAW_A: v128 = splat(0);
let RAW_B: v128 = splat(0);

// @ts-ignore: decorator
@inline
function softmaxShares(raw: usize, stride: usize, bins: i32, out: usize): void {
  let top = v128.load(raw);
  for (let k = 1; k < bins; k++) top = f32x4.pmax(top, v128.load(raw + <usize>k * stride));
  let sum = splat(0);
  for (let k = 0; k < bins; k++) {
    const e = vexp(f32x4.sub(v128.load(raw + <usize>k * stride), top));
    v128.store(out + <usize>k * 16, e);
    sum = f32x4.add(sum, e);
  }
  const norm = f32x4.div(splat(1), sum);
  for (let k = 0; k < bins; k++) v128.store(out + <usize>k * 16, f32x4.mul(v128.load(out + <usize>k * 16), norm));
}

/** Find the bin of `v` among the knots of x (or of y when inverse) and leave its corner, size and slopes. */
// @ts-ignore: decorator
@inline
function findBin(v: v128, raw: usize, stride: usize, bins: i32, bound: f32, inverse: bool): void {
  const widths = scratch;
  const heights = scratch + <usize>maxBins * 16;
  softmaxShares(raw, stride, bins, widths);
  softmaxShares(raw + <usize>bins * stride, stride, bins, heights);
  const slopes = raw + <usize>(2 * bins) * stride;
  const full = splat(2 * bound);
  const scale = splat(1 - minShare * <f32>bins);
  let x = splat(-bound);
  let y = splat(-bound);
  const edge = splat(1e9); // marks the outer knots, whose slope is 1
  X0 = x; Y0 = y; BIN = splat(0);
  for (let k = 0; k < bins; k++) {
    const w = f32x4.mul(full, fma(v128.load(widths + <usize>k * 16), scale, splat(minShare)));
    const h = f32x4.mul(full, fma(v128.load(heights + <usize>k * 16), scale, splat(minShare)));
    const here = k == 0 ? f32x4.eq(x, x) : f32x4.ge(v, inverse ? y : x);
    const a = k == 0 ? edge : v128.load(slopes + <usize>(k - 1) * stride);
    const b = k == bins - 1 ? edge : v128.load(slopes + <usize>k * stride);
    X0 = v128.bitselect(x, X0, here);
    W = v128.bitselect(w, W, here);
    Y0 = v128.bitselect(y, Y0, here);
    H = v128.bitselect(h, H, here);
    RAW_A = v128.bitselect(a, RAW_A, here);
    RAW_B = v128.bitselect(b, RAW_B, here);
    BIN = v128.bitselect(splat(<f32>k), BIN, here);
    x = f32x4.add(x, w);
    y = f32x4.add(y, h);
  }
  A = slopeOf(RAW_A, edge);
  B = slopeOf(RAW_B, edge);
}

// @ts-ignore: decorator
@inline
function slopeOf(raw: v128, edge: v128): v128 {
  const s = f32x4.add(vsoftplus(f32x4.add(raw, splat(slopeShift))), splat(minSlope));
  return v128.bitselect(splat(1), s, f32x4.eq(raw, edge));
}

/**
 * y = spline(x), and logDet += ln dy/dx. @param rows a multiple of 4 @param raw 3 bins - 1 rows of parameters
 * @param y may be x
 */
export function splineForward(rows: i32, bins: i32, bound: f32, raw: usize, x: usize, y: usize, logDet: usize): void {
  const stride = <usize>rows << 2;
  const one = splat(1);
  const two = splat(2);
  for (let r: usize = 0; r < stride; r += 16) {
    const v = v128.load(x + r);
    const inside = v128.and(f32x4.gt(v, splat(-bound)), f32x4.lt(v, splat(bound)));
    findBin(v, raw + r, stride, bins, bound, false);
    const t = f32x4.pmin(f32x4.pmax(f32x4.div(f32x4.sub(v, X0), W), splat(0)), one);
    const s = f32x4.div(H, W);
    const u = f32x4.sub(one, t);
    const tu = f32x4.mul(t, u);
    const tt = f32x4.mul(t, t);
    const num = fma(s, tt, f32x4.mul(A, tu));
    const den = fma(f32x4.sub(f32x4.add(A, B), f32x4.mul(two, s)), tu, s);
    const q = fma(B, tt, fma(f32x4.mul(two, s), tu, f32x4.mul(A, f32x4.mul(u, u))));
    const out = fma(H, f32x4.div(num, den), Y0);
    // 2 ln s + ln q - 2 ln den = ln (q (s / den)^2): one logarithm instead of three
    const ratio = f32x4.div(s, den);
    const l = vlog(f32x4.mul(q, f32x4.mul(ratio, ratio)));
    v128.store(y + r, v128.bitselect(out, v, inside));
    v128.store(logDet + r, f32x4.add(v128.load(logDet + r), v128.and(l, inside)));
  }
}

/** x = spline^-1(y), and logDet += ln dx/dy. */
export function splineInverse(rows: i32, bins: i32, bound: f32, raw: usize, y: usize, x: usize, logDet: usize): void {
  const stride = <usize>rows << 2;
  const one = splat(1);
  const two = splat(2);
  for (let r: usize = 0; r < stride; r += 16) {
    const v = v128.load(y + r);
    const inside = v128.and(f32x4.gt(v, splat(-bound)), f32x4.lt(v, splat(bound)));
    findBin(v, raw + r, stride, bins, bound, true);
    const s = f32x4.div(H, W);
    const dy = f32x4.sub(v, Y0);
    const k = f32x4.sub(f32x4.add(A, B), f32x4.mul(two, s));
    // a t^2 + b t + c = 0; the root that lies in [0, 1], in the form that loses no digits
    const a = fma(dy, k, f32x4.mul(H, f32x4.sub(s, A)));
    const b = f32x4.sub(f32x4.mul(H, A), f32x4.mul(dy, k));
    const c = f32x4.neg(f32x4.mul(s, dy));
    const disc = f32x4.pmax(f32x4.sub(f32x4.mul(b, b), f32x4.mul(f32x4.mul(splat(4), a), c)), splat(0));
    const root = f32x4.div(f32x4.mul(two, c), f32x4.sub(f32x4.neg(b), f32x4.sqrt(disc)));
    const t = f32x4.pmin(f32x4.pmax(root, splat(0)), one);
    const u = f32x4.sub(one, t);
    const tu = f32x4.mul(t, u);
    const den = fma(k, tu, s);
    const q = fma(B, f32x4.mul(t, t), fma(f32x4.mul(two, s), tu, f32x4.mul(A, f32x4.mul(u, u))));
    const ratio = f32x4.div(s, den);
    const l = f32x4.neg(vlog(f32x4.mul(q, f32x4.mul(ratio, ratio))));
    v128.store(x + r, v128.bitselect(fma(t, W, X0), v, inside));
    v128.store(logDet + r, f32x4.add(v128.load(logDet + r), v128.and(l, inside)));
  }
}

/**
 * Gradients of splineForward. @param gy in: gradient with respect to y; out: with respect to x
 * @param gl gradient with respect to ln dy/dx @param graw receives (is overwritten by) that of the raw parameters
 */
export function splineBackward(
  rows: i32, bins: i32, bound: f32, raw: usize, x: usize, gy: usize, gl: usize, graw: usize,
): void {
  const stride = <usize>rows << 2;
  const one = splat(1);
  const two = splat(2);
  const edge = splat(1e9);
  const widths = scratch;
  const heights = scratch + <usize>maxBins * 16;
  const scale: f32 = <f32>2 * bound * (<f32>1 - minShare * <f32>bins);
  for (let r: usize = 0; r < stride; r += 16) {
    const v = v128.load(x + r);
    const inside = v128.and(f32x4.gt(v, splat(-bound)), f32x4.lt(v, splat(bound)));
    findBin(v, raw + r, stride, bins, bound, false);
    const outer = v128.load(gy + r);
    const g = v128.and(outer, inside);
    const l = v128.and(v128.load(gl + r), inside);
    const invW = f32x4.div(one, W);
    const t = f32x4.pmin(f32x4.pmax(f32x4.mul(f32x4.sub(v, X0), invW), splat(0)), one);
    const s = f32x4.mul(H, invW);
    const u = f32x4.sub(one, t);
    const tu = f32x4.mul(t, u);
    const tt = f32x4.mul(t, t);
    const k = f32x4.sub(f32x4.add(A, B), f32x4.mul(two, s));
    const num = fma(s, tt, f32x4.mul(A, tu));
    const den = fma(k, tu, s);
    const q = fma(B, tt, fma(f32x4.mul(two, s), tu, f32x4.mul(A, f32x4.mul(u, u))));
    const invDen = f32x4.div(one, den);
    const invQ = f32x4.div(one, q);
    const gH2 = f32x4.mul(f32x4.mul(g, H), f32x4.mul(invDen, invDen)); // g h / den^2
    const slant = f32x4.sub(one, f32x4.mul(two, t)); // 1 - 2 t
    const curve = f32x4.sub(one, f32x4.mul(two, tu)); // 1 - 2 t (1 - t)
    const qt = f32x4.mul(two, fma(B, t, f32x4.sub(f32x4.mul(s, slant), f32x4.mul(A, u))));
    const lq = f32x4.mul(l, invQ);
    const l2d = f32x4.mul(f32x4.mul(two, l), invDen);
    const gt = fma(gH2, f32x4.mul(s, q), f32x4.sub(f32x4.mul(lq, qt), f32x4.mul(l2d, f32x4.mul(k, slant))));
    let gs = f32x4.mul(gH2, f32x4.sub(f32x4.mul(tt, den), f32x4.mul(num, curve)));
    gs = f32x4.add(gs, f32x4.mul(two, f32x4.add(f32x4.div(l, s), f32x4.mul(lq, tu))));
    gs = f32x4.sub(gs, f32x4.mul(l2d, curve));
    const shared = f32x4.mul(l2d, tu);
    const ga = fma(gH2, f32x4.mul(tu, f32x4.sub(den, num)), f32x4.sub(f32x4.mul(lq, f32x4.mul(u, u)), shared));
    const gb = f32x4.sub(f32x4.sub(f32x4.mul(lq, tt), shared), f32x4.mul(gH2, f32x4.mul(num, tu)));
    const gsw = f32x4.mul(gs, invW);
    const gh = fma(g, f32x4.mul(num, invDen), gsw);
    const gtw = f32x4.mul(gt, invW);
    const gw = f32x4.neg(fma(gtw, t, f32x4.mul(gsw, s)));
    const gx0 = f32x4.neg(gtw);
    v128.store(gy + r, v128.bitselect(gtw, outer, inside));
    // From the bin's corner and size back to the shares: bins below move the corner, the bin itself has the size.
    let meanW = splat(0);
    let meanH = splat(0);
    for (let j = 0; j < bins; j++) {
      const index = splat(<f32>j);
      const below = f32x4.lt(index, BIN);
      const here = f32x4.eq(index, BIN);
      const dw = v128.or(v128.and(gx0, below), v128.and(gw, here));
      const dh = v128.or(v128.and(g, below), v128.and(gh, here));
      meanW = fma(dw, v128.load(widths + <usize>j * 16), meanW);
      meanH = fma(dh, v128.load(heights + <usize>j * 16), meanH);
    }
    for (let j = 0; j < bins; j++) {
      const index = splat(<f32>j);
      const below = f32x4.lt(index, BIN);
      const here = f32x4.eq(index, BIN);
      const dw = v128.or(v128.and(gx0, below), v128.and(gw, here));
      const dh = v128.or(v128.and(g, below), v128.and(gh, here));
      const pw = f32x4.mul(v128.load(widths + <usize>j * 16), splat(scale));
      const ph = f32x4.mul(v128.load(heights + <usize>j * 16), splat(scale));
      v128.store(graw + r + <usize>j * stride, f32x4.mul(pw, f32x4.sub(dw, meanW)));
      v128.store(graw + r + <usize>(bins + j) * stride, f32x4.mul(ph, f32x4.sub(dh, meanH)));
    }
    // Slopes: knot j stands above bin j; it is the right one (b) of bin j and the left one (a) of bin j + 1.
    const da = f32x4.mul(ga, vsigmoid(f32x4.add(v128.bitselect(splat(0), RAW_A, f32x4.eq(RAW_A, edge)), splat(slopeShift))));
    const db = f32x4.mul(gb, vsigmoid(f32x4.add(v128.bitselect(splat(0), RAW_B, f32x4.eq(RAW_B, edge)), splat(slopeShift))));
    for (let j = 0; j < bins - 1; j++) {
      const index = splat(<f32>j);
      const d = v128.or(
        v128.and(db, f32x4.eq(index, BIN)),
        v128.and(da, f32x4.eq(splat(<f32>(j + 1)), BIN)),
      );
      v128.store(graw + r + <usize>(2 * bins + j) * stride, d);
    }
  }
}
