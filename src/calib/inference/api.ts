/**
 * The promises of the inference engine: what a sequential estimator takes and what a posterior gives. Implementations
 * (SNPE-C now, others later) stand behind these types; callers know nothing of networks or tensors.
 */
import type { Rng } from "../../base/rng.js";
import type { NetworkState } from "../store.js";
import type { CodeRange } from "./prior.js";

/** Statistics of one marginal over integer codes, in code units. */
export interface MarginalSummary {
  readonly name: string;
  readonly mean: number;
  readonly sd: number;
  readonly q05: number;
  readonly median: number;
  readonly q95: number;
}

/** p(theta | x) over integer codes for one fixed observation x. All its mass lies inside the prior's box. */
export interface Posterior {
  readonly parameters: readonly CodeRange[];
  /** @returns codes, shape (count, parameters.length), row-major; every code inside its range */
  sample(count: number, rng: Rng): Int32Array;
  /**
   * Natural log-probability mass of code vectors, density taken at the middle of each code's bin.
   * @param codes shape (n, parameters.length) @returns shape (n)
   * @throws ShapeMismatch @throws FieldOutOfRange
   */
  logProb(codes: Int32Array): Float64Array;
  /** Marginals estimated from `count` draws. */
  summarize(count: number, rng: Rng): MarginalSummary[];
}

export interface TrainingProgress {
  /** 1-based round. */
  readonly round: number;
  /** 0-based ensemble member and how many there are. */
  readonly member: number;
  readonly members: number;
  /** 1-based epoch and its upper limit; training may stop earlier. */
  readonly epoch: number;
  readonly maxEpochs: number;
  /** Mean negative log-probability (round of prior draws) or atomic loss, nats per simulation. */
  readonly trainLoss: number;
  readonly validationLoss: number;
}

export interface TrainOptions {
  /** Aborting rejects with `signal.reason` within a few training steps; the estimator keeps its previous round. */
  readonly signal?: AbortSignal;
  readonly onEpoch?: (progress: TrainingProgress) => void;
}

/** A scheme that narrows a posterior over rounds of simulations. */
export interface SequentialEstimator {
  /** What the reader of a result must know, for example features that never varied. Grows as rounds go on. */
  readonly notices: readonly string[];
  /**
   * Add simulations of one round.
   * @param theta codes that were sent, shape (n, p) @param x features, shape (n, f), the same f for all calls
   * @param proposal what the codes were drawn from
   * @throws ShapeMismatch @throws NonFinite @throws FieldOutOfRange
   */
  appendSimulations(theta: Int32Array, x: Float32Array, proposal: "prior" | Posterior): void;
  /** Train on all simulations so far: one round. @throws TrainingDiverged @throws FieldOutOfRange (too few) */
  train(options?: TrainOptions): Promise<void>;
  /** @param xObs shape (f) @throws NotTrained @throws ShapeMismatch @throws NonFinite */
  posterior(xObs: Float32Array): Posterior;
  /** Trained networks as plain data, one per member. */
  states(): NetworkState[];
  dispose(): void;
}
