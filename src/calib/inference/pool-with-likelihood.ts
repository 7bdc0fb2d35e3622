/** From simulations and a learnt posterior to their pool: learn the likelihood, ask held-out simulations, join. */
import type { Ensemble } from "./ensemble.js";
import { LearntLikelihood, type LikelihoodTraining } from "./likelihood.js";
import { normalLogPdf } from "./normal.js";
import { PooledDensity } from "./pooled-density.js";
import { bestExponent, scoreExponents } from "./pooling.js";
import type { Prior } from "./priors/prior.js";
import { type Rows, repeated } from "./simulations.js";

export interface Pooling extends LikelihoodTraining {
  readonly prior: Prior;
  readonly ensemble: Ensemble;
}

/** @returns nothing when the held-out simulations prefer the posterior alone @throws TrainingDiverged @throws signal.reason */
export async function poolWithLikelihood(pooling: Pooling): Promise<PooledDensity | undefined> {
  const { prior, ensemble, judge } = pooling;
  const likelihood = await LearntLikelihood.train(pooling);
  const { exponent } = bestExponent(
    scoreExponents(posteriorRatios(prior, ensemble, judge), likelihoodRatios(likelihood, judge)),
  );
  return exponent === 1 ? undefined : new PooledDensity(prior, ensemble, likelihood, exponent);
}

/** log q(theta_j | x_i) / p(theta_j), shape (n, n). */
function posteriorRatios(prior: Prior, ensemble: Ensemble, { theta, x, count }: Rows): Float64Array {
  const z = prior.toBase(theta);
  const d = prior.size;
  const base = Float64Array.from({ length: count }, (_, j) => {
    return z.subarray(j * d, (j + 1) * d).reduce((sum, v) => sum + normalLogPdf(v), 0);
  });
  return ensemble.logProb(repeated(z, count), x).map((q, i) => q - (base[i % count] as number));
}

/** log q(x_i | theta_j), shape (n, n). */
function likelihoodRatios(likelihood: LearntLikelihood, { theta, x, count }: Rows): Float64Array {
  return likelihood.logProb(repeated(theta, count), x);
}
