/**
 * The benchmark's simulators against what their definitions say, and, where the reference posteriors are at hand, against
 * the stored observations. Bounds of means and deviations are 4.5 standard errors (false alarm 7e-6 each), seeds fixed.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { spikeStatistics } from "../../bench/sbibm/bernoulli-glm.js";
import { loadReference, missingReference, numbers, referenceFolder } from "../../bench/sbibm/reference.js";
import { gaussianLinear, sbibmTasks } from "../../bench/sbibm/tasks.js";
import { Rng } from "../../src/base/rng.js";

const task = (name: string) => sbibmTasks.find((t) => t.name === name)!;
const n = 4000;
const repeat = (theta: readonly number[]): Float64Array =>
  Float64Array.from({ length: n * theta.length }, (_, i) => theta[i % theta.length]!);
const column = (x: Float32Array, f: number, j: number): number[] => [...x.filter((_, i) => i % f === j)];
const mean = (v: readonly number[]): number => v.reduce((a, b) => a + b, 0) / v.length;
const sd = (v: readonly number[]): number => {
  const centre = mean(v);
  return Math.sqrt(mean(v.map((a) => (a - centre) ** 2)));
};

describe("tasks of sbibm", () => {
  it.each(sbibmTasks.map((t) => [t.name, t] as const))(
    "%s gives finite rows of its size, the same for a seed",
    (_, t) => {
      const theta = t.prior.sample(50, Rng.fromSeed(1));
      const x = t.simulate(theta, Rng.fromSeed(2));
      expect(x).toHaveLength(50 * t.numFeatures);
      expect(x.every(Number.isFinite)).toBe(true);
      expect(t.simulate(theta, Rng.fromSeed(2))).toEqual(x);
    },
  );

  it.each(["gaussian_linear", "gaussian_linear_uniform"])("%s adds noise of variance 0.1", (name) => {
    const theta = Array.from({ length: 10 }, (_, i) => i / 10 - 0.5);
    const x = task(name).simulate(repeat(theta), Rng.fromSeed(3));
    for (let j = 0; j < 10; j++) {
      const values = column(x, 10, j);
      expect(Math.abs(mean(values) - theta[j]!)).toBeLessThan(4.5 * Math.sqrt(0.1 / n));
      expect(Math.abs(sd(values) / Math.sqrt(0.1) - 1)).toBeLessThan(4.5 / Math.sqrt(2 * n));
    }
    expect(gaussianLinear.posteriorSd ** 2).toBeCloseTo(0.05, 12);
  });

  it("gaussian_mixture tosses one coin per simulation", () => {
    const x = task("gaussian_mixture").simulate(repeat([3, -2]), Rng.fromSeed(4));
    const [a, b] = [column(x, 2, 0).map((v) => v - 3), column(x, 2, 1).map((v) => v + 2)];
    // Both coordinates of a row share the coin: 95.6 % of narrow rows and 3.0 % of wide ones lie within 0.25 of theta.
    const near = a.filter((v, i) => Math.hypot(v, b[i]!) < 0.25).length / n;
    const want = 0.5 * (1 - Math.exp(-0.5 * 2.5 ** 2)) + 0.5 * (1 - Math.exp(-0.5 * 0.25 ** 2));
    expect(Math.abs(near - want)).toBeLessThan(4.5 * Math.sqrt(0.25 / n));
    expect(Math.abs(mean(a.map((v) => v * v)) - 0.505)).toBeLessThan(0.08);
  });

  it("two_moons makes a half ring of radius 0.1 to the right of its centre", () => {
    const x = task("two_moons").simulate(repeat([0.3, -0.5]), Rng.fromSeed(5));
    const u = column(x, 2, 0).map((v) => v - 0.25 + 0.2 / Math.SQRT2);
    const v = column(x, 2, 1).map((w) => w + 0.8 / Math.SQRT2);
    const radius = u.map((a, i) => Math.hypot(a, v[i]!));
    expect(Math.min(...u)).toBeGreaterThan(-1e-6);
    expect(Math.abs(mean(radius) - 0.1)).toBeLessThan((4.5 * 0.01) / Math.sqrt(n));
    expect(Math.abs(sd(radius) / 0.01 - 1)).toBeLessThan(4.5 / Math.sqrt(2 * n));
  });

  it("slcp draws four points with the covariance of its parameters", () => {
    const x = task("slcp").simulate(repeat([0.7, -2.9, -1.2, 0.9, 0.6]), Rng.fromSeed(6));
    const [s1, s2] = [1.44, 0.81];
    for (let p = 0; p < 4; p++) {
      const [a, b] = [column(x, 8, 2 * p), column(x, 8, 2 * p + 1)];
      expect(Math.abs(mean(a) - 0.7)).toBeLessThan((4.5 * s1) / Math.sqrt(n));
      expect(Math.abs(mean(b) + 2.9)).toBeLessThan((4.5 * s2) / Math.sqrt(n));
      expect(Math.abs(sd(a) / s1 - 1)).toBeLessThan(4.5 / Math.sqrt(2 * n));
      const correlation = mean(a.map((v, i) => (v - 0.7) * (b[i]! + 2.9))) / (s1 * s2);
      expect(Math.abs(correlation - Math.tanh(0.6))).toBeLessThan(0.08);
    }
  });

  it("bernoulli_glm counts spikes and weighs the stimulus with them", () => {
    const spikes = Array.from({ length: 100 }, (_, t) => (t === 0 || t === 3 ? 1 : 0));
    const [count, lag0, lag1, lag3] = [0, 1, 2, 4].map((k) => spikeStatistics(spikes)[k]!);
    // RandomState(42): 0.4967, -0.1383, 0.6477, 1.5230.
    expect(count).toBe(2);
    expect(lag0).toBeCloseTo(0.49671414 + 1.5230298, 5);
    expect(lag1).toBeCloseTo(0.64768857, 5);
    expect(lag3).toBeCloseTo(0.49671414, 5);
  });
});

const folder = referenceFolder();
const missing = missingReference(folder, "two_moons", 1);
describe.skipIf(missing !== undefined)(
  `reference posteriors${missing === undefined ? "" : ` (skipped: ${missing})`}`,
  () => {
    it.each([1, 2, 3])("two_moons %i: references pushed through the map give the ring", (observation) => {
      const { observation: x, samples } = loadReference(folder, "two_moons", observation);
      const radii: number[] = [];
      for (let i = 0; i < samples.length; i += 2) {
        const [a, b] = [samples[i]!, samples[i + 1]!];
        const u = x[0]! - 0.25 + Math.abs(a + b) / Math.SQRT2;
        radii.push(Math.hypot(u, x[1]! - (b - a) / Math.SQRT2));
        expect(u).toBeGreaterThan(-1e-5);
      }
      expect(mean(radii)).toBeCloseTo(0.1, 3);
      expect(sd(radii)).toBeCloseTo(0.01, 3);
    });

    it("bernoulli_glm 1: the stored spikes give the stored statistics", () => {
      const at = join(folder, "bernoulli_glm", "observation-1");
      const spikes = numbers(readFileSync(join(at, "observation-raw.csv"), "utf8"));
      const { observation } = loadReference(folder, "bernoulli_glm", 1);
      spikeStatistics(spikes).forEach((v, k) => {
        expect(v).toBeCloseTo(observation[k]!, 3);
      });
    });
  },
);
