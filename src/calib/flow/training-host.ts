/**
 * Where trainings run. An ensemble hands each member's training to a host; the host may run several at the same time on
 * threads that a composition root gave it. The bytes of a result do not depend on the host.
 */
import { FieldOutOfRange } from "../../base/errors.js";
import { Rng } from "../../base/rng.js";
import type { Kernels } from "../../kernels/spaces.js";
import type { DensityState } from "./density-estimator.js";
import { estimatorFromState } from "./kernel-density.js";
import type { DensityLoss } from "./objective.js";
import { checkTraining, type DensityTrained, type DensityTraining, thetaOf, trainDensity } from "./train.js";
import type { EpochReport, TrainingHistory, TrainingOptions, TrainingState } from "./training-options.js";

export interface TrainingHost {
  /** Trainings that run at the same time. */
  readonly parallel: number;
  /** As `trainDensity`; rejects with what it throws. */
  train(training: DensityTraining): Promise<DensityTrained>;
}

/** On the caller's thread. */
export const localTraining: TrainingHost = { parallel: 1, train: trainDensity };

/** A training as plain data, for another thread. */
export interface TrainingJob {
  readonly estimator: DensityState;
  readonly x: Float32Array;
  readonly count: number;
  /** Absent when thetas are drawn anew for each epoch: then the other thread asks for them. */
  readonly theta?: Float32Array;
  readonly trainRows: Uint32Array;
  readonly validationRows: Uint32Array;
  readonly rowWeights?: Float32Array;
  readonly loss: DensityLoss;
  readonly options: TrainingOptions;
  readonly key: readonly [number, number];
  readonly wantsStates: boolean;
  readonly resumeFrom?: TrainingState;
}

/** What the other thread gets from the one that owns the training. */
export interface TrainingLink {
  readonly signal: AbortSignal;
  /** Thetas for the stream with this key. */
  theta(key: readonly [number, number]): Promise<Float32Array>;
  epoch(report: EpochReport): void;
  state(state: TrainingState): Promise<void>;
}

export interface TrainedWeights {
  readonly weights: Float32Array;
  readonly embeddingWeights: Float32Array;
  readonly bestEpoch: number;
  readonly bestLoss: number;
  readonly epochs: number;
  readonly steps: number;
  readonly history: TrainingHistory;
}

/** Checked here, so that the other thread meets nothing but a training that goes wrong. @throws as `trainDensity` */
export function jobOf(training: DensityTraining): TrainingJob {
  checkTraining(training);
  // An embedding is code, which does not travel.
  if (training.embedding !== undefined) throw new FieldOutOfRange("embedding", "a network", "none on training threads");
  const { estimator, data, loss, options, rng, onState, resumeFrom } = training;
  const { theta, rowWeights, x, count, trainRows, validationRows } = data;
  return {
    estimator: estimator.state(),
    x,
    count,
    trainRows,
    validationRows,
    loss,
    options: options ?? {},
    key: rng.key,
    wantsStates: onState !== undefined,
    ...(typeof theta === "function" ? {} : { theta }),
    ...(rowWeights === undefined ? {} : { rowWeights }),
    ...(resumeFrom === undefined ? {} : { resumeFrom }),
  };
}

/** The owner's side of a link. */
export function linkOf(training: DensityTraining): TrainingLink {
  const { signal, onEpoch, onState } = training;
  return {
    signal: signal ?? new AbortController().signal,
    theta: (key) => thetaOf(training, new Rng(...key)),
    epoch: (report) => onEpoch?.(report),
    state: async (state) => await onState?.(state),
  };
}

/** Run a job that came from another thread. */
export async function runJob(kernels: Kernels, job: TrainingJob, link: TrainingLink): Promise<TrainedWeights> {
  const { estimator, ...rest } = await trainDensity({
    estimator: estimatorFromState(kernels, job.estimator),
    data: { ...job, theta: job.theta ?? ((rng) => link.theta(rng.key)) },
    loss: job.loss,
    options: job.options,
    rng: new Rng(...job.key),
    signal: link.signal,
    onEpoch: (report) => link.epoch(report),
    ...(job.wantsStates ? { onState: (state: TrainingState) => link.state(state) } : {}),
    ...(job.resumeFrom === undefined ? {} : { resumeFrom: job.resumeFrom }),
  });
  return { weights: estimator.weights, ...rest };
}
