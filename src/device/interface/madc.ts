/** MADC samples as a run gives them. */
import type { MadcSamples } from "./index.js";

/** Chip time of each sample, units of 4 ns, as doubles: shape (numSamples). */
export function madcChipTimes({ origin, time }: Pick<MadcSamples, "origin" | "time">): Float64Array {
  const times = new Float64Array(time.length);
  for (let i = 0; i < times.length; i++) times[i] = origin + (time[i] as number);
  return times;
}
