/**
 * The kinds of embedding: learnt from a data set, or written down. `embedding.kind` of a task says which. What a network
 * learnt on its own training traces is more exact than on new ones, and an estimator that is trained on such features is
 * too sure of itself; therefore a network that was shown the codes tells which rows it has seen, and the estimator is
 * trained on the others.
 */
import { FieldOutOfRange } from "../../base/errors.js";
import { Rng } from "../../base/rng.js";
import type { Kernels } from "../../kernels/spaces.js";
import type { TrainingHost } from "../flow/training-host.js";
import type { Prior } from "../inference/priors/prior.js";
import { trainAutoencoder } from "../nn/autoencoder.js";
import { type BackendPreference, selectBackend } from "../nn/backend.js";
import { viewLength, viewStride, views, viewsOf } from "../recording/views.js";
import type { Split } from "../run-data.js";
import type { Task } from "../task/task.js";
import { type EmbeddingKind, type FeatureSource, together } from "./feature-source.js";
import { numSpikeFeatures, spikeFeatureNames, spikeFeaturesOf } from "./spike-features.js";
import { encodeViews, trainJoint, trainOnPairs, ViewRows } from "./view-network.js";

export interface EmbeddingData {
  /** Shape (count, task.grid.length), MADC LSB. */
  readonly traces: Float32Array;
  readonly count: number;
  /** Codes of each trace, shape (count, numParameters): for networks that are trained on them. */
  readonly theta: Int32Array;
  /** Which rows repeat which: another row at the same codes on the same neuron for each row, or -1; default none. */
  readonly repeatOf?: Int32Array | undefined;
}

export interface LearnOptions {
  readonly kernels: Kernels;
  readonly seed: number;
  /** Where the summary network is trained; default on this thread. */
  readonly host?: TrainingHost | undefined;
  /** Training steps of the summary network. Default 1500. */
  readonly steps?: number | undefined;
  /** Tensor backend; default `auto`. */
  readonly backend?: BackendPreference | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called as the training goes on, 0..1. */
  readonly onProgress?: (share: number) => void;
}

export interface LearntFeatures {
  readonly source: FeatureSource;
  /** Rows on which the estimator may be trained; undefined for all. */
  readonly fresh: Uint32Array | undefined;
}

/** @throws FieldOutOfRange pairs without repeats @throws TrainingDiverged, signal.reason */
export async function learnFeatures(
  kind: EmbeddingKind,
  task: Task,
  prior: Prior,
  data: EmbeddingData,
  options: LearnOptions,
): Promise<LearntFeatures> {
  switch (kind) {
    case "spike-features":
      return { source: spikeFeatures(task), fresh: undefined };
    case "autoencoder":
      return { source: await learnAutoencoder(task, data, options), fresh: undefined };
    case "autoencoder-and-spike-features": {
      const code = await learnAutoencoder(task, data, options);
      return { source: together(kind, code, spikeFeatures(task)), fresh: undefined };
    }
    case "joint":
      return await learnJoint(task, prior, data, options);
    case "pairs":
      return { source: await learnFromPairs(task, data, options), fresh: undefined };
  }
}

export function spikeFeatures(task: Task): FeatureSource {
  return {
    kind: "spike-features",
    size: numSpikeFeatures,
    names: spikeFeatureNames,
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

/** Share of the simulations that the summary network learns from; the estimator is trained on the others. */
const jointShare = 0.5;
const defaultSteps = 1500;

async function learnJoint(
  task: Task,
  prior: Prior,
  { traces, count, theta }: EmbeddingData,
  { kernels, seed, host, steps = defaultSteps, signal, onProgress }: LearnOptions,
): Promise<LearntFeatures> {
  const rng = Rng.fromSeed(seed).fork("joint");
  const order = rng.fork("rows").permutation(count);
  const seen = Math.round(jointShare * count);
  const validation = Math.max(1, Math.round(0.1 * seen));
  const [trainRows, validationRows] = [order.slice(validation, seen), order.slice(0, validation)];
  const views = new ViewRows(task, traces, count, trainRows);
  const latent = task.autoencoder.latentSize;
  const training = { kernels, task, latent, trainRows, validationRows, steps, rng, host, signal, onProgress };
  const weights = await trainJoint(training, views.of(traces, count), theta, prior);
  const source = networkSource("joint", kernels, task, latent, weights, views);
  return { source, fresh: order.slice(seen).sort() };
}

async function learnFromPairs(
  task: Task,
  { traces, count, repeatOf }: EmbeddingData,
  { kernels, seed, signal, onProgress, steps = defaultSteps }: LearnOptions,
): Promise<FeatureSource> {
  const paired = [...(repeatOf ?? [])].flatMap((other, row) => (other >= 0 ? [row] : []));
  if (paired.length < 40)
    throw new FieldOutOfRange("rows with a repeat for embedding pairs", paired.length, "40 or more");
  const rng = Rng.fromSeed(seed).fork("pairs");
  const order = Uint32Array.from(rng.fork("rows").permutation(paired.length), (k) => paired[k] as number);
  const validation = Math.round(0.1 * order.length);
  const [trainRows, validationRows] = [order.slice(validation), order.slice(0, validation)];
  const views = new ViewRows(task, traces, count, trainRows);
  const latent = task.autoencoder.latentSize;
  const rows = views.of(traces, count);
  const width = rows.length / count;
  const others = new Float32Array(rows.length);
  for (const row of paired) {
    const other = (repeatOf as Int32Array)[row] as number;
    others.set(rows.subarray(other * width, (other + 1) * width), row * width);
  }
  const training = { kernels, task, latent, trainRows, validationRows, steps, rng, signal, onProgress };
  const weights = await trainOnPairs(training, rows, others);
  return networkSource("pairs", kernels, task, latent, weights, views);
}

function networkSource(
  kind: EmbeddingKind,
  kernels: Kernels,
  task: Task,
  latent: number,
  weights: Float32Array,
  views: ViewRows,
): FeatureSource {
  const encode = (traces: Float32Array, count: number): Float32Array =>
    encodeViews(kernels, task, latent, weights, views.of(traces, count));
  return { kind, size: latent, encode };
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
