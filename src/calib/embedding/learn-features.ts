/**
 * The kinds of embedding: learnt from a data set, or written down. `embedding.kind` of a task says which. What a network
 * learnt on its own training traces is more exact than on new ones, and an estimator that is trained on such features is
 * too sure of itself; therefore a network that was shown the codes tells which rows it has seen, and the estimator is
 * trained on the others.
 */
import { Rng } from "../../base/rng.js";
import type { Kernels } from "../../kernels/spaces.js";
import { trainAutoencoder } from "../nn/autoencoder.js";
import { type BackendPreference, selectBackend } from "../nn/backend.js";
import { viewLength, viewStride, views, viewsOf } from "../recording/views.js";
import type { Split } from "../run-data.js";
import type { Task } from "../task/task.js";
import type { EmbeddingKind, FeatureSource } from "./feature-source.js";
import { numSpikeFeatures, spikeFeaturesOf } from "./spike-features.js";

export interface EmbeddingData {
  /** Shape (count, task.grid.length), MADC LSB. */
  readonly traces: Float32Array;
  readonly count: number;
}

export interface LearnOptions {
  readonly kernels: Kernels;
  readonly seed: number;
  /** Tensor backend; default `auto`. */
  readonly backend?: BackendPreference | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called as the training goes on, 0..1. */
  readonly onProgress?: (share: number) => void;
}

/** @throws TrainingDiverged, signal.reason */
export async function learnFeatures(
  kind: EmbeddingKind,
  task: Task,
  data: EmbeddingData,
  options: LearnOptions,
): Promise<FeatureSource> {
  if (kind === "spike-features") return spikeFeatures(task);
  return await learnAutoencoder(task, data, options);
}

export function spikeFeatures(task: Task): FeatureSource {
  return {
    kind: "spike-features",
    size: numSpikeFeatures,
    encode: (traces, count) => spikeFeaturesOf(task, traces, count),
  };
}

async function learnAutoencoder(
  task: Task,
  { traces, count }: EmbeddingData,
  { kernels, seed, signal, onProgress, backend = "auto" }: LearnOptions,
): Promise<FeatureSource> {
  await selectBackend(backend);
  const { latentSize, epochs, batchSize, learningRate } = task.autoencoder;
  const data = {
    traces: viewsOf(task, traces, count),
    count,
    length: viewLength(task),
    channelWeights: views.map(({ weight }) => weight),
  };
  const autoencoder = await trainAutoencoder(data, splitRows(count, Rng.fromSeed(seed).fork("split")), {
    latentSize,
    epochs,
    batchSize,
    learningRate,
    outerStride: viewStride,
    kernels,
    seed,
    ...(signal === undefined ? {} : { signal }),
    onEpoch: ({ epoch }) => onProgress?.(epoch / epochs),
  });
  return {
    kind: "autoencoder",
    size: latentSize,
    encode: (rows, n) => autoencoder.encode(viewsOf(task, rows, n), n),
  };
}

/** Share of the data set for training and for validation; the rest is the test set. */
const trainShare = 0.8;
const validationShare = 0.1;

/** A random split into train, validation and test; every part has at least one member. @param count 3 or more */
export function splitRows(count: number, rng: Rng): Split {
  const order = rng.permutation(count);
  const validation = Math.max(1, Math.round(validationShare * count));
  const train = Math.min(Math.round(trainShare * count), count - validation - 1);
  return {
    train: order.slice(0, train),
    validation: order.slice(train, train + validation),
    test: order.slice(train + validation),
  };
}
