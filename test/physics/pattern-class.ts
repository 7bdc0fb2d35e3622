/** The class of a spike train by its intervals. Bounds are ours: the eight trains of the ideal model fall apart by them. */
import type { FiringPattern } from "../../src/calib/target/pattern.js";

export type PatternClass = FiringPattern | "silent";

/** @param spikes times from the onset of the step on, us (ms of biological time) */
export function classOf(spikes: readonly number[]): PatternClass {
  const [first] = spikes;
  const last = spikes.at(-1);
  if (first === undefined || last === undefined) return "silent";
  if (spikes.length <= 2 && last < 200) return "transient";
  const intervals = spikes.slice(1).map((t, k) => t - (spikes[k] as number));
  const [least, most] = [Math.min(...intervals), Math.max(...intervals)];
  if (most < 1.3 * least) return "tonic";
  const steps = intervals.slice(1).map((interval, k) => interval / (intervals[k] as number));
  const isAccelerating = (intervals.at(-1) as number) < (intervals[0] as number) && steps.every((ratio) => ratio < 1.1);
  if (isAccelerating) return "delayed-accelerating";
  if (steps.every((ratio) => ratio > 0.9)) return Math.max(...steps) > 4 ? "initial-burst" : "adaptation";
  const longs = intervals.flatMap((interval, k) => (interval > 0.5 * most ? [k] : []));
  const lengths = longs.map((k) => intervals[k] as number);
  // Bursts of one size, pause for pause the same; the first burst is another one, the step's end may cut the last.
  const sizes = longs.slice(1).map((k, j) => k - (longs[j] as number));
  const isRegular =
    sizes.length > 0 &&
    sizes.every((size) => size === sizes[0] && size > 1) &&
    Math.max(...lengths) < 1.08 * Math.min(...lengths);
  if (!isRegular) return "irregular";
  return first > 40 ? "delayed-regular-bursting" : "regular-bursting";
}
