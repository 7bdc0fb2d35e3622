/**
 * One estimator for many neurons: p(codes | features of a trace, context of the neuron), trained on simulations of
 * several neurons from the prior. It knows vectors; recordings are somebody else's.
 */
import type { Kernels } from "../../kernels/spaces.js";
import type { TrainingHost } from "../flow/training-host.js";
import { Estimation } from "../inference/estimation.js";
import type { AmortisedPosterior } from "../inference/posterior.js";
import { integer } from "../inference/priors/marginal.js";
import { independent, type Prior } from "../inference/priors/prior.js";
import type { EpochProgress } from "../inference/train-ensemble.js";
import type { Task } from "../task/task.js";

export interface EstimatorSettings {
  readonly kernels: Kernels;
  readonly host?: TrainingHost | undefined;
  readonly seed: number;
  /** Networks, 1..10. */
  readonly members: number;
  /** Training steps of each network; by default they follow from the number of simulations. */
  readonly steps?: number | undefined;
}

/** Uniform over the task's ranges, whole numbers. */
export function priorOf(task: Task): Prior {
  return independent(task.parameters.map(({ name, min, max }) => integer(name, min, max)));
}

/** Simulations with their features; every row can be used. */
export interface FeatureRows {
  /** Shape (n, numParameters). */
  readonly theta: ArrayLike<number>;
  /** Shape (n, features and context). */
  readonly x: Float32Array;
}

/** @throws SimulatorFailed too few simulations @throws TrainingDiverged @throws signal.reason */
export async function trainAmortised(
  prior: Prior,
  { theta, x }: FeatureRows,
  settings: EstimatorSettings,
  { signal, onEpoch }: { signal?: AbortSignal | undefined; onEpoch?: (progress: EpochProgress) => void } = {},
): Promise<AmortisedPosterior> {
  const estimation = estimationOf(prior, settings, "npe");
  estimation.append(theta, x);
  return await estimation.train({ signal, onEpoch });
}

export function estimationOf(
  prior: Prior,
  { kernels, host, seed, members, steps }: EstimatorSettings,
  scheme: "npe" | "tsnpe",
  validationFraction?: number,
): Estimation {
  const training = steps === undefined ? {} : { plannedSteps: steps };
  const judged = validationFraction === undefined ? {} : { validationFraction };
  return new Estimation({ prior, kernels, host, scheme, seed, members, training, ...judged });
}

/** Share of steps that all members have behind them, 0..1, from the reports of each. */
export function trainingShare(): (progress: EpochProgress) => number {
  const done = new Map<number, number>();
  return ({ member, members, epoch, plannedEpochs }) => {
    done.set(member, Math.min(1, epoch / plannedEpochs));
    return [...done.values()].reduce((sum, part) => sum + part, 0) / members;
  };
}
