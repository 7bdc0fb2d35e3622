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
  return exponents.map((exponent) => ({
    exponent,
    score: meanOf(matchLosses(pooled(posterior, likelihood, exponent))),
  }));
}

export function bestExponent(scores: readonly PooledScore[]): PooledScore {
  return scores.reduce((best, one) => (one.score < best.score ? one : best));
}

function pooled(posterior: Float64Array, likelihood: Float64Array, exponent: number): Float64Array {
  return posterior.map((v, at) => exponent * v + (1 - exponent) * (likelihood[at] as number));
}

/** Cross-entropy of finding the own theta of each row among all of them. @param logRatios shape (n, n) @returns nats, shape (n) */
export function matchLosses(logRatios: Float64Array): Float64Array {
  const n = Math.sqrt(logRatios.length);
  return Float64Array.from({ length: n }, (_, i) => {
    const row = logRatios.subarray(i * n, (i + 1) * n);
    let top = Number.NEGATIVE_INFINITY;
    for (const v of row) top = Math.max(top, v);
    let total = 0;
    for (const v of row) total += Math.exp(v - top);
    return top + Math.log(total) - (row[i] as number);
  });
}

export function meanOf(values: Float64Array): number {
  return values.reduce((sum, v) => sum + v, 0) / values.length;
}
