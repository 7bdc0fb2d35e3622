/**
 * Cut the MADC samples of one run into one recording per setting, by chip time, and judge each: enough samples, no gap.
 * Knows nothing of programs: it is given the instant at which each protocol started.
 */
import type { MadcSamples } from "../../device/interface/index.js";
import { type Recording, ticksPerUs } from "../run-data.js";

/** Chip time units (4 ns) in one FPGA cycle (8 ns). */
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

/** One setting within a run. */
export interface Cut {
  /** Start of the protocol, units of 4 ns. */
  readonly startChipTime: number;
  readonly theta: Int32Array;
}

/**
 * The samples of each setting. What a run has recorded becomes the recordings' own memory: its times are overwritten, so
 * that nothing is copied.
 * @param madc given away @param channel the mux input that carries the neuron
 * @returns recordings whose `invalid` says `no-samples`, `late-start`, `early-end`, `gap` or `missing-samples`, with
 * the figures that show it
 */
export function cutRecordings(
  madc: MadcSamples,
  cuts: readonly Cut[],
  limits: SegmentLimits,
  channel = 0,
): Recording[] {
  const { fromUs, toUs } = limits;
  const { origin, time, value } = madc;
  const spans = cuts.map(({ startChipTime: start }) => ({
    from: firstAtOrAfter(time, start + fromUs * ticksPerUs - origin),
    to: firstAtOrAfter(time, start + toUs * ticksPerUs - origin),
  }));
  // Settings that share samples, as no program of ours makes them, cannot have them in the same place.
  const isShared = spans.some(({ from }, i) => i > 0 && from < (spans[i - 1]?.to ?? 0));
  const times = isShared || !(time instanceof Int32Array) ? undefined : time;
  const parts = spans.map(({ from, to }) => ({
    time: times?.subarray(from, to) ?? Float64Array.from(time.subarray(from, to)),
    value: isShared ? value.slice(from, to) : value.subarray(from, to),
    channel: madc.channel.subarray(from, to),
  }));
  return cuts.map(({ startChipTime, theta }, i) => {
    const part = parts[i] as (typeof parts)[number];
    const count = keepChannel(part, channel);
    const start = startChipTime - origin;
    const ticks = ticksFrom(part.time.subarray(0, count), start);
    const gapAt = firstGap(ticks, limits.maxGapUs * ticksPerUs);
    const own = { theta, samples: part.value.subarray(0, count), ticks };
    const invalid = defectOf(ticks, gapAt, limits);
    return invalid === undefined ? own : { ...own, invalid };
  });
}

/** Times from an instant on, in the memory of those given where they are whole numbers already. */
function ticksFrom(time: Int32Array | Float64Array, instant: number): Int32Array {
  if (!(time instanceof Int32Array)) return Int32Array.from(time, (t) => t - instant);
  // As whole numbers of the machine, not as doubles: what runs over in one runs over in the difference, too.
  const whole = instant | 0;
  for (let k = 0; k < time.length; k++) time[k] = ((time[k] as number) - whole) | 0;
  return time;
}

/** So many samples are looked at together: where they are close enough from first to last, none is far from the next. */
const stride = 16;

/** The first sample that comes more than `longest` ticks after the one before it; 0 when there is none. */
function firstGap(ticks: Int32Array, longest: number): number {
  let k = 0;
  while (k + 1 < ticks.length) {
    const far = Math.min(k + stride, ticks.length - 1);
    if ((ticks[far] as number) - (ticks[k] as number) > longest) {
      for (let i = k + 1; i <= far; i++) if ((ticks[i] as number) - (ticks[i - 1] as number) > longest) return i;
    }
    k = far;
  }
  return 0;
}

/** Move the samples of one channel to the front. @returns how many there are */
function keepChannel(
  part: { readonly time: Int32Array | Float64Array; readonly value: Uint16Array; readonly channel: Uint8Array },
  channel: number,
): number {
  const { time, value, channel: channels } = part;
  const { length } = channels;
  const other = channels.indexOf(1 - channel);
  let count = other < 0 ? length : other;
  for (let i = count; i < length; i++) {
    if (channels[i] !== channel) continue;
    value[count] = value[i] as number;
    time[count++] = time[i] as number;
  }
  return count;
}

function defectOf(ticks: Int32Array, gapAt: number, limits: SegmentLimits): string | undefined {
  const { fromUs, toUs, samplePeriodUs, maxGapUs, maxMissing } = limits;
  const n = ticks.length;
  if (n === 0) return `no-samples between ${fromUs} and ${toUs} us`;
  const timeUs = (i: number): number => (ticks[i] as number) / ticksPerUs;
  const [first, last] = [timeUs(0), timeUs(n - 1)];
  if (first - fromUs > maxGapUs) return `late-start: first sample at ${first.toFixed(1)} us instead of ${fromUs} us`;
  if (toUs - last > maxGapUs) return `early-end: last sample at ${last.toFixed(1)} us instead of ${toUs} us`;
  if (gapAt > 0) {
    const before = timeUs(gapAt - 1);
    return `gap of ${(timeUs(gapAt) - before).toFixed(1)} us at ${before.toFixed(1)} us`;
  }
  const expected = (toUs - fromUs) / samplePeriodUs;
  if (n < expected * (1 - maxMissing)) return `missing-samples: ${n} of ${Math.round(expected)}`;
  return undefined;
}

/** Index of the first time that is not before `instant` (binary search); the length when there is none. */
function firstAtOrAfter(sorted: ArrayLike<number>, instant: number): number {
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
