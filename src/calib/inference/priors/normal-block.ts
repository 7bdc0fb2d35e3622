/** A multivariate normal as a block of a prior: whitened by its Cholesky factor. */

import { PriorInvalid } from "../errors.js";
import { normalLogPdf } from "../normal.js";
import type { PriorBlock } from "./block.js";
import { cholesky, logDetLower, solveLower, timesLower } from "./cholesky.js";

export interface NormalDescription {
  readonly kind: "normal";
  readonly names: readonly string[];
  readonly mean: readonly number[];
  readonly covariance: readonly number[];
}

/** @param covariance shape (n, n), symmetric, positive definite @throws PriorInvalid */
export function normalBlock(
  names: readonly string[],
  mean: ArrayLike<number>,
  covariance: ArrayLike<number>,
): PriorBlock {
  const n = names.length;
  const object = names.join(", ");
  if (mean.length !== n || covariance.length !== n * n) {
    throw new PriorInvalid(
      object,
      `a mean of ${mean.length} and a covariance of ${covariance.length} values`,
      `${n} and ${n * n} values`,
    );
  }
  const centre = Float64Array.from(mean);
  const lower = cholesky(covariance, n);
  if (lower === undefined || !centre.every(Number.isFinite) || !lower.every(Number.isFinite)) {
    throw new PriorInvalid(
      object,
      "the covariance is not positive definite",
      "a positive definite covariance, a finite mean",
    );
  }
  const logDet = logDetLower(lower, n);
  const shifted = new Float64Array(n);
  const white = new Float64Array(n);
  const whiten = (theta: ArrayLike<number>, at: number): void => {
    for (let i = 0; i < n; i++) shifted[i] = (theta[at + i] as number) - (centre[i] as number);
    solveLower(lower, n, shifted, white);
  };
  return {
    parameters: names.map((name) => ({
      name,
      low: Number.NEGATIVE_INFINITY,
      high: Number.POSITIVE_INFINITY,
      discrete: false,
    })),
    toBase: (theta, at, _offset, z) => {
      whiten(theta, at);
      z.set(white, at);
    },
    fromBase: (z, at, theta) => {
      for (let i = 0; i < n; i++) white[i] = z[at + i] as number;
      timesLower(lower, n, white, shifted);
      for (let i = 0; i < n; i++) theta[at + i] = (centre[i] as number) + (shifted[i] as number);
    },
    logProb: (theta, at) => {
      whiten(theta, at);
      return white.reduce((sum, v) => sum + normalLogPdf(v), -logDet);
    },
    toJSON: () => ({ kind: "normal", names, mean: [...centre], covariance: Array.from(covariance) }),
  };
}
