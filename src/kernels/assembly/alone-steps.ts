// Steps of a circuit alone, operation for operation as the reference body has them (src/virtual-chip/physics/adex.ts).
// Nearly all are ordinary, and go in loops of their own, which wait for a few additions and products and nothing else:
// below the onset of the exponential the linear part is all there is; above it the current goes with the potential by
// its series, without spike, rail, crossing of the onset, and input.
import { atExcDecay, atInhDecay, currentLimit, leastSynapticVoltage, rail } from "./adex-layout";
import {
  coefficient,
  get,
  hold,
  nowBase,
  nowCorrection,
  nowExc,
  nowExcGain,
  nowExpFrom,
  nowExponential,
  nowFV,
  nowFW,
  nowHalf,
  nowInh,
  nowInhGain,
  nowInV,
  nowInW,
  nowLargestMove,
  nowLinearUntil,
  nowOrdinaryUntil,
  nowPerSlope,
  nowQV,
  nowQW,
  nowRate,
  nowSeriesUntil,
  nowSixth,
  nowThreshold,
  nowV,
  nowVV,
  nowVW,
  nowW,
  nowWV,
  nowWW,
  set,
} from "./alone-work";
import { factor, powerOfTwo } from "./power-of-two";

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

// @ts-ignore: decorator
@inline
function exponentialAt(v: f64): f64 {
  return limited(powerOfTwo(get(nowRate) * v + get(nowBase), factor(0), factor(1), factor(2)));
}

// @ts-ignore: decorator
@inline
function record(trace: usize, courseBytes: usize, v: f64, w: f64): void {
  store<f64>(trace, v);
  store<f64>(trace + courseBytes, w);
}

/** Ordinary steps below the onset, up to `end`. @returns the first step that is none @param trace 0, or where step 0 goes */
export function stepsBelow(i: i32, end: i32, trace: usize, courseBytes: usize): i32 {
  const start = i;
  let v = get(nowV);
  let w = get(nowW);
  let isOrdinary = v <= get(nowExpFrom);
  while (isOrdinary && i < end) {
    const holdEnd = hold(i, end);
    const inV = get(nowInV);
    const inW = get(nowInW);
    for (; i < holdEnd; i++) {
      const nv = get(nowVV) * v + (get(nowVW) * w + inV);
      const nw = get(nowWV) * v + (get(nowWW) * w + inW);
      isOrdinary = nv > 0 && nv < get(nowLinearUntil) && nw > 0 && nw < rail;
      if (!isOrdinary) break;
      v = nv;
      w = nw;
      if (trace) record(trace + (<usize>i << 3), courseBytes, v, w);
    }
  }
  if (i > start) {
    set(nowV, v);
    set(nowW, w);
    set(nowExponential, NaN);
  }
  return i;
}

/** The same above the onset, where the current is known. */
export function stepsAbove(i: i32, end: i32, trace: usize, courseBytes: usize): i32 {
  let v = get(nowV);
  let w = get(nowW);
  let exponential = get(nowExponential);
  let isOrdinary = exponential == exponential;
  while (isOrdinary && i < end) {
    const holdEnd = hold(i, end);
    const inV = get(nowInV);
    const inW = get(nowInW);
    for (; i < holdEnd; i++) {
      const v1 = get(nowVV) * v + (get(nowVW) * w + inV) + get(nowFV) * exponential;
      const move = v1 - v;
      const linear = exponential * get(nowPerSlope) * move;
      const change = linear + linear * move * (get(nowHalf) + get(nowSixth) * move);
      const nv = v1 + get(nowQV) * change;
      const nw =
        get(nowWV) * v + (get(nowWW) * w + inW) + get(nowFW) * exponential + get(nowQW) * change;
      isOrdinary =
        get(nowExpFrom) < v &&
        get(nowExpFrom) < v1 &&
        move * move < get(nowLargestMove) &&
        nv > 0 &&
        nv < get(nowOrdinaryUntil) &&
        nw > 0 &&
        nw < rail;
      if (!isOrdinary) break;
      const predicted = exponential + change;
      exponential = predicted + predicted * (get(nowCorrection) * change);
      v = nv;
      w = nw;
      if (trace) record(trace + (<usize>i << 3), courseBytes, v, w);
    }
  }
  set(nowV, v);
  set(nowW, w);
  set(nowExponential, exponential);
  return i;
}

/** Any step. @param place 0, or where it goes in the trace @returns whether it reached the threshold */
export function stepAny(c: usize, i: i32, hasInput: bool, place: usize, courseBytes: usize): bool {
  hold(i, i + 1);
  const v = get(nowV);
  const w = get(nowW);
  let inV = get(nowInV);
  let inW = get(nowInW);
  const fv = get(nowFV);
  const fw = get(nowFW);
  if (hasInput) {
    let exc = get(nowExc);
    let inh = get(nowInh);
    const syn = get(nowExcGain) * exc + get(nowInhGain) * inh;
    exc = decayed(exc, coefficient(c, atExcDecay));
    inh = decayed(inh, coefficient(c, atInhDecay));
    set(nowExc, exc);
    set(nowInh, inh);
    inV = inV + fv * syn;
    inW = inW + fw * syn;
    if (place) record(place + 2 * courseBytes, courseBytes, exc, inh);
  }
  let nv = get(nowVV) * v + (get(nowVW) * w + inV);
  let nw = get(nowWV) * v + (get(nowWW) * w + inW);
  const expFrom = get(nowExpFrom);
  const isAbove = expFrom < v;
  const known = get(nowExponential);
  let exponential: f64 = NaN;
  if (isAbove || expFrom < nv) {
    let i0: f64 = 0;
    if (isAbove) i0 = known == known ? known : exponentialAt(v);
    const v1 = nv + fv * i0;
    const stays = expFrom < v1;
    const move = v1 - v;
    const seriesUntil = get(nowSeriesUntil);
    const isSmall = isAbove && stays && move * move < get(nowLargestMove) && v < seriesUntil;
    let change = -i0;
    if (isSmall) {
      const linear = i0 * get(nowPerSlope) * move;
      change = linear + linear * move * (get(nowHalf) + get(nowSixth) * move);
    } else if (stays) change = exponentialAt(v1) - i0;
    nv = v1 + get(nowQV) * change;
    nw = nw + fw * i0 + get(nowQW) * change;
    const predicted = i0 + change;
    if (isSmall && nv >= 0 && nv < seriesUntil && nv <= rail)
      exponential = predicted + predicted * (get(nowCorrection) * change);
  }
  nv = clamped(nv);
  nw = clamped(nw);
  set(nowV, nv);
  set(nowW, nw);
  set(nowExponential, exponential);
  if (place) record(place, courseBytes, nv, nw);
  return nv >= get(nowThreshold);
}
