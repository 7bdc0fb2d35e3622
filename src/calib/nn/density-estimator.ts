/**
 * What a conditional density estimator is: an architecture (stateless, its weights come from outside), and a trained one
 * that turns arrays into arrays. New estimators implement `DensityArchitecture`; losses, training and posteriors stay.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Rng } from "../../base/rng.js";
import { ShapeMismatch } from "./errors.js";
import { compute, type ParameterLayout, type ParameterReader } from "./parameters.js";

/** A normalised density q(theta | x) over R^d for every x in R^f, with a standard normal base. */
export interface DensityArchitecture {
  /** For saved states, for example `maf`. */
  readonly kind: string;
  readonly numParameters: number;
  readonly numFeatures: number;
  readonly layout: ParameterLayout;
  /** Everything needed to build the same architecture again; JSON. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Weights with which q(theta | x) is the standard normal for every x. */
  initialise(rng: Rng): Float32Array;
  /** Set the gradient of weights that must stay zero to zero. */
  maskGradient(gradient: Float32Array): void;
  /**
   * Log-density of `atoms` thetas per row of x; the work on x is done once per row.
   * @param theta shape (rows, atoms, d) @param x shape (rows, f) @returns shape (rows, atoms)
   */
  logProb(read: ParameterReader, theta: tf.Tensor3D, x: tf.Tensor2D): tf.Tensor2D;
  /**
   * Push base noise through the inverse for one x.
   * @param noise shape (n, d) @param x shape (1, f) @returns shape (n, d)
   */
  inverse(read: ParameterReader, noise: tf.Tensor2D, x: tf.Tensor2D): tf.Tensor2D;
}

/** A trained density: plain arrays in, plain arrays out, all row-major. */
export interface DensityEstimator {
  readonly numParameters: number;
  readonly numFeatures: number;
  /** @param theta shape (n, d) @param x one observation, shape (f) @returns shape (n) */
  logProb(theta: Float32Array, x: Float32Array): Float32Array;
  /** @param x one observation, shape (f) @returns shape (count, d) */
  sample(x: Float32Array, count: number, rng: Rng): Float32Array;
}

/** Rows per pass, so that a large request does not need large memory. */
const CHUNK = 4096;

export class TrainedDensity implements DensityEstimator {
  readonly architecture: DensityArchitecture;
  readonly weights: Float32Array;

  constructor(architecture: DensityArchitecture, weights: Float32Array) {
    this.architecture = architecture;
    this.weights = weights;
  }

  get numParameters(): number {
    return this.architecture.numParameters;
  }

  get numFeatures(): number {
    return this.architecture.numFeatures;
  }

  logProb(theta: Float32Array, x: Float32Array): Float32Array {
    const d = this.numParameters;
    return this.#inChunks(theta, x, 1, (read, rows, context) => {
      const atoms = rows.length / d;
      return this.architecture.logProb(read, tf.tensor3d(rows, [1, atoms, d]), context);
    });
  }

  sample(x: Float32Array, count: number, rng: Rng): Float32Array {
    const d = this.numParameters;
    const noise = Float32Array.from({ length: count * d }, () => rng.normal());
    return this.#inChunks(noise, x, d, (read, rows, context) =>
      this.architecture.inverse(read, tf.tensor2d(rows, [rows.length / d, d]), context),
    );
  }

  #inChunks(
    rows: Float32Array,
    x: Float32Array,
    outputs: number,
    body: (read: ParameterReader, rows: Float32Array, context: tf.Tensor2D) => tf.Tensor,
  ): Float32Array {
    const d = this.numParameters;
    const count = rows.length / d;
    if (!Number.isInteger(count)) throw new ShapeMismatch("theta", rows.length, `a multiple of ${d}`);
    if (x.length !== this.numFeatures) throw new ShapeMismatch("x", x.length, `${this.numFeatures} features`);
    const out = new Float32Array(count * outputs);
    for (let from = 0; from < count; from += CHUNK) {
      const chunk = rows.slice(from * d, (from + CHUNK) * d);
      const values = compute(this.architecture.layout, this.weights, (read) =>
        body(read, chunk, tf.tensor2d(Float32Array.from(x), [1, x.length])),
      );
      out.set(values, from * outputs);
    }
    return out;
  }
}
