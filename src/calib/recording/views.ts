/**
 * What the autoencoder is shown of a trace: views of it that survive the jitter of its spikes.
 * Repeats at the same codes slip against each other by a part of an inter-spike interval; point by point they are then
 * as far apart as traces of other codes. The running count of resets and the envelope in a window longer than an
 * interval change smoothly with the codes and hardly from repeat to repeat. See docs/decisions/005-what-the-autoencoder-sees.md.
 */

import { resetTimes } from "../target/spikes.js";
import type { Task } from "../task/task.js";

/** A view and its share in the reconstruction loss; shares add up to one. */
export interface View {
  readonly name: "reset-count" | "lower-envelope" | "mean" | "upper-envelope";
  readonly weight: number;
}

/** The count has most of the say: it carries the rate, which the envelope does not. */
export const views: readonly View[] = [
  { name: "reset-count", weight: 0.5 },
  { name: "lower-envelope", weight: 0.2 },
  { name: "mean", weight: 0.2 },
  { name: "upper-envelope", weight: 0.1 },
];

/** The outer convolution of the autoencoder moves by this many points of a view. */
export const viewStride = 4;

/** The views in words, for the report. */
export function describeViews({ views: { envelopeUs, everyUs } }: Task): string[] {
  const window = `in windows of ${envelopeUs} µs`;
  return [`running count of resets, every ${everyUs} µs`, `minimum ${window}`, `mean ${window}`, `maximum ${window}`];
}

/** Points of each view. */
export function viewLength({ grid, views: { everyUs } }: Task): number {
  return Math.floor((grid.length * grid.stepUs) / everyUs);
}

/**
 * @param traces shape (count, task.grid.length), MADC LSB
 * @returns shape (count, views.length, viewLength(task)), resets and MADC LSB
 */
export function viewsOf(task: Task, traces: Float32Array, count: number): Float32Array {
  const { length, stepUs } = task.grid;
  const points = viewLength(task);
  const every = task.views.everyUs / stepUs;
  const reach = Math.max(1, Math.round(task.views.envelopeUs / stepUs / 2));
  const out = new Float32Array(count * views.length * points);
  const running = new Float32Array(length);
  for (let row = 0; row < count; row++) {
    const trace = traces.subarray(row * length, (row + 1) * length);
    runningCount(resetTimes(task, trace), running);
    for (let i = 0; i < points; i++) {
      const centre = Math.floor((i + 0.5) * every);
      const { low, mean, high } = envelope(trace, Math.max(0, centre - reach), Math.min(length - 1, centre + reach));
      [running[centre] as number, low, mean, high].forEach((value, view) => {
        out[(row * views.length + view) * points + i] = value;
      });
    }
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

/** Minimum, mean and maximum over points `from` to `to`, both included. */
function envelope(trace: Float32Array, from: number, to: number): { low: number; mean: number; high: number } {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let sum = 0;
  for (let k = from; k <= to; k++) {
    const value = trace[k] as number;
    if (value < low) low = value;
    if (value > high) high = value;
    sum += value;
  }
  return { low, mean: sum / (to - from + 1), high };
}
