/**
 * The linear Gaussian posterior z | x ~ N(A f(x) + b, L L') by ridge regression in closed form. A flow that learns only
 * what is left, r = L^-1 (z - A f(x) - b), starts at the best linear answer instead of at the prior: few simulations
 * then suffice for posteriors that are nearly normal, and nothing is lost for others, since the map is invertible.
 */
import { quantileSorted } from "./features.js";
import { cholesky, logDetLower, solveLower, timesLower } from "./priors/cholesky.js";

export interface LinearGaussianDescription {
  readonly d: number;
  readonly f: number;
  /** Shape (d, f + 1); the last column is the offset. */
  readonly coefficients: readonly number[];
  /** Shape (d, d), lower. */
  readonly factor: readonly number[];
}

/** Ridge penalties that are tried, per row. */
const penalties = [1e-5, 1e-4, 1e-3, 1e-2, 1e-1];
/**
 * Residuals are scaled so that nearly all of them lie within this many units: bounded transforms of a flow end near it.
 * Near the end of a bounded support the base space is stretched, and residuals there are far larger than in the middle.
 */
const inside = 3.5;
/** One row in this many judges the penalty. */
const heldOut = 5;
/** A row that all but determines the map by itself says nothing of what the map is worth without it. */
const mostLeverage = 0.9;

/** Coefficients per row from which on residuals of the fitted rows are too small to learn from. */
const fewRows = 0.05;

export interface LinearFit {
  readonly linear: LinearGaussian;
  /**
   * The map at each row, shape (n, d); where rows are few, as it would be without that row. Residuals from these are as
   * large as those of new rows; those of rows that the map was fitted to are smaller, and a flow that learnt them too
   * sure of itself. With many rows that is nothing, and what the map gets wrong is better learnt from the map itself.
   */
  readonly mean: Float64Array;
}

export class LinearGaussian {
  readonly d: number;
  readonly f: number;
  readonly logDet: number;
  readonly #coefficients: Float64Array;
  readonly #factor: Float64Array;

  constructor({ d, f, coefficients, factor }: LinearGaussianDescription) {
    this.d = d;
    this.f = f;
    this.#coefficients = Float64Array.from(coefficients);
    this.#factor = Float64Array.from(factor);
    this.logDet = logDetLower(this.#factor, d);
  }

  /** @param z shape (n, d) @param features shape (n, f); n of a few at least */
  static fit(z: ArrayLike<number>, features: Float32Array, d: number, f: number): LinearFit {
    const n = z.length / d;
    const judge = normalEquations(z, features, d, f, (i) => i % heldOut !== 0);
    let best = { error: Number.POSITIVE_INFINITY, penalty: penalties[0] as number };
    for (const penalty of penalties) {
      const ridge = solveRidge(judge, d, f, penalty);
      if (ridge === undefined) continue;
      let error = 0;
      for (let i = 0; i < n; i += heldOut) error += squaredResidual(z, features, d, f, ridge.coefficients, i);
      if (error < best.error) best = { error, penalty };
    }
    const all = normalEquations(z, features, d, f, () => true);
    const ridge = solveRidge(all, d, f, best.penalty);
    const coefficients = ridge?.coefficients ?? new Float64Array(d * (f + 1));
    const rowMean = (i: number): Float64Array =>
      ridge !== undefined && (f + 1) / n > fewRows
        ? leftOutMeans(ridge, z, features, d, f, i)
        : Float64Array.from({ length: d }, (_, j) => predict(coefficients, features, f, i, j));
    const mean = new Float64Array(n * d);
    for (let i = 0; i < n; i++) mean.set(rowMean(i), i * d);
    const factor = residualFactor(z, mean, d);
    const narrow = new LinearGaussian({ d, f, coefficients: [...coefficients], factor: [...factor] });
    const reach = reaches(narrow.whiten(z, mean, 1), d);
    const wide = factor.map((v, i) => v * Math.max(1, (reach[i % d] as number) / inside));
    const linear = new LinearGaussian({ d, f, coefficients: [...coefficients], factor: [...wide] });
    return { linear, mean };
  }

  /** @param features shape (n, f) @returns shape (n, d) */
  mean(features: Float32Array): Float64Array {
    const { d, f } = this;
    const n = features.length / f;
    const out = new Float64Array(n * d);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < d; j++) out[i * d + j] = predict(this.#coefficients, features, f, i, j);
    }
    return out;
  }

  /** r of each z; `perMean` rows of z share a row of `mean`. @returns shape (n, d) */
  whiten(z: ArrayLike<number>, mean: Float64Array, perMean: number): Float32Array {
    const { d } = this;
    const out = new Float32Array(z.length);
    const shifted = new Float64Array(d);
    const white = new Float64Array(d);
    for (let i = 0; i < z.length / d; i++) {
      const at = Math.floor(i / perMean) * d;
      for (let j = 0; j < d; j++) shifted[j] = (z[i * d + j] as number) - (mean[at + j] as number);
      solveLower(this.#factor, d, shifted, white);
      out.set(white, i * d);
    }
    return out;
  }

  /** z of each r. */
  colour(r: Float32Array, mean: Float64Array, perMean: number): Float64Array {
    const { d } = this;
    const out = new Float64Array(r.length);
    const shifted = new Float64Array(d);
    for (let i = 0; i < r.length / d; i++) {
      const at = Math.floor(i / perMean) * d;
      timesLower(this.#factor, d, r.subarray(i * d, (i + 1) * d), shifted);
      for (let j = 0; j < d; j++) out[i * d + j] = (shifted[j] as number) + (mean[at + j] as number);
    }
    return out;
  }

  toJSON(): LinearGaussianDescription {
    return { d: this.d, f: this.f, coefficients: [...this.#coefficients], factor: [...this.#factor] };
  }
}

interface NormalEquations {
  readonly rows: number;
  /** Shape (f + 1, f + 1) and (f + 1, d). */
  readonly gram: Float64Array;
  readonly cross: Float64Array;
}

function normalEquations(
  z: ArrayLike<number>,
  features: Float32Array,
  d: number,
  f: number,
  use: (row: number) => boolean,
): NormalEquations {
  const w = f + 1;
  const gram = new Float64Array(w * w);
  const cross = new Float64Array(w * d);
  const row = new Float64Array(w).fill(1);
  let rows = 0;
  for (let i = 0; i < z.length / d; i++) {
    if (!use(i)) continue;
    rows++;
    row.set(features.subarray(i * f, (i + 1) * f));
    for (let a = 0; a < w; a++) {
      const v = row[a] as number;
      for (let b = 0; b <= a; b++) gram[a * w + b] = (gram[a * w + b] as number) + v * (row[b] as number);
      for (let j = 0; j < d; j++) cross[a * d + j] = (cross[a * d + j] as number) + v * (z[i * d + j] as number);
    }
  }
  return { rows, gram, cross };
}

interface Ridge {
  /** Shape (d, f + 1). */
  readonly coefficients: Float64Array;
  /** Cholesky factor of the penalised gram, shape (f + 1, f + 1). */
  readonly lower: Float64Array;
}

/** @returns undefined when the equations cannot be solved */
function solveRidge({ rows, gram, cross }: NormalEquations, d: number, f: number, penalty: number): Ridge | undefined {
  const w = f + 1;
  const regular = gram.slice();
  // The offset is not penalised beyond what keeps the factor defined.
  for (let a = 0; a < w; a++) regular[a * w + a] = (regular[a * w + a] as number) + rows * (a < f ? penalty : 1e-9);
  const lower = cholesky(regular, w);
  if (lower === undefined) return undefined;
  const out = new Float64Array(d * w);
  const b = new Float64Array(w);
  const y = new Float64Array(w);
  for (let j = 0; j < d; j++) {
    for (let a = 0; a < w; a++) b[a] = cross[a * d + j] as number;
    solveLower(lower, w, b, y);
    for (let a = w - 1; a >= 0; a--) {
      let sum = y[a] as number;
      for (let k = a + 1; k < w; k++) sum -= (lower[k * w + a] as number) * (out[j * w + k] as number);
      out[j * w + a] = sum / (lower[a * w + a] as number);
    }
  }
  return { coefficients: out, lower };
}

/**
 * What the map would say of a row had it not seen it, in closed form by the row's leverage.
 * Source: Allen, "The relationship between variable selection and data augmentation", Technometrics 1974 (PRESS).
 */
function leftOutMeans(
  { coefficients, lower }: Ridge,
  z: ArrayLike<number>,
  features: Float32Array,
  d: number,
  f: number,
  i: number,
): Float64Array {
  const w = f + 1;
  const row = new Float64Array(w).fill(1);
  row.set(features.subarray(i * f, (i + 1) * f));
  const solved = new Float64Array(w);
  solveLower(lower, w, row, solved);
  const leverage = Math.min(
    mostLeverage,
    solved.reduce((sum, v) => sum + v * v, 0),
  );
  return Float64Array.from({ length: d }, (_, j) => {
    const own = z[i * d + j] as number;
    return own - (own - predict(coefficients, features, f, i, j)) / (1 - leverage);
  });
}

function predict(coefficients: Float64Array, features: Float32Array, f: number, row: number, j: number): number {
  let sum = coefficients[j * (f + 1) + f] as number;
  for (let a = 0; a < f; a++) sum += (coefficients[j * (f + 1) + a] as number) * (features[row * f + a] as number);
  return sum;
}

function squaredResidual(
  z: ArrayLike<number>,
  features: Float32Array,
  d: number,
  f: number,
  coefficients: Float64Array,
  row: number,
): number {
  let sum = 0;
  for (let j = 0; j < d; j++) sum += ((z[row * d + j] as number) - predict(coefficients, features, f, row, j)) ** 2;
  return sum;
}

/** Cholesky factor of the residuals' covariance, shrunk a little towards its diagonal. */
function residualFactor(z: ArrayLike<number>, mean: Float64Array, d: number): Float64Array {
  const n = z.length / d;
  const covariance = new Float64Array(d * d);
  const residual = new Float64Array(d);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) residual[j] = (z[i * d + j] as number) - (mean[i * d + j] as number);
    for (let a = 0; a < d; a++) {
      for (let b = 0; b < d; b++) {
        covariance[a * d + b] =
          (covariance[a * d + b] as number) + ((residual[a] as number) * (residual[b] as number)) / n;
      }
    }
  }
  const shrink = d / (n + d);
  for (let a = 0; a < d; a++) {
    for (let b = 0; b < d; b++) {
      if (a !== b) covariance[a * d + b] = (covariance[a * d + b] as number) * (1 - shrink);
      else covariance[a * d + a] = (covariance[a * d + a] as number) + 1e-12;
    }
  }
  const factor = cholesky(covariance, d);
  if (factor !== undefined) return factor;
  return Float64Array.from({ length: d * d }, (_, i) => (i % (d + 1) === 0 ? Math.sqrt(covariance[i] as number) : 0));
}

/** Size of residual that all but one row in a thousand stay within, per parameter. */
function reaches(r: Float32Array, d: number): number[] {
  return Array.from({ length: d }, (_, j) => {
    const sizes = r
      .filter((_, i) => i % d === j)
      .map(Math.abs)
      .sort();
    return quantileSorted(sizes, 0.999);
  });
}
