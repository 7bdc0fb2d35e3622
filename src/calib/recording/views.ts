/**
 * What the autoencoder is shown of a trace: the trace itself, and views of it that survive the jitter of its spikes.
 * Repeats at the same codes slip against each other by a part of an inter-spike interval; point by point they are then
 * as far apart as traces of other codes. The running count of resets and the envelope in a window longer than an
 * interval change smoothly with the codes and hardly from repeat to repeat. See docs/decisions/007-what-the-autoencoder-sees.md.
 */

import { resetTimes } from "../target/spikes.js";
import type { Task } from "../task/task.js";

/** A view and its share in the reconstruction loss; shares add up to one. */
export interface View {
  readonly name: "membrane" | "reset-count" | "lower-envelope" | "mean" | "upper-envelope";
  readonly weight: number;
}

/** The membrane is first: reconstructions of it are what the report shows. */
export const views: readonly View[] = [
  { name: "membrane", weight: 0.1 },
  { name: "reset-count", weight: 0.4 },
  { name: "lower-envelope", weight: 0.2 },
  { name: "mean", weight: 0.2 },
  { name: "upper-envelope", weight: 0.1 },
];

/**
 * @param traces shape (count, task.grid.length), MADC LSB
 * @returns shape (count, views.length, task.grid.length), MADC LSB and resets
 */
export function viewsOf(task: Task, traces: Float32Array, count: number): Float32Array {
  const { length, stepUs } = task.grid;
  const reach = Math.max(1, Math.round(task.envelopeUs / stepUs / 2));
  const out = new Float32Array(count * views.length * length);
  for (let row = 0; row < count; row++) {
    const trace = traces.subarray(row * length, (row + 1) * length);
    const view = (index: number): Float32Array => {
      const from = (row * views.length + index) * length;
      return out.subarray(from, from + length);
    };
    view(0).set(trace);
    runningCount(resetTimes(task, trace), view(1));
    envelope(trace, reach, view(2), view(3), view(4));
  }
  return out;
}

/**
 * Resets up to each point, counted with fractions: between two resets the count grows evenly, so that it has no steps
 * whose place jitters. After the last reset it grows at the pace of the last interval, by one at most.
 * @param times ascending, in points of the grid @param out receives the count
 */
export function runningCount(times: readonly number[], out: Float32Array): void {
  let passed = 0;
  for (let i = 0; i < out.length; i++) {
    while (passed < times.length && (times[passed] as number) <= i) passed++;
    if (passed === 0) {
      out[i] = 0;
      continue;
    }
    const since = i - (times[passed - 1] as number);
    const before =
      passed >= 2 ? (times[passed - 1] as number) - (times[passed - 2] as number) : Number.POSITIVE_INFINITY;
    const interval = passed < times.length ? (times[passed] as number) - (times[passed - 1] as number) : before;
    out[i] = passed + Math.min(1, since / interval);
  }
}

/** Minimum, mean and maximum over the points that lie at most `reach` away. */
function envelope(trace: Float32Array, reach: number, low: Float32Array, mean: Float32Array, high: Float32Array): void {
  for (let i = 0; i < trace.length; i++) {
    const from = Math.max(0, i - reach);
    const to = Math.min(trace.length - 1, i + reach);
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    let sum = 0;
    for (let k = from; k <= to; k++) {
      const value = trace[k] as number;
      if (value < min) min = value;
      if (value > max) max = value;
      sum += value;
    }
    low[i] = min;
    high[i] = max;
    mean[i] = sum / (to - from + 1);
  }
}
