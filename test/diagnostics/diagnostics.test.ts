/**
 * Every diagnostic on posteriors that are known to be right and on ones that are known to be wrong. Right ones are draws
 * in closed form (linear Gaussian task), so the verdicts' false-alarm rate, 1 % each, is what a new seed risks.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { gaussianLinear } from "../../bench/sbibm/tasks.js";
import { Rng } from "../../src/base/rng.js";
import { type CalibrationDraws, calibrationDraws, checkCalibration } from "../../src/calib/diagnostics/calibration.js";
import { ensembleDisagreement } from "../../src/calib/diagnostics/disagreement.js";
import { localC2st } from "../../src/calib/diagnostics/local-c2st.js";
import { checkMisspecification } from "../../src/calib/diagnostics/misspecification.js";
import { uniformityPValue } from "../../src/calib/diagnostics/verdict.js";
import type { Posterior } from "../../src/calib/inference/posterior.js";
import { normal } from "../../src/calib/inference/priors/marginal.js";
import { independent } from "../../src/calib/inference/priors/prior.js";
import { runInference } from "../../src/calib/inference/run-inference.js";
import { kernels } from "../support/kernels.js";

const logNormal = (v: number, mean: number, sd: number): number =>
  -0.5 * ((v - mean) / sd) ** 2 - Math.log(sd) - 0.5 * Math.log(2 * Math.PI);

/** Draws of the exact posterior of gaussian_linear, with its width and mean changed on request. */
function exactDraws(n: number, draws: number, width = 1, shift = 0): CalibrationDraws {
  const { prior, simulate, posteriorMean, posteriorSd } = gaussianLinear;
  const rng = Rng.fromSeed(12);
  const p = 10;
  const theta = prior.sample(n, rng);
  const x = simulate(theta, rng);
  const sd = width * posteriorSd;
  const mean = Array.from({ length: n }, (_, i) => posteriorMean(x.subarray(i * p, (i + 1) * p)).map((m) => m + shift));
  const sampled = Float64Array.from({ length: n * draws * p }, (_, k) => {
    return mean[Math.floor(k / (draws * p))]![k % p]! + sd * rng.normal();
  });
  const logOf = (values: ArrayLike<number>, perRow: number): Float64Array =>
    Float64Array.from({ length: n * perRow }, (_, row) => {
      let sum = 0;
      for (let j = 0; j < p; j++) sum += logNormal(values[row * p + j]!, mean[Math.floor(row / perRow)]![j]!, sd);
      return sum;
    });
  const references = prior.sample(n, rng);
  const logs = { logTheta: logOf(theta, 1), logDraws: logOf(sampled, draws), logPrior: prior.logProb(theta) };
  return { p, theta, draws: sampled, references, ...logs };
}

const names = Array.from({ length: 10 }, (_, i) => `theta_${i + 1}`);

describe("calibration on the linear Gaussian task", () => {
  it("passes the exact posterior, and measures the information in closed form", () => {
    const report = checkCalibration(exactDraws(300, 200), names, Rng.fromSeed(1));
    expect(Object.values(report.verdicts).map(({ passed }) => passed)).toEqual([true, true, true]);
    expect(report.verdicts.sbc.falseAlarmRate).toBe(0.01);
    expect(report.expectedCoverage.error).toBeLessThan(0.06);
    expect(report.sbc.map(({ name }) => name)).toEqual(names);
    // Half a bit: the variance halves. Its standard error over 300 x 10 values is 0.013.
    expect(Math.abs(report.informationGain - 0.5)).toBeLessThan(0.06);
  });

  it("finds a posterior that is too narrow, and one that is shifted", () => {
    const narrow = checkCalibration(exactDraws(300, 200, 0.7), names, Rng.fromSeed(1));
    expect(narrow.verdicts.expectedCoverage.passed).toBe(false);
    expect(narrow.verdicts.sbc.passed).toBe(false);
    expect(narrow.verdicts.tarp.passed).toBe(false);
    expect(narrow.expectedCoverage.bias).toBeLessThan(-0.1);
    const shifted = checkCalibration(exactDraws(300, 200, 1, 0.12), names, Rng.fromSeed(1));
    expect(shifted.verdicts.sbc.passed).toBe(false);
  });

  it("has p-values that are uniform themselves", () => {
    const rng = Rng.fromSeed(3);
    const pValues = Array.from({ length: 400 }, () =>
      uniformityPValue(Array.from({ length: 50 }, () => rng.uniform())),
    );
    // Share below 0.1: 40 +- 6; 4 standard deviations.
    const below = pValues.filter((v) => v < 0.1).length;
    expect(below).toBeGreaterThan(16);
    expect(below).toBeLessThan(64);
  });
});

describe("diagnostics of a trained posterior", () => {
  const prior = independent([normal("a", 0, 1), normal("b", 0, 1)]);
  const simulator = (theta: Float64Array, { rng }: { rng: Rng }): Float64Array =>
    theta.map((t) => t + 0.5 * rng.normal());
  let posterior: Posterior;
  const theta = prior.sample(600, Rng.fromSeed(20));
  const x = simulator(theta, { rng: Rng.fromSeed(21) });

  beforeAll(async () => {
    const training = { plannedSteps: 1000 };
    const options = { prior, simulator, kernels, xObs: [0.4, -0.2], simulations: 1500, seed: 3, training } as const;
    posterior = (await runInference({ ...options, scheme: "npe" })).posterior!;
  }, 120_000);

  it("SBC, coverage and TARP pass, with the mean and width of the closed form", () => {
    // Of 300 observations: a test on more would find the faults that training on 1500 simulations leaves.
    const draws = calibrationDraws(posterior.amortised, theta.slice(0, 600), x.slice(0, 600), 200, Rng.fromSeed(22));
    const report = checkCalibration(draws, ["a", "b"], Rng.fromSeed(23));
    expect(Object.values(report.verdicts).every(({ passed }) => passed)).toBe(true);
    expect(report.expectedCoverage.error).toBeLessThan(0.05);
    const [a] = posterior.summarize(4000, Rng.fromSeed(24));
    // Precision 1 + 4: mean 0.8 x, sd 0.447.
    expect(Math.abs(a!.mean - 0.32)).toBeLessThan(0.12);
    expect(Math.abs(a!.sd / Math.sqrt(0.2) - 1)).toBeLessThan(0.15);
  });

  it("L-C2ST passes it, and finds data of another noise", async () => {
    const options = { kernels, rng: Rng.fromSeed(25), nulls: 19 };
    const right = await localC2st(posterior, theta, x, options);
    expect(right.nulls).toHaveLength(19);
    expect(right.verdict.falseAlarmRate).toBe(0.05);
    const wrong = await localC2st(
      posterior,
      theta,
      theta.map((t, i) => t + (i % 2 === 0 ? 1 : 0)),
      options,
    );
    expect(wrong.pValue).toBeLessThanOrEqual(0.05);
    expect(wrong.statistic).toBeGreaterThan(2 * right.statistic);
  }, 120_000);

  it("misspecification passes a simulation and finds a foreign observation", () => {
    const { features } = posterior.amortised.ensemble;
    expect(checkMisspecification(features, [0.4, -0.2], x, Rng.fromSeed(26)).verdict.passed).toBe(true);
    const foreign = checkMisspecification(features, [9, -9], x, Rng.fromSeed(26));
    expect(foreign.verdict.passed).toBe(false);
    expect(foreign.mmd.pValue).toBeLessThan(0.01);
    const many = checkMisspecification(
      features,
      simulator(theta.slice(0, 60), { rng: Rng.fromSeed(27) }),
      x,
      Rng.fromSeed(28),
    );
    expect(many.verdict.passed).toBe(true);
  });

  it("members agree where there was data", () => {
    const { divergence, limit, perMember, verdict } = ensembleDisagreement(posterior, Rng.fromSeed(29));
    expect(limit).toBe(2);
    expect(perMember).toHaveLength(4);
    expect(divergence).toBeLessThan(0.15);
    expect(verdict.passed).toBe(true);
  });
});
