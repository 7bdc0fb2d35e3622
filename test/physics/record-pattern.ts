/** A neuron at the codes of a firing pattern, recorded through the device: its spikes in the step, and its membrane. */
import { batchProgram, setupProgram } from "../../src/calib/recording/programs.js";
import type { FiringPattern } from "../../src/calib/target/pattern.js";
import { madcChipTimes, type Session } from "../../src/device/interface/index.js";
import { patternTask } from "./pattern-codes.js";

export interface PatternRecording {
  /** From the onset of the step on, to its end; microseconds, to 1 us in common and exactly among themselves. */
  readonly spikesUs: number[];
  /** From the onset of the step on, microseconds, and MADC counts. */
  readonly timesUs: number[];
  readonly counts: readonly number[];
}

export async function recordPattern(session: Session, name: FiringPattern, neuron: number): Promise<PatternRecording> {
  const task = patternTask(name);
  await session.reinit();
  await session.run(setupProgram(session, task, neuron));
  const theta = Int32Array.of(task.neuronCodes.v_reset ?? 0);
  const { madc, spikes } = await session.run(batchProgram(session, task, neuron, theta).program);
  // The first sample comes at the start of the MADC.
  const { onUs, offUs } = task.stimulus;
  const times = madcChipTimes(madc);
  const zero = (times[0] ?? Number.NaN) / 250 + task.timing.madcWarmUpUs + onUs;
  const us = (time: number): number => time / 250 - zero;
  const spikesUs = Array.from(spikes.chipTime, us).filter((t) => t >= 0 && t < offUs - onUs);
  return { spikesUs, timesUs: Array.from(times, us), counts: Array.from(madc.value) };
}
