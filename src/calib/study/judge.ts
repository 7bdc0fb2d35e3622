/** One way of estimating, judged on targets whose codes are known: coverage, information, predictive distance. */
import type { Rng } from "../../base/rng.js";
import { checkCalibration } from "../diagnostics/calibration.js";
import type { AmortisedPosterior, Posterior } from "../inference/posterior.js";
import { coverageTable, levels, type ParameterCoverage } from "./coverage-table.js";
import type { StudyTarget } from "./study-run.js";

/** Draws per target behind ranks and regions. */
const drawsPerTarget = 500;

export interface Judgement {
  readonly targets: number;
  readonly parameters: readonly ParameterCoverage[];
  /** Coverage of highest-density regions over all parameters at once, at `levels`. */
  readonly joint: readonly number[];
  /** Mean of log2 p(theta | x) / p(theta), bits per code. */
  readonly bitsPerCode: number;
}

/** Draws of every target's posterior, and their densities. */
export interface TargetDraws {
  /** Shape (targets, drawsPerTarget, p). */
  readonly draws: Float64Array;
  readonly logDraws: Float64Array;
  /** Shape (targets). */
  readonly logTheta: Float64Array;
}

/** One estimator for all targets. @param x shape (targets, numFeatures) */
export function drawAmortised(
  posterior: AmortisedPosterior,
  targets: readonly StudyTarget[],
  x: Float32Array,
  rng: Rng,
): TargetDraws {
  const draws = posterior.sample(drawsPerTarget, x, rng);
  return { draws, logDraws: posterior.logProb(draws, x), logTheta: posterior.logProb(thetas(targets), x) };
}

/** A posterior for each target. */
export function drawEach(posteriors: readonly Posterior[], targets: readonly StudyTarget[], rng: Rng): TargetDraws {
  const p = targets[0]?.theta.length ?? 0;
  const draws = new Float64Array(targets.length * drawsPerTarget * p);
  const logDraws = new Float64Array(targets.length * drawsPerTarget);
  const logTheta = new Float64Array(targets.length);
  for (const [t, posterior] of posteriors.entries()) {
    const own = posterior.sample(drawsPerTarget, rng.fork(`target ${t}`));
    draws.set(own, t * drawsPerTarget * p);
    logDraws.set(posterior.logProb(own), t * drawsPerTarget);
    logTheta[t] = posterior.logProb((targets[t] as StudyTarget).theta)[0] as number;
  }
  return { draws, logDraws, logTheta };
}

export function judge(
  names: readonly string[],
  targets: readonly StudyTarget[],
  { draws, logDraws, logTheta }: TargetDraws,
  logPrior: ArrayLike<number>,
  rng: Rng,
): Judgement {
  const theta = thetas(targets);
  const report = checkCalibration(
    { p: names.length, theta, draws, logTheta, logDraws, logPrior, references: theta },
    names,
    rng.fork("calibration"),
  );
  const { ranks } = report.expectedCoverage;
  return {
    targets: targets.length,
    parameters: coverageTable(names, theta, draws, rng.fork("ranks")),
    joint: levels.map((level) => ranks.filter((u) => u <= level).length / ranks.length),
    bitsPerCode: report.informationGain,
  };
}

/** The first draws of each target. @returns shape (targets, count, p) */
export function firstDraws({ draws }: TargetDraws, targets: number, count: number): Int32Array {
  const p = draws.length / targets / drawsPerTarget;
  const out = new Int32Array(targets * count * p);
  for (let t = 0; t < targets; t++) {
    const from = t * drawsPerTarget * p;
    out.set(Int32Array.from(draws.subarray(from, from + count * p)), t * count * p);
  }
  return out;
}

/** True codes, shape (targets, p). */
export function thetas(targets: readonly StudyTarget[]): Float64Array {
  return Float64Array.from(targets.flatMap(({ theta }) => [...theta]));
}
