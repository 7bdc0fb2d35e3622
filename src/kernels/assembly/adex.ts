// The AdEx stepper: two circuits side by side in float64, operation for operation as the reference body
// (src/virtual-chip/physics/adex.ts), so that both give the same bytes. No fused multiply-add, in either variant of the
// module. Noise is Philox4x32-10, addressed by (key, circuit, step) as in src/virtual-chip/noise.ts.

// Places of coefficients (pairs of f64, 16 bytes each): src/virtual-chip/physics/propagator.ts; a test compares them.
const atV: usize = 0; // vv, vw, wv, ww, fv, fw, qv, qw, then kv, kw, and both with pulse
const atK: usize = 8 << 4;
const pulseGap: usize = 2 << 4;
const resetGap: usize = 12 << 4;
const atThreshold: usize = 24 << 4;
const atScale: usize = 25 << 4;
const atScaleInReset: usize = 26 << 4;
const atOnset: usize = 27 << 4;
const atMargin: usize = 28 << 4;
const atInverseSlope: usize = 29 << 4;
const atExcDecay: usize = 30 << 4;
const atInhDecay: usize = 31 << 4;
const atExcGain: usize = 32 << 4;
const atInhGain: usize = 33 << 4;
const atExcInReset: usize = 34 << 4;
const atInhInReset: usize = 35 << 4;
const atNoiseCurrent: usize = 36 << 4;
const atOnsetNoise: usize = 37 << 4;
const atRefractorySteps: usize = 38 << 4;
const atResetSteps: usize = 39 << 4;
const atPulseSteps: usize = 40 << 4;
const coefficientBytes: usize = 42 << 4;
const stateBytes: usize = 7 << 4;

const rail: f64 = 1.2;
const currentLimit: f64 = 2;
const leastSynapticVoltage: f64 = 1e-9;

// @ts-ignore: decorator
@inline
function d(x: f64): v128 {
  return f64x2.splat(x);
}

/** Both lanes within 0..rail. */
// @ts-ignore: decorator
@inline
function clamped(x: v128): v128 {
  return f64x2.pmin(d(rail), f64x2.pmax(d(0), x));
}

/** e^x as src/virtual-chip/physics/exponential.ts. */
// @ts-ignore: decorator
@inline
function exponential(x: v128): v128 {
  const y = f64x2.pmin(d(40), f64x2.pmax(d(-40), x));
  const rounding = d(6755399441055744.0);
  const t = f64x2.add(f64x2.mul(y, d(1.4426950408889634)), rounding);
  const k = f64x2.sub(t, rounding);
  const r = f64x2.sub(f64x2.sub(y, f64x2.mul(k, d(0.693145751953125))), f64x2.mul(k, d(1.4286068203094173e-6)));
  const r2 = f64x2.mul(r, r);
  const r4 = f64x2.mul(r2, r2);
  const low = f64x2.add(f64x2.add(d(1), r), f64x2.mul(r2, f64x2.add(d(1.0 / 2.0), f64x2.mul(r, d(1.0 / 6.0)))));
  const high = f64x2.add(
    f64x2.add(
      f64x2.add(d(1.0 / 24.0), f64x2.mul(r, d(1.0 / 120.0))),
      f64x2.mul(r2, f64x2.add(d(1.0 / 720.0), f64x2.mul(r, d(1.0 / 5040.0)))),
    ),
    f64x2.mul(r4, d(1.0 / 40320.0)),
  );
  const power = i64x2.shl(i64x2.add(t, i64x2.splat(1023)), 52);
  return f64x2.mul(f64x2.add(low, f64x2.mul(r4, high)), power);
}

// @ts-ignore: decorator
@inline
function limited(current: v128): v128 {
  return f64x2.pmin(d(currentLimit), current);
}

/** A synaptic voltage one step on; a very small one is gone. */
// @ts-ignore: decorator
@inline
function decayed(x: v128, decay: v128): v128 {
  const y = f64x2.mul(x, decay);
  return v128.andnot(y, f64x2.lt(f64x2.abs(y), d(leastSynapticVoltage)));
}

/** High and low words of the products of four unsigned 32-bit numbers with a constant. */
// @ts-ignore: decorator
@inline
function high(even: v128, odd: v128): v128 {
  return v128.shuffle<i32>(even, odd, 1, 3, 5, 7);
}

// @ts-ignore: decorator
@inline
function low(even: v128, odd: v128): v128 {
  return v128.shuffle<i32>(even, odd, 0, 2, 4, 6);
}

/** Values of variance 1 from the four words of a generator lane: the sum of four bytes, as in noise.ts. */
// @ts-ignore: decorator
@inline
function byteSum(x: v128): v128 {
  const mask = i32x4.splat(0x00ff00ff);
  const pairs = i32x4.add(v128.and(x, mask), v128.and(i32x4.shr_u(x, 8), mask));
  return i32x4.sub(i32x4.add(v128.and(pairs, i32x4.splat(0xffff)), i32x4.shr_u(pairs, 16)), i32x4.splat(510));
}

const byteSumScale: f64 = 0.006765875086793228;

// @ts-ignore: decorator
@inline
function storeNormals(out: usize, word: usize, x: v128): void {
  const sums = byteSum(x);
  v128.store(out + (word << 4), f64x2.mul(f64x2.convert_low_i32x4_s(sums), d(byteSumScale)));
  const upper = v128.shuffle<i32>(sums, sums, 2, 3, 2, 3);
  v128.store(out + 64 + (word << 4), f64x2.mul(f64x2.convert_low_i32x4_s(upper), d(byteSumScale)));
}

/**
 * Eight noise values of two circuits: those of the blocks `block` and `block + 1`, `block` even.
 * @param out receives 8 pairs of f64
 */
function normals(out: usize, block: u64, circuits: usize, kind: i32, key0: i32, key1: i32): void {
  const b0 = <i32>block;
  const b1 = <i32>(block >> 32);
  const c = v128.load64_zero(circuits);
  let x0 = i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(b0), 2, b0 + 1), 3, b0 + 1);
  let x1 = i32x4.splat(b1);
  let x2 = v128.shuffle<i32>(c, c, 0, 1, 0, 1);
  let x3 = i32x4.splat(kind);
  const m0 = i32x4.splat(0xd2511f53);
  const m1 = i32x4.splat(0xcd9e8d57);
  for (let round = 0; round < 10; round++) {
    const a0 = i64x2.extmul_low_i32x4_u(x0, m0);
    const a1 = i64x2.extmul_high_i32x4_u(x0, m0);
    const e0 = i64x2.extmul_low_i32x4_u(x2, m1);
    const e1 = i64x2.extmul_high_i32x4_u(x2, m1);
    x0 = v128.xor(v128.xor(high(e0, e1), x1), i32x4.splat(key0));
    x2 = v128.xor(v128.xor(high(a0, a1), x3), i32x4.splat(key1));
    x1 = low(e0, e1);
    x3 = low(a0, a1);
    key0 += 0x9e3779b9;
    key1 += 0xbb67ae85;
  }
  storeNormals(out, 0, x0);
  storeNormals(out, 1, x1);
  storeNormals(out, 2, x2);
  storeNormals(out, 3, x3);
}

/** Eight current values, then eight onset values of the pair at hand. */
const scratch = memory.data(256, 16);

// @ts-ignore: decorator
@inline
function lane(at: usize, k: usize): f64 {
  return load<f64>(at + (k << 3));
}

/** The smaller of `end` and a time that still lies ahead. */
// @ts-ignore: decorator
@inline
function sooner(end: f64, time: f64, i: f64): f64 {
  return time > i ? Math.min(end, time) : end;
}

/** One pair; see `stepAdex`. */
function stepPair(c: usize, s: usize, circuits: usize, trace: usize, length: i32, spikes: usize, firstStep: f64, count: i32, key0: i32, key1: i32): void {
  const first = <u64>firstStep;
  const bytes = <usize>length << 3;
  const isNoisy = v128.any_true(v128.or(f64x2.gt(v128.load(c + atNoiseCurrent), d(0)), f64x2.gt(v128.load(c + atOnsetNoise), d(0))));
  const excDecay = v128.load(c + atExcDecay);
  const inhDecay = v128.load(c + atInhDecay);
  const inverseSlope = v128.load(c + atInverseSlope);
  let v = v128.load(s);
  let w = v128.load(s + 16);
  let exc = v128.load(s + 32);
  let inh = v128.load(s + 48);
  // Times of both circuits as steps of this run.
  const origin = d(firstStep);
  let resetUntil = f64x2.sub(v128.load(s + 64), origin);
  let pulseUntil = f64x2.sub(v128.load(s + 80), origin);
  let refractoryUntil = f64x2.sub(v128.load(s + 96), origin);
  let block: u64 = u64.MAX_VALUE;
  let onsetBlock: u64 = u64.MAX_VALUE;
  store<i32>(spikes, 0);
  store<i32>(spikes, 0, 4);

  for (let i = 0; i < count; ) {
    const at = <f64>i;
    let end = <f64>count;
    let current = d(0);
    let shift = d(0);
    if (isNoisy) {
      const step = first + <u64>i;
      const even = (step >> 5) << 1;
      if (even != block) {
        block = even;
        normals(scratch, block, circuits, 0, key0, key1);
        const onsets = (step >> 11) << 1;
        if (onsets != onsetBlock) {
          onsetBlock = onsets;
          normals(scratch + 128, onsetBlock, circuits, 1, key0, key1);
        }
      }
      current = f64x2.mul(v128.load(c + atNoiseCurrent), v128.load(scratch + ((<usize>(step >> 2) & 7) << 4)));
      shift = f64x2.mul(v128.load(c + atOnsetNoise), v128.load(scratch + 128 + ((<usize>(step >> 8) & 7) << 4)));
      end = Math.min(end, <f64>(i + 4 - (<i32>step & 3)));
    }
    const now = d(at);
    const isReset = f64x2.lt(now, resetUntil);
    const isPulse = f64x2.lt(now, pulseUntil);
    const isRefractory = f64x2.lt(now, refractoryUntil);
    const isBusy = v128.any_true(v128.or(v128.or(isReset, isPulse), isRefractory));
    let vv = v128.load(c + atV);
    let vw = v128.load(c + atV, 16);
    let wv = v128.load(c + atV, 32);
    let ww = v128.load(c + atV, 48);
    let fv = v128.load(c + atV, 64);
    let fw = v128.load(c + atV, 80);
    let kv = v128.load(c + atK);
    let kw = v128.load(c + atK, 16);
    let scale = v128.load(c + atScale);
    let excGain = v128.load(c + atExcGain);
    let inhGain = v128.load(c + atInhGain);
    let threshold = f64x2.add(v128.load(c + atThreshold), shift);
    if (isBusy) {
      end = sooner(sooner(end, f64x2.extract_lane(resetUntil, 0), at), f64x2.extract_lane(resetUntil, 1), at);
      end = sooner(sooner(end, f64x2.extract_lane(pulseUntil, 0), at), f64x2.extract_lane(pulseUntil, 1), at);
      end = sooner(sooner(end, f64x2.extract_lane(refractoryUntil, 0), at), f64x2.extract_lane(refractoryUntil, 1), at);
      const r = c + resetGap;
      vv = v128.bitselect(v128.load(r + atV), vv, isReset);
      vw = v128.bitselect(v128.load(r + atV, 16), vw, isReset);
      wv = v128.bitselect(v128.load(r + atV, 32), wv, isReset);
      ww = v128.bitselect(v128.load(r + atV, 48), ww, isReset);
      fv = v128.bitselect(v128.load(r + atV, 64), fv, isReset);
      fw = v128.bitselect(v128.load(r + atV, 80), fw, isReset);
      kv = v128.bitselect(
        v128.bitselect(v128.load(r + atK + pulseGap), v128.load(r + atK), isPulse),
        v128.bitselect(v128.load(c + atK + pulseGap), kv, isPulse),
        isReset,
      );
      kw = v128.bitselect(
        v128.bitselect(v128.load(r + atK + pulseGap, 16), v128.load(r + atK, 16), isPulse),
        v128.bitselect(v128.load(c + atK + pulseGap, 16), kw, isPulse),
        isReset,
      );
      scale = v128.bitselect(v128.load(c + atScaleInReset), scale, isReset);
      excGain = v128.bitselect(v128.load(c + atExcInReset), excGain, isReset);
      inhGain = v128.bitselect(v128.load(c + atInhInReset), inhGain, isReset);
      threshold = v128.bitselect(d(Infinity), threshold, isRefractory);
    }
    kv = f64x2.add(kv, f64x2.mul(fv, current));
    kw = f64x2.add(kw, f64x2.mul(fw, current));
    const onset = f64x2.add(v128.load(c + atOnset), shift);
    const expFrom = f64x2.add(v128.load(c + atMargin), shift);
    const hasInput = v128.any_true(v128.or(exc, inh));

    const segmentEnd = <i32>end;
    let isSpike = false;
    for (; i < segmentEnd && !isSpike; i++) {
      let inV = kv;
      let inW = kw;
      if (hasInput) {
        const syn = f64x2.add(f64x2.mul(excGain, exc), f64x2.mul(inhGain, inh));
        exc = decayed(exc, excDecay);
        inh = decayed(inh, inhDecay);
        inV = f64x2.add(kv, f64x2.mul(fv, syn));
        inW = f64x2.add(kw, f64x2.mul(fw, syn));
      }
      let nv = f64x2.add(f64x2.add(f64x2.mul(vv, v), f64x2.mul(vw, w)), inV);
      let nw = f64x2.add(f64x2.add(f64x2.mul(wv, v), f64x2.mul(ww, w)), inW);
      const isNear = f64x2.lt(expFrom, v);
      if (v128.any_true(v128.or(isNear, f64x2.lt(expFrom, nv)))) {
        const qv = v128.bitselect(v128.load(c + resetGap + atV, 96), v128.load(c + atV, 96), isReset);
        const qw = v128.bitselect(v128.load(c + resetGap + atV, 112), v128.load(c + atV, 112), isReset);
        const x0 = f64x2.mul(f64x2.sub(v, onset), inverseSlope);
        const i0 = v128.and(limited(f64x2.mul(scale, exponential(x0))), isNear);
        const v1 = f64x2.add(nv, f64x2.mul(fv, i0));
        const x1 = f64x2.mul(f64x2.sub(v1, onset), inverseSlope);
        const i1 = v128.and(limited(f64x2.mul(scale, exponential(x1))), f64x2.lt(expFrom, v1));
        const change = f64x2.sub(i1, i0);
        nv = f64x2.add(v1, f64x2.mul(qv, change));
        nw = f64x2.add(f64x2.add(nw, f64x2.mul(fw, i0)), f64x2.mul(qw, change));
      }
      v = clamped(nv);
      w = clamped(nw);
      if (trace) {
        const o = trace + (<usize>i << 3);
        v128.store64_lane(o, v, 0);
        v128.store64_lane(o + bytes, w, 0);
        v128.store64_lane(o + 2 * bytes, exc, 0);
        v128.store64_lane(o + 3 * bytes, inh, 0);
        v128.store64_lane(o + 4 * bytes, v, 1);
        v128.store64_lane(o + 5 * bytes, w, 1);
        v128.store64_lane(o + 6 * bytes, exc, 1);
        v128.store64_lane(o + 7 * bytes, inh, 1);
      }
      isSpike = v128.any_true(f64x2.ge(v, threshold));
    }
    if (isSpike) {
      // The step just done is i - 1.
      const spiking = f64x2.ge(v, threshold);
      const next = d(<f64>i);
      resetUntil = v128.bitselect(f64x2.add(next, v128.load(c + atResetSteps)), resetUntil, spiking);
      pulseUntil = v128.bitselect(f64x2.add(next, v128.load(c + atPulseSteps)), pulseUntil, spiking);
      refractoryUntil = v128.bitselect(f64x2.add(f64x2.sub(next, d(1)), v128.load(c + atRefractorySteps)), refractoryUntil, spiking);
      const mask = i64x2.bitmask(spiking);
      for (let k: usize = 0; k < 2; k++) {
        if (!(mask & (1 << <i32>k))) continue;
        const n = load<i32>(spikes + (k << 2));
        store<i32>(spikes + 8 + ((k * <usize>length + <usize>n) << 2), i - 1);
        store<i32>(spikes + (k << 2), n + 1);
      }
    }
  }
  v128.store(s, v);
  v128.store(s + 16, w);
  v128.store(s + 32, exc);
  v128.store(s + 48, inh);
  v128.store(s + 64, f64x2.add(resetUntil, origin));
  v128.store(s + 80, f64x2.add(pulseUntil, origin));
  v128.store(s + 96, f64x2.add(refractoryUntil, origin));
}

/**
 * Integrate pairs of circuits over the same `count` steps, 1..length, each alone.
 * @param c coefficients: for each pair 42 pairs of f64 @param s state: v, w, excitatory, inhibitory, resetUntil, pulseUntil,
 * refractoryUntil @param circuits two u32 for each pair @param traces 0, or for each pair the courses v, w, excitatory,
 * inhibitory of its first circuit, then of its second, each with room for `length` f64 @param spikes for each pair two
 * i32 counts, then the spikes' steps in this run of either, each with room for `length` i32 @param firstStep a whole number
 */
export function stepAdex(pairs: i32, c: usize, s: usize, circuits: usize, traces: usize, length: i32, spikes: usize, firstStep: f64, count: i32, key0: i32, key1: i32): void {
  for (let p = 0; p < pairs; p++) {
    stepPair(c, s, circuits, traces, length, spikes, firstStep, count, key0, key1);
    c += coefficientBytes;
    s += stateBytes;
    circuits += 8;
    if (traces) traces += <usize>length << 6;
    spikes += 8 + (<usize>length << 3);
  }
}
