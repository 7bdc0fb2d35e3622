// The AdEx stepper for circuits side by side: two in a vector of float64, operation for operation as the reference body
// (src/virtual-chip/physics/adex.ts), so that both give the same bytes. No fused multiply-add, in either variant of the
// module. One step of one pair is a long chain of dependent operations, so four pairs go side by side.
import { forgetZeros } from "./adex-alone";
import {
  atPulseSteps,
  atRefractorySteps,
  atResetSteps,
  coefficientBytes,
  currentLimit,
  leastSynapticVoltage,
  rail,
  seriesCurrent,
  seriesRange,
  stateBytes,
} from "./adex-layout";
import {
  atCorrection,
  atDecays,
  atExc,
  atExpFrom,
  atFV,
  atFW,
  atHasInput,
  atInh,
  atInV,
  atInW,
  atNowExcGain,
  atNowInhGain,
  atNowBase,
  atNowExponential,
  atNowThreshold,
  atNowV,
  atNowW,
  atPulseUntil,
  atQV,
  atQW,
  atRefractoryUntil,
  atResetUntil,
  atStableUntil,
  atNowRate,
  atPerSlope,
  atVV,
  atVW,
  atWV,
  atWW,
  begin,
  d,
  finish,
  prepare,
  workBytes,
} from "./pair-work";
import { powersOfTwo } from "./power-of-two";

const width = 4;
const work = memory.data(4 * 48 * 16, 16);
/** Numbers that vectors are made of: one load each. */
const numbers = memory.data<f64>([0.5, 1.0, 1.0 / 6.0, 1.0 / 24.0, seriesRange, seriesCurrent, currentLimit, rail], 16);

/** Both lanes within 0..rail. */
// @ts-ignore: decorator
@inline
function clamped(x: v128): v128 {
  return f64x2.pmin(v128.load64_splat(numbers, 56), f64x2.pmax(d(0), x));
}

// @ts-ignore: decorator
@inline
function limited(current: v128): v128 {
  return f64x2.pmin(v128.load64_splat(numbers, 48), current);
}

/** A synaptic voltage one step on; a very small one is gone. */
// @ts-ignore: decorator
@inline
function decayed(x: v128, decay: v128): v128 {
  const y = f64x2.mul(x, decay);
  return v128.andnot(y, f64x2.lt(f64x2.abs(y), d(leastSynapticVoltage)));
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
  const isAbove = f64x2.lt(expFrom, v);
  if (v128.any_true(v128.or(isAbove, f64x2.lt(expFrom, nv)))) {
    const base = v128.load(p + atNowBase);
    const rate = v128.load(p + atNowRate);
    const qv = v128.load(p + atQV);
    const known = v128.load(p + atNowExponential);
    const isUnknown = f64x2.ne(known, known);
    let i0 = v128.and(known, isAbove);
    if (v128.any_true(v128.and(isUnknown, isAbove))) {
      const computed = limited(powersOfTwo(f64x2.add(f64x2.mul(rate, v), base)));
      i0 = v128.and(v128.bitselect(computed, known, isUnknown), isAbove);
    }
    const v1 = f64x2.add(nv, f64x2.mul(fv, i0));
    const stays = f64x2.lt(expFrom, v1);
    const i1 = v128.and(limited(powersOfTwo(f64x2.add(f64x2.mul(rate, v1), base))), stays);
    const move = f64x2.mul(v128.load(p + atPerSlope), f64x2.sub(v1, v));
    const square = f64x2.mul(move, move);
    const isSmall = v128.and(
      v128.and(isAbove, stays),
      v128.and(
        f64x2.lt(square, v128.load64_splat(numbers, 32)),
        f64x2.lt(i0, v128.load64_splat(numbers, 40)),
      ),
    );
    const half = v128.load64_splat(numbers);
    const higher = f64x2.add(
      f64x2.add(half, f64x2.mul(v128.load64_splat(numbers, 16), move)),
      f64x2.mul(v128.load64_splat(numbers, 24), square),
    );
    const series = f64x2.mul(i0, f64x2.add(move, f64x2.mul(square, higher)));
    const change = v128.bitselect(series, f64x2.sub(i1, i0), isSmall);
    nv = f64x2.add(v1, f64x2.mul(qv, change));
    nw = f64x2.add(f64x2.add(nw, f64x2.mul(fw, i0)), f64x2.mul(v128.load(p + atQW), change));
    const further = f64x2.mul(v128.load(p + atCorrection), change);
    const one = v128.load64_splat(numbers, 8);
    const factor = f64x2.add(one, f64x2.mul(further, f64x2.add(one, f64x2.mul(half, further))));
    const isKnown = v128.and(isSmall, f64x2.eq(nv, clamped(nv)));
    v128.store(p + atNowExponential, v128.bitselect(f64x2.mul(i1, factor), d(NaN), isKnown));
  } else v128.store(p + atNowExponential, d(NaN));
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
  store<f64>(p + atStableUntil, -1);
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

/** What all groups of a call have in common. */
let capacity = 0;
let origin: f64 = 0;
let steps = 0;
let keyLow = 0;
let keyHigh = 0;

/** Up to four pairs; see `stepAdex`. */
function stepGroup(n: usize, c: usize, s: usize, circuits: usize, traces: usize, spikes: usize): void {
  const first = <u64>origin;
  const count = steps;
  const courseBytes = <usize>capacity << 3;
  const spikeBytes = courseBytes + 8;
  for (let j: usize = 0; j < n; j++)
    begin(work + j * workBytes, c + j * coefficientBytes, s + j * stateBytes, origin, spikes + j * spikeBytes);
  for (let i = 0; i < count; ) {
    let end = <f64>count;
    for (let j: usize = 0; j < n; j++)
      end = prepare(work + j * workBytes, c + j * coefficientBytes, circuits + (j << 3), first, i, end, keyLow, keyHigh);
    const segmentEnd = <i32>end;
    let spiking: i32 = 0;
    while (i < segmentEnd && !spiking) {
      if (n == width) {
        spiking = <i32>advance(work);
        spiking |= <i32>advance(work + workBytes) << 1;
        spiking |= <i32>advance(work + 2 * workBytes) << 2;
        spiking |= <i32>advance(work + 3 * workBytes) << 3;
      } else {
        for (let j: usize = 0; j < n; j++) spiking |= <i32>advance(work + j * workBytes) << <i32>j;
      }
      if (traces) {
        for (let j: usize = 0; j < n; j++)
          record(work + j * workBytes, traces + j * (courseBytes << 3) + (<usize>i << 3), courseBytes);
      }
      i++;
    }
    for (let j: usize = 0; spiking; j++, spiking >>= 1) {
      if (spiking & 1) fire(work + j * workBytes, c + j * coefficientBytes, spikes + j * spikeBytes, i - 1, capacity);
    }
  }
  for (let j: usize = 0; j < n; j++) finish(work + j * workBytes, s + j * stateBytes, origin);
}

/**
 * Integrate pairs of circuits over the same `count` steps, 1..length, each alone.
 * @param c coefficients: for each pair 40 pairs of f64 @param s state: v, w, excitatory, inhibitory, resetUntil, pulseUntil,
 * refractoryUntil, exponential @param circuits two u32 for each pair @param traces 0, or for each pair the courses v, w, excitatory,
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
  if (traces) forgetZeros();
  capacity = length;
  origin = firstStep;
  steps = count;
  keyLow = key0;
  keyHigh = key1;
  for (let p = 0; p < pairs; p += width) {
    const n = <usize>min(width, pairs - p);
    stepGroup(n, c, s, circuits, traces, spikes);
    c += n * coefficientBytes;
    s += n * stateBytes;
    circuits += n << 3;
    if (traces) traces += n * (<usize>length << 6);
    spikes += n * (8 + (<usize>length << 3));
  }
}
