// The AdEx stepper for one circuit alone: segments in which nothing changes but the state, steps of one kind after the
// other in each (alone-steps.ts), spikes between them.
import { atPulseSteps, atRefractorySteps, atResetSteps } from "./adex-layout";
import { stepAny, stepsAbove, stepsBelow } from "./alone-steps";
import {
  begin,
  coefficient,
  finish,
  get,
  nowExc,
  nowInh,
  nowPulseUntil,
  nowRefractoryUntil,
  nowResetUntil,
  prepare,
  set,
} from "./alone-work";

/** So many steps of the inputs' courses are known to be zero: see `forgetZeros`. */
let zeros = 0;

/** Somebody else has written to the courses. */
export function forgetZeros(): void {
  zeros = 0;
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
  const courseBytes = <usize>length << 3;
  begin(c, s, firstStep, circuit, key0, key1);
  const hasInput = get(nowExc) != 0 || get(nowInh) != 0;
  if (trace && hasInput) zeros = 0;
  else if (trace && zeros < count) {
    memory.fill(trace + 2 * courseBytes, 0, courseBytes << 1);
    zeros = length;
  }
  let spikeCount = 0;
  for (let i = 0; i < count; ) {
    const end = prepare(c, i, count);
    let isSpike = false;
    while (i < end && !isSpike) {
      if (!hasInput) {
        i = stepsBelow(i, end, trace, courseBytes);
        i = stepsAbove(i, end, trace, courseBytes);
        if (i >= end) break;
      }
      isSpike = stepAny(c, i, hasInput, trace ? trace + (<usize>i << 3) : 0, courseBytes);
      i++;
    }
    if (isSpike) {
      store<i32>(spikes + 4 + (<usize>spikeCount << 2), i - 1);
      spikeCount++;
      set(nowRefractoryUntil, <f64>(i - 1) + coefficient(c, atRefractorySteps));
      set(nowResetUntil, <f64>i + coefficient(c, atResetSteps));
      set(nowPulseUntil, <f64>i + coefficient(c, atPulseSteps));
    }
  }
  store<i32>(spikes, spikeCount);
  finish(s, firstStep);
}
