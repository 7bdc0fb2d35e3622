/**
 * A step of current into a membrane that only leaks, recorded by the MADC, and what can be read off it: where the
 * membrane rests, how far the step lifts it, and with which time constant it comes back. Neither spikes nor adaptation
 * nor the exponential are on. What the numbers should be on a given chip is not known here, only what they cannot be.
 */

import { batchProgram, setupProgram } from "../../calib/recording/programs.js";
import { chipTicksPerFpgaCycle, cutRecordings } from "../../calib/recording/segment.js";
import { ticksPerUs } from "../../calib/run-data.js";
import { paperTask } from "../../calib/task/paper.js";
import type { Task } from "../../calib/task/task.js";
import type { Session } from "../../device/interface/index.js";

/** Current of the step, CapMem code: lifts a membrane of a typical chip by some 0.15 V. Our choice. */
const stepCode = 100;
const stimulus = { onUs: 100, offUs: 400, endUs: 700 } as const;

const leakTask: Task = {
  ...paperTask,
  name: "leak step",
  parameters: [{ name: "i_mem_offset", min: 0, max: 1022 }],
  neuronCodes: { ...paperTask.neuronCodes, v_reset: 500, i_bias_adapt_tau: 200, i_bias_adapt_b: 0, i_bias_exp: 0 },
  neuronConfig: {
    ...paperTask.neuronConfig,
    enableAdaptation: false,
    enableExponential: false,
    enableFire: false,
    enableThresholdComparator: false,
  },
  stimulus,
};

export interface LeakStep {
  readonly samples: number;
  /** Of those that the rate promises, 0..1. */
  readonly share: number;
  /** Membrane at rest and the height of the step, MADC counts. */
  readonly restLsb: number;
  readonly stepLsb: number;
  /** What is left of the step at the end, MADC counts. */
  readonly leftLsb: number;
  /** Time constant of the way back: area under it over its height, microseconds. */
  readonly tauUs: number;
  /** Noise at rest, standard deviation, MADC counts. */
  readonly noiseLsb: number;
}

/** @throws those of `session.run` */
export async function recordLeakStep(session: Session, signal: AbortSignal, neuron = 0): Promise<LeakStep> {
  await session.run(setupProgram(session, leakTask, neuron), { signal });
  const { program, starts, thetas } = batchProgram(session, leakTask, neuron, Int32Array.of(stepCode));
  const { madc } = await session.run(program, { signal });
  const [start, theta] = [starts[0], thetas[0]];
  if (start === undefined || theta === undefined) throw new RangeError("no setting was recorded");
  const { marginUs, madcSamplePeriodUs } = leakTask.timing;
  const limits = {
    fromUs: -marginUs,
    toUs: stimulus.endUs + marginUs,
    samplePeriodUs: madcSamplePeriodUs,
    maxGapUs: 1,
    maxMissing: 1,
  };
  const cut = { startChipTime: start.fpgaTime() * chipTicksPerFpgaCycle, theta };
  const [recording] = cutRecordings(madc, [cut], limits);
  if (recording === undefined) throw new RangeError("no setting was cut");
  const { samples, ticks } = recording;
  const expected = (limits.toUs - limits.fromUs) / madcSamplePeriodUs;
  return {
    samples: samples.length,
    share: samples.length / expected,
    ...shapeOf(
      samples,
      Float64Array.from(ticks, (tick) => tick / ticksPerUs),
    ),
  };
}

type Shape = Omit<LeakStep, "samples" | "share">;

export function shapeOf(samples: Uint16Array, timeUs: Float64Array): Shape {
  const meanOf = (fromUs: number, toUs: number): { readonly mean: number; readonly sd: number } => {
    const inside = Array.from(samples.filter((_, i) => within(timeUs[i], fromUs, toUs)));
    const mean = inside.reduce((sum, value) => sum + value, 0) / inside.length;
    const variance = inside.reduce((sum, value) => sum + (value - mean) ** 2, 0) / inside.length;
    return { mean, sd: Math.sqrt(variance) };
  };
  const { mean: rest, sd: noise } = meanOf(0, stimulus.onUs - 2);
  const step = meanOf(stimulus.offUs - 50, stimulus.offUs - 2).mean - rest;
  const left = meanOf(stimulus.endUs - 50, stimulus.endUs).mean - rest;
  let area = 0;
  let last: number = stimulus.offUs;
  for (const [i, value] of samples.entries()) {
    const at = timeUs[i] as number;
    if (!within(at, stimulus.offUs, stimulus.endUs)) continue;
    area += (value - rest) * (at - last);
    last = at;
  }
  return { restLsb: rest, stepLsb: step, leftLsb: left, tauUs: area / step, noiseLsb: noise };
}

function within(at: number | undefined, from: number, to: number): boolean {
  return at !== undefined && at >= from && at < to;
}
