/**
 * Training of a density estimator: shuffled batches, AdamW along a cosine, averaged weights judged on held-out rows, the
 * best kept. Everything random is forked from the epoch's number, so that a training that goes on from the state of any
 * epoch ends with the same bytes as one that was never interrupted.
 */
import { yieldToEvents } from "../../base/async.js";
import { FieldOutOfRange } from "../../base/errors.js";
import type { Rng } from "../../base/rng.js";
import { assertFinite, assertShape, ShapeMismatch, TrainingDiverged } from "../nn/errors.js";
import type { EmbeddingNetwork } from "./embedding-network.js";
import type { KernelDensity } from "./kernel-density.js";
import { type DensityLoss, Objective, shardPart, shardsOf, withAtoms } from "./objective.js";
import { cosineSchedule, Optimiser } from "./optimiser.js";
import { type GradientHelpers, SharedGradients } from "./shared-gradients.js";
import {
  completeOptions,
  type EpochReport,
  type TrainingHistory,
  type TrainingOptions,
  type TrainingState,
} from "./training-options.js";

export interface DensityData {
  /** Parameters in z, shape (count, d); a function is called once per epoch and may spread codes anew each time. */
  readonly theta: Float32Array | ((rng: Rng) => Float32Array | Promise<Float32Array>);
  /** Features, shape (count, f); with an embedding raw rows, shape (count, embedding.inputSize). */
  readonly x: Float32Array;
  readonly count: number;
  /** Rows to learn from and rows to judge epochs by; neither empty. */
  readonly trainRows: Uint32Array;
  readonly validationRows: Uint32Array;
  /** Weight of each simulation, shape (count), 0 or more, mean about 1. Default all 1. */
  readonly rowWeights?: Float32Array;
}

export interface DensityTraining {
  /** Where to start from: a fresh estimator, or a trained one for a warm start. */
  readonly estimator: KernelDensity;
  readonly data: DensityData;
  readonly loss: DensityLoss;
  /** Trained together with the estimator: its network and the weights to start from. */
  readonly embedding?: { readonly network: EmbeddingNetwork; readonly weights: Float32Array };
  readonly options?: TrainingOptions;
  /** Only forked, never advanced: the same stream must be given to resume. */
  readonly rng: Rng;
  readonly signal?: AbortSignal | undefined;
  readonly onEpoch?: (report: EpochReport) => void;
  /** Gets what `resumeFrom` takes, after every epoch; the next epoch waits for it. */
  readonly onState?: (state: TrainingState) => void | Promise<void>;
  readonly resumeFrom?: TrainingState;
  /** Other threads that compute a part of every gradient; the result does not depend on them. Not with an embedding. */
  readonly helpers?: GradientHelpers | undefined;
}

export interface DensityTrained {
  /** With the averaged weights of the best epoch. */
  readonly estimator: KernelDensity;
  /** Those of the embedding in the best epoch; empty without one. */
  readonly embeddingWeights: Float32Array;
  readonly bestEpoch: number;
  readonly bestLoss: number;
  readonly epochs: number;
  readonly steps: number;
  readonly history: TrainingHistory;
}

/**
 * @throws ShapeMismatch @throws NonFinite @throws FieldOutOfRange
 * @throws TrainingDiverged when a loss or gradient is not finite @throws signal.reason when aborted, within one step
 */
export async function trainDensity(training: DensityTraining): Promise<DensityTrained> {
  const { estimator, data, loss, rng, signal } = training;
  signal?.throwIfAborted();
  const options = checkTraining(training);
  const { embedding } = training;
  const size = estimator.weights.length;
  const initial = new Float32Array(size + (embedding?.weights.length ?? 0));
  initial.set(estimator.weights);
  if (embedding !== undefined) initial.set(embedding.weights, size);
  const start = training.resumeFrom ?? freshState(initial);
  assertShape("resumeFrom.weights", start.weights, 1, initial.length);
  const space = estimator.kernels.borrow();
  let shared: SharedGradients | undefined;
  try {
    const optimiser = new Optimiser(space, start, start.step, options);
    const batches = Math.max(1, Math.round(data.trainRows.length / options.batchSize));
    const largest = Math.ceil(data.trainRows.length / batches);
    const objective = new Objective(space, estimator, loss, Math.max(largest, 64), embedding?.network);
    if (training.helpers !== undefined && embedding === undefined) {
      const weighted = data.rowWeights !== undefined;
      const task = {
        estimator: estimator.state(),
        loss,
        largestBatch: Math.max(largest, 64),
        count: data.count,
        weighted,
      };
      shared = new SharedGradients(training.helpers, objective, task);
    }
    const simulations = (theta: Float32Array) => ({ theta, x: data.x, rowWeights: data.rowWeights });
    // Validation is frozen: the same spread of codes and the same atoms in every epoch, so that epochs can be compared.
    const frozen = simulations(await thetaOf(training, rng.fork("validation-theta")));
    const judged = withAtoms(data.validationRows, data.trainRows, objective.atoms, rng.fork("validation-atoms"));
    let state: TrainingState = start;
    const exhausted = (): boolean =>
      state.step >= options.plannedSteps ||
      (state.epoch - state.bestEpoch >= options.patienceEpochs && state.step - state.bestStep >= options.patienceSteps);
    while (!exhausted()) {
      const epoch = state.epoch + 1;
      const stream = rng.fork(`epoch-${epoch}`);
      const theta = await thetaOf(training, stream.fork("theta"));
      objective.setSimulations(simulations(theta));
      shared?.setSimulations(theta, data.x, data.rowWeights);
      const order = stream.fork("order").permutation(data.trainRows.length);
      const choices = stream.fork("atoms");
      let sum = 0;
      for (let b = 0; b < batches; b++) {
        signal?.throwIfAborted();
        const from = Math.floor((b * order.length) / batches);
        const to = Math.floor(((b + 1) * order.length) / batches);
        const rows = order.slice(from, to).map((i) => data.trainRows[i] as number);
        const index = withAtoms(rows, data.trainRows, objective.atoms, choices);
        sum += gradientStep(objective, optimiser, index, epoch, shared);
        const progress = (optimiser.step + 1) / options.plannedSteps;
        const norm = optimiser.update(cosineSchedule(progress, options.learningRate, options.finalLearningRate));
        if (!Number.isFinite(norm)) throw new TrainingDiverged("density estimator", epoch, norm);
        await yieldToEvents();
      }
      signal?.throwIfAborted();
      objective.setSimulations(frozen);
      objective.setWeights(optimiser.average);
      const validation = objective.add(judged, 1, undefined) / data.validationRows.length;
      if (!Number.isFinite(validation)) throw new TrainingDiverged("density estimator", epoch, validation);
      const trainLoss = sum / order.length;
      const better = validation < state.bestLoss;
      const vectors = optimiser.vectors();
      state = {
        epoch,
        step: optimiser.step,
        bestEpoch: better ? epoch : state.bestEpoch,
        bestStep: better ? optimiser.step : state.bestStep,
        bestLoss: better ? validation : state.bestLoss,
        history: {
          train: [...state.history.train, trainLoss],
          validation: [...state.history.validation, validation],
        },
        ...vectors,
        best: better ? vectors.average : state.best,
      };
      const plannedEpochs = Math.ceil(options.plannedSteps / batches);
      const { step, bestEpoch } = state;
      training.onEpoch?.({ epoch, plannedEpochs, step, trainLoss, validationLoss: validation, bestEpoch });
      await training.onState?.(state);
    }
    const { best, bestEpoch, bestLoss, epoch: epochs, step: steps, history } = state;
    const trained = estimator.withWeights(best.slice(0, size));
    return { estimator: trained, embeddingWeights: best.slice(size), bestEpoch, bestLoss, epochs, steps, history };
  } finally {
    shared?.end();
    estimator.kernels.giveBack(space);
  }
}

/** Thetas of an epoch, checked. @throws ShapeMismatch @throws NonFinite */
export async function thetaOf({ data, estimator }: DensityTraining, stream: Rng): Promise<Float32Array> {
  const theta = typeof data.theta === "function" ? await data.theta(stream) : data.theta;
  assertShape("theta", theta, data.count, estimator.numParameters);
  assertFinite("theta", theta);
  return theta;
}

/** Loss of a batch; leaves its mean's gradient with the optimiser. @returns the sum over the rows */
export function gradientStep(
  objective: Objective,
  optimiser: Optimiser,
  index: Uint32Array,
  epoch: number,
  shared?: SharedGradients,
): number {
  const { atoms } = objective;
  const rows = index.length / atoms;
  const gradient = optimiser.gradient.fill(0);
  if (shared !== undefined) return checked(shared.step(optimiser.weights, index, gradient), rows, epoch);
  objective.setWeights(optimiser.weights);
  const shards = shardsOf(rows, atoms);
  let sum = 0;
  for (let s = 0; s < shards; s++) {
    const part = shardPart(index, atoms, s, shards);
    if (part.length > 0) sum += objective.add(part, rows, gradient);
  }
  return checked(sum, rows, epoch);
}

function checked(sum: number, rows: number, epoch: number): number {
  if (!Number.isFinite(sum)) throw new TrainingDiverged("density estimator", epoch, sum / rows);
  return sum;
}

function freshState(weights: Float32Array): TrainingState {
  const zeros = new Float32Array(weights.length);
  return {
    epoch: 0,
    step: 0,
    bestEpoch: 0,
    bestStep: 0,
    bestLoss: Number.POSITIVE_INFINITY,
    history: { train: [], validation: [] },
    weights,
    mean: zeros,
    square: zeros,
    average: weights,
    best: weights,
  };
}

/** @returns the options with defaults @throws ShapeMismatch @throws NonFinite @throws FieldOutOfRange */
export function checkTraining(training: DensityTraining): Required<TrainingOptions> {
  const { estimator, data, loss, options, embedding } = training;
  if (embedding !== undefined) {
    const { network, weights } = embedding;
    assertShape("embedding.weights", weights, 1, network.size);
    if (network.numFeatures !== estimator.numFeatures) {
      throw new ShapeMismatch("embedding", network.numFeatures, `${estimator.numFeatures} features`);
    }
  }
  assertShape("x", data.x, data.count, embedding?.network.inputSize ?? estimator.numFeatures);
  assertFinite("x", data.x);
  for (const name of ["trainRows", "validationRows"] as const) {
    const rows = data[name];
    if (rows.length === 0) throw new ShapeMismatch(name, 0, "one row or more");
    const outside = rows.find((row) => row >= data.count);
    if (outside !== undefined) throw new FieldOutOfRange(`row in ${name}`, outside, `0..${data.count - 1}`);
  }
  if (data.rowWeights !== undefined) {
    assertShape("rowWeights", data.rowWeights, data.count, 1);
    const bad = data.rowWeights.find((w) => !(w >= 0 && Number.isFinite(w)));
    if (bad !== undefined) throw new FieldOutOfRange("row weight", bad, "0 or more");
  }
  if (loss.type === "corrected") {
    if (estimator.shape.kind !== "mixture" || estimator.shape.standardise !== undefined) {
      throw new FieldOutOfRange("loss", "corrected", "atomic or likelihood, but for mixtures without standardisation");
    }
    assertShape("proposalOf", loss.proposalOf, data.count, 1);
  }
  if (loss.type === "atomic") {
    const { atoms } = loss;
    const most = data.trainRows.length;
    if (!Number.isInteger(atoms) || atoms < 2 || atoms >= most) {
      throw new FieldOutOfRange("atoms", atoms, `2..${most - 1} (fewer than training rows)`);
    }
  }
  return completeOptions(options ?? {}, data.trainRows.length);
}
