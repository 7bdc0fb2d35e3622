// What a pair of circuits needs at hand while it is stepped, in a vector of float64, and how it is made ready: everything
// that stays as it is up to the end of a segment. See pair-step.ts.
import {
  atBase,
  atExcDecay,
  atExcGain,
  atExcInReset,
  atInhDecay,
  atInhGain,
  atInhInReset,
  atK,
  atMargin,
  atMarginInReset,
  atNoiseCurrent,
  atOnsetNoise,
  atRate,
  atThreshold,
  atV,
  pulseGap,
  resetGap,
} from "./adex-layout";
import { normalsOfPair } from "./philox";

// @ts-ignore: decorator
@inline
export function d(x: f64): v128 {
  return f64x2.splat(x);
}

/**
 * What a pair needs at hand, 16 bytes each: state, then all that stays constant up to the end of a segment, then eight
 * current and eight onset values of the noise.
 */
export const atNowV: usize = 0;
export const atNowW: usize = 1 << 4;
export const atExc: usize = 2 << 4;
export const atInh: usize = 3 << 4;
export const atResetUntil: usize = 4 << 4;
export const atPulseUntil: usize = 5 << 4;
export const atRefractoryUntil: usize = 6 << 4;
export const atVV: usize = 7 << 4;
export const atVW: usize = 8 << 4;
export const atWV: usize = 9 << 4;
export const atWW: usize = 10 << 4;
export const atFV: usize = 11 << 4;
export const atFW: usize = 12 << 4;
export const atQV: usize = 13 << 4;
export const atQW: usize = 14 << 4;
export const atInV: usize = 15 << 4;
export const atInW: usize = 16 << 4;
export const atNowThreshold: usize = 17 << 4;
export const atNowRate: usize = 18 << 4;
export const atNowBase: usize = 19 << 4;
export const atExpFrom: usize = 20 << 4;
export const atNowExcGain: usize = 21 << 4;
export const atNowInhGain: usize = 22 << 4;
/** The exponential current, NaN where it must be computed. */
export const atNowExponential: usize = 23 << 4;
export const atDecays: usize = 24 << 4;
export const atCurrents: usize = 26 << 4;
export const atOnsets: usize = 34 << 4;
/** Flags and block numbers: whether there is noise, input; numbers of the blocks at hand. */
export const atIsNoisy: usize = 42 << 4;
export const atHasInput: usize = (42 << 4) + 4;
export const atBlock: usize = (42 << 4) + 8;
export const atOnsetBlock: usize = 43 << 4;
/** Step of this run up to which nothing changes but the noise's current; -1 where that must be found out. */
export const atStableUntil: usize = (43 << 4) + 8;
/** What a step adds without that current. */
const atKV: usize = 44 << 4;
const atKW: usize = 45 << 4;
/** Per volt, in units of the exponential's slope; and what a volt per ampere of the correction moves, in the same. */
export const atPerSlope: usize = 46 << 4;
export const atCorrection: usize = 47 << 4;
export const workBytes: usize = 48 << 4;

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

/** Which of the two have noise. */
// @ts-ignore: decorator
@inline
function noisy(c: usize): v128 {
  const current = f64x2.gt(v128.load(c + atNoiseCurrent), d(0));
  return v128.or(current, f64x2.gt(v128.load(c + atOnsetNoise), d(0)));
}

export function begin(p: usize, c: usize, s: usize, firstStep: f64, spikes: usize): void {
  const origin = d(firstStep);
  for (let i: usize = 0; i < 64; i += 16) move(p + i, s + i);
  // Times of both circuits as steps of this run.
  for (let i: usize = 64; i < 112; i += 16) v128.store(p + i, f64x2.sub(v128.load(s + i), origin));
  move(p + atNowExponential, s + 112);
  move(p + atNowRate, c + atRate);
  v128.store(p + atPerSlope, f64x2.mul(v128.load(c + atRate), d(Math.LN2)));
  move(p + atDecays, c + atExcDecay);
  move(p + atDecays + 16, c + atInhDecay);
  store<i32>(p + atIsNoisy, v128.any_true(noisy(c)));
  store<f64>(p + atStableUntil, -1);
  store<u64>(p + atBlock, u64.MAX_VALUE);
  store<u64>(p + atOnsetBlock, u64.MAX_VALUE);
  store<i32>(spikes, 0);
  store<i32>(spikes + 4, 0);
}

export function finish(p: usize, s: usize, firstStep: f64): void {
  const origin = d(firstStep);
  for (let i: usize = 0; i < 64; i += 16) move(s + i, p + i);
  for (let i: usize = 64; i < 112; i += 16) v128.store(s + i, f64x2.add(v128.load(p + i), origin));
  move(s + 112, p + atNowExponential);
}

/** Everything that stays as it is from step `i` on. @returns the first step at which something changes, at most `end` */
export function prepare(p: usize, c: usize, circuits: usize, first: u64, i: i32, end: f64, key0: i32, key1: i32): f64 {
  const at = <f64>i;
  let current = d(0);
  let shift = d(0);
  let stableUntil = Infinity;
  if (load<i32>(p + atIsNoisy)) {
    const step = first + <u64>i;
    const block = (step >> 5) << 1;
    if (block != load<u64>(p + atBlock)) {
      store<u64>(p + atBlock, block);
      normalsOfPair(p + atCurrents, block, circuits, 0, key0, key1);
      const onsets = (step >> 11) << 1;
      if (onsets != load<u64>(p + atOnsetBlock)) {
        store<u64>(p + atOnsetBlock, onsets);
        normalsOfPair(p + atOnsets, onsets, circuits, 1, key0, key1);
      }
    }
    current = f64x2.mul(v128.load(c + atNoiseCurrent), v128.load(p + atCurrents + ((<usize>(step >> 2) & 7) << 4)));
    shift = f64x2.mul(v128.load(c + atOnsetNoise), v128.load(p + atOnsets + ((<usize>(step >> 8) & 7) << 4)));
    end = Math.min(end, <f64>(i + 4 - (<i32>step & 3)));
    // The onset moves: so does the current at the same potential.
    if ((<i32>step & 255) == 0)
      v128.store(p + atNowExponential, v128.bitselect(d(NaN), v128.load(p + atNowExponential), noisy(c)));
    stableUntil = <f64>(i + 256 - (<i32>step & 255));
  }
  store<i32>(p + atHasInput, v128.any_true(v128.or(v128.load(p + atExc), v128.load(p + atInh))));
  const known = load<f64>(p + atStableUntil);
  if (at < known) {
    v128.store(p + atInV, f64x2.add(v128.load(p + atKV), f64x2.mul(v128.load(p + atFV), current)));
    v128.store(p + atInW, f64x2.add(v128.load(p + atKW), f64x2.mul(v128.load(p + atFW), current)));
    return Math.min(end, known);
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
    stableUntil = sooner(sooner(sooner(stableUntil, resetUntil, at), pulseUntil, at), refractoryUntil, at);
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
  v128.store(p + atCorrection, f64x2.mul(v128.load(p + atPerSlope), v128.load(p + atQV)));
  v128.store(p + atKV, kv);
  v128.store(p + atKW, kw);
  v128.store(p + atInV, f64x2.add(kv, f64x2.mul(fv, current)));
  v128.store(p + atInW, f64x2.add(kw, f64x2.mul(fw, current)));
  v128.store(p + atNowThreshold, threshold);
  v128.store(p + atNowBase, f64x2.sub(v128.load(c + atBase), f64x2.mul(v128.load(c + atRate), shift)));
  const margin = v128.bitselect(v128.load(c + atMarginInReset), v128.load(c + atMargin), isReset);
  v128.store(p + atExpFrom, f64x2.add(margin, shift));
  v128.store(p + atNowExcGain, v128.bitselect(v128.load(c + atExcInReset), v128.load(c + atExcGain), isReset));
  v128.store(p + atNowInhGain, v128.bitselect(v128.load(c + atInhInReset), v128.load(c + atInhGain), isReset));
  store<f64>(p + atStableUntil, stableUntil);
  return Math.min(end, stableUntil);
}
