/**
 * How much a learnt posterior and a learnt likelihood are to be trusted: both give the ratio of posterior to prior up to
 * a constant of x, one as q(theta | x) / p(theta), the other as q(x | theta). Their geometric mean with the exponent that
 * tells best which theta made which x is at least as good as either. The score is the cross-entropy of finding the own
 * theta of each held-out simulation among all of them; it is proper for ratios under any proposal, and constants of x
 * cancel. Source of the score: Greenberg et al. 2019 (the atomic loss); pooling: Genest and Zidek, Statistical Science 1986.
 */

/** Exponents of the posterior that are tried; the rest goes to the likelihood. */
const exponents = [0, 0.2, 0.4, 0.6, 0.8, 1];

export interface PooledScore {
  /** 0 the likelihood alone, 1 the posterior alone. */
  readonly exponent: number;
  /** Nats per held-out simulation, less is better. */
  readonly score: number;
}

/**
 * @param posterior log ratio of theta j for the data of row i, shape (n, n) @param likelihood the same
 * @returns every exponent with its score
 */
export function scoreExponents(posterior: Float64Array, likelihood: Float64Array): PooledScore[] {
  return exponents.map((exponent) => ({ exponent, score: contrast(posterior, likelihood, exponent) }));
}

export function bestExponent(scores: readonly PooledScore[]): PooledScore {
  return scores.reduce((best, one) => (one.score < best.score ? one : best));
}

function contrast(posterior: Float64Array, likelihood: Float64Array, exponent: number): number {
  const n = Math.sqrt(posterior.length);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const pooled = (j: number): number => {
      const at = i * n + j;
      return exponent * (posterior[at] as number) + (1 - exponent) * (likelihood[at] as number);
    };
    let top = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < n; j++) top = Math.max(top, pooled(j));
    let total = 0;
    for (let j = 0; j < n; j++) total += Math.exp(pooled(j) - top);
    sum += top + Math.log(total) - pooled(i);
  }
  return sum / n;
}
