/**
 * What a conditional density estimator is: a normalised density q(z | x) over R^d for every x in R^f, with its weights
 * as one flat vector and a shape that is enough to build it again. z is the unconstrained space in which the prior is
 * the standard normal; a fresh estimator has q = prior for every x. Estimators are immutable: training gives a new one.
 */
import type { Rng } from "../../base/rng.js";

/** Everything but the weights; JSON. */
export type DensityShape = FlowDensityShape | MixtureDensityShape;

interface DensityDimensions {
  /** d, 1 or more. */
  readonly numParameters: number;
  /** f, 1 or more. */
  readonly numFeatures: number;
  /**
   * The network works on (z - shift) / scale, parameter by parameter; default 0 and 1. For posteriors much narrower than
   * the prior. At the start q is then the normal density with this mean and standard deviation.
   */
  readonly standardise?: { readonly shift: readonly number[]; readonly scale: readonly number[] };
}

/** A stack of invertible transforms with masked conditioners. */
export interface FlowDensityShape extends DensityDimensions {
  readonly kind: "flow";
  /** Transforms, 1 or more; the order of the parameters changes from one to the next. */
  readonly layers: number;
  /** Units of each hidden layer; rounded up to whole fours for each place in the order. */
  readonly hidden: number;
  /** Residual blocks of each conditioner, 0 or more. */
  readonly blocks: number;
  readonly transform: FlowTransform;
  /**
   * `autoregressive`: each parameter's transform sees all parameters before it; `coupling`: the parameters of one half
   * see x, those of the other half see x and the first half, so that draws take two passes a layer whatever their
   * number. Default `autoregressive`.
   */
  readonly order?: "autoregressive" | "coupling";
}

export type FlowTransform =
  | { readonly type: "affine" }
  /**
   * Monotone rational-quadratic, identity outside [-bound, bound]; 2..32 bins. With `affine` an affine transform comes
   * before it, from the same conditioner: place and scale need no bins then, and no bound limits them.
   */
  | { readonly type: "spline"; readonly bins: number; readonly bound: number; readonly affine?: boolean };

/** A mixture of normal densities with full covariance. */
export interface MixtureDensityShape extends DensityDimensions {
  readonly kind: "mixture";
  /** 1..64. With more than one, q at the start is the prior only to about a hundredth. */
  readonly components: number;
  /** Units of each hidden layer, rounded up to whole fours. */
  readonly hidden: number;
  /** Residual blocks, 0 or more. */
  readonly blocks: number;
}

/** A density estimator as plain data. */
export interface DensityState {
  readonly shape: DensityShape;
  readonly weights: Float32Array;
}

export interface DensityEstimator {
  readonly shape: DensityShape;
  readonly numParameters: number;
  readonly numFeatures: number;
  /** All weights; not to be changed. */
  readonly weights: Float32Array;
  /**
   * Natural log-density.
   * @param theta shape (n, d) @param x shape (m, f), n a multiple of m: row i of theta goes with row floor(i m / n) of x,
   * so that one observation serves many thetas, or each theta has its own
   * @returns shape (n) @throws ShapeMismatch @throws NonFinite
   */
  logProb(theta: Float32Array, x: Float32Array): Float32Array;
  /**
   * @param count draws per observation @param x shape (m, f)
   * @returns shape (m, count, d) @throws ShapeMismatch @throws NonFinite @throws FieldOutOfRange
   */
  sample(count: number, x: Float32Array, rng: Rng): Float32Array;
  /** Draws and their log-densities in one pass. @returns shapes (m, count, d) and (m, count) */
  sampleAndLogProb(
    count: number,
    x: Float32Array,
    rng: Rng,
  ): { readonly theta: Float32Array; readonly logProb: Float32Array };
  /** The same network with other weights. @throws ShapeMismatch */
  withWeights(weights: Float32Array): DensityEstimator;
  /** Plain data, from which `estimatorFromState` builds the same again. */
  state(): DensityState;
}
