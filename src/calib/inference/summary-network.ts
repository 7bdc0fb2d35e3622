/**
 * A network that says of raw data (a trace, an image's rows) in a few numbers what they say of the parameters: trained
 * together with a flow, on simulations of its own, then frozen. An estimator sees its summaries in place of the data. It
 * must learn from other simulations than the network did: on those the summaries say more than on new ones, and the
 * posterior would be too sure of itself.
 */
import { FieldOutOfRange } from "../../base/errors.js";
import type { Rng } from "../../base/rng.js";
import type { Kernels } from "../../kernels/spaces.js";
import { ChainEmbedding } from "../flow/embedding-network.js";
import { createEstimator } from "../flow/kernel-density.js";
import { localTraining, type TrainingHost } from "../flow/training-host.js";
import type { ChainLayer } from "../nn/conv-net.js";
import { assertFinite, ShapeMismatch } from "../nn/errors.js";
import type { Prior } from "./priors/prior.js";
import { fewestSimulations } from "./train-ensemble.js";

/** Points in time and channels of a raw row: (length x channels), time first. */
export interface SummaryInput {
  readonly length: number;
  readonly channels: number;
}

export interface SummaryTraining {
  readonly kernels: Kernels;
  readonly prior: Prior;
  /** Parameters as simulated, shape (n, p). */
  readonly theta: ArrayLike<number>;
  /** Raw data, shape (n, length x channels). */
  readonly x: Float32Array;
  readonly input: SummaryInput;
  /** All but the last layer, which gives the summaries; default two dense layers of 64. */
  readonly layers?: readonly ChainLayer[] | undefined;
  /** Numbers in a summary. Default: twice the parameters, and 2 more. */
  readonly size?: number | undefined;
  /** Share of the rows that says when to stop, 0.02..0.5. Default 0.1. */
  readonly validationFraction?: number | undefined;
  /** Training steps. Default 1500. */
  readonly steps?: number | undefined;
  readonly rng: Rng;
  /** Where it is trained; default on this thread. */
  readonly host?: TrainingHost | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called as the training goes on, 0..1. */
  readonly onProgress?: ((share: number) => void) | undefined;
}

export interface SummaryState {
  readonly input: SummaryInput;
  readonly layers: readonly ChainLayer[];
  /** Of each raw value, shape (length x channels). */
  readonly mean: readonly number[];
  readonly sd: readonly number[];
  readonly weights: Float32Array;
}

/** Rows of one pass. */
const passRows = 128;

export class SummaryNetwork {
  readonly #kernels: Kernels;
  readonly #state: SummaryState;

  constructor(kernels: Kernels, state: SummaryState) {
    this.#kernels = kernels;
    this.#state = state;
  }

  /** Numbers in a summary. */
  get size(): number {
    return (this.#state.layers.at(-1) as ChainLayer).filters;
  }

  /** @throws ShapeMismatch, NonFinite, FieldOutOfRange (too few rows) @throws TrainingDiverged, signal.reason */
  static async train(training: SummaryTraining): Promise<SummaryNetwork> {
    const { kernels, prior, theta, x, input, rng, signal } = training;
    const count = theta.length / prior.size;
    const width = input.length * input.channels;
    if (count < fewestSimulations) throw new FieldOutOfRange("simulations", count, `${fewestSimulations} or more`);
    if (x.length !== count * width) throw new ShapeMismatch("x", x.length, `${count} rows of ${width}`);
    assertFinite("x", x);
    const size = training.size ?? 2 * prior.size + 2;
    const dense = (filters: number, activation: "silu" | "none"): ChainLayer => ({
      type: "dense",
      filters,
      activation,
    });
    const layers = [...(training.layers ?? [dense(64, "silu"), dense(64, "silu")]), dense(size, "none")];
    const order = rng.fork("rows").permutation(count);
    const judges = Math.max(1, Math.round((training.validationFraction ?? 0.1) * count));
    const scale = columnScale(x, count, order.slice(judges));
    const weights = await trainSummaryWeights({
      ...{ kernels, prior, theta, input, layers, rng, signal },
      rows: scaled(x, scale),
      trainRows: order.slice(judges),
      validationRows: order.slice(0, judges),
      steps: training.steps ?? 1500,
      host: training.host,
      onProgress: training.onProgress,
    });
    const [mean, sd] = [Array.from(scale.mean), Array.from(scale.sd)];
    return new SummaryNetwork(kernels, { input, layers, mean, sd, weights });
  }

  /** @param x shape (n, length x channels), finite @returns shape (n, size) @throws ShapeMismatch, NonFinite */
  encode(x: ArrayLike<number>): Float32Array {
    const { input, layers, weights, mean, sd } = this.#state;
    const width = input.length * input.channels;
    if (x.length === 0 || x.length % width !== 0) throw new ShapeMismatch("x", x.length, `a multiple of ${width}`);
    const rows = Float32Array.from(x);
    assertFinite("x", rows);
    return encodeRows(this.#kernels, input, layers, weights, scaled(rows, { mean, sd }));
  }

  /** All of it, to be kept: plain numbers and one array of weights. */
  state(): SummaryState {
    return this.#state;
  }
}

export interface SummaryWeightsTraining {
  readonly kernels: Kernels;
  readonly prior: Prior;
  readonly theta: ArrayLike<number>;
  /** Standardised, shape (n, length x channels). */
  readonly rows: Float32Array;
  readonly input: SummaryInput;
  readonly layers: readonly ChainLayer[];
  readonly trainRows: Uint32Array;
  readonly validationRows: Uint32Array;
  readonly steps: number;
  readonly rng: Rng;
  readonly host?: TrainingHost | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((share: number) => void) | undefined;
}

/** Train a chain for what a flow can say of the parameters with it. @throws TrainingDiverged, signal.reason */
export async function trainSummaryWeights(training: SummaryWeightsTraining): Promise<Float32Array> {
  const { kernels, prior, theta, rows, input, layers, trainRows, validationRows, steps, rng, signal } = training;
  const network = new ChainEmbedding(kernels, input, layers, passRows);
  try {
    const shape = {
      kind: "flow",
      ...{ layers: 2, hidden: 32, blocks: 2, numParameters: prior.size, numFeatures: network.numFeatures },
      transform: { type: "spline", bins: 8, bound: 4 },
    } as const;
    const { embeddingWeights } = await (training.host ?? localTraining).train({
      estimator: createEstimator(kernels, shape, rng.fork("flow")),
      data: {
        theta: (stream) => Float32Array.from(prior.toBase(theta, stream)),
        ...{ x: rows, count: theta.length / prior.size, trainRows, validationRows },
      },
      loss: { type: "likelihood" },
      embedding: { network, weights: network.initialise(rng.fork("encoder")) },
      options: { plannedSteps: steps, batchSize: 64, learningRate: 2e-3, averaging: 0.99, patienceEpochs: 20 },
      rng: rng.fork("training"),
      signal,
      onEpoch: ({ step }) => training.onProgress?.(Math.min(1, step / steps)),
    });
    return embeddingWeights;
  } finally {
    network.release();
  }
}

/** Outputs of a trained chain. @param rows shape (n, length x channels) @returns shape (n, outputs) */
export function encodeRows(
  kernels: Kernels,
  input: SummaryInput,
  layers: readonly ChainLayer[],
  weights: Float32Array,
  rows: Float32Array,
): Float32Array {
  const network = new ChainEmbedding(kernels, input, layers, passRows);
  try {
    const count = rows.length / network.inputSize;
    const out = new Float32Array(count * network.numFeatures);
    for (let from = 0; from < count; from += passRows) {
      const part = rows.subarray(from * network.inputSize, Math.min(count, from + passRows) * network.inputSize);
      out.set(network.forward(weights, part), from * network.numFeatures);
    }
    return out;
  } finally {
    network.release();
  }
}

interface ColumnScale {
  readonly mean: ArrayLike<number>;
  readonly sd: ArrayLike<number>;
}

/** Mean and standard deviation of each column; a column that never varies has sd 1. */
function columnScale(x: Float32Array, count: number, rows: Uint32Array): ColumnScale {
  const width = x.length / count;
  const mean = new Float64Array(width);
  const sd = new Float64Array(width);
  for (let j = 0; j < width; j++) {
    let [sum, squares] = [0, 0];
    for (const row of rows) sum += x[row * width + j] as number;
    const centre = sum / rows.length;
    for (const row of rows) squares += ((x[row * width + j] as number) - centre) ** 2;
    const spread = Math.sqrt(squares / rows.length);
    mean[j] = centre;
    sd[j] = spread > 1e-6 * Math.max(Math.abs(centre), 1e-30) ? spread : 1;
  }
  return { mean, sd };
}

function scaled(x: Float32Array, { mean, sd }: ColumnScale): Float32Array {
  const width = mean.length;
  return x.map((v, i) => (v - (mean[i % width] as number)) / (sd[i % width] as number));
}
