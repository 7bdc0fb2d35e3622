/** What a training takes and gives: options with their ranges, states that a training can be resumed from, history. */
import { FieldOutOfRange } from "../../base/errors.js";

export interface TrainingOptions {
  /** Simulations per step. Default a twentieth of the training rows, at least 32, at most 256. */
  readonly batchSize?: number;
  /** Steps over which the learning rate falls along half a cosine; training ends there. Default 4000. */
  readonly plannedSteps?: number;
  /** First and last learning rate. Default 1e-3 and 1e-5. */
  readonly learningRate?: number;
  readonly finalLearningRate?: number;
  /** Largest Euclidean norm of a gradient. Default 5. */
  readonly clipNorm?: number;
  /** Fraction of a weight lost per step and unit of learning rate. Default 1e-4. */
  readonly weightDecay?: number;
  /** Decay of the average of weights per step, 0 keeps the latest. Default 0.999. */
  readonly averaging?: number;
  /** Stop when both numbers have gone by without a better validation loss. Default 40 epochs and 800 steps. */
  readonly patienceEpochs?: number;
  readonly patienceSteps?: number;
}

export const trainingDefaults = {
  plannedSteps: 4000,
  learningRate: 1e-3,
  finalLearningRate: 1e-5,
  clipNorm: 5,
  weightDecay: 1e-4,
  averaging: 0.999,
  patienceEpochs: 40,
  patienceSteps: 800,
} as const satisfies TrainingOptions;

/** Fill in defaults. @param rows training rows @throws FieldOutOfRange */
export function completeOptions(options: TrainingOptions, rows: number): Required<TrainingOptions> {
  const batchSize = Math.min(256, Math.max(32, Math.round(rows / 20)));
  const complete = { ...trainingDefaults, batchSize, ...options };
  for (const name of ["batchSize", "plannedSteps"] as const) {
    const value = complete[name];
    if (!Number.isInteger(value) || value < 1) throw new FieldOutOfRange(name, value, "the integers from 1");
  }
  for (const name of ["learningRate", "clipNorm"] as const) {
    if (!(complete[name] > 0)) throw new FieldOutOfRange(name, complete[name], "above 0");
  }
  for (const name of ["finalLearningRate", "weightDecay", "patienceEpochs", "patienceSteps"] as const) {
    if (!(complete[name] >= 0)) throw new FieldOutOfRange(name, complete[name], "0 or more");
  }
  if (!(complete.averaging >= 0 && complete.averaging < 1)) {
    throw new FieldOutOfRange("averaging", complete.averaging, "[0, 1)");
  }
  return complete;
}

/** Mean losses per epoch, nats per simulation. The validation loss is that of the averaged weights. */
export interface TrainingHistory {
  readonly train: readonly number[];
  readonly validation: readonly number[];
}

/** A training after a whole number of epochs: five vectors of one length and a few numbers. */
export interface TrainingState {
  readonly epoch: number;
  readonly step: number;
  readonly bestEpoch: number;
  /** Steps taken when the best epoch ended. */
  readonly bestStep: number;
  readonly bestLoss: number;
  readonly history: TrainingHistory;
  readonly weights: Float32Array;
  /** First and second moments of the gradient. */
  readonly mean: Float32Array;
  readonly square: Float32Array;
  /** Running average of the weights, and the one of the best epoch. */
  readonly average: Float32Array;
  readonly best: Float32Array;
}

export interface EpochReport {
  /** 1-based. */
  readonly epoch: number;
  /** Epochs that the planned steps make; training may stop earlier. */
  readonly plannedEpochs: number;
  readonly step: number;
  readonly trainLoss: number;
  readonly validationLoss: number;
  readonly bestEpoch: number;
}
