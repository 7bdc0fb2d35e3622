/** A posterior pooled with a learnt likelihood, against linear Gaussian posteriors in closed form. */
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/base/rng.js";
import { columnMoments } from "../../src/calib/diagnostics/c2st.js";
import { Estimation } from "../../src/calib/inference/estimation.js";
import type { LearntLikelihood } from "../../src/calib/inference/likelihood.js";
import { PooledDensity } from "../../src/calib/inference/pooled-density.js";
import { bestExponent, scoreExponents } from "../../src/calib/inference/pooling.js";
import { AmortisedPosterior } from "../../src/calib/inference/posterior.js";
import { normal } from "../../src/calib/inference/priors/marginal.js";
import { independent } from "../../src/calib/inference/priors/prior.js";
import { loadPosterior, savePosterior } from "../../src/calib/inference/saved-posterior.js";
import { kernels } from "../support/kernels.js";

const prior = independent([normal("a", 0, 1), normal("b", 0, 1)]);
const noise = 0.5;
/** Of each parameter, given x: mean x / (1 + noise^2). */
const exactSd = Math.sqrt(1 / (1 + 1 / noise ** 2));
const exactMean = (x: number): number => (x * exactSd ** 2) / noise ** 2;

function simulate(theta: Float64Array, rng: Rng): Float32Array {
  return Float32Array.from(theta, (t) => t + noise * rng.normal());
}

/** Of parameter j. @param draws shape (n, 2) */
function moments(draws: Float64Array, j: number): { mean: number; sd: number } {
  const { mean, sd } = columnMoments(draws, 2);
  return { mean: mean[j] as number, sd: sd[j] as number };
}

describe("the score of an exponent", () => {
  const n = 400;
  const rng = Rng.fromSeed(3);
  const theta = Float64Array.from({ length: n }, () => rng.normal());
  const x = theta.map((t) => t + noise * rng.normal());
  const ratios = (sd: number, bias: number): Float64Array =>
    Float64Array.from({ length: n * n }, (_, at) => {
      const [i, j] = [Math.floor(at / n), at % n];
      return -0.5 * (((x[i] as number) - (theta[j] as number) - bias) / sd) ** 2;
    });

  it("is best for the one that is right", () => {
    expect(bestExponent(scoreExponents(ratios(noise, 0), ratios(3 * noise, 0.5))).exponent).toBe(1);
    expect(bestExponent(scoreExponents(ratios(noise, 1), ratios(noise, 0))).exponent).toBe(0);
  });

  it("is between for two that err in opposite directions", () => {
    const { exponent } = bestExponent(scoreExponents(ratios(noise, 0.4), ratios(noise, -0.4)));
    expect(exponent).toBeGreaterThan(0.2);
    expect(exponent).toBeLessThan(0.8);
  });

  it("does not see constants of x", () => {
    const own = ratios(noise, 0.1);
    const shifted = own.map((v, at) => v + 7 * Math.sin(Math.floor(at / n)));
    const [a, b] = [own, shifted].map((r) => scoreExponents(r, ratios(noise, 0)).map(({ score }) => score));
    b?.forEach((score, k) => {
      expect(score).toBeCloseTo(a?.[k] as number, 8);
    });
  });
});

describe("two rounds with a learnt likelihood", async () => {
  const xObs = Float32Array.of(0.8, -1.1);
  const options = { training: { plannedSteps: 400 }, members: 1 };
  const estimation = new Estimation({ prior, kernels, seed: 5, likelihood: true, ...options });
  const rng = Rng.fromSeed(6);
  for (const round of [1, 2]) {
    const { theta } = estimation.propose(800, xObs, rng.fork(`propose-${round}`));
    estimation.append(theta, simulate(theta, rng.fork(`simulate-${round}`)));
    await estimation.train({ draft: round === 1 });
  }
  const posterior = estimation.posterior(xObs);
  const draws = posterior.sample(8000, Rng.fromSeed(7));

  it("pools, and draws from the closed form", () => {
    expect(posterior.amortised.pooled).toBeInstanceOf(PooledDensity);
    for (const j of [0, 1]) {
      const { mean, sd } = moments(draws, j);
      expect(Math.abs(mean - exactMean(xObs[j] as number))).toBeLessThan(0.15 * exactSd);
      expect(Math.abs(sd / exactSd - 1)).toBeLessThan(0.12);
    }
  });

  it("has a density that integrates to one", () => {
    const [steps, reach] = [60, 4 * exactSd];
    const cell = (2 * reach) / steps;
    const grid = Array.from({ length: steps * steps }, (_, k) => [Math.floor(k / steps), k % steps]).flatMap(([a, b]) =>
      [a, b].map((k, j) => exactMean(xObs[j] as number) - reach + ((k as number) + 0.5) * cell),
    );
    const mass = posterior.logProb(grid).reduce((sum, l) => sum + Math.exp(l) * cell * cell, 0);
    expect(Math.abs(mass - 1)).toBeLessThan(0.05);
  });

  it("says what its draws are worth, and warns where posterior and likelihood tell different things", () => {
    const { pooled, prior: own, ensemble } = posterior.amortised;
    expect(pooled?.effectiveShare(xObs)).toBeGreaterThan(0.5);
    expect(posterior.warnings).toEqual([]);
    // Three sds away, and sharp: few draws of the posterior are there.
    const elsewhere = {
      logProb: (theta: Float64Array) => theta.filter((_, i) => i % 2 === 0).map((a) => -0.5 * ((a - 2.2) / 0.02) ** 2),
    } as unknown as LearntLikelihood;
    const torn = new AmortisedPosterior(own, ensemble, new PooledDensity(own, ensemble, elsewhere, 0)).given(xObs);
    expect(torn.warnings).toEqual([expect.stringMatching(/tell different things: of 100 draws 0\.\d+ count/)]);
  });

  it("draws the closed form of a known likelihood, and twice as wide at four times the temperature", () => {
    const { prior: own, ensemble } = posterior.amortised;
    const known = {
      logProb: (theta: Float64Array, x: ArrayLike<number>) =>
        Float64Array.from({ length: theta.length / 2 }, (_, i) =>
          [0, 1].reduce((sum, j) => sum - 0.5 * (((x[j] as number) - (theta[2 * i + j] as number)) / noise) ** 2, 0),
        ),
    } as unknown as LearntLikelihood;
    const density = new PooledDensity(own, ensemble, known, 0);
    for (const [temperature, width] of [
      [1, 1],
      [4, 2],
    ] as const) {
      const z = density.sample(6000, xObs, Rng.fromSeed(9), temperature);
      for (const j of [0, 1]) {
        const { mean, sd } = moments(z, j);
        // Counting errors are 0.013 of the sd and 0.009; draws of one start are a little alike.
        expect(Math.abs(mean - exactMean(xObs[j] as number))).toBeLessThan(0.08 * width * exactSd);
        expect(Math.abs(sd / exactSd / width - 1)).toBeLessThan(0.05);
      }
    }
  });

  it("is saved and loaded whole", () => {
    const loaded = loadPosterior(savePosterior(posterior.amortised), kernels).given(xObs);
    const probe = draws.slice(0, 20);
    expect([...loaded.logProb(probe)]).toEqual([...posterior.logProb(probe)]);
    expect([...loaded.sample(5, Rng.fromSeed(8))]).toEqual([...posterior.sample(5, Rng.fromSeed(8))]);
  });
});

describe("npe with a learnt likelihood", () => {
  it("pools for any observation, and draws the closed form", async () => {
    const training = { plannedSteps: 400 };
    const estimation = new Estimation({
      prior,
      kernels,
      seed: 5,
      scheme: "npe",
      likelihood: true,
      members: 1,
      training,
    });
    const rng = Rng.fromSeed(10);
    const { theta } = estimation.propose(800, undefined, rng.fork("propose"));
    estimation.append(theta, simulate(theta, rng.fork("simulate")));
    const amortised = await estimation.train();
    expect(amortised.pooled).toBeInstanceOf(PooledDensity);
    expect(amortised.density).toBe(amortised.pooled);
    for (const xObs of [
      [0.8, -1.1],
      [-0.4, 1.3],
    ]) {
      const draws = amortised.given(xObs).sample(4000, Rng.fromSeed(11));
      for (const j of [0, 1]) {
        const { mean, sd } = moments(draws, j);
        expect(Math.abs(mean - exactMean(xObs[j] as number))).toBeLessThan(0.2 * exactSd);
        expect(Math.abs(sd / exactSd - 1)).toBeLessThan(0.12);
      }
    }
  });
});
