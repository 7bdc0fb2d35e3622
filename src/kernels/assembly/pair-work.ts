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
  atSeriesUntil,
  atThreshold,
  atV,
  leastSynapticVoltage,
  pulseGap,
  rail,
  resetGap,
  seriesRange,
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
const atIsNoisy: usize = 42 << 4;
export const atHasInput: usize = (42 << 4) + 4;
const atBlock: usize = (42 << 4) + 8;
const atOnsetBlock: usize = 43 << 4;
/** Step of this run up to which nothing changes but the noise's current; -1 where that must be found out. */
export const atStableUntil: usize = (43 << 4) + 8;
/** What a step adds without noise and input; then with noise. */
const atKV: usize = 44 << 4;
const atKW: usize = 45 << 4;
/** Per volt, in units of the exponential's slope; and what a volt per ampere of the correction moves, in the same. */
export const atPerSlope: usize = 46 << 4;
export const atCorrection: usize = 47 << 4;
const atHeldV: usize = 48 << 4;
const atHeldW: usize = 49 << 4;
/** Where the current comes near its limit; and the potential below which a step may be an ordinary one. */
export const atNowSeriesUntil: usize = 50 << 4;
export const atLimit: usize = 51 << 4;
/** Of the series: half the square and a sixth of the cube of its slope, over it; square of the largest movement, V^2. */
export const atHalf: usize = 52 << 4;
export const atSixth: usize = 53 << 4;
export const atLargestMove: usize = 54 << 4;
export const workBytes: usize = 55 << 4;

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
  const perSlope = f64x2.mul(v128.load(c + atRate), d(Math.LN2));
  const square = f64x2.mul(perSlope, perSlope);
  v128.store(p + atPerSlope, perSlope);
  v128.store(p + atHalf, f64x2.mul(d(0.5), perSlope));
  v128.store(p + atSixth, f64x2.mul(d(1.0 / 6.0), square));
  v128.store(p + atLargestMove, f64x2.div(d(seriesRange), square));
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

/** A synaptic voltage one step on; a very small one is gone. */
// @ts-ignore: decorator
@inline
function decayed(x: v128, decay: v128): v128 {
  const y = f64x2.mul(x, decay);
  return v128.andnot(y, f64x2.lt(f64x2.abs(y), d(leastSynapticVoltage)));
}

/** The input's part of a step, from its voltages at the start; these go on. */
export function feed(p: usize): void {
  const exc = v128.load(p + atExc);
  const inh = v128.load(p + atInh);
  const syn = f64x2.add(f64x2.mul(v128.load(p + atNowExcGain), exc), f64x2.mul(v128.load(p + atNowInhGain), inh));
  v128.store(p + atExc, decayed(exc, v128.load(p + atDecays)));
  v128.store(p + atInh, decayed(inh, v128.load(p + atDecays, 16)));
  v128.store(p + atInV, f64x2.add(v128.load(p + atHeldV), f64x2.mul(v128.load(p + atFV), syn)));
  v128.store(p + atInW, f64x2.add(v128.load(p + atHeldW), f64x2.mul(v128.load(p + atFW), syn)));
}

/** What four steps add, over which the noise's current is held; `step` is one of them. */
// @ts-ignore: decorator
@inline
export function hold(p: usize, c: usize, step: u64): void {
  const normal = v128.load(p + atCurrents + ((<usize>(step >> 2) & 7) << 4));
  const current = f64x2.mul(v128.load(c + atNoiseCurrent), normal);
  const inV = f64x2.add(v128.load(p + atKV), f64x2.mul(v128.load(p + atFV), current));
  const inW = f64x2.add(v128.load(p + atKW), f64x2.mul(v128.load(p + atFW), current));
  v128.store(p + atHeldV, inV);
  v128.store(p + atHeldW, inW);
  v128.store(p + atInV, inV);
  v128.store(p + atInW, inW);
}

/** Everything that stays as it is from step `i` on. @returns the first step at which something changes, at most `end` */
export function prepare(p: usize, c: usize, circuits: usize, first: u64, i: i32, end: f64, key0: i32, key1: i32): f64 {
  const at = <f64>i;
  const step = first + <u64>i;
  const isNoisy = load<i32>(p + atIsNoisy);
  if (isNoisy) {
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
    end = Math.min(end, <f64>(i + 32 - (<i32>step & 31)));
  }
  store<i32>(p + atHasInput, v128.any_true(v128.or(v128.load(p + atExc), v128.load(p + atInh))));
  const known = load<f64>(p + atStableUntil);
  if (at < known) return Math.min(end, known);
  if ((<i32>step & 255) == 0) v128.store(p + atNowExponential, d(NaN));
  let stableUntil = <f64>(i + 256 - (<i32>step & 255));
  let shift = d(0);
  if (isNoisy) shift = f64x2.mul(v128.load(c + atOnsetNoise), v128.load(p + atOnsets + ((<usize>(step >> 8) & 7) << 4)));
  const now = d(at);
  const resetUntil = v128.load(p + atResetUntil);
  const pulseUntil = v128.load(p + atPulseUntil);
  const refractoryUntil = v128.load(p + atRefractoryUntil);
  const isReset = f64x2.lt(now, resetUntil);
  const isPulse = f64x2.lt(now, pulseUntil);
  const isRefractory = f64x2.lt(now, refractoryUntil);
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
  for (let o: usize = 0; o < 128; o += 16)
    v128.store(p + atVV + o, v128.bitselect(v128.load(r + atV + o), v128.load(c + atV + o), isReset));
  v128.store(p + atCorrection, f64x2.mul(v128.load(p + atPerSlope), v128.load(p + atQV)));
  v128.store(p + atKV, kv);
  v128.store(p + atKW, kw);
  v128.store(p + atNowThreshold, threshold);
  v128.store(p + atNowBase, f64x2.sub(v128.load(c + atBase), f64x2.mul(v128.load(c + atRate), shift)));
  const margin = v128.bitselect(v128.load(c + atMarginInReset), v128.load(c + atMargin), isReset);
  const expFrom = f64x2.add(margin, shift);
  v128.store(p + atExpFrom, expFrom);
  const seriesUntil = f64x2.add(v128.load(c + atSeriesUntil), shift);
  v128.store(p + atNowSeriesUntil, seriesUntil);
  // Where there is no exponential, a high potential is nothing special.
  const ordinary = v128.or(seriesUntil, v128.and(f64x2.eq(expFrom, d(Infinity)), d(NaN)));
  v128.store(p + atLimit, f64x2.pmin(f64x2.pmin(d(rail), threshold), ordinary));
  v128.store(p + atNowExcGain, v128.bitselect(v128.load(c + atExcInReset), v128.load(c + atExcGain), isReset));
  v128.store(p + atNowInhGain, v128.bitselect(v128.load(c + atInhInReset), v128.load(c + atInhGain), isReset));
  store<f64>(p + atStableUntil, stableUntil);
  return Math.min(end, stableUntil);
}
