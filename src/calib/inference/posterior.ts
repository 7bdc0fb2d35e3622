/**
 * Posterior over integer codes for one observation: an equal mixture of conditional densities in z, pulled back through
 * the theta transform. Every draw is a legal code; nothing is rejected, so sampling always ends.
 */
import { FieldOutOfRange } from "../../base/errors.js";
import type { Rng } from "../../base/rng.js";
import type { DensityEstimator } from "../nn/density-estimator.js";
import type { MarginalSummary, Posterior } from "./api.js";
import type { CodeRange } from "./prior.js";
import { quantileSorted } from "./standardise.js";
import type { ThetaTransform } from "./theta-transform.js";

/** One member of the mixture with the observation as that member sees it. */
export interface ConditionedMember {
  readonly density: DensityEstimator;
  /** Standardised features, shape (density.numFeatures). */
  readonly x: Float32Array;
}

export class MixturePosterior implements Posterior {
  readonly #members: readonly ConditionedMember[];
  readonly #transform: ThetaTransform;

  constructor(members: readonly ConditionedMember[], transform: ThetaTransform) {
    this.#members = members;
    this.#transform = transform;
  }

  get parameters(): readonly CodeRange[] {
    return this.#transform.prior.parameters;
  }

  sample(count: number, rng: Rng): Int32Array {
    if (!Number.isInteger(count) || count < 1) throw new FieldOutOfRange("count", count, "the integers from 1");
    const p = this.parameters.length;
    // Each draw picks its member at random, so any part of the draws is itself a sample of the mixture.
    const choice = rng.fork("member");
    const memberOf = Uint8Array.from({ length: count }, () => choice.int(this.#members.length));
    const z = new Float32Array(count * p);
    this.#members.forEach(({ density, x }, m) => {
      const rows: number[] = [];
      for (let i = 0; i < count; i++) if (memberOf[i] === m) rows.push(i);
      if (rows.length === 0) return;
      const draws = density.sample(x, rows.length, rng.fork(`noise-${m}`));
      rows.forEach((row, i) => {
        z.set(draws.subarray(i * p, (i + 1) * p), row * p);
      });
    });
    return this.#transform.toCodes(z);
  }

  logProb(codes: Int32Array): Float64Array {
    const rows = this.#transform.prior.assertInside(codes);
    const z = this.#transform.centres(codes);
    const perMember = this.#members.map(({ density, x }) => density.logProb(z, x));
    const volume = this.#transform.logCodesPerZ(z);
    return Float64Array.from({ length: rows }, (_, i) => {
      const values = perMember.map((logQ) => logQ[i] as number);
      const top = Math.max(...values);
      const sum = values.reduce((total, value) => total + Math.exp(value - top), 0);
      return top + Math.log(sum / values.length) - (volume[i] as number);
    });
  }

  summarize(count: number, rng: Rng): MarginalSummary[] {
    return summarizeMarginals(this.sample(count, rng), this.parameters);
  }
}

/** Mean, standard deviation and quantiles of each column. @param codes shape (n, parameters.length), n >= 1 */
export function summarizeMarginals(codes: Int32Array, parameters: readonly CodeRange[]): MarginalSummary[] {
  const count = codes.length / parameters.length;
  return parameters.map(({ name }, j) => {
    const column = Float64Array.from({ length: count }, (_, i) => codes[i * parameters.length + j] as number).sort();
    const mean = column.reduce((sum, v) => sum + v, 0) / count;
    const variance = column.reduce((sum, v) => sum + (v - mean) ** 2, 0) / Math.max(1, count - 1);
    return {
      name,
      mean,
      sd: Math.sqrt(variance),
      q05: codeQuantile(column, 0.05),
      median: codeQuantile(column, 0.5),
      q95: codeQuantile(column, 0.95),
    };
  });
}

/** Quantile of sorted codes to a hundredth of a code; interpolation leaves dust in the last digits. */
function codeQuantile(sorted: Float64Array, p: number): number {
  return Math.round(100 * quantileSorted(sorted, p)) / 100;
}
