/**
 * What stands behind a density estimator: an architecture (where each weight stands in the flat vector) and an engine
 * (one thread's workspace on the kernels). The one place that new kinds of density plug into; estimators, training and
 * tests work through these two.
 */
import type { Rng } from "../../base/rng.js";
import type { Component, ProposalMixture } from "./proposal-mixture.js";

export interface EngineOptions {
  /** Observations per pass, a multiple of 8. */
  readonly rows: number;
  /** Thetas per observation, 1 or more. */
  readonly atoms: number;
  /** Also give the gradient with respect to x; default false. */
  readonly trackX?: boolean;
}

export interface DensityArchitecture {
  /** Number of weights. */
  readonly size: number;
  /** Weights with which q(z | x) is the standard normal for every x (mixtures: nearly). */
  initialise(rng: Rng): Float32Array;
}

/**
 * Layout of its views: feature-major, (features x columns); column a * rows + r is atom a of observation r. Views are
 * valid until the space grows or the next call.
 */
export interface DensityEngine {
  readonly rows: number;
  readonly atoms: number;
  setWeights(weights: Float32Array): void;
  /** (d x rows * atoms), to be filled before `logProb`. */
  readonly theta: Float32Array;
  /** (f x rows), to be filled before `logProb` and `inverse`. */
  readonly x: Float32Array;
  /** log q of every column, (rows * atoms). */
  logProb(): Float32Array;
  /**
   * Mixtures only: turn the log q of the last `logProb` into log (q r / p) - log Z for the proposal r of each row, where
   * there is one; only its part that depends on the network. `backward` then takes the gradient of that.
   */
  correct?(proposals: readonly (ProposalMixture | undefined)[]): void;
  /** Mixtures only: the components of a column after `logProb`. */
  components?(column: number): Component[];
  clearGradient(): void;
  /** Add the gradient of sum(columnWeights * logQ) of the last `logProb`. */
  backward(columnWeights: Float32Array): void;
  /** With respect to the weights, since `clearGradient`; entries outside of the masks are zero. */
  gradient(): Float32Array;
  /** With respect to x, (f x rows), of the last `backward`; only with `trackX`. */
  readonly xGradient: Float32Array;
  /** Standard normal values that one draw takes. */
  readonly noiseSize: number;
  /** Turn noise (noiseSize x rows * atoms) into draws. @returns theta, (d x rows * atoms) */
  inverse(noise: Float32Array): Float32Array;
}
