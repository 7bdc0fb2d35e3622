/** Inference end to end on a small simulator: schemes, failures kept, saved posteriors, point estimates, bad input. */
import { beforeAll, describe, expect, it } from "vitest";
import { Rng } from "../../src/base/rng.js";
import { conditional, mapEstimate } from "../../src/calib/inference/point-estimate.js";
import { box, integerBox } from "../../src/calib/inference/priors/prior.js";
import { type InferenceOptions, type InferenceResult, runInference } from "../../src/calib/inference/run-inference.js";
import { loadPosterior, savePosterior } from "../../src/calib/inference/saved-posterior.js";
import { kernels } from "../support/kernels.js";

const prior = integerBox({ k: [0, 99], m: [10, 29] });
const quick = { kernels, members: 1, training: { plannedSteps: 120 }, seed: 5 } as const;

/** Both parameters with noise, and a constant; nothing for k above 79. */
const simulator: InferenceOptions["simulator"] = (theta, { rng, count }) => {
  const rows = Array.from({ length: count }, (_, i) => [theta[2 * i]!, theta[2 * i + 1]!] as const);
  return {
    x: rows.flatMap(([k, m]) => [k + 3 * rng.normal(), m + rng.normal(), 1]),
    invalid: rows.map(([k]) => (k > 79 ? "saturated" : undefined)),
  };
};
const options: InferenceOptions = { ...quick, prior, simulator, xObs: [40, 20, 1], simulations: 600, rounds: 2 };

describe("two rounds of truncated proposals", () => {
  let result: InferenceResult;
  const progress: string[] = [];
  beforeAll(async () => {
    result = await runInference({ ...options, onProgress: ({ stage, round }) => progress.push(`${stage} ${round}`) });
  });

  it("find the observation's parameters and report every round", () => {
    const [k, m] = result.posterior!.summarize(2000, Rng.fromSeed(1));
    expect(Math.abs(k!.mean - 40)).toBeLessThan(6);
    expect(Math.abs(m!.mean - 20)).toBeLessThan(2);
    expect(k!.sd).toBeLessThan(12);
    expect(result.rounds.map(({ proposal }) => proposal)).toEqual(["prior", "truncated prior"]);
    expect(result.rounds[1]!.acceptanceRate).toBeLessThan(1);
    expect([...new Set(progress)]).toEqual(["simulate 1", "train 1", "simulate 2", "train 2"]);
  });

  it("keep failures with their reason and go where there are none", () => {
    expect(result.rounds[0]!.usableShare).toBeLessThan(0.9);
    expect(result.rounds[1]!.usableShare).toBeGreaterThan(0.98);
    expect(result.notices[0]).toMatch(/of 600 simulations .* saturated/);
    expect(result.notices.join()).toMatch(/feature 2 never varied/);
  });

  it("give codes: legal draws, mass that sums to one, a most probable setting without a better neighbour", () => {
    const posterior = result.posterior!;
    const draws = posterior.sample(500, Rng.fromSeed(2));
    expect(draws.every((v, i) => Number.isInteger(v) && (i % 2 === 0 ? v >= 0 && v <= 99 : v >= 10 && v <= 29))).toBe(
      true,
    );
    const all = Array.from({ length: 2000 }, (_, i) => [Math.floor(i / 20), 10 + (i % 20)]).flat();
    const mass = posterior.logProb(all).reduce((sum, v) => sum + Math.exp(v), 0);
    // The density is taken at the middle of each bin.
    expect(Math.abs(mass - 1)).toBeLessThan(0.05);
    const best = mapEstimate(posterior, Rng.fromSeed(3), 200);
    const [k, m] = [...best.theta] as [number, number];
    const around = posterior.logProb([k - 1, m, k + 1, m, k, m - 1, k, m + 1]);
    expect(Math.max(...around)).toBeLessThanOrEqual(best.logProb);
    expect(posterior.logProb([100, 20, 40.5, 20])).toEqual(Float64Array.of(-Infinity, -Infinity));
    const slice = conditional(posterior, { m: 20 }, Rng.fromSeed(4));
    expect(slice.axes[0]!.values).toHaveLength(100);
    expect(slice.mass.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
  });

  it("are the same after saving and loading, and refuse another version", () => {
    const bytes = savePosterior(result.amortised);
    const again = loadPosterior(bytes, kernels).given([40, 20, 1]);
    expect(again.sample(50, Rng.fromSeed(6))).toEqual(result.posterior!.sample(50, Rng.fromSeed(6)));
    const other = new TextEncoder().encode(
      new TextDecoder("latin1").decode(bytes).replace("hxloop.posterior/2", "hxloop.posterior/9"),
    );
    expect(() => loadPosterior(other, kernels)).toThrow(expect.objectContaining({ _tag: "SavedPosteriorInvalid" }));
    expect(() => loadPosterior(bytes.slice(0, 40), kernels)).toThrow(
      expect.objectContaining({ _tag: "SavedPosteriorInvalid" }),
    );
    expect(() => loadPosterior(bytes.slice(0, -100), kernels)).toThrow(
      expect.objectContaining({ _tag: "SavedPosteriorInvalid" }),
    );
  });

  it("repeat themselves for a seed", async () => {
    const again = await runInference(options);
    expect(again.posterior!.sample(20, Rng.fromSeed(7))).toEqual(result.posterior!.sample(20, Rng.fromSeed(7)));
  });

  it("refuse an observation that cannot be conditioned on", () => {
    const tagged = expect.objectContaining({ _tag: "ObservationInvalid" });
    expect(() => result.amortised.given([40, Number.NaN, 1])).toThrow(tagged);
    expect(() => result.amortised.given([40, 20])).toThrow(tagged);
    expect(() => result.amortised.given([4e9, 20, 1])).toThrow(tagged);
    expect(result.amortised.given([900, 20, 1]).warnings.join()).toMatch(/far outside the simulations in feature 0/);
  });
});

describe("bad input", () => {
  const fails = (changes: Partial<InferenceOptions>) => runInference({ ...options, ...changes });
  it.each([
    ["FieldOutOfRange", { simulations: 20 }],
    ["FieldOutOfRange", { rounds: 0 }],
    ["FieldOutOfRange", { members: 11 }],
    ["FieldOutOfRange", { scheme: "abc" as never }],
    ["ObservationInvalid", { xObs: [1, Number.NaN, 1] }],
    ["SimulatorFailed", { xObs: [1, 2] }],
    ["SimulatorFailed", { simulator: (theta: Float64Array) => new Float64Array(theta.length + 1) }],
    [
      "SimulatorFailed",
      { simulator: (theta: Float64Array) => new Float64Array((theta.length / 2) * 3).fill(Number.NaN) },
    ],
  ] as const)("gives %s for %o", async (tag, changes) => {
    await expect(fails(changes)).rejects.toMatchObject({ _tag: tag });
  });

  it("names the acceptance rate when a proposal cannot be drawn", async () => {
    const narrow = { prior: box({ a: [0, 1] }), xObs: [0.5], drawBudget: 1, truncatedMass: 0.4 };
    const run = fails({ ...narrow, simulator: (theta, { rng }) => theta.map((t) => t + 0.3 * rng.normal()) });
    await expect(run).rejects.toMatchObject({ _tag: "DrawBudgetExhausted", acceptanceRate: expect.any(Number) });
  });

  it("stops at an abort", async () => {
    const stop = new AbortController();
    const run = fails({
      signal: stop.signal,
      onProgress: ({ stage }) => stage === "train" && stop.abort(new Error("enough")),
    });
    await expect(run).rejects.toThrow("enough");
  });
});
