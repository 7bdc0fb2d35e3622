/**
 * Features of a trace by the names that electrophysiology has for them: rate, intervals, latency, adaptation, bursts,
 * troughs, the course of the membrane within an interval. Repeats jitter in the time of late spikes; none of these
 * numbers depends on the phase of a late spike. Every feature is finite for every trace: what a trace without spikes or
 * intervals does not have takes the value that it tends to.
 * Sources: the features of arXiv 2602.10763 (latency, fast and slow trough); adaptation index and interval statistics as
 * in the Electrophys Feature Extraction Library's documentation; the list as a whole is our choice.
 */
import { resetTimes } from "../target/spikes.js";
import type { Task } from "../task/task.js";

/** In the order in which they stand in a row. LSB: MADC counts; us: chip time. */
export const spikeFeatureNames = [
  "spike_count",
  "latency_us",
  "isi_first_us",
  "isi_second_us",
  "isi_third_us",
  "isi_median_us",
  "isi_last_us",
  "isi_longest_us",
  "isi_cv",
  "isi_local_variation",
  "adaptation_index",
  "burst_share",
  "spikes_in_first_burst",
  "spikes_in_last_third",
  "silence_at_end_us",
  "rest_lsb",
  "onset_10_lsb",
  "onset_30_lsb",
  "onset_60_lsb",
  "onset_90_lsb",
  "peak_lsb",
  "fast_trough_first_lsb",
  "fast_trough_mean_lsb",
  "fast_trough_last_lsb",
  "slow_trough_first_lsb",
  "slow_trough_mean_lsb",
  "slow_trough_last_lsb",
  "slow_trough_phase",
  "phase_25_lsb",
  "phase_50_lsb",
  "phase_75_lsb",
  "phase_90_lsb",
  "before_spike_4us_lsb",
  "before_spike_8us_lsb",
  "before_spike_16us_lsb",
  "mean_early_lsb",
  "mean_late_lsb",
  "lowest_lsb",
  "step_end_lsb",
  "after_10us_lsb",
  "after_30us_lsb",
  "after_80us_lsb",
  "after_lowest_lsb",
  "after_lowest_at_us",
  "recovered_lsb",
] as const;
export const numSpikeFeatures = spikeFeatureNames.length;

/** From the reset to the fast trough at the latest, us. */
const fastUs = 4;
/** An interval shorter than this share of the longest one lies within a burst. */
const burstShare = 0.5;

/** @param traces shape (count, task.grid.length), MADC LSB @returns shape (count, numSpikeFeatures) */
export function spikeFeaturesOf(task: Task, traces: Float32Array, count: number): Float32Array {
  const { length } = task.grid;
  const out = new Float32Array(count * numSpikeFeatures);
  for (let row = 0; row < count; row++) {
    const trace = traces.subarray(row * length, (row + 1) * length);
    out.set(featuresOf(task, trace), row * numSpikeFeatures);
  }
  return out;
}

function featuresOf(task: Task, trace: Float32Array): number[] {
  const { startUs, stepUs } = task.grid;
  const { onUs, offUs, endUs } = task.stimulus;
  const place = (us: number): number => (us - startUs) / stepUs;
  const [on, off, end] = [place(onUs), place(offUs), place(endUs)];
  const spikes = resetTimes(task, trace);
  const lasts = offUs - onUs;
  const us = (points: number): number => points * stepUs;
  const first = spikes[0] ?? off;
  const rest = mean(trace, place(Math.max(0, onUs - 60)), on - 1);
  const onset = [0.1, 0.3, 0.6, 0.9].map((share) => at(trace, on + share * (first - on)));
  const after = [10, 30, 80].map((later) => at(trace, Math.min(end, off + later / stepUs)));
  const lowestAfter = lowest(trace, off + 2, end - 1);
  return [
    spikes.length,
    us(first - on),
    ...intervalFeatures(
      spikes.slice(1).map((t, k) => us(t - (spikes[k] as number))),
      lasts,
    ),
    spikes.filter((t) => t > on + (2 / 3) * (off - on)).length,
    us(off - (spikes.at(-1) ?? on)),
    rest,
    ...onset,
    ...courseFeatures(trace, spikes, stepUs, on, off),
    mean(trace, on + 2, on + (off - on) / 6),
    mean(trace, on + (off - on) / 2, off - 2),
    lowest(trace, first, off - 2).value,
    at(trace, off - 1.5),
    ...after,
    lowestAfter.value,
    us(lowestAfter.at - off),
    mean(trace, end - 0.2 * (end - off), end - 1),
  ];
}

/** @param intervals us @param lasts length of the step: stands for an interval that is not there */
function intervalFeatures(intervals: readonly number[], lasts: number): number[] {
  const n = intervals.length;
  const nth = (k: number): number => intervals[k] ?? intervals[n - 1] ?? lasts;
  const average = n === 0 ? lasts : intervals.reduce((sum, v) => sum + v, 0) / n;
  const variance = n < 2 ? 0 : intervals.reduce((sum, v) => sum + (v - average) ** 2, 0) / (n - 1);
  const longest = n === 0 ? lasts : Math.max(...intervals);
  const changes = intervals.slice(1).map((v, k) => (v - nth(k)) / (v + nth(k)));
  const meanOf = (values: readonly number[]): number => {
    return values.length === 0 ? 0 : values.reduce((sum, v) => sum + v, 0) / values.length;
  };
  const isShort = intervals.map((v) => v < burstShare * longest);
  const firstLong = isShort.indexOf(false);
  const sorted = [...intervals].sort((a, b) => a - b);
  return [
    nth(0),
    nth(1),
    nth(2),
    sorted[n >> 1] ?? lasts,
    nth(n - 1),
    longest,
    Math.sqrt(variance) / average,
    3 * meanOf(changes.map((v) => v * v)),
    meanOf(changes),
    meanOf(isShort.map(Number)),
    firstLong < 0 ? 0 : firstLong + 1,
  ];
}

/** Peaks, troughs, and the mean course of the membrane within intervals, aligned at their resets. */
function courseFeatures(
  trace: Float32Array,
  spikes: readonly number[],
  stepUs: number,
  on: number,
  off: number,
): number[] {
  const last = spikes.at(-1);
  const fallback = lowest(trace, on + 2, off - 2).value;
  if (last === undefined) {
    const [top, end] = [highest(trace, on, off - 1), at(trace, off - 1.5)];
    return [top, ...new Array<number>(6).fill(fallback), 0, ...new Array<number>(7).fill(end)];
  }
  const fast = fastUs / stepUs;
  const stretches = spikes.map((t, k) => [t, spikes[k + 1] ?? off - 1] as const);
  const whole = spikes.length > 1 ? stretches.slice(0, -1) : stretches;
  const fastTroughs = stretches.map(([from, to]) => lowest(trace, from + 1, Math.min(to, from + 1 + fast)).value);
  const slow = whole.map(([from, to]) => ({ ...lowest(trace, from + 1, to), from, to }));
  const meanOf = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
  const phase = (share: number): number => meanOf(whole.map(([from, to]) => at(trace, from + share * (to - from))));
  const before = (us: number): number => {
    return meanOf(whole.map(([from, to]) => at(trace, Math.max(from + 1, to - 1 - us / stepUs))));
  };
  return [
    meanOf(spikes.map((t) => highest(trace, t - 2, t))),
    fastTroughs[0] as number,
    meanOf(fastTroughs),
    fastTroughs.at(-1) as number,
    slow[0]?.value as number,
    meanOf(slow.map(({ value }) => value)),
    slow.at(-1)?.value as number,
    meanOf(slow.map(({ at: k, from, to }) => (k - from) / Math.max(1, to - from))),
    ...[0.25, 0.5, 0.75, 0.9].map(phase),
    ...[4, 8, 16].map(before),
  ];
}

const clamp = (trace: Float32Array, k: number): number => Math.min(trace.length - 1, Math.max(0, k));

/** Between two points of the grid the line between them. */
function at(trace: Float32Array, point: number): number {
  const place = clamp(trace, point);
  const low = Math.floor(place);
  const [a, b] = [trace[low] as number, trace[Math.min(trace.length - 1, low + 1)] as number];
  return a + (place - low) * (b - a);
}

/** Points from `from` to `to`, at least one. */
function reach(trace: Float32Array, from: number, to: number): { first: number; last: number } {
  const first = Math.round(clamp(trace, from));
  return { first, last: Math.max(first, Math.round(clamp(trace, to))) };
}

function mean(trace: Float32Array, from: number, to: number): number {
  const { first, last } = reach(trace, from, to);
  let sum = 0;
  for (let k = first; k <= last; k++) sum += trace[k] as number;
  return sum / (last - first + 1);
}

function lowest(trace: Float32Array, from: number, to: number): { readonly value: number; readonly at: number } {
  const { first, last } = reach(trace, from, to);
  let best = first;
  for (let k = first; k <= last; k++) if ((trace[k] as number) < (trace[best] as number)) best = k;
  return { value: trace[best] as number, at: best };
}

function highest(trace: Float32Array, from: number, to: number): number {
  const { first, last } = reach(trace, from, to);
  let best = trace[first] as number;
  for (let k = first; k <= last; k++) best = Math.max(best, trace[k] as number);
  return best;
}
