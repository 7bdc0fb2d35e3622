import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { Rng } from "../../base/rng.js";
import { selectBackend } from "../nn/backend.js";
import type { TrainingProgress } from "./api.js";
import { IntegerBoxPrior } from "./prior.js";
import { Snpe, type SnpeOptions } from "./snpe.js";

beforeAll(async () => {
  await selectBackend("wasm");
});

const prior = new IntegerBoxPrior([
  { name: "a", min: 0, max: 1022 },
  { name: "b", min: 100, max: 200 },
]);
const options: SnpeOptions = {
  seed: 4,
  members: 2,
  maxEpochs: 3,
  maxEpochsLater: 2,
  batchSize: 50,
  estimator: { transforms: 2, hidden: 12 },
};

/** Three features: both parameters with noise, and a constant. */
function simulate(theta: Int32Array, rng: Rng): Float32Array {
  const x = new Float32Array((theta.length / 2) * 3);
  for (let i = 0; i < theta.length / 2; i++) {
    x.set([theta[2 * i]! / 100 + rng.normal(), theta[2 * i + 1]! / 10 + rng.normal(), 1], 3 * i);
  }
  return x;
}

async function twoRounds(changes: Partial<SnpeOptions> = {}): Promise<Snpe> {
  const rng = Rng.fromSeed(8);
  const snpe = new Snpe(prior, { ...options, ...changes });
  const theta = prior.sample(120, rng);
  snpe.appendSimulations(theta, simulate(theta, rng), "prior");
  await snpe.train();
  const proposal = snpe.posterior(new Float32Array([5, 15, 1]));
  const next = proposal.sample(60, rng);
  snpe.appendSimulations(next, simulate(next, rng), proposal);
  await snpe.train();
  return snpe;
}

test("two rounds: legal codes, finite probabilities, summaries, states, no tensor left", async () => {
  const before = tf.memory().numTensors;
  const snpe = await twoRounds();
  const posterior = snpe.posterior(new Float32Array([5, 15, 1]));
  const draws = posterior.sample(2000, Rng.fromSeed(1));
  expect(prior.assertInside(draws)).toBe(2000);
  expect(posterior.logProb(draws).every(Number.isFinite)).toBe(true);
  for (const { name, mean, sd, q05, median, q95 } of posterior.summarize(500, Rng.fromSeed(1))) {
    expect(["a", "b"]).toContain(name);
    expect(sd).toBeGreaterThan(0);
    expect(q05 <= median && median <= q95 && q05 <= mean && mean <= q95).toBe(true);
  }
  expect(snpe.round).toBe(2);
  expect(snpe.states().map(({ name }) => name)).toEqual(["density-estimator-0", "density-estimator-1"]);
  expect(JSON.parse(JSON.stringify(snpe.states()[0]!.config))).toMatchObject({ kind: "maf", rounds: 2 });
  expect(snpe.notices).toEqual(["feature 2 never varies between simulations and is left out"]);
  expect(tf.memory().numTensors).toBe(before);
  snpe.dispose();
  expect(() => snpe.posterior(new Float32Array(3))).toThrow(expect.objectContaining({ _tag: "NotTrained" }));
  expect(posterior.sample(10, Rng.fromSeed(1))).toHaveLength(20);
});

test("probabilities of all codes of the box sum to one", async () => {
  const small = new IntegerBoxPrior([
    { name: "a", min: 0, max: 59 },
    { name: "b", min: -5, max: 54 },
  ]);
  const rng = Rng.fromSeed(2);
  const snpe = new Snpe(small, { ...options, maxEpochs: 10 });
  const theta = small.sample(200, rng);
  snpe.appendSimulations(
    theta,
    Float32Array.from(theta, (code) => code / 10 + rng.normal()),
    "prior",
  );
  await snpe.train();
  const codes = Int32Array.from({ length: 7200 }, (_, i) =>
    i % 2 === 0 ? Math.floor(i / 120) : -5 + (((i - 1) / 2) % 60),
  );
  const total = snpe
    .posterior(new Float32Array([3, 2]))
    .logProb(codes)
    .reduce((sum, logP) => sum + Math.exp(logP), 0);
  // Mass at bin centres against the integral: the outermost bins of z are wide.
  expect(total).toBeGreaterThan(0.97);
  expect(total).toBeLessThan(1.03);
});

test("the same seed gives the same weights and draws, byte for byte; another seed others", async () => {
  const x = new Float32Array([5, 15, 1]);
  const [first, second, other] = [await twoRounds(), await twoRounds(), await twoRounds({ seed: 5 })];
  expect(second.states()).toEqual(first.states());
  const draw = (snpe: Snpe): Int32Array => snpe.posterior(x).sample(300, Rng.fromSeed(6));
  expect(draw(second)).toEqual(draw(first));
  expect(draw(other)).not.toEqual(draw(first));
});

test("progress names round, member and epoch", async () => {
  const rng = Rng.fromSeed(8);
  const snpe = new Snpe(prior, options);
  const theta = prior.sample(80, rng);
  snpe.appendSimulations(theta, simulate(theta, rng), "prior");
  const seen: TrainingProgress[] = [];
  await snpe.train({ onEpoch: (progress) => seen.push(progress) });
  expect(seen.map(({ round, member, epoch }) => [round, member, epoch])).toEqual([
    [1, 0, 1],
    [1, 0, 2],
    [1, 0, 3],
    [1, 1, 1],
    [1, 1, 2],
    [1, 1, 3],
  ]);
  expect(seen.every(({ trainLoss, validationLoss }) => Number.isFinite(trainLoss + validationLoss))).toBe(true);
});

test("an abort rejects with the signal's reason and leaves the round before in place", async () => {
  const snpe = await twoRounds();
  const states = snpe.states();
  const before = tf.memory().numTensors;
  const abort = new AbortController();
  const reason = new Error("stop here");
  const training = snpe.train({ signal: abort.signal, onEpoch: () => abort.abort(reason) });
  await expect(training).rejects.toBe(reason);
  expect(snpe.states()).toEqual(states);
  expect(tf.memory().numTensors).toBe(before);
});

describe("bad input", () => {
  const theta = prior.sample(50, Rng.fromSeed(1));
  const x = simulate(theta, Rng.fromSeed(2));

  test("simulations are refused whole and by name", () => {
    const snpe = new Snpe(prior, options);
    const bad = Float32Array.from(x);
    bad[10] = Number.NaN;
    expect(() => snpe.appendSimulations(theta, bad, "prior")).toThrow("x[10] = NaN");
    expect(() => snpe.appendSimulations(theta, x.subarray(1), "prior")).toThrow(
      expect.objectContaining({ _tag: "ShapeMismatch" }),
    );
    expect(() => snpe.appendSimulations(theta.subarray(1), x, "prior")).toThrow(
      expect.objectContaining({ _tag: "ShapeMismatch" }),
    );
    expect(() => snpe.appendSimulations(new Int32Array(0), new Float32Array(0), "prior")).toThrow(
      expect.objectContaining({ _tag: "ShapeMismatch" }),
    );
    expect(() => snpe.appendSimulations(new Int32Array([5, 99]), new Float32Array(3), "prior")).toThrow(
      "b = 99 is outside 100..200",
    );
    snpe.appendSimulations(theta, x, "prior");
    expect(() => snpe.appendSimulations(theta, x.subarray(0, 100), "prior")).toThrow(
      expect.objectContaining({ _tag: "ShapeMismatch" }),
    );
  });

  test("too few simulations, no training, bad observations", async () => {
    const snpe = new Snpe(prior, { ...options, maxEpochs: 1 });
    expect(() => snpe.posterior(new Float32Array(3))).toThrow(expect.objectContaining({ _tag: "NotTrained" }));
    snpe.appendSimulations(theta.subarray(0, 20), x.subarray(0, 30), "prior"); // 10 rows
    await expect(snpe.train()).rejects.toMatchObject({ _tag: "FieldOutOfRange" });
    snpe.appendSimulations(theta, x, "prior");
    await snpe.train();
    expect(() => snpe.posterior(new Float32Array(2))).toThrow(expect.objectContaining({ _tag: "ShapeMismatch" }));
    expect(() => snpe.posterior(new Float32Array([1, Number.POSITIVE_INFINITY, 1]))).toThrow(
      expect.objectContaining({ _tag: "NonFinite" }),
    );
    snpe.posterior(new Float32Array([1e4, 15, 1]));
    expect(snpe.notices.join("\n")).toContain("far outside the simulations in feature 0");
  });

  test("features that never vary leave the prior, with a notice", async () => {
    const snpe = new Snpe(prior, { ...options, maxEpochs: 1, learningRate: 1e-6 });
    snpe.appendSimulations(theta, new Float32Array(100).fill(3), "prior");
    await snpe.train();
    expect(snpe.notices.join("\n")).toContain("no feature varies");
    const logP = snpe.posterior(new Float32Array([3, 3])).logProb(theta);
    for (const value of logP) expect(value).toBeCloseTo(prior.logProbInside, 2);
  });

  test("options outside their range", () => {
    for (const change of [
      { learningRate: 0 },
      { members: 0 },
      { atoms: 1 },
      { validationFraction: 0.9 },
      { seed: -1 },
    ]) {
      expect(() => new Snpe(prior, { ...options, ...change })).toThrow(
        expect.objectContaining({ _tag: "FieldOutOfRange" }),
      );
    }
  });
});
