/**
 * Networks over the views of a trace, on the kernels: two convolutions and a hidden layer down to a few features. Shared
 * by the embeddings that are trained for something else than giving the trace back: the summary network that is trained
 * together with a flow, and the one that learns from pairs of repeats.
 */
import type { Rng } from "../../base/rng.js";
import type { Kernels } from "../../kernels/spaces.js";
import { ChainEmbedding } from "../flow/embedding-network.js";
import type { TrainingHost } from "../flow/training-host.js";
import type { Prior } from "../inference/priors/prior.js";
import { encodeRows, trainSummaryWeights } from "../inference/summary-network.js";
import type { ChainLayer } from "../nn/conv-net.js";
import { fitWeights } from "../nn/fit.js";
import { fitScaling, type PointScaling } from "../nn/scaling.js";
import { viewLength, views, viewsOf } from "../recording/views.js";
import type { Task } from "../task/task.js";

const strides = [4, 5] as const;
const channels = views.length;
/** Rows of one pass. */
const passRows = 128;

const encoderLayers = (latent: number): ChainLayer[] => [
  { type: "conv", stride: strides[0], overlap: 2, filters: 16, activation: "silu" },
  { type: "conv", stride: strides[1], overlap: 2, filters: 32, activation: "silu" },
  { type: "dense", filters: 64, activation: "silu" },
  { type: "dense", filters: latent, activation: "none" },
];

/** Points of a row, rounded up to whole strides. */
function paddedLength(task: Task): number {
  const whole = strides[0] * strides[1];
  return Math.ceil(viewLength(task) / whole) * whole;
}

/** Views of traces as rows of the network: standardised point by point, time first, the last point repeated. */
export class ViewRows {
  readonly #task: Task;
  readonly #scaling: PointScaling;

  /** @param rows whose views set the scale */
  constructor(task: Task, traces: Float32Array, count: number, rows: Uint32Array) {
    this.#task = task;
    this.#scaling = fitScaling(viewsOf(task, traces, count), channels, viewLength(task), rows);
  }

  /** @returns shape (count, padded length, channels) */
  of(traces: Float32Array, count: number): Float32Array {
    const length = viewLength(this.#task);
    const padded = paddedLength(this.#task);
    const values = viewsOf(this.#task, traces, count);
    const { mean, sd } = this.#scaling;
    const out = new Float32Array(count * padded * channels);
    for (let i = 0; i < count; i++) {
      for (let t = 0; t < padded; t++) {
        for (let c = 0; c < channels; c++) {
          const point = c * length + Math.min(t, length - 1);
          const value = values[i * channels * length + point] as number;
          out[(i * padded + t) * channels + c] = (value - (mean[point] as number)) / (sd[point] as number);
        }
      }
    }
    return out;
  }
}

/** Features of rows by a trained encoder. */
export function encodeViews(
  kernels: Kernels,
  task: Task,
  latent: number,
  weights: Float32Array,
  rows: Float32Array,
): Float32Array {
  return encodeRows(kernels, { length: paddedLength(task), channels }, encoderLayers(latent), weights, rows);
}

export interface NetworkTraining {
  readonly kernels: Kernels;
  readonly task: Task;
  readonly latent: number;
  readonly trainRows: Uint32Array;
  readonly validationRows: Uint32Array;
  /** Steps of the joint training. */
  readonly steps: number;
  readonly rng: Rng;
  /** Where the joint training runs; default on this thread. */
  readonly host?: TrainingHost | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((share: number) => void) | undefined;
}

/**
 * Train an encoder for what a flow can say of the codes with it. @param rows of `ViewRows` @param theta shape (n, p)
 * @returns its weights @throws TrainingDiverged, signal.reason
 */
export async function trainJoint(
  { task, latent, ...training }: NetworkTraining,
  rows: Float32Array,
  theta: Int32Array,
  prior: Prior,
): Promise<Float32Array> {
  const input = { length: paddedLength(task), channels };
  return await trainSummaryWeights({ ...training, prior, theta, rows, input, layers: encoderLayers(latent) });
}

/**
 * Train an encoder whose code of one repeat gives back the other one: what does not survive repetition is no help.
 * @param rows repeat to look at, of `ViewRows` @param others the other repeat of each row, the same shape
 */
export async function trainOnPairs(
  { kernels, task, latent, trainRows, validationRows, rng, signal, onProgress }: NetworkTraining,
  rows: Float32Array,
  others: Float32Array,
): Promise<Float32Array> {
  const { epochs } = task.autoencoder;
  const length = paddedLength(task);
  const width = length * channels;
  const decoder: ChainLayer[] = [
    { type: "dense", filters: 64, activation: "silu" },
    { type: "dense", filters: width, activation: "none" },
  ];
  const network = new ChainEmbedding(kernels, { length, channels }, [...encoderLayers(latent), ...decoder], passRows);
  const weightsOf = views.map(({ weight }) => weight);
  const pick = (from: Float32Array, which: Uint32Array): Float32Array => {
    const out = new Float32Array(which.length * width);
    for (const [k, row] of which.entries()) out.set(from.subarray(row * width, (row + 1) * width), k * width);
    return out;
  };
  /** Weighted mean squared error; the residuals become its gradient. */
  const lossOf = (weights: Float32Array, which: Uint32Array): { loss: number; residual: Float32Array } => {
    const residual = network.forward(weights, pick(rows, which));
    const wanted = pick(others, which);
    let loss = 0;
    const share = 1 / (which.length * length);
    for (let i = 0; i < residual.length; i++) {
      const weight = (weightsOf[i % channels] as number) * share;
      const gap = (residual[i] as number) - (wanted[i] as number);
      loss += weight * gap * gap;
      residual[i] = 2 * weight * gap;
    }
    return { loss, residual };
  };
  try {
    const { weights } = await fitWeights(
      {
        name: "autoencoder of pairs",
        initial: network.initialise(rng.fork("weights")),
        trainRows,
        lossAndGradient: (current, which, gradient) => {
          const { loss, residual } = lossOf(current, which);
          gradient.set(network.backward(residual));
          return loss;
        },
        validate: (current) => {
          let sum = 0;
          for (let from = 0; from < validationRows.length; from += passRows) {
            const part = validationRows.subarray(from, from + passRows);
            sum += lossOf(current, part).loss * part.length;
          }
          return sum / validationRows.length;
        },
      },
      {
        ...{
          maxEpochs: epochs,
          batchSize: 32,
          learningRate: 3e-3,
          clipNorm: 1,
          weightDecay: 1e-5,
          averaging: 0.95,
        },
        patience: Number.POSITIVE_INFINITY,
        rng: rng.fork("batches"),
        signal,
        onEpoch: (epoch) => onProgress?.(epoch / epochs),
      },
    );
    const encoder = new ChainEmbedding(kernels, { length, channels }, encoderLayers(latent), passRows);
    encoder.release();
    return weights.slice(0, encoder.size);
  } finally {
    network.release();
  }
}
