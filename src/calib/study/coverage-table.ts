/** How often central intervals hold the truth, against how often they should, with the error of counting. */
import type { Rng } from "../../base/rng.js";

/** Masses of the intervals. */
export const levels = [0.5, 0.8, 0.9] as const;

export interface LevelCoverage {
  readonly level: number;
  /** Share of targets whose true code lies inside. */
  readonly share: number;
  /** Standard deviation of that share, were the posterior right. */
  readonly error: number;
}

export interface ParameterCoverage {
  readonly name: string;
  readonly levels: readonly LevelCoverage[];
  /** Median standard deviation of the posteriors, CapMem LSB. */
  readonly medianSd: number;
}

/**
 * Ranks of true codes among draws, 0..1, ties broken at random: the posterior is over whole numbers.
 * @param theta shape (n, p) @param draws shape (n, count, p) @returns shape (n, p)
 */
export function ranksOf(theta: ArrayLike<number>, draws: ArrayLike<number>, p: number, rng: Rng): Float64Array {
  const n = theta.length / p;
  const count = draws.length / n / p;
  const ranks = new Float64Array(n * p);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < p; j++) {
      const truth = theta[i * p + j] as number;
      let [below, equal] = [0, 0];
      for (let k = 0; k < count; k++) {
        const value = draws[(i * count + k) * p + j] as number;
        if (value < truth) below++;
        else if (value === truth) equal++;
      }
      ranks[i * p + j] = (below + (equal + 1) * rng.uniform()) / (count + 1);
    }
  }
  return ranks;
}

/** Share of ranks in the central interval of each level. @param ranks of one parameter */
export function coverageOfRanks(ranks: ArrayLike<number>): LevelCoverage[] {
  const values = Array.from(ranks);
  return levels.map((level) => ({
    level,
    share: values.filter((u) => Math.abs(u - 0.5) < level / 2).length / values.length,
    error: Math.sqrt((level * (1 - level)) / values.length),
  }));
}

/** @param theta shape (n, p) @param draws shape (n, count, p) */
export function coverageTable(
  names: readonly string[],
  theta: ArrayLike<number>,
  draws: ArrayLike<number>,
  rng: Rng,
): ParameterCoverage[] {
  const p = names.length;
  const ranks = ranksOf(theta, draws, p, rng);
  const n = theta.length / p;
  const count = draws.length / n / p;
  return names.map((name, j) => {
    const sds = Array.from({ length: n }, (_, i) => {
      let [sum, squares] = [0, 0];
      for (let k = 0; k < count; k++) {
        const value = draws[(i * count + k) * p + j] as number;
        sum += value;
        squares += value * value;
      }
      return Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
    }).sort((a, b) => a - b);
    const own = Array.from({ length: n }, (_, i) => ranks[i * p + j] as number);
    return { name, levels: coverageOfRanks(own), medianSd: sds[n >> 1] as number };
  });
}

/** All parameters together, parameter by parameter counted alike; the error is of targets that are independent. */
export function pooledCoverage(table: readonly ParameterCoverage[]): LevelCoverage[] {
  return levels.map((level, k) => {
    const own = table.map((parameter) => parameter.levels[k] as LevelCoverage);
    const share = own.reduce((sum, value) => sum + value.share, 0) / own.length;
    return { level, share, error: (own[0] as LevelCoverage).error };
  });
}

/** Largest distance from nominal of any parameter and level, points of a hundred. */
export function worstGap(table: readonly ParameterCoverage[]): number {
  return Math.max(...table.flatMap(({ levels: own }) => own.map(({ level, share }) => 100 * Math.abs(share - level))));
}
