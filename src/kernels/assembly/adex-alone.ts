// The AdEx stepper for one circuit alone, as the reference body (src/virtual-chip/physics/adex.ts) has it, operation for
// operation: state and coefficients stay in registers, and limits that are hardly ever met are branches, so that a step
// waits for three additions and nothing else. Where the linear part is all there is, V and W are one vector.
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
  atPulseSteps,
  atRate,
  atRefractorySteps,
  atResetSteps,
  atSeriesUntil,
  atThreshold,
  atV,
  currentLimit,
  leastSynapticVoltage,
  pulseGap,
  rail,
  resetGap,
  seriesRange,
} from "./adex-layout";
import { normalsAlone } from "./philox";
import { factor, powerOfTwo } from "./power-of-two";

/** So many steps of the inputs' courses are known to be zero: see `forgetZeros`. */
let zeros = 0;

/** Somebody else has written to the courses. */
export function forgetZeros(): void {
  zeros = 0;
}

const currents = memory.data(16 * 8, 16);
const onsets = memory.data(16 * 8, 16);

/** A coefficient; its place is told for pairs. */
// @ts-ignore: decorator
@inline
function coefficient(c: usize, at: usize): f64 {
  return load<f64>(c + (at >> 1));
}

// @ts-ignore: decorator
@inline
function limited(current: f64): f64 {
  return current < currentLimit ? current : currentLimit;
}

// @ts-ignore: decorator
@inline
function clamped(x: f64): f64 {
  if (!(x > 0)) x = 0;
  if (!(x < rail)) x = rail;
  return x;
}

// @ts-ignore: decorator
@inline
function decayed(x: f64, decay: f64): f64 {
  const y = x * decay;
  return Math.abs(y) < leastSynapticVoltage ? 0 : y;
}

/** The smaller of `end` and a time that still lies ahead. */
// @ts-ignore: decorator
@inline
function sooner(end: f64, time: f64, at: f64): f64 {
  return at < time && time < end ? time : end;
}

/**
 * Integrate one circuit over `count` steps, 1..length.
 * @param c 41 f64 of coefficients @param s state: v, w, excitatory, inhibitory, resetUntil, pulseUntil, refractoryUntil,
 * exponential
 * @param trace 0, or the courses v, w, excitatory, inhibitory, each with room for `length` f64 @param spikes an i32 count,
 * then the spikes' steps in this run, i32 @param firstStep a whole number
 */
export function stepAlone(
  c: usize,
  s: usize,
  circuit: i32,
  trace: usize,
  length: i32,
  spikes: usize,
  firstStep: f64,
  count: i32,
  key0: i32,
  key1: i32,
): void {
  const first = <u64>firstStep;
  const courseBytes = <usize>length << 3;
  let v = load<f64>(s);
  let w = load<f64>(s, 8);
  let exc = load<f64>(s, 16);
  let inh = load<f64>(s, 24);
  // Times as steps of this run.
  let resetUntil = load<f64>(s, 32) - firstStep;
  let pulseUntil = load<f64>(s, 40) - firstStep;
  let refractoryUntil = load<f64>(s, 48) - firstStep;
  let exponential = load<f64>(s, 56);
  const noiseCurrent = coefficient(c, atNoiseCurrent);
  const onsetNoise = coefficient(c, atOnsetNoise);
  const isNoisy = noiseCurrent > 0 || onsetNoise > 0;
  const hasInput = exc != 0 || inh != 0;
  if (trace && hasInput) zeros = 0;
  else if (trace && zeros < count) {
    memory.fill(trace + 2 * courseBytes, 0, courseBytes << 1);
    zeros = length;
  }
  const rate = coefficient(c, atRate);
  const perSlope = rate * Math.LN2;
  const half = 0.5 * perSlope;
  const sixth = (1.0 / 6.0) * (perSlope * perSlope);
  const largestMove = seriesRange / (perSlope * perSlope);
  const c1 = factor(0);
  const c2 = factor(1);
  const c3 = factor(2);
  const excDecay = coefficient(c, atExcDecay);
  const inhDecay = coefficient(c, atInhDecay);
  let block: u64 = u64.MAX_VALUE;
  let onsetBlock: u64 = u64.MAX_VALUE;
  let spikeCount = 0;

  for (let i = 0; i < count; ) {
    const at = <f64>i;
    const isReset = at < resetUntil;
    const isPulse = at < pulseUntil;
    let end = sooner(sooner(sooner(<f64>count, resetUntil, at), pulseUntil, at), refractoryUntil, at);
    let shift: f64 = 0;
    const step = first + <u64>i;
    if ((<i32>step & 255) == 0) exponential = NaN;
    end = Math.min(end, <f64>(i + 256 - (<i32>step & 255)));
    if (isNoisy) {
      const wanted = (step >> 12) << 2;
      if (wanted != onsetBlock) {
        onsetBlock = wanted;
        normalsAlone(onsets, wanted, circuit, 1, key0, key1);
      }
      shift = onsetNoise * load<f64>(onsets + ((<usize>(step >> 8) & 15) << 3));
    }
    const m = isReset ? c + (resetGap >> 1) : c;
    const vv = load<f64>(m + (atV >> 1));
    const vw = load<f64>(m + (atV >> 1), 8);
    const wv = load<f64>(m + (atV >> 1), 16);
    const ww = load<f64>(m + (atV >> 1), 24);
    const fv = load<f64>(m + (atV >> 1), 32);
    const fw = load<f64>(m + (atV >> 1), 40);
    const qv = load<f64>(m + (atV >> 1), 48);
    const qw = load<f64>(m + (atV >> 1), 56);
    const correction = perSlope * qv;
    const k = m + (atK >> 1) + (isPulse ? pulseGap >> 1 : 0);
    const kv = load<f64>(k);
    const kw = load<f64>(k, 8);
    const rowV = v128.load(m + (atV >> 1));
    const rowW = v128.load(m + (atV >> 1), 16);
    const byV = v128.shuffle<f64>(rowV, rowW, 0, 2);
    const byW = v128.shuffle<f64>(rowV, rowW, 1, 3);
    const ofCurrent = v128.load(m + (atV >> 1), 32);
    const constant = v128.load(k);
    const threshold = at < refractoryUntil ? Infinity : coefficient(c, atThreshold) + shift;
    const base = coefficient(c, atBase) - rate * shift;
    const expFrom = (isReset ? coefficient(c, atMarginInReset) : coefficient(c, atMargin)) + shift;
    const seriesUntil = coefficient(c, atSeriesUntil) + shift;
    const excGain = isReset ? coefficient(c, atExcInReset) : coefficient(c, atExcGain);
    const inhGain = isReset ? coefficient(c, atInhInReset) : coefficient(c, atInhGain);
    // Below both of these there is no exponential, no spike and no rail.
    const limits = f64x2(Math.min(Math.min(expFrom, threshold), rail), rail);
    const segmentEnd = <i32>end;

    let isSpike = false;
    while (i < segmentEnd && !isSpike) {
      // The current of the noise is held for four steps.
      let holdEnd = segmentEnd;
      let inV = kv;
      let inW = kw;
      let input = constant;
      if (isNoisy) {
        const step = first + <u64>i;
        const wanted = (step >> 6) << 2;
        if (wanted != block) {
          block = wanted;
          normalsAlone(currents, wanted, circuit, 0, key0, key1);
        }
        const current = noiseCurrent * load<f64>(currents + ((<usize>(step >> 2) & 15) << 3));
        inV = kv + fv * current;
        inW = kw + fw * current;
        input = f64x2.add(constant, f64x2.mul(ofCurrent, f64x2.splat(current)));
        holdEnd = min(segmentEnd, i + 4 - (<i32>step & 3));
      }
      if (!hasInput && !(expFrom < v)) {
        let both = f64x2(v, w);
        for (; i < holdEnd; i++) {
          const fromV = f64x2.mul(byV, v128.shuffle<f64>(both, both, 0, 0));
          const fromW = f64x2.mul(byW, v128.shuffle<f64>(both, both, 1, 1));
          const next = f64x2.add(fromV, f64x2.add(fromW, input));
          const isWithin = v128.and(f64x2.gt(next, f64x2.splat(0)), f64x2.lt(next, limits));
          if (i64x2.bitmask(isWithin) != 3) break;
          both = next;
          if (trace) {
            const place = trace + (<usize>i << 3);
            v128.store64_lane(place, next, 0);
            v128.store64_lane(place + courseBytes, next, 1);
          }
        }
        exponential = NaN;
        v = f64x2.extract_lane(both, 0);
        w = f64x2.extract_lane(both, 1);
      }
      for (; i < holdEnd && !isSpike; i++) {
        const place = trace + (<usize>i << 3);
        let driveV = inV;
        let driveW = inW;
        if (hasInput) {
          const syn = excGain * exc + inhGain * inh;
          exc = decayed(exc, excDecay);
          inh = decayed(inh, inhDecay);
          driveV = inV + fv * syn;
          driveW = inW + fw * syn;
          if (trace) {
            store<f64>(place + 2 * courseBytes, exc);
            store<f64>(place + 3 * courseBytes, inh);
          }
        }
        let nv = vv * v + (vw * w + driveV);
        let nw = wv * v + (ww * w + driveW);
        if (expFrom < v || expFrom < nv) {
          const isAbove = expFrom < v;
          let i0: f64 = 0;
          if (isAbove) i0 = exponential == exponential ? exponential : limited(powerOfTwo(rate * v + base, c1, c2, c3));
          const v1 = nv + fv * i0;
          const stays = expFrom < v1;
          const move = v1 - v;
          const square = move * move;
          const isSmall = isAbove && stays && square < largestMove && v < seriesUntil;
          let change = -i0;
          const linear = i0 * perSlope * move;
          if (isSmall) change = linear + linear * move * (half + sixth * move);
          else if (stays) change = limited(powerOfTwo(rate * v1 + base, c1, c2, c3)) - i0;
          nv = v1 + qv * change;
          nw = nw + fw * i0 + qw * change;
          exponential = NaN;
          if (isSmall && nv < seriesUntil) {
            const predicted = i0 + change;
            exponential = predicted + predicted * (correction * change);
          }
        } else exponential = NaN;
        v = clamped(nv);
        w = clamped(nw);
        if (v != nv) exponential = NaN;
        if (trace) {
          store<f64>(place, v);
          store<f64>(place + courseBytes, w);
        }
        isSpike = v >= threshold;
      }
    }
    if (isSpike) {
      const last = i - 1;
      store<i32>(spikes + 4 + (<usize>spikeCount << 2), last);
      spikeCount++;
      refractoryUntil = <f64>last + coefficient(c, atRefractorySteps);
      resetUntil = <f64>i + coefficient(c, atResetSteps);
      pulseUntil = <f64>i + coefficient(c, atPulseSteps);
    }
  }
  store<i32>(spikes, spikeCount);
  store<f64>(s, v);
  store<f64>(s, w, 8);
  store<f64>(s, exc, 16);
  store<f64>(s, inh, 24);
  store<f64>(s, resetUntil + firstStep, 32);
  store<f64>(s, pulseUntil + firstStep, 40);
  store<f64>(s, refractoryUntil + firstStep, 48);
  store<f64>(s, exponential, 56);
}
