/** MADC samples as a run gives them. */

/** MADC samples of one run, in order of chip time. Typed arrays of equal length; caller owns. */
export interface MadcSamples {
  /** Chip time that `time` counts from, units of 4 ns (half FPGA cycles); a whole number. */
  readonly origin: number;
  /**
   * Time of each sample from the origin on, units of 4 ns: 43-bit FPGA cycles times two plus the stamp's lowest bit.
   * Doubles where a run's samples span more than 8.5 s.
   */
  readonly time: Int32Array | Float64Array;
  /** 10-bit sample, 0..1023. */
  readonly value: Uint16Array;
  /** Active mux input, 0 or 1. */
  readonly channel: Uint8Array;
}

/** Chip time of each sample, units of 4 ns, as doubles: shape (numSamples). */
export function madcChipTimes({ origin, time }: Pick<MadcSamples, "origin" | "time">): Float64Array {
  const times = new Float64Array(time.length);
  for (let i = 0; i < times.length; i++) times[i] = origin + (time[i] as number);
  return times;
}
