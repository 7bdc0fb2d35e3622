// The AdEx stepper: two circuits in a vector of float64, operation for operation as the reference body
// (src/virtual-chip/physics/adex.ts), so that both give the same bytes. No fused multiply-add, in either variant of the
// module. One step of one pair is a long chain of dependent operations, so four pairs go side by side. Noise is Philox4x32-10, addressed by (key, circuit, step) as in src/virtual-chip/noise.ts.

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

/** Four words of a generator lane become four values in a row. */
// @ts-ignore: decorator
@inline
function storeRow(out: usize, words: v128): void {
  v128.store(out, f64x2.mul(f64x2.convert_low_i32x4_s(words), d(byteSumScale)));
  const upper = v128.shuffle<i32>(words, words, 2, 3, 2, 3);
  v128.store(out + 16, f64x2.mul(f64x2.convert_low_i32x4_s(upper), d(byteSumScale)));
}

/**
 * Values of variance 1 of a row of generator blocks, as NoiseStream gives them.
 * @param out receives 4 f64 for each block @param blocks multiple of 4 @param c0 @param c1 low and high word of the index
 * @param what number of the first block; the others follow
 */
export function noiseRow(out: usize, blocks: i32, c0: i32, c1: i32, what: i32, kind: i32, key0: i32, key1: i32): void {
  const m0 = i32x4.splat(0xd2511f53);
  const m1 = i32x4.splat(0xcd9e8d57);
  for (let b = 0; b < blocks; b += 4, out += 128) {
    let x0 = i32x4.splat(c0);
    let x1 = i32x4.splat(c1);
    let x2 = i32x4.add(i32x4.splat(what + b), i32x4(0, 1, 2, 3));
    let x3 = i32x4.splat(kind);
    let k0 = key0;
    let k1 = key1;
    for (let round = 0; round < 10; round++) {
      const a0 = i64x2.extmul_low_i32x4_u(x0, m0);
      const a1 = i64x2.extmul_high_i32x4_u(x0, m0);
      const e0 = i64x2.extmul_low_i32x4_u(x2, m1);
      const e1 = i64x2.extmul_high_i32x4_u(x2, m1);
      x0 = v128.xor(v128.xor(high(e0, e1), x1), i32x4.splat(k0));
      x2 = v128.xor(v128.xor(high(a0, a1), x3), i32x4.splat(k1));
      x1 = low(e0, e1);
      x3 = low(a0, a1);
      k0 += 0x9e3779b9;
      k1 += 0xbb67ae85;
    }
    const s0 = byteSum(x0);
    const s1 = byteSum(x1);
    const s2 = byteSum(x2);
    const s3 = byteSum(x3);
    // Lanes are blocks: turn them into rows of words.
    const p = v128.shuffle<i32>(s0, s1, 0, 4, 1, 5);
    const q = v128.shuffle<i32>(s2, s3, 0, 4, 1, 5);
    const t = v128.shuffle<i32>(s0, s1, 2, 6, 3, 7);
    const u = v128.shuffle<i32>(s2, s3, 2, 6, 3, 7);
    storeRow(out, v128.shuffle<i64>(p, q, 0, 2));
    storeRow(out + 32, v128.shuffle<i64>(p, q, 1, 3));
    storeRow(out + 64, v128.shuffle<i64>(t, u, 0, 2));
    storeRow(out + 96, v128.shuffle<i64>(t, u, 1, 3));
  }
}

/**
 * What a pair needs at hand, 16 bytes each: state, then all that stays constant up to the end of a segment, then eight
 * current and eight onset values of the noise.
 */
const atNowV: usize = 0;
const atNowW: usize = 1 << 4;
const atExc: usize = 2 << 4;
const atInh: usize = 3 << 4;
const atResetUntil: usize = 4 << 4;
const atPulseUntil: usize = 5 << 4;
const atRefractoryUntil: usize = 6 << 4;
const atVV: usize = 7 << 4;
const atVW: usize = 8 << 4;
const atWV: usize = 9 << 4;
const atWW: usize = 10 << 4;
const atFV: usize = 11 << 4;
const atFW: usize = 12 << 4;
const atQV: usize = 13 << 4;
const atQW: usize = 14 << 4;
const atInV: usize = 15 << 4;
const atInW: usize = 16 << 4;
const atNowThreshold: usize = 17 << 4;
const atNowScale: usize = 18 << 4;
const atNowOnset: usize = 19 << 4;
const atExpFrom: usize = 20 << 4;
const atNowExcGain: usize = 21 << 4;
const atNowInhGain: usize = 22 << 4;
const atSlope: usize = 23 << 4;
const atDecays: usize = 24 << 4;
const atCurrents: usize = 26 << 4;
const atOnsets: usize = 34 << 4;
/** Flags and block numbers: whether there is noise, input; numbers of the blocks at hand. */
const atIsNoisy: usize = 42 << 4;
const atHasInput: usize = (42 << 4) + 4;
const atBlock: usize = (42 << 4) + 8;
const atOnsetBlock: usize = 43 << 4;
const workBytes: usize = 44 << 4;
const width = 4;
const work = memory.data(4 * 44 * 16, 16);

/** The smaller of `end` and a time that still lies ahead. */
// @ts-ignore: decorator
@inline
function sooner(end: f64, times: v128, i: f64): f64 {
  const a = f64x2.extract_lane(times, 0);
  const b = f64x2.extract_lane(times, 1);
  if (a > i) end = Math.min(end, a);
  return b > i ? Math.min(end, b) : end;
}

// @ts-ignore: decorator
@inline
function move(to: usize, from: usize): void {
  v128.store(to, v128.load(from));
}

function begin(p: usize, c: usize, s: usize, firstStep: f64, spikes: usize): void {
  const origin = d(firstStep);
  for (let i: usize = 0; i < 64; i += 16) move(p + i, s + i);
  // Times of both circuits as steps of this run.
  for (let i: usize = 64; i < 112; i += 16) v128.store(p + i, f64x2.sub(v128.load(s + i), origin));
  move(p + atSlope, c + atInverseSlope);
  move(p + atDecays, c + atExcDecay);
  move(p + atDecays + 16, c + atInhDecay);
  const noise = v128.or(
    f64x2.gt(v128.load(c + atNoiseCurrent), d(0)),
    f64x2.gt(v128.load(c + atOnsetNoise), d(0)),
  );
  store<i32>(p + atIsNoisy, v128.any_true(noise));
  store<u64>(p + atBlock, u64.MAX_VALUE);
  store<u64>(p + atOnsetBlock, u64.MAX_VALUE);
  store<i32>(spikes, 0);
  store<i32>(spikes + 4, 0);
}

function finish(p: usize, s: usize, firstStep: f64): void {
  const origin = d(firstStep);
  for (let i: usize = 0; i < 64; i += 16) move(s + i, p + i);
  for (let i: usize = 64; i < 112; i += 16) v128.store(s + i, f64x2.add(v128.load(p + i), origin));
}

/** Everything that stays as it is from step `i` on. @returns the first step at which something changes, at most `end` */
function prepare(p: usize, c: usize, circuits: usize, first: u64, i: i32, end: f64, key0: i32, key1: i32): f64 {
  const at = <f64>i;
  let current = d(0);
  let shift = d(0);
  if (load<i32>(p + atIsNoisy)) {
    const step = first + <u64>i;
    const block = (step >> 5) << 1;
    if (block != load<u64>(p + atBlock)) {
      store<u64>(p + atBlock, block);
      normals(p + atCurrents, block, circuits, 0, key0, key1);
      const onsets = (step >> 11) << 1;
      if (onsets != load<u64>(p + atOnsetBlock)) {
        store<u64>(p + atOnsetBlock, onsets);
        normals(p + atOnsets, onsets, circuits, 1, key0, key1);
      }
    }
    current = f64x2.mul(v128.load(c + atNoiseCurrent), v128.load(p + atCurrents + ((<usize>(step >> 2) & 7) << 4)));
    shift = f64x2.mul(v128.load(c + atOnsetNoise), v128.load(p + atOnsets + ((<usize>(step >> 8) & 7) << 4)));
    end = Math.min(end, <f64>(i + 4 - (<i32>step & 3)));
  }
  const now = d(at);
  const resetUntil = v128.load(p + atResetUntil);
  const pulseUntil = v128.load(p + atPulseUntil);
  const refractoryUntil = v128.load(p + atRefractoryUntil);
  const isReset = f64x2.lt(now, resetUntil);
  const isPulse = f64x2.lt(now, pulseUntil);
  const isRefractory = f64x2.lt(now, refractoryUntil);
  const fv = v128.bitselect(v128.load(c + resetGap + atV, 64), v128.load(c + atV, 64), isReset);
  const fw = v128.bitselect(v128.load(c + resetGap + atV, 80), v128.load(c + atV, 80), isReset);
  let kv = v128.load(c + atK);
  let kw = v128.load(c + atK, 16);
  let threshold = f64x2.add(v128.load(c + atThreshold), shift);
  const r = c + resetGap;
  if (v128.any_true(v128.or(v128.or(isReset, isPulse), isRefractory))) {
    end = sooner(sooner(sooner(end, resetUntil, at), pulseUntil, at), refractoryUntil, at);
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
    threshold = v128.bitselect(d(Infinity), threshold, isRefractory);
  }
  v128.store(p + atVV, v128.bitselect(v128.load(r + atV), v128.load(c + atV), isReset));
  v128.store(p + atVW, v128.bitselect(v128.load(r + atV, 16), v128.load(c + atV, 16), isReset));
  v128.store(p + atWV, v128.bitselect(v128.load(r + atV, 32), v128.load(c + atV, 32), isReset));
  v128.store(p + atWW, v128.bitselect(v128.load(r + atV, 48), v128.load(c + atV, 48), isReset));
  v128.store(p + atFV, fv);
  v128.store(p + atFW, fw);
  v128.store(p + atQV, v128.bitselect(v128.load(r + atV, 96), v128.load(c + atV, 96), isReset));
  v128.store(p + atQW, v128.bitselect(v128.load(r + atV, 112), v128.load(c + atV, 112), isReset));
  v128.store(p + atInV, f64x2.add(kv, f64x2.mul(fv, current)));
  v128.store(p + atInW, f64x2.add(kw, f64x2.mul(fw, current)));
  v128.store(p + atNowThreshold, threshold);
  v128.store(p + atNowScale, v128.bitselect(v128.load(c + atScaleInReset), v128.load(c + atScale), isReset));
  v128.store(p + atNowOnset, f64x2.add(v128.load(c + atOnset), shift));
  v128.store(p + atExpFrom, f64x2.add(v128.load(c + atMargin), shift));
  v128.store(p + atNowExcGain, v128.bitselect(v128.load(c + atExcInReset), v128.load(c + atExcGain), isReset));
  v128.store(p + atNowInhGain, v128.bitselect(v128.load(c + atInhInReset), v128.load(c + atInhGain), isReset));
  store<i32>(p + atHasInput, v128.any_true(v128.or(v128.load(p + atExc), v128.load(p + atInh))));
  return end;
}

/** One step of a pair. @returns whether one of the two reached its threshold */
// @ts-ignore: decorator
@inline
function advance(p: usize): bool {
  const v = v128.load(p + atNowV);
  const w = v128.load(p + atNowW);
  let inV = v128.load(p + atInV);
  let inW = v128.load(p + atInW);
  const fv = v128.load(p + atFV);
  const fw = v128.load(p + atFW);
  if (load<i32>(p + atHasInput)) {
    const exc = v128.load(p + atExc);
    const inh = v128.load(p + atInh);
    const syn = f64x2.add(f64x2.mul(v128.load(p + atNowExcGain), exc), f64x2.mul(v128.load(p + atNowInhGain), inh));
    v128.store(p + atExc, decayed(exc, v128.load(p + atDecays)));
    v128.store(p + atInh, decayed(inh, v128.load(p + atDecays, 16)));
    inV = f64x2.add(inV, f64x2.mul(fv, syn));
    inW = f64x2.add(inW, f64x2.mul(fw, syn));
  }
  let nv = f64x2.add(f64x2.add(f64x2.mul(v128.load(p + atVV), v), f64x2.mul(v128.load(p + atVW), w)), inV);
  let nw = f64x2.add(f64x2.add(f64x2.mul(v128.load(p + atWV), v), f64x2.mul(v128.load(p + atWW), w)), inW);
  const expFrom = v128.load(p + atExpFrom);
  const isNear = f64x2.lt(expFrom, v);
  if (v128.any_true(v128.or(isNear, f64x2.lt(expFrom, nv)))) {
    const onset = v128.load(p + atNowOnset);
    const slope = v128.load(p + atSlope);
    const scale = v128.load(p + atNowScale);
    const i0 = v128.and(limited(f64x2.mul(scale, exponential(f64x2.mul(f64x2.sub(v, onset), slope)))), isNear);
    const v1 = f64x2.add(nv, f64x2.mul(fv, i0));
    const i1 = v128.and(
      limited(f64x2.mul(scale, exponential(f64x2.mul(f64x2.sub(v1, onset), slope)))),
      f64x2.lt(expFrom, v1),
    );
    const change = f64x2.sub(i1, i0);
    nv = f64x2.add(v1, f64x2.mul(v128.load(p + atQV), change));
    nw = f64x2.add(f64x2.add(nw, f64x2.mul(fw, i0)), f64x2.mul(v128.load(p + atQW), change));
  }
  nv = clamped(nv);
  v128.store(p + atNowV, nv);
  v128.store(p + atNowW, clamped(nw));
  return v128.any_true(f64x2.ge(nv, v128.load(p + atNowThreshold)));
}

/** Write the voltages at the end of a step. */
// @ts-ignore: decorator
@inline
function record(p: usize, o: usize, bytes: usize): void {
  for (let k: usize = 0; k < 2; k++, o += bytes << 2, p += 8) {
    store<f64>(o, load<f64>(p + atNowV));
    store<f64>(o + bytes, load<f64>(p + atNowW));
    store<f64>(o + 2 * bytes, load<f64>(p + atExc));
    store<f64>(o + 3 * bytes, load<f64>(p + atInh));
  }
}

// @ts-ignore: decorator
@inline
function replace(at: usize, value: v128, where: v128): void {
  v128.store(at, v128.bitselect(value, v128.load(at), where));
}

/** Spikes at the end of step `i` of the run. */
function fire(p: usize, c: usize, spikes: usize, i: i32, length: i32): void {
  const spiking = f64x2.ge(v128.load(p + atNowV), v128.load(p + atNowThreshold));
  const next = d(<f64>i + 1);
  replace(p + atResetUntil, f64x2.add(next, v128.load(c + atResetSteps)), spiking);
  replace(p + atPulseUntil, f64x2.add(next, v128.load(c + atPulseSteps)), spiking);
  replace(p + atRefractoryUntil, f64x2.add(d(<f64>i), v128.load(c + atRefractorySteps)), spiking);
  const mask = i64x2.bitmask(spiking);
  for (let k: usize = 0; k < 2; k++) {
    if (!(mask & (1 << <i32>k))) continue;
    const n = load<i32>(spikes + (k << 2));
    store<i32>(spikes + 8 + ((k * <usize>length + <usize>n) << 2), i);
    store<i32>(spikes + (k << 2), n + 1);
  }
}

/** Up to four pairs; see `stepAdex`. */
function stepPairs(
  pairs: i32,
  c: usize,
  s: usize,
  circuits: usize,
  traces: usize,
  length: i32,
  spikes: usize,
  firstStep: f64,
  count: i32,
  key0: i32,
  key1: i32,
): void {
  const first = <u64>firstStep;
  const spikeBytes: usize = (<usize>length << 3) + 8;
  const traceBytes = <usize>length << 6;
  const n = <usize>pairs;
  for (let j: usize = 0; j < n; j++)
    begin(work + j * workBytes, c + j * coefficientBytes, s + j * stateBytes, firstStep, spikes + j * spikeBytes);
  for (let i = 0; i < count; ) {
    let end = <f64>count;
    for (let j: usize = 0; j < n; j++)
      end = prepare(work + j * workBytes, c + j * coefficientBytes, circuits + (j << 3), first, i, end, key0, key1);
    const segmentEnd = <i32>end;
    let spiking: i32 = 0;
    while (i < segmentEnd && !spiking) {
      if (n == width) {
        spiking = <i32>advance(work);
        spiking |= <i32>advance(work + workBytes) << 1;
        spiking |= <i32>advance(work + 2 * workBytes) << 2;
        spiking |= <i32>advance(work + 3 * workBytes) << 3;
      } else if (n == 1) {
        spiking = <i32>advance(work);
      } else {
        for (let j: usize = 0; j < n; j++) spiking |= <i32>advance(work + j * workBytes) << <i32>j;
      }
      if (traces) {
        for (let j: usize = 0; j < n; j++)
          record(work + j * workBytes, traces + j * traceBytes + (<usize>i << 3), <usize>length << 3);
      }
      i++;
    }
    for (let j: usize = 0; spiking; j++, spiking >>= 1) {
      if (spiking & 1) fire(work + j * workBytes, c + j * coefficientBytes, spikes + j * spikeBytes, i - 1, length);
    }
  }
  for (let j: usize = 0; j < n; j++) finish(work + j * workBytes, s + j * stateBytes, firstStep);
}

/**
 * Integrate pairs of circuits over the same `count` steps, 1..length, each alone.
 * @param c coefficients: for each pair 42 pairs of f64 @param s state: v, w, excitatory, inhibitory, resetUntil, pulseUntil,
 * refractoryUntil @param circuits two u32 for each pair @param traces 0, or for each pair the courses v, w, excitatory,
 * inhibitory of its first circuit, then of its second, each with room for `length` f64 @param spikes for each pair two
 * i32 counts, then the spikes' steps in this run of either, each with room for `length` i32 @param firstStep a whole number
 */
export function stepAdex(
  pairs: i32,
  c: usize,
  s: usize,
  circuits: usize,
  traces: usize,
  length: i32,
  spikes: usize,
  firstStep: f64,
  count: i32,
  key0: i32,
  key1: i32,
): void {
  for (let p = 0; p < pairs; p += width) {
    const n = min(width, pairs - p);
    stepPairs(n, c, s, circuits, traces, length, spikes, firstStep, count, key0, key1);
    c += <usize>n * coefficientBytes;
    s += <usize>n * stateBytes;
    circuits += <usize>n << 3;
    if (traces) traces += <usize>n * (<usize>length << 6);
    spikes += <usize>n * (8 + (<usize>length << 3));
  }
}
