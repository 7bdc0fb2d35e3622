/**
 * Cut the MADC samples of one run into one recording per setting, by chip time, and judge each: enough samples, no gap.
 * Knows nothing of programs: it is given the instant at which each protocol started.
 */
import type { MadcSamples } from "../../device/interface/index.js";
import type { Recording } from "../run-data.js";

/** Chip time units (4 ns) in one microsecond, and in one FPGA cycle (8 ns). */
export const chipTicksPerUs = 250;
export const chipTicksPerFpgaCycle = 2;

export interface SegmentLimits {
  /** Recorded stretch, relative to the start of the protocol; microseconds. */
  readonly fromUs: number;
  readonly toUs: number;
  /** Time from sample to sample when none is missing, microseconds. */
  readonly samplePeriodUs: number;
  /** Longest stretch without a sample, also at both ends, microseconds. */
  readonly maxGapUs: number;
  /** Largest share of samples that may be missing in all, 0..1. */
  readonly maxMissing: number;
}

/**
 * The samples of one setting.
 * @param startChipTime start of the protocol, units of 4 ns @param channel the mux input that carries the neuron
 * @returns a recording whose `invalid` says `no-samples`, `late-start`, `early-end`, `gap` or `missing-samples`, with
 * the figures that show it
 */
export function cutRecording(
  madc: MadcSamples,
  startChipTime: number,
  theta: Int32Array,
  limits: SegmentLimits,
  channel = 0,
): Recording {
  const from = firstAtOrAfter(madc.chipTime, startChipTime + limits.fromUs * chipTicksPerUs);
  const to = firstAtOrAfter(madc.chipTime, startChipTime + limits.toUs * chipTicksPerUs);
  const samples = new Uint16Array(to - from);
  const timeUs = new Float64Array(to - from);
  const { chipTime, value, channel: channels } = madc;
  let count = 0;
  for (let i = from; i < to; i++) {
    if (channels[i] !== channel) continue;
    samples[count] = value[i] as number;
    timeUs[count++] = ((chipTime[i] as number) - startChipTime) / chipTicksPerUs;
  }
  // Most often all samples are of the one channel, and nothing has to be copied again.
  const own =
    count === timeUs.length
      ? { theta, samples, timeUs }
      : { theta, samples: samples.slice(0, count), timeUs: timeUs.slice(0, count) };
  const invalid = defectOf(own.timeUs, limits);
  return invalid === undefined ? own : { ...own, invalid };
}

function defectOf(timeUs: Float64Array, limits: SegmentLimits): string | undefined {
  const { fromUs, toUs, samplePeriodUs, maxGapUs, maxMissing } = limits;
  const n = timeUs.length;
  if (n === 0) return `no-samples between ${fromUs} and ${toUs} us`;
  const first = timeUs[0] as number;
  const last = timeUs[n - 1] as number;
  if (first - fromUs > maxGapUs) return `late-start: first sample at ${first.toFixed(1)} us instead of ${fromUs} us`;
  if (toUs - last > maxGapUs) return `early-end: last sample at ${last.toFixed(1)} us instead of ${toUs} us`;
  for (let i = 1; i < n; i++) {
    const before = timeUs[i - 1] as number;
    const width = (timeUs[i] as number) - before;
    if (width > maxGapUs) return `gap of ${width.toFixed(1)} us at ${before.toFixed(1)} us`;
  }
  const expected = (toUs - fromUs) / samplePeriodUs;
  if (n < expected * (1 - maxMissing)) return `missing-samples: ${n} of ${Math.round(expected)}`;
  return undefined;
}

/** Index of the first time that is not before `instant` (binary search); the length when there is none. */
function firstAtOrAfter(sorted: Float64Array, instant: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < instant) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Share of samples at either end of the converter's scale, where the true level is unknown. */
export function saturatedShare(samples: Uint16Array): number {
  let count = 0;
  for (const sample of samples) if (sample === 0 || sample === 1023) count++;
  return samples.length === 0 ? 0 : count / samples.length;
}
