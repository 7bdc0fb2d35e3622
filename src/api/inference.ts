/**
 * `hxloop/inference`: simulation-based inference for anyone with a simulator function and a prior. No device, no files,
 * no tensors: plain arrays in and out, everything from one seed. docs/inference.md walks through it.
 */

import { Rng } from "../base/rng.js";
import type { AmortisedPosterior } from "../calib/inference/posterior.js";
import { type InferenceOptions, type InferenceResult, runInference as run } from "../calib/inference/run-inference.js";
import { loadPosterior as load } from "../calib/inference/saved-posterior.js";
import { SummaryNetwork, type SummaryState, type SummaryTraining } from "../calib/inference/summary-network.js";
import type { Kernels } from "../kernels/spaces.js";
import { openKernels } from "./open-kernels.js";

export { FieldOutOfRange, HxError, isHxError } from "../base/errors.js";
export { Rng } from "../base/rng.js";

export { type C2stResult, c2st } from "../calib/diagnostics/c2st.js";
export {
  type CalibrationDraws,
  type CalibrationReport,
  calibrationDraws,
  checkCalibration,
} from "../calib/diagnostics/calibration.js";
export { type Disagreement, ensembleDisagreement } from "../calib/diagnostics/disagreement.js";
export { type LocalC2st, localC2st } from "../calib/diagnostics/local-c2st.js";
export { checkMisspecification, type Misspecification } from "../calib/diagnostics/misspecification.js";
export type { Verdict } from "../calib/diagnostics/verdict.js";
export * from "../calib/inference/errors.js";
export { Estimation } from "../calib/inference/estimation.js";
export type { EstimationOptions } from "../calib/inference/estimation-options.js";
export { type Conditional, conditional, mapEstimate, type PointEstimate } from "../calib/inference/point-estimate.js";
export type { AmortisedPosterior, MarginalSummary, Posterior } from "../calib/inference/posterior.js";
export type { ParameterSupport } from "../calib/inference/priors/block.js";
export {
  integer,
  logNormal,
  type Marginal,
  normal,
  truncated,
  uniform,
} from "../calib/inference/priors/marginal.js";
export {
  box,
  empirical,
  independent,
  integerBox,
  joint,
  multivariateNormal,
  type Prior,
} from "../calib/inference/priors/prior.js";
export type { Proposed } from "../calib/inference/proposals.js";
export type {
  InferenceProgress,
  InferenceResult,
  RoundReport,
  SimulatedBatch,
  Simulator,
} from "../calib/inference/run-inference.js";
export { savePosterior } from "../calib/inference/saved-posterior.js";
export { type Scheme, schemes } from "../calib/inference/schemes.js";
export type { SummaryInput, SummaryNetwork, SummaryState } from "../calib/inference/summary-network.js";
export type { Activation, ChainLayer } from "../calib/nn/conv-net.js";
export { NonFinite, NotTrained, ShapeMismatch, TrainingDiverged } from "../calib/nn/errors.js";
export { GradientThreads } from "./gradient-threads.js";
export { openKernels } from "./open-kernels.js";
export { TrainingThreads } from "./training-threads.js";

/** Options of `runInference`; the compiled kernels are found when they are not given. */
export type RunOptions = Omit<InferenceOptions, "kernels"> & { readonly kernels?: Kernels };

/**
 * Rounds of proposing, simulating and training, from one seed.
 * @throws FieldOutOfRange @throws PriorInvalid @throws ObservationInvalid @throws SimulatorFailed
 * @throws DrawBudgetExhausted @throws TrainingDiverged @throws BackendUnavailable @throws signal.reason
 */
export function runInference(options: RunOptions): Promise<InferenceResult> {
  return run({ ...options, kernels: options.kernels ?? openKernels() });
}

/** Options of `learnSummary`. */
export type SummaryOptions = Omit<SummaryTraining, "kernels" | "rng" | "x"> & {
  /** Raw data, shape (n, length x channels). */
  readonly x: ArrayLike<number>;
  /** 0..2^53-1; fixes every byte. */
  readonly seed: number;
  readonly kernels?: Kernels;
};

/**
 * Learn to say in a few numbers what raw data say of the parameters. Give its summaries, in place of the data, to an
 * estimator that learns from other simulations.
 * @throws ShapeMismatch, NonFinite, FieldOutOfRange @throws TrainingDiverged @throws BackendUnavailable @throws signal.reason
 */
export function learnSummary({
  seed,
  x,
  kernels = openKernels(),
  ...options
}: SummaryOptions): Promise<SummaryNetwork> {
  const rng = Rng.fromSeed(seed).fork("summary");
  return SummaryNetwork.train({ ...options, x: Float32Array.from(x), kernels, rng });
}

/** A summary network that was kept as its `state()`. */
export function summaryFrom(state: SummaryState, kernels: Kernels = openKernels()): SummaryNetwork {
  return new SummaryNetwork(kernels, state);
}

/** A posterior from the bytes of `savePosterior`. @throws SavedPosteriorInvalid */
export function loadPosterior(bytes: Uint8Array, kernels: Kernels = openKernels()): AmortisedPosterior {
  return load(bytes, kernels);
}
