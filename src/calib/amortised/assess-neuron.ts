/** From the emulations of a neuron's posterior to its row of the result, with the reasons to doubt it. */
import { codeSetOf } from "../codes.js";
import { predictiveCheck } from "../diagnostics/predictive.js";
import { type Posterior, summarizeMarginals } from "../inference/posterior.js";
import { judgeCodes } from "../judge-codes.js";
import { pickRows } from "../recording/neuron-traces.js";
import type { GivenCodes } from "../recording/neurons-recorder.js";
import type { ParameterSummary } from "../run-data.js";
import type { Task } from "../task/task.js";
import type { NeuronResult } from "./neurons-result.js";
import type { PopulationTraces } from "./population.js";
import type { SharedEstimator } from "./shared-training.js";

/** A neuron on its way through the calibration. */
export interface Candidate {
  readonly member: number;
  readonly neuron: number;
  failure: string | undefined;
  /** Codes that made the target, when they are known. */
  readonly truth: Int32Array | undefined;
  /** Shape (task.grid.length). */
  target: Float32Array | undefined;
  posterior: Posterior | undefined;
  readonly doubts: string[];
}

/** @param samples of the posterior, shape (n, numParameters) */
export function summaryOf({ parameters }: Task, { truth }: Candidate, samples: Float64Array): ParameterSummary[] {
  return summarizeMarginals(samples, parameters).map(({ name, mean, sd, q05, median, q95 }, j) => {
    const { min, max } = parameters[j] as (typeof parameters)[number];
    return { name, prior: [min, max], truth: truth?.[j] ?? null, mean, sd, q05, median, q95 };
  });
}

export interface Emulations {
  readonly task: Task;
  readonly given: GivenCodes | undefined;
  readonly shared: Pick<SharedEstimator, "source" | "scale">;
  /** Of posterior draws, and of one setting again and again, of all neurons. */
  readonly drawn: PopulationTraces;
  readonly repeated: PopulationTraces;
}

/** A neuron's row of the result. */
export function assess(
  { task, given, shared: { source, scale }, drawn, repeated }: Emulations,
  { neuron, member, failure, target, doubts }: Candidate,
  parameters: readonly ParameterSummary[],
): NeuronResult {
  const failed = (why: string): NeuronResult => {
    const distances = { distance: Number.NaN, noiseFloor: Number.NaN };
    return { neuron, status: "failed", reasons: [why], parameters, ...distances, verdict: null, setting: null };
  };
  if (failure !== undefined || target === undefined) return failed(failure ?? "it has no target");
  const rowsOf = (set: PopulationTraces): number[] => [...set.members].flatMap((m, row) => (m === member ? [row] : []));
  const [draws, repeats] = [rowsOf(drawn), rowsOf(repeated)];
  if (draws.length === 0 || repeats.length < 2) return failed("its posterior draws could not be emulated");
  const encode = (set: PopulationTraces, rows: number[]): Float32Array =>
    source.encode(pickRows(set.traces, task.grid.length, rows), rows.length);
  const check = predictiveCheck(source.encode(target, 1), encode(drawn, draws), encode(repeated, repeats), scale);
  const { distance, noiseFloor, drawDistances } = check;
  const closest = drawDistances.indexOf(Math.min(...drawDistances));
  const theta = pickRows(drawn.theta, task.parameters.length, [draws[closest] as number]);
  const verdict = judgeCodes(check, doubts);
  const [setting] = codeSetOf(task, neuron, theta).neurons;
  return {
    neuron,
    status: verdict.status === "good" ? "good" : "doubtful",
    reasons: verdict.reasons,
    parameters,
    distance,
    noiseFloor,
    verdict,
    setting: setting === undefined ? null : { ...setting, codes: { ...setting.codes, ...given?.get(neuron) } },
  };
}
