/**
 * Is a posterior as wide as it should be? Fresh simulations of known parameters answer, all observations at once: ranks
 * of the truth per parameter (SBC), coverage of highest-density regions, coverage of balls around random points (TARP),
 * and the information gained. Sources: Talts et al. 2018; Hermans et al. 2022; Lemos et al., ICML 2023.
 */
import { FieldOutOfRange } from "../../base/errors.js";
import type { Rng } from "../../base/rng.js";
import type { AmortisedPosterior } from "../inference/posterior.js";
import { assertShape } from "../nn/errors.js";
import { columnMoments } from "./c2st.js";
import { type Sayings, uniformityPValue, type Verdict, verdictOf } from "./verdict.js";

/** Fresh simulations and draws of their posteriors, as plain arrays. */
export interface CalibrationDraws {
  /** Parameters. */
  readonly p: number;
  /** True parameters, shape (n, p). */
  readonly theta: ArrayLike<number>;
  /** Posterior draws for each, shape (n, draws, p). */
  readonly draws: ArrayLike<number>;
  /** Log-density of truth and draws under the posterior, shapes (n) and (n, draws). */
  readonly logTheta: ArrayLike<number>;
  readonly logDraws: ArrayLike<number>;
  /** Log-density of truth under the prior, shape (n). */
  readonly logPrior: ArrayLike<number>;
  /** Points for TARP that do not depend on the truth, for example prior draws; shape (n, p). */
  readonly references: ArrayLike<number>;
}

/** Ranks in 0..1, uniform when the posterior is right, and the test of it. */
export interface RankCheck {
  readonly name: string;
  /** Shape (n): for a figure. */
  readonly ranks: Float64Array;
  readonly pValue: number;
}

export interface CalibrationReport {
  /** One per parameter. */
  readonly sbc: readonly RankCheck[];
  /** Of highest-density regions; `coverage[i]` is the share of truths inside the region of `levels[i]` mass. */
  readonly expectedCoverage: RankCheck & Coverage;
  readonly tarp: RankCheck & Coverage;
  /** Mean of log2 p(theta | x) / p(theta) per parameter, bits. */
  readonly informationGain: number;
  readonly verdicts: { readonly sbc: Verdict; readonly expectedCoverage: Verdict; readonly tarp: Verdict };
}

export interface Coverage {
  readonly levels: readonly number[];
  readonly coverage: readonly number[];
  /** Mean of |coverage - level|. */
  readonly error: number;
  /** Mean of coverage - level: below 0 the posterior is too narrow. */
  readonly bias: number;
}

const levels = Array.from({ length: 19 }, (_, i) => (i + 1) / 20);

/** Draw and weigh: the one expensive step. @param theta shape (n, p) @param x shape (n, f) @param draws per observation */
export function calibrationDraws(
  posterior: AmortisedPosterior,
  theta: ArrayLike<number>,
  x: ArrayLike<number>,
  draws: number,
  rng: Rng,
): CalibrationDraws {
  const p = posterior.prior.size;
  const n = theta.length / p;
  if (!(n >= 20)) throw new FieldOutOfRange("observations", n, "20 or more");
  if (!Number.isInteger(draws) || draws < 20) throw new FieldOutOfRange("draws", draws, "the integers from 20");
  assertShape("x", x, n, posterior.numFeatures);
  const sampled = posterior.sample(draws, x, rng.fork("draws"));
  return {
    p,
    theta,
    draws: sampled,
    logTheta: posterior.logProb(theta, x),
    logDraws: posterior.logProb(sampled, x),
    logPrior: posterior.prior.logProb(theta),
    references: posterior.prior.sample(n, rng.fork("references")),
  };
}

const says = (what: string): Sayings => [
  `${what} cover as often as they say`,
  `${what} do not cover as often as they say`,
];

/** @param falseAlarmRate of each verdict. Default 0.01 */
export function checkCalibration(
  data: CalibrationDraws,
  names: readonly string[],
  rng: Rng,
  falseAlarmRate = 0.01,
): CalibrationReport {
  const { p, theta, draws, logTheta, logDraws, references } = data;
  const n = logTheta.length;
  const perTruth = logDraws.length / n;
  const sbc = names.map((name, j) => {
    const ranks = ranksOf(
      n,
      perTruth,
      rng,
      (i) => theta[i * p + j] as number,
      (i, l) => draws[(i * perTruth + l) * p + j] as number,
    );
    return { name, ranks, pValue: uniformityPValue(ranks) };
  });
  // The share of draws that are more probable than the truth.
  const density = ranksOf(
    n,
    perTruth,
    rng,
    (i) => -(logTheta[i] as number),
    (i, l) => -(logDraws[i * perTruth + l] as number),
  );
  const { mean, sd } = columnMoments(theta, p);
  const distance = (a: ArrayLike<number>, at: number, i: number): number => {
    let sum = 0;
    for (let j = 0; j < p; j++) {
      const reference = ((references[i * p + j] as number) - (mean[j] as number)) / (sd[j] as number);
      sum += (((a[at + j] as number) - (mean[j] as number)) / (sd[j] as number) - reference) ** 2;
    }
    return sum;
  };
  const balls = ranksOf(
    n,
    perTruth,
    rng,
    (i) => distance(theta, i * p, i),
    (i, l) => distance(draws, (i * perTruth + l) * p, i),
  );
  const expectedCoverage = coverageOf("expected coverage", density);
  const tarp = coverageOf("TARP", balls);
  let gain = 0;
  for (let i = 0; i < n; i++) gain += ((logTheta[i] as number) - (data.logPrior[i] as number)) / n;
  return {
    sbc,
    expectedCoverage,
    tarp,
    informationGain: gain / Math.LN2 / p,
    verdicts: {
      sbc: verdictOf(
        ["ranks of the truth are uniform", "ranks of the truth are not uniform"],
        sbc.map(({ pValue }) => pValue),
        falseAlarmRate,
      ),
      expectedCoverage: verdictOf(says("regions"), [expectedCoverage.pValue], falseAlarmRate),
      tarp: verdictOf(says("balls"), [tarp.pValue], falseAlarmRate),
    },
  };
}

/** Share of draws below the truth, spread at random over ties and over the steps of 1 / draws. */
function ranksOf(
  n: number,
  perTruth: number,
  rng: Rng,
  truth: (i: number) => number,
  draw: (i: number, l: number) => number,
): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => {
    const value = truth(i);
    let below = 0;
    let equal = 0;
    for (let l = 0; l < perTruth; l++) {
      const other = draw(i, l);
      if (other < value) below++;
      else if (other === value) equal++;
    }
    return (below + (equal + 1) * rng.uniform()) / (perTruth + 1);
  });
}

function coverageOf(name: string, ranks: Float64Array): RankCheck & Coverage {
  const coverage = levels.map((level) => ranks.filter((u) => u <= level).length / ranks.length);
  const gaps = coverage.map((c, i) => c - (levels[i] as number));
  const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
  return {
    name,
    ranks,
    pValue: uniformityPValue(ranks),
    levels,
    coverage,
    error: mean(gaps.map(Math.abs)),
    bias: mean(gaps),
  };
}
