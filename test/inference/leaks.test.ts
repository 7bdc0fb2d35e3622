/** A hundred trainings leave nothing behind: no memory of the kernels, no tensor, no thread, no listener, also when they fail. */
import { getEventListeners } from "node:events";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { TrainingThreads } from "../../src/api/training-threads.js";
import { Rng } from "../../src/base/rng.js";
import { localTraining } from "../../src/calib/flow/training-host.js";
import { trainAutoencoder } from "../../src/calib/nn/autoencoder.js";
import { selectBackend } from "../../src/calib/nn/backend.js";
import { kernels } from "../support/kernels.js";
import { smallTraining } from "./support/small-training.js";

const trainings = 100;
/** Every tenth is stopped half-way, every tenth diverges. */
const kindOf = (n: number): "whole" | "stopped" | "wild" => (["whole", "stopped", "wild"] as const)[n % 10] ?? "whole";
const wild = { learningRate: 1e30, clipNorm: 1e30, plannedSteps: 50 };
const threadsOf = (): number => process.getActiveResourcesInfo().filter((name) => name === "MessagePort").length;

beforeAll(async () => {
  await selectBackend("cpu");
});

async function trainAll(host: Pick<typeof localTraining, "train">): Promise<Record<string, number>> {
  const ends: Record<string, number> = {};
  const controller = new AbortController();
  for (let n = 0; n < trainings; n++) {
    const own = new AbortController();
    const kind = kindOf(n);
    const signal = kind === "stopped" ? own.signal : controller.signal;
    const training = smallTraining(n, kind === "stopped" ? 1_000_000 : 10);
    const end = await host
      .train({
        ...training,
        ...(kind === "wild" ? { options: wild } : {}),
        signal,
        onEpoch: () => kind === "stopped" && own.abort(new Error("enough")),
      })
      .then(
        () => "whole",
        (error: Error & { _tag?: string }) => error._tag ?? error.message,
      );
    ends[end] = (ends[end] ?? 0) + 1;
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  }
  return ends;
}
const expected = { whole: 80, enough: 10, TrainingDiverged: 10 };

it("on this thread", async () => {
  await localTraining.train(smallTraining(0, 10));
  const before = kernels.spaces;
  expect(await trainAll(localTraining)).toEqual(expected);
  expect(kernels.spaces).toBe(before);
});

it("on threads, which end when they are closed", async () => {
  const before = threadsOf();
  const threads = new TrainingThreads(2);
  const spaces = kernels.spaces;
  expect(await trainAll(threads)).toEqual(expected);
  await threads.close();
  expect(kernels.spaces).toBe(spaces);
  await expect.poll(threadsOf).toBe(before);
});

it("of autoencoders, on tensors and on the kernels", async () => {
  const rng = Rng.fromSeed(1);
  const [count, length] = [24, 40];
  const data = { traces: Float32Array.from({ length: count * length }, () => rng.normal()), count, length };
  const rows = Uint32Array.from({ length: count }, (_, i) => i);
  const split = { train: rows.slice(0, 16), validation: rows.slice(16, 20), test: rows.slice(20) };
  const once = async (seed: number): Promise<void> => {
    const options = { seed, epochs: 1, latentSize: 2, ...(seed % 2 === 0 ? { kernels } : {}) };
    await trainAutoencoder(data, split, options);
  };
  await once(0);
  await once(1);
  const [tensors, spaces] = [tf.memory().numTensors, kernels.spaces];
  for (let seed = 0; seed < trainings; seed++) await once(seed);
  expect([tf.memory().numTensors, kernels.spaces]).toEqual([tensors, spaces]);
});
