/**
 * `hxloop/inference`: simulation-based inference for anyone with a simulator function and a prior. No device, no files,
 * no tensors: plain arrays in and out, everything from one seed. docs/inference.md walks through it.
 */

import type { AmortisedPosterior } from "../calib/inference/posterior.js";
import { type InferenceOptions, type InferenceResult, runInference as run } from "../calib/inference/run-inference.js";
import { loadPosterior as load } from "../calib/inference/saved-posterior.js";
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
export { Estimation, type EstimationOptions, type Proposed } from "../calib/inference/estimation.js";
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
export type {
  InferenceProgress,
  InferenceResult,
  RoundReport,
  SimulatedBatch,
  Simulator,
} from "../calib/inference/run-inference.js";
export { savePosterior } from "../calib/inference/saved-posterior.js";
export { type Scheme, schemes } from "../calib/inference/schemes.js";
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

/** A posterior from the bytes of `savePosterior`. @throws SavedPosteriorInvalid */
export function loadPosterior(bytes: Uint8Array, kernels: Kernels = openKernels()): AmortisedPosterior {
  return load(bytes, kernels);
}
