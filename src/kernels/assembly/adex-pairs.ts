// The AdEx stepper for circuits side by side: vectors of two (pair-step.ts), four of them in turn, as one step of one is a
// long chain of dependent operations. Here is what happens around the steps: segments, held noise, traces, spikes.
import { forgetZeros } from "./adex-alone";
import { atPulseSteps, atRefractorySteps, atResetSteps, coefficientBytes, stateBytes } from "./adex-layout";
import { step } from "./pair-step";
import {
  atExc,
  atInh,
  atNowThreshold,
  atNowV,
  atNowW,
  atPulseUntil,
  atRefractoryUntil,
  atResetUntil,
  atStableUntil,
  begin,
  d,
  finish,
  hold,
  prepare,
  workBytes,
} from "./pair-work";

const width = 4;
const work = memory.data(4 * <i32>workBytes, 16);

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
      const now = first + <u64>i;
      for (let j: usize = 0; j < n; j++) hold(work + j * workBytes, c + j * coefficientBytes, now);
      const holdEnd = min(segmentEnd, i + 4 - (<i32>now & 3));
      while (i < holdEnd && !spiking) {
        if (n == width) {
          spiking = step(work);
          spiking |= step(work + workBytes) << 1;
          spiking |= step(work + 2 * workBytes) << 2;
          spiking |= step(work + 3 * workBytes) << 3;
        } else {
          for (let j: usize = 0; j < n; j++) spiking |= step(work + j * workBytes) << <i32>j;
        }
        if (traces) {
          for (let j: usize = 0; j < n; j++)
            record(work + j * workBytes, traces + j * (courseBytes << 3) + (<usize>i << 3), courseBytes);
        }
        i++;
      }
    }
    for (let j: usize = 0; spiking; j++, spiking >>= 1) {
      if (spiking & 1) fire(work + j * workBytes, c + j * coefficientBytes, spikes + j * spikeBytes, i - 1, capacity);
    }
  }
  for (let j: usize = 0; j < n; j++) finish(work + j * workBytes, s + j * stateBytes, origin);
}

/**
 * Integrate pairs of circuits over the same `count` steps, 1..length, each alone.
 * @param c coefficients: for each pair 41 pairs of f64 @param s state: v, w, excitatory, inhibitory, resetUntil, pulseUntil,
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
