/**
 * The whole engine against truth that is known without it: posteriors over integer codes computed by enumeration from
 * the exact likelihood. Everything is seeded, so a run either always passes or always fails on one machine; the bounds
 * say how far another seed may lie.
 */
import { expect, test } from "vitest";
import { Rng } from "../../src/base/rng.js";
import { Estimation } from "../../src/calib/inference/estimation.js";
import type { Posterior } from "../../src/calib/inference/posterior.js";
import { integerBox } from "../../src/calib/inference/priors/prior.js";
import { kernels } from "../support/kernels.js";

const prior = integerBox({ a: [0, 1022], b: [0, 1022] });

/** Simulator: expected features of a code pair, plus independent normal noise. */
interface Model {
  readonly features: number;
  readonly noise: number;
  mean(a: number, b: number): number[];
}

function simulate(model: Model, theta: ArrayLike<number>, rng: Rng): Float32Array {
  const rows = theta.length / 2;
  const x = new Float32Array(rows * model.features);
  for (let i = 0; i < rows; i++) {
    x.set(
      model.mean(theta[2 * i]!, theta[2 * i + 1]!).map((m) => m + model.noise * rng.normal()),
      i * model.features,
    );
  }
  return x;
}

interface Exact {
  readonly codes: Int32Array;
  /** Probability mass per code at each listed code, and codes that each stands for. */
  readonly mass: Float64Array;
  readonly cell: number;
  readonly mean: readonly [number, number];
  readonly sd: readonly [number, number];
}

/** Enumerate every third code of both parameters. */
function exactPosterior(model: Model, x: Float32Array): Exact {
  const rows: [number, number, number][] = [];
  let top = Number.NEGATIVE_INFINITY;
  for (let a = 0; a <= 1022; a += 3) {
    for (let b = 0; b <= 1022; b += 3) {
      const log = model.mean(a, b).reduce((sum, m, j) => sum - 0.5 * ((x[j]! - m) / model.noise) ** 2, 0);
      rows.push([a, b, log]);
      top = Math.max(top, log);
    }
  }
  const total = rows.reduce((sum, [, , log]) => sum + Math.exp(log - top), 0);
  const kept = rows.filter(([, , log]) => log - top > -25);
  const weight = kept.map(([, , log]) => Math.exp(log - top) / total);
  const moment = (k: 0 | 1, power: number, centre: number): number =>
    kept.reduce((sum, row, i) => sum + weight[i]! * (row[k] - centre) ** power, 0);
  const mean = [moment(0, 1, 0), moment(1, 1, 0)] as const;
  return {
    codes: Int32Array.from(kept.flatMap((row) => row.slice(0, 2))),
    mass: Float64Array.from(weight, (w) => w / 9),
    cell: 9,
    mean,
    sd: [Math.sqrt(moment(0, 2, mean[0])), Math.sqrt(moment(1, 2, mean[1]))],
  };
}

/** Kullback-Leibler divergence from the exact posterior to the estimate, nats. */
function divergence(exact: Exact, posterior: Posterior): number {
  const logQ = posterior.logProb(exact.codes);
  return exact.mass.reduce((sum, p, i) => sum + exact.cell * p * (Math.log(p) - logQ[i]!), 0);
}

/** One small network and few steps: enough for the bounds below, a fraction of the defaults' time. */
const quick = { prior, kernels, members: 1, training: { plannedSteps: 800 } } as const;

test("normal noise in a box: the truncated normal posterior, in the middle and at an edge", async () => {
  const model: Model = { features: 2, noise: 1, mean: (a, b) => [a / 80, b / 80] };
  const rng = Rng.fromSeed(21);
  const estimation = new Estimation({ ...quick, seed: 1, scheme: "npe" });
  const theta = prior.sample(800, rng);
  estimation.append(theta, simulate(model, theta, rng));
  await estimation.train();
  const middle = new Float32Array([6, 7]);
  const exact = exactPosterior(model, middle);
  const posterior = estimation.posterior(middle);
  // Measured with this seed: 0.126 nats in the middle, 0.175 at the edge.
  expect(divergence(exact, posterior)).toBeLessThan(0.16);
  posterior.summarize(4000, rng.fork("draws")).forEach(({ mean, sd }, k) => {
    expect(Math.abs(mean - exact.mean[k]!) / exact.sd[k]!).toBeLessThan(0.4);
    expect(sd / exact.sd[k]!).toBeGreaterThan(0.8);
    expect(sd / exact.sd[k]!).toBeLessThan(1.35);
  });
  // Half of this posterior is cut off by the box.
  const edge = new Float32Array([0, 6]);
  expect(divergence(exactPosterior(model, edge), estimation.posterior(edge))).toBeLessThan(0.22);
});

/** Eight curved, correlated features of both codes. */
const curved: Model = {
  features: 8,
  noise: 0.1,
  mean: (a, b) => {
    const [u, v] = [a / 1022, b / 1022];
    return Array.from(
      { length: 8 },
      (_, j) => Math.sin((1 + 0.4 * j) * u + (2 - 0.3 * j) * v + j) + (j % 2 === 1 ? u * v : u * u),
    );
  },
};

test.each(["tsnpe", "snpe-c"] as const)(
  "a second round of %s brings the posterior of a curved model closer to the exact one",
  async (scheme) => {
    const rng = Rng.fromSeed(2);
    const x = simulate(curved, [600, 350], rng.fork("observation"));
    const exact = exactPosterior(curved, x);
    const estimation = new Estimation({ ...quick, seed: 2, scheme });
    const { theta } = estimation.propose(400, x, rng);
    estimation.append(theta, simulate(curved, theta, rng.fork("round 1")));
    await estimation.train();
    const first = estimation.posterior(x);
    const next = estimation.propose(400, x, rng.fork("proposal"));
    expect(next.from).toBe(scheme === "tsnpe" ? "truncated prior" : "posterior");
    estimation.append(next.theta, simulate(curved, next.theta, rng.fork("round 2")));
    await estimation.train();
    const second = estimation.posterior(x);
    // Measured with this seed: tsnpe from 0.82 to 0.080 nats, snpe-c from 0.31 to 0.19.
    const [share, most] = scheme === "tsnpe" ? [0.2, 0.12] : [0.8, 0.25];
    expect(divergence(exact, second)).toBeLessThan(share * divergence(exact, first));
    expect(divergence(exact, second)).toBeLessThan(most);
    second.summarize(4000, rng.fork("draws")).forEach(({ mean, sd }, k) => {
      expect(Math.abs(mean - exact.mean[k]!) / exact.sd[k]!).toBeLessThan(0.5);
      expect(sd / exact.sd[k]!).toBeGreaterThan(0.7);
      // The atomic loss on 400 + 400 simulations leaves the posterior wider: measured 2.0 with this seed.
      expect(sd / exact.sd[k]!).toBeLessThan(scheme === "tsnpe" ? 1.35 : 2.5);
    });
  },
);

test("central 90 % and 50 % intervals cover the truth as often as they say", async () => {
  const rng = Rng.fromSeed(3);
  const model: Model = { ...curved, noise: 0.3 };
  const estimation = new Estimation({ ...quick, seed: 3, scheme: "npe" });
  const theta = prior.sample(1000, rng);
  estimation.append(theta, simulate(model, theta, rng.fork("training")));
  await estimation.train();
  const trials = 200;
  const truth = prior.sample(trials, rng.fork("truth"));
  const x = simulate(model, truth, rng.fork("fresh"));
  const covered = { 0.9: 0, 0.5: 0 };
  for (let i = 0; i < trials; i++) {
    const draws = estimation.posterior(x.subarray(i * 8, (i + 1) * 8)).sample(200, rng.fork(`draws ${i}`));
    for (const k of [0, 1]) {
      const below = draws.filter((code, j) => j % 2 === k && code < truth[2 * i + k]!).length / 200;
      if (Math.abs(below - 0.5) <= 0.45) covered[0.9]++;
      if (Math.abs(below - 0.5) <= 0.25) covered[0.5]++;
    }
  }
  // 400 checks: standard errors 0.015 and 0.025 if all were independent; an exact posterior leaves these bounds
  // (3.9 and 3.2 standard errors down, 3.9 and 4.8 up) about once in a thousand seeds.
  expect(covered[0.9] / (2 * trials)).toBeGreaterThan(0.84);
  expect(covered[0.9] / (2 * trials)).toBeLessThan(0.96);
  expect(covered[0.5] / (2 * trials)).toBeGreaterThan(0.42);
  expect(covered[0.5] / (2 * trials)).toBeLessThan(0.62);
});
