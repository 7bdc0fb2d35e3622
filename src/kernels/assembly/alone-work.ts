// What a circuit alone needs at hand while it is stepped, in memory: the engine's loops then keep its state in registers
// and nothing else. See adex-alone.ts; for pairs, pair-work.ts.
import {
  atBase,
  atExcGain,
  atExcInReset,
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
  pulseGap,
  rail,
  resetGap,
  seriesRange,
} from "./adex-layout";
import { normalsAlone } from "./philox";

/** State, as in the caller's memory: v, w, both inputs, three times as steps of this run, the exponential current. */
export const nowV: usize = 0;
export const nowW: usize = 8;
export const nowExc: usize = 16;
export const nowInh: usize = 24;
export const nowResetUntil: usize = 32;
export const nowPulseUntil: usize = 40;
export const nowRefractoryUntil: usize = 48;
export const nowExponential: usize = 56;
/** Coefficients of the segment, ten in a row as in the layout. */
export const nowVV: usize = 64;
export const nowVW: usize = 72;
export const nowWV: usize = 80;
export const nowWW: usize = 88;
export const nowFV: usize = 96;
export const nowFW: usize = 104;
export const nowQV: usize = 112;
export const nowQW: usize = 120;
const nowKV: usize = 128;
const nowKW: usize = 136;
export const nowThreshold: usize = 144;
export const nowRate: usize = 152;
export const nowBase: usize = 160;
export const nowExpFrom: usize = 168;
export const nowSeriesUntil: usize = 176;
export const nowExcGain: usize = 184;
export const nowInhGain: usize = 192;
/** Of the series, as for pairs. */
export const nowPerSlope: usize = 200;
export const nowHalf: usize = 208;
export const nowSixth: usize = 216;
export const nowLargestMove: usize = 224;
export const nowCorrection: usize = 232;
/** Below these a step is an ordinary one: under the onset, and above it. */
export const nowLinearUntil: usize = 240;
export const nowOrdinaryUntil: usize = 248;
const nowNoiseCurrent: usize = 256;
/** What the steps of a hold add. */
export const nowInV: usize = 264;
export const nowInW: usize = 272;
const nowCurrents: usize = 288;
const nowOnsets: usize = 416;
const now = memory.data(544, 16);

let isNoisy = false;
let firstOfRun: u64 = 0;
let circuitOfRun = 0;
let keyLow = 0;
let keyHigh = 0;
/** Numbers of the noise blocks at hand. */
let block: u64 = 0;
let onsetBlock: u64 = 0;

/** A coefficient; its place is told for pairs. */
// @ts-ignore: decorator
@inline
export function coefficient(c: usize, at: usize): f64 {
  return load<f64>(c + (at >> 1));
}

/** The smaller of `end` and a time that still lies ahead. */
// @ts-ignore: decorator
@inline
function sooner(end: f64, time: f64, at: f64): f64 {
  return at < time && time < end ? time : end;
}

// @ts-ignore: decorator
@inline
export function set(place: usize, value: f64): void {
  store<f64>(now + place, value);
}

// @ts-ignore: decorator
@inline
export function get(place: usize): f64 {
  return load<f64>(now + place);
}

export function begin(c: usize, s: usize, first: f64, circuit: i32, key0: i32, key1: i32): void {
  memory.copy(now, s, 64);
  for (let place = nowResetUntil; place <= nowRefractoryUntil; place += 8) set(place, get(place) - first);
  const rate = coefficient(c, atRate);
  const perSlope = rate * Math.LN2;
  set(nowRate, rate);
  set(nowPerSlope, perSlope);
  set(nowHalf, 0.5 * perSlope);
  set(nowSixth, (1.0 / 6.0) * (perSlope * perSlope));
  set(nowLargestMove, seriesRange / (perSlope * perSlope));
  set(nowNoiseCurrent, coefficient(c, atNoiseCurrent));
  isNoisy = coefficient(c, atNoiseCurrent) > 0 || coefficient(c, atOnsetNoise) > 0;
  firstOfRun = <u64>first;
  circuitOfRun = circuit;
  keyLow = key0;
  keyHigh = key1;
  block = u64.MAX_VALUE;
  onsetBlock = u64.MAX_VALUE;
}

export function finish(s: usize, first: f64): void {
  for (let place = nowResetUntil; place <= nowRefractoryUntil; place += 8) set(place, get(place) + first);
  memory.copy(s, now, 64);
}

/** Make what steps from `i` on add, as far as the noise's current is held. @returns the first step behind that, at most `end` */
// @ts-ignore: decorator
@inline
export function hold(i: i32, end: i32): i32 {
  const step = firstOfRun + <u64>i;
  if (isNoisy && (step >> 6) << 2 != block) {
    block = (step >> 6) << 2;
    normalsAlone(now + nowCurrents, block, circuitOfRun, 0, keyLow, keyHigh);
  }
  const current = get(nowNoiseCurrent) * load<f64>(now + nowCurrents + ((<usize>(step >> 2) & 15) << 3));
  set(nowInV, get(nowKV) + get(nowFV) * current);
  set(nowInW, get(nowKW) + get(nowFW) * current);
  return min(end, i + 4 - (<i32>step & 3));
}

/** Everything that stays as it is from step `i` on. @returns the first step at which something changes, at most `count` */
export function prepare(c: usize, i: i32, count: i32): i32 {
  const at = <f64>i;
  const step = firstOfRun + <u64>i;
  const isReset = at < get(nowResetUntil);
  const isPulse = at < get(nowPulseUntil);
  if ((<i32>step & 255) == 0) set(nowExponential, NaN);
  let end = Math.min(<f64>count, <f64>(i + 256 - (<i32>step & 255)));
  end = sooner(sooner(sooner(end, get(nowResetUntil), at), get(nowPulseUntil), at), get(nowRefractoryUntil), at);
  let shift: f64 = 0;
  if (isNoisy) {
    const wanted = (step >> 12) << 2;
    if (wanted != onsetBlock) {
      onsetBlock = wanted;
      normalsAlone(now + nowOnsets, wanted, circuitOfRun, 1, keyLow, keyHigh);
    }
    shift = coefficient(c, atOnsetNoise) * load<f64>(now + nowOnsets + ((<usize>(step >> 8) & 15) << 3));
  }
  const mode = c + (atV >> 1) + (isReset ? resetGap >> 1 : 0);
  memory.copy(now + nowVV, mode, 64);
  memory.copy(now + nowKV, mode + ((atK - atV) >> 1) + (isPulse ? pulseGap >> 1 : 0), 16);
  const threshold = at < get(nowRefractoryUntil) ? Infinity : coefficient(c, atThreshold) + shift;
  const expFrom = (isReset ? coefficient(c, atMarginInReset) : coefficient(c, atMargin)) + shift;
  const seriesUntil = coefficient(c, atSeriesUntil) + shift;
  set(nowThreshold, threshold);
  set(nowBase, coefficient(c, atBase) - get(nowRate) * shift);
  set(nowExpFrom, expFrom);
  set(nowSeriesUntil, seriesUntil);
  set(nowExcGain, isReset ? coefficient(c, atExcInReset) : coefficient(c, atExcGain));
  set(nowInhGain, isReset ? coefficient(c, atInhInReset) : coefficient(c, atInhGain));
  set(nowCorrection, get(nowPerSlope) * get(nowQV));
  set(nowLinearUntil, Math.min(Math.min(expFrom, threshold), rail));
  set(nowOrdinaryUntil, Math.min(Math.min(seriesUntil, threshold), rail));
  return <i32>end;
}
