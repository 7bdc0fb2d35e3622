/**
 * The training loop that all networks share: shuffled minibatches, Adam with a cosine schedule, averaged weights,
 * optional early stopping, cancellation, and a breath for the event loop after every step. It sees a network only as
 * a flat vector with a gradient.
 */
import { yieldToEvents } from "../../base/async.js";
import type { Rng } from "../../base/rng.js";
import { Adam, cosineSchedule, WeightAverage } from "./adam.js";
import { TrainingDiverged } from "./errors.js";

export interface FitProblem {
  /** For messages, for example `autoencoder`. */
  readonly name: string;
  /** Starting weights; not changed. */
  readonly initial: Float32Array;
  /** Indices of training rows. */
  readonly trainRows: Uint32Array;
  /** Called before each epoch, for example to draw fresh noise. */
  beginEpoch?(epoch: number): void;
  /** Mean loss over the rows; writes its gradient. */
  lossAndGradient(weights: Float32Array, rows: Uint32Array, gradient: Float32Array): number;
  /** Loss by which epochs are compared, with averaged weights. */
  validate(weights: Float32Array): number;
}

export interface FitOptions {
  readonly maxEpochs: number;
  readonly batchSize: number;
  /** Peak of the cosine schedule; it ends at a hundredth of it. */
  readonly learningRate: number;
  readonly clipNorm: number;
  readonly weightDecay: number;
  /** Decay of the average of weights per step, 0..1. */
  readonly averaging: number;
  /** Stop after this many epochs without a better validation loss; Infinity never stops. */
  readonly patience: number;
  readonly rng: Rng;
  readonly signal?: AbortSignal | undefined;
  /** Mean training loss and validation loss of one epoch, 1-based. */
  readonly onEpoch?: ((epoch: number, trainLoss: number, validationLoss: number) => void) | undefined;
}

export interface FitResult {
  /** Averaged weights of the best epoch. */
  readonly weights: Float32Array;
  readonly bestEpoch: number;
  readonly epochs: number;
  readonly bestLoss: number;
}

/** @throws TrainingDiverged when a loss is not finite @throws signal.reason when aborted, within one step */
export async function fitWeights(problem: FitProblem, options: FitOptions): Promise<FitResult> {
  const { maxEpochs, batchSize, learningRate, rng, signal } = options;
  const weights = Float32Array.from(problem.initial);
  const gradient = new Float32Array(weights.length);
  const adam = new Adam(weights.length, options);
  const average = new WeightAverage(weights, options.averaging);
  const rows = problem.trainRows;
  // Batches of nearly equal size: no small remainder with a noisy gradient, no row left out.
  const batches = Math.max(1, Math.round(rows.length / batchSize));
  let best = { weights: Float32Array.from(weights), epoch: 0, loss: Number.POSITIVE_INFINITY };
  let epoch = 0;
  while (epoch < maxEpochs && epoch - best.epoch < options.patience) {
    epoch++;
    problem.beginEpoch?.(epoch);
    const order = rng.permutation(rows.length);
    let lossSum = 0;
    for (let b = 0; b < batches; b++) {
      signal?.throwIfAborted();
      const from = Math.floor((b * rows.length) / batches);
      const to = Math.floor(((b + 1) * rows.length) / batches);
      const batch = Uint32Array.from(order.subarray(from, to), (i) => rows[i] as number);
      const loss = problem.lossAndGradient(weights, batch, gradient);
      if (!Number.isFinite(loss)) throw new TrainingDiverged(problem.name, epoch, loss);
      const progress = (epoch - 1 + b / batches) / maxEpochs;
      const norm = adam.update(weights, gradient, cosineSchedule(progress, learningRate, learningRate / 100));
      if (!Number.isFinite(norm)) throw new TrainingDiverged(problem.name, epoch, norm);
      average.update(weights);
      lossSum += loss * (to - from);
      await yieldToEvents();
    }
    signal?.throwIfAborted();
    const validationLoss = problem.validate(average.values);
    if (!Number.isFinite(validationLoss)) throw new TrainingDiverged(problem.name, epoch, validationLoss);
    if (validationLoss < best.loss) best = { weights: Float32Array.from(average.values), epoch, loss: validationLoss };
    options.onEpoch?.(epoch, lossSum / rows.length, validationLoss);
  }
  return { weights: best.weights, bestEpoch: best.epoch, epochs: epoch, bestLoss: best.loss };
}
