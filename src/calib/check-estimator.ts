/**
 * Is an estimator as sure of itself as it should be? Ranks, coverage and information on fresh emulations, as plain data
 * with verdicts; for the run of one neuron and of many.
 */
import type { Rng } from "../base/rng.js";
import { calibrationDraws, checkCalibration } from "./diagnostics/calibration.js";
import type { Verdict } from "./diagnostics/verdict.js";
import type { AmortisedPosterior } from "./inference/posterior.js";
import type { CalibrationDiagnostics, RunDiagnostics } from "./run-data.js";

/** Fresh emulations: enough for a Kolmogorov-Smirnov test to see intervals a third too narrow. */
const mostChecks = 100;
const shareOfBudget = 1 / 12;
export const fewestChecks = 20;
const drawsPerCheck = 100;

/** Fresh emulations for a run of so many; 0 when they would be too few to tell anything. */
export function checksFor(simulations: number): number {
  const count = Math.min(mostChecks, Math.floor(shareOfBudget * simulations));
  return count < fewestChecks ? 0 : count;
}

/** @param theta of fresh emulations, shape (n, p), n >= 20 @param x what the posterior sees of them, shape (n, f) */
export function checkEstimator(
  posterior: AmortisedPosterior,
  theta: ArrayLike<number>,
  x: Float32Array,
  names: readonly string[],
  rng: Rng,
): { readonly calibration: CalibrationDiagnostics; readonly verdicts: RunDiagnostics["verdicts"] } {
  const draws = calibrationDraws(posterior, theta, x, drawsPerCheck, rng.fork("draws"));
  const { sbc, expectedCoverage, tarp, informationGain, verdicts } = checkCalibration(draws, names, rng.fork("ranks"));
  const plain = <T extends { readonly ranks: Float64Array }>(check: T) => ({ ...check, ranks: [...check.ranks] });
  const calibration = {
    checks: draws.logTheta.length,
    sbc: sbc.map(plain),
    expectedCoverage: plain(expectedCoverage),
    tarp: plain(tarp),
    informationGain,
    gains: Array.from(draws.logTheta, (log, i) => (log - (draws.logPrior[i] as number)) / Math.LN2 / draws.p),
  };
  const named = (name: string, verdict: Verdict) => ({ name, ...verdict });
  return {
    calibration,
    verdicts: [
      named("ranks (SBC)", verdicts.sbc),
      named("expected coverage", verdicts.expectedCoverage),
      named("TARP", verdicts.tarp),
    ],
  };
}

/** What the reader must see of a check that failed. */
export function failureText({ name, text, falseAlarmRate }: RunDiagnostics["verdicts"][number]): string {
  const often = falseAlarmRate > 0 ? ` (so in ${100 * falseAlarmRate} % of posteriors without fault)` : "";
  return `${name}: ${text}${often}`;
}
