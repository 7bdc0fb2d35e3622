import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { Rng } from "../../base/rng.js";
import type { Split } from "../run-data.js";
import { type AutoencoderOptions, autoencoderFromState, trainAutoencoder } from "./autoencoder.js";
import { selectBackend } from "./backend.js";

beforeAll(async () => {
  await selectBackend("wasm");
});

const LENGTH = 90;
const COUNT = 240;
const split: Split = {
  train: Uint32Array.from({ length: 180 }, (_, i) => i),
  validation: Uint32Array.from({ length: 30 }, (_, i) => 180 + i),
  test: Uint32Array.from({ length: 30 }, (_, i) => 210 + i),
};

/** Sinusoids of random amplitude and phase around 400 counts, with noise of 1 count. */
function sinusoids(seed: number): Float32Array {
  const rng = Rng.fromSeed(seed);
  const traces = new Float32Array(COUNT * LENGTH);
  for (let i = 0; i < COUNT; i++) {
    const [amplitude, phase] = [20 + 60 * rng.uniform(), 2 * Math.PI * rng.uniform()];
    for (let t = 0; t < LENGTH; t++) {
      traces[i * LENGTH + t] = 400 + amplitude * Math.sin(phase + (2 * Math.PI * t) / 45) + rng.normal();
    }
  }
  return traces;
}
const data = { traces: sinusoids(1), count: COUNT, length: LENGTH };
const quick: AutoencoderOptions = { seed: 3, epochs: 2, latentSize: 3 };

test("learns sinusoids, keeps its history, gives back traces in their unit, and leaks no tensor", async () => {
  const before = tf.memory().numTensors;
  const seen: number[] = [];
  const ae = await trainAutoencoder(data, split, {
    seed: 3,
    latentSize: 3,
    epochs: 25,
    batchSize: 12,
    onEpoch: ({ epoch }) => seen.push(epoch),
  });
  expect(seen).toEqual(Array.from({ length: 25 }, (_, i) => i + 1));
  for (const series of Object.values(ae.history)) expect(series).toHaveLength(25);
  // Variance of the standardised traces is 1 by construction: the test traces must be explained to 95 %.
  expect(ae.history.test.at(-1)).toBeLessThan(0.05);
  expect(ae.history.testSd.at(-1)).toBeGreaterThan(0);
  expect(ae.history.validation.at(-1)!).toBeLessThan(ae.history.validation[0]! / 5);
  const test = data.traces.subarray(210 * LENGTH);
  const again = ae.reconstruct(test, 30);
  const mse = again.reduce((sum, v, i) => sum + (v - test[i]!) ** 2, 0) / again.length;
  expect(mse).toBeLessThan(0.1 * 1250);
  expect(ae.encode(test, 30)).toHaveLength(30 * 3);
  const restored = autoencoderFromState(structuredClone(ae.state()));
  expect(restored.encode(test, 30)).toEqual(ae.encode(test, 30));
  expect(restored.history).toEqual(ae.history);
  expect(tf.memory().numTensors).toBe(before);
});

test("encodes a trace the same way alone and in company", async () => {
  const ae = await trainAutoencoder(data, split, quick);
  const together = ae.encode(data.traces, COUNT);
  const alone = ae.encode(data.traces.subarray(200 * LENGTH, 201 * LENGTH), 1);
  alone.forEach((value, j) => {
    expect(value).toBeCloseTo(together[200 * 3 + j]!, 4);
  });
});

test("the same seed gives the same weights, byte for byte; another seed does not", async () => {
  const train = async (seed: number): Promise<Float32Array> =>
    (await trainAutoencoder(data, split, { ...quick, seed })).state().weights;
  const first = await train(3);
  expect(await train(3)).toEqual(first);
  expect(await train(4)).not.toEqual(first);
});

test("an abort ends training with the signal's reason and leaks nothing", async () => {
  const before = tf.memory().numTensors;
  const abort = new AbortController();
  const reason = new Error("enough");
  const training = trainAutoencoder(data, split, { ...quick, epochs: 10_000, signal: abort.signal });
  setImmediate(() => setImmediate(() => abort.abort(reason)));
  await expect(training).rejects.toBe(reason);
  expect(tf.memory().numTensors).toBe(before);
});

test("refuses bad data by name", async () => {
  const broken = Float32Array.from(data.traces);
  broken[77] = Number.NaN;
  await expect(trainAutoencoder({ ...data, traces: broken }, split, quick)).rejects.toMatchObject({
    _tag: "NonFinite",
    index: 77,
  });
  await expect(trainAutoencoder({ ...data, count: 239 }, split, quick)).rejects.toMatchObject({
    _tag: "ShapeMismatch",
  });
  await expect(trainAutoencoder(data, { ...split, test: new Uint32Array(0) }, quick)).rejects.toMatchObject({
    _tag: "ShapeMismatch",
  });
  await expect(trainAutoencoder(data, { ...split, test: new Uint32Array([COUNT]) }, quick)).rejects.toMatchObject({
    _tag: "FieldOutOfRange",
  });
  await expect(trainAutoencoder(data, split, { ...quick, latentSize: 0 })).rejects.toMatchObject({
    _tag: "FieldOutOfRange",
  });
  await expect(trainAutoencoder(data, split, { ...quick, epochs: 20, learningRate: 1e30 })).rejects.toMatchObject({
    _tag: "TrainingDiverged",
  });
});

test("traces that are all alike are reconstructed, not divided by zero", async () => {
  const flat = { ...data, traces: new Float32Array(COUNT * LENGTH).fill(512) };
  const ae = await trainAutoencoder(flat, split, quick);
  for (const value of ae.reconstruct(flat.traces.subarray(0, LENGTH), 1)) expect(Math.abs(value - 512)).toBeLessThan(2);
});
