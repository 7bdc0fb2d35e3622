/** Embeddings trained together with a density: chains on the kernels and tensor ops, the same network in both. */
import type * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { Rng } from "../../src/base/rng.js";
import { ChainEmbedding, type EmbeddingNetwork } from "../../src/calib/flow/embedding-network.js";
import { createEstimator } from "../../src/calib/flow/kernel-density.js";
import { trainDensity } from "../../src/calib/flow/train.js";
import { selectBackend } from "../../src/calib/nn/backend.js";
import { dense, silu } from "../../src/calib/nn/ops.js";
import { ParameterLayout } from "../../src/calib/nn/parameters.js";
import { tensorEmbedding } from "../../src/calib/nn/tensor-embedding.js";
import { loadKernels } from "../../src/kernels/load.js";
import { Kernels } from "../../src/kernels/spaces.js";

const loaded = loadKernels();
if (loaded.variant === "none") throw new Error(loaded.why);
const kernels = new Kernels(loaded.variant, loaded.module);

beforeAll(async () => {
  await selectBackend("cpu");
});

const width = 16;
const chain = (): ChainEmbedding =>
  new ChainEmbedding(kernels, { length: width, channels: 1 }, [
    { type: "dense", filters: 8, activation: "silu" },
    { type: "dense", filters: 2, activation: "none" },
  ]);

function tensors(): EmbeddingNetwork {
  const layout = new ParameterLayout();
  layout.add("w1", [width, 8]);
  layout.add("b1", [8]);
  layout.add("w2", [8, 2]);
  layout.add("b2", [2]);
  return tensorEmbedding(layout, { inputSize: width, numFeatures: 2 }, (read, rows: tf.Tensor2D) =>
    dense(silu(dense(rows, read("w1"), read("b1"))), read("w2"), read("b2")),
  );
}

/** theta ~ N(0, 1); sixteen readings of it with noise 2: the posterior is normal with variance 1 / 5. */
function train(network: EmbeddingNetwork, weights: Float32Array, plannedSteps: number) {
  const rng = Rng.fromSeed(2);
  const count = 1000;
  const theta = Float32Array.from({ length: count }, () => rng.normal());
  const x = Float32Array.from({ length: count * width }, (_, i) => theta[Math.floor(i / width)]! + 2 * rng.normal());
  const shape = {
    kind: "flow",
    numParameters: 1,
    numFeatures: 2,
    layers: 2,
    hidden: 16,
    blocks: 1,
    transform: { type: "affine" },
  } as const;
  return trainDensity({
    estimator: createEstimator(kernels, shape, rng.fork("weights")),
    data: {
      theta,
      x,
      count,
      trainRows: Uint32Array.from({ length: 900 }, (_, i) => i),
      validationRows: Uint32Array.from({ length: 100 }, (_, i) => 900 + i),
    },
    embedding: { network, weights },
    loss: { type: "likelihood" },
    options: { plannedSteps, learningRate: 5e-3 },
    rng: rng.fork("training"),
  });
}

it("learns features that are worth as much as the mean of all readings", async () => {
  const network = chain();
  const { bestLoss } = await train(network, network.initialise(Rng.fromSeed(1)), 500);
  network.release();
  // Entropy of the exact posterior is 0.61 nats, of the prior 1.42; 100 held-out rows have a standard error of 0.07.
  expect(bestLoss).toBeLessThan(0.61 + 0.25);
});

it("trains a chain on the kernels as it trains the same tensor ops", async () => {
  const network = chain();
  const weights = network.initialise(Rng.fromSeed(1));
  const fast = await train(network, weights, 60);
  network.release();
  const slow = await train(tensors(), weights, 60);
  fast.history.train.forEach((l, i) => {
    expect(Math.abs(l - slow.history.train[i]!)).toBeLessThan(2e-3);
  });
});

it("refuses an embedding that does not fit", async () => {
  const network = chain();
  await expect(train(network, new Float32Array(3), 5)).rejects.toMatchObject({ _tag: "ShapeMismatch" });
  network.release();
});
