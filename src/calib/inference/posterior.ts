/**
 * Posteriors: for any observation at once (amortised), and for one. Parameters are in their own units, codes for integer
 * priors; every draw lies inside the prior's support and nothing is rejected, so sampling always ends. Densities are
 * pulled back from the base space: log p(theta | x) = log q(z | x) - log N(z; 0, I) + log p(theta).
 */
import { FieldOutOfRange } from "../../base/errors.js";
import type { Rng } from "../../base/rng.js";
import type { BaseDensity, Ensemble } from "./ensemble.js";
import { ObservationInvalid } from "./errors.js";
import { quantileSorted } from "./features.js";
import { normalLogPdf } from "./normal.js";
import type { PooledDensity } from "./pooled-density.js";
import type { ParameterSupport } from "./priors/block.js";
import type { Prior } from "./priors/prior.js";

/** Statistics of one marginal, in the parameter's units. */
export interface MarginalSummary {
  readonly name: string;
  readonly mean: number;
  readonly sd: number;
  readonly q05: number;
  readonly median: number;
  readonly q95: number;
}

/** Share of draws that count below which a pooled posterior rests on too few. Our choice. */
const fewEffective = 0.01;
/** A feature this many spreads away from the training data's middle was never seen; beyond the limit it is an error. */
const farOut = 8;
const absurd = 1e4;

/** p(theta | x) for any x; all its methods take many observations at once. */
export class AmortisedPosterior {
  readonly prior: Prior;
  readonly ensemble: Ensemble;
  /** The ensemble pooled with a learnt likelihood, when there is one. */
  readonly pooled: PooledDensity | undefined;

  constructor(prior: Prior, ensemble: Ensemble, pooled?: PooledDensity) {
    this.prior = prior;
    this.ensemble = ensemble;
    this.pooled = pooled;
  }

  /** What draws and densities come from, in the base space. */
  get density(): BaseDensity {
    return this.pooled ?? this.ensemble;
  }

  get parameters(): readonly ParameterSupport[] {
    return this.prior.parameters;
  }

  get numFeatures(): number {
    return this.ensemble.features.inputSize;
  }

  /** @param x shape (m, numFeatures) @returns shape (m, count, p) @throws FieldOutOfRange @throws ShapeMismatch */
  sample(count: number, x: ArrayLike<number>, rng: Rng): Float64Array {
    if (!Number.isInteger(count) || count < 1) throw new FieldOutOfRange("count", count, "the integers from 1");
    return this.prior.fromBase(this.density.sample(count, x, rng));
  }

  /**
   * Natural log-density, or log-mass where parameters are integers; -Infinity outside of the prior.
   * @param theta shape (m, k, p) @param x shape (m, numFeatures) @returns shape (m, k)
   */
  logProb(theta: ArrayLike<number>, x: ArrayLike<number>): Float64Array {
    const logPrior = this.prior.logProb(theta);
    const z = this.prior.toBase(theta);
    const logQ = this.density.logProb(
      z.map((v) => (Number.isFinite(v) ? v : 0)),
      x,
    );
    return this.#pulledBack(logPrior, z, logQ);
  }

  /** One observation. @throws ObservationInvalid */
  given(xObs: ArrayLike<number>): Posterior {
    return new Posterior(this, checkedObservation(this.ensemble, xObs));
  }

  /** `logProb` of each member of the ensemble apart, for one observation. */
  memberLogProbs(theta: ArrayLike<number>, xObs: ArrayLike<number>): Float64Array[] {
    const logPrior = this.prior.logProb(theta);
    const z = this.prior.toBase(theta);
    return this.density.memberLogProbs(z, xObs).map((logQ) => this.#pulledBack(logPrior, z, logQ));
  }

  #pulledBack(logPrior: Float64Array, z: Float64Array, logQ: Float64Array): Float64Array {
    const d = this.prior.size;
    return logPrior.map((value, i) => {
      if (value === Number.NEGATIVE_INFINITY) return value;
      let base = 0;
      for (let j = 0; j < d; j++) base += normalLogPdf(z[i * d + j] as number);
      return (logQ[i] as number) - base + value;
    });
  }
}

/** @throws ObservationInvalid naming the first value that is not finite, and what to do */
export function checkObservation(xObs: ArrayLike<number>): void {
  for (let f = 0; f < xObs.length; f++) {
    if (Number.isFinite(xObs[f])) continue;
    throw new ObservationInvalid(`feature ${f} is ${xObs[f]}; measure it again, or train without this feature`, f);
  }
}

function checkedObservation({ features }: Ensemble, xObs: ArrayLike<number>): Float32Array {
  if (xObs.length !== features.inputSize) {
    throw new ObservationInvalid(`${xObs.length} values, the simulator gives ${features.inputSize}`);
  }
  checkObservation(xObs);
  const x = Float32Array.from(xObs);
  const { kept } = features.description;
  features.distances(x).forEach((distance, j) => {
    if (Math.abs(distance) < absurd) return;
    const f = kept[j] as number;
    throw new ObservationInvalid(
      `feature ${f} = ${x[f]} lies ${Math.abs(distance).toExponential(0)} spreads away from every simulation; check its unit`,
      f,
    );
  });
  return x;
}

/** p(theta | xObs). */
export class Posterior {
  readonly amortised: AmortisedPosterior;
  /** Shape (numFeatures). */
  readonly xObs: Float32Array;

  constructor(amortised: AmortisedPosterior, xObs: Float32Array) {
    this.amortised = amortised;
    this.xObs = xObs;
  }

  get parameters(): readonly ParameterSupport[] {
    return this.amortised.parameters;
  }

  /** Reasons to doubt that the observation is like the simulations; empty when there are none. */
  get warnings(): readonly string[] {
    return this.warningsOf((features) => `feature ${features.join(", ")}`);
  }

  /** The same, with features by name. @param namesOf features, 0-based */
  warningsOf(namesOf: (features: readonly number[]) => string): readonly string[] {
    const { features } = this.amortised.ensemble;
    const far = features.distances(this.xObs).flatMap((distance, j) => {
      return Math.abs(distance) > farOut ? [features.description.kept[j] as number] : [];
    });
    const odd =
      features.dropped.length > 0 ? [`${namesOf(features.dropped)} never varied in the simulations: left out`] : [];
    const { pooled } = this.amortised;
    const share = pooled?.effectiveShare(this.xObs) ?? 1;
    if (share < fewEffective) {
      odd.push(
        `the learnt posterior and the learnt likelihood tell different things: of 100 draws ${(100 * share).toPrecision(1)} count; simulate more, or leave the likelihood out (likelihood: false)`,
      );
    }
    if (far.length === 0) return odd;
    return [
      ...odd,
      `the observation is far outside the simulations in ${namesOf(far)}: the posterior extrapolates; widen the prior or mend the simulator`,
    ];
  }

  /** @returns shape (count, p) @throws FieldOutOfRange */
  sample(count: number, rng: Rng): Float64Array {
    return this.amortised.sample(count, this.xObs, rng);
  }

  /** Natural log-density, log-mass for integers. @param theta shape (n, p) @returns shape (n) @throws ShapeMismatch */
  logProb(theta: ArrayLike<number>): Float64Array {
    return theta.length === 0 ? new Float64Array(0) : this.amortised.logProb(theta, this.xObs);
  }

  /** Marginals estimated from `count` draws. */
  summarize(count: number, rng: Rng): MarginalSummary[] {
    return summarizeMarginals(this.sample(count, rng), this.parameters);
  }
}

/** Mean, standard deviation and quantiles of each column. @param theta shape (n, parameters.length), n >= 1 */
export function summarizeMarginals(
  theta: ArrayLike<number>,
  parameters: readonly { readonly name: string }[],
): MarginalSummary[] {
  const count = theta.length / parameters.length;
  return parameters.map(({ name }, j) => {
    const column = Float64Array.from({ length: count }, (_, i) => theta[i * parameters.length + j] as number).sort();
    const mean = column.reduce((sum, v) => sum + v, 0) / count;
    const variance = column.reduce((sum, v) => sum + (v - mean) ** 2, 0) / Math.max(1, count - 1);
    const quantile = (p: number): number => quantileSorted(column, p);
    return { name, mean, sd: Math.sqrt(variance), q05: quantile(0.05), median: quantile(0.5), q95: quantile(0.95) };
  });
}
