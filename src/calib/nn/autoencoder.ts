/**
 * Autoencoder over membrane traces: trains the network, keeps its loss history, turns traces into latent codes and back
 * in the unit they came in. It does not know what a trace shows or which chip it is from.
 */
import * as tf from "@tensorflow/tfjs-core";
import { FieldOutOfRange } from "../../base/errors.js";
import { Rng } from "../../base/rng.js";
import type { LossHistory, Split } from "../run-data.js";
import type { NetworkState } from "../store.js";
import { AutoencoderNetwork } from "./autoencoder-network.js";
import { assertFinite, assertShape, ShapeMismatch } from "./errors.js";
import { fitWeights } from "./fit.js";
import { mean } from "./ops.js";
import { compute, lossAndGradient } from "./parameters.js";

/** Traces on one grid; `traces` has shape (count, channels, length). */
export interface TraceMatrix {
  readonly traces: Float32Array;
  readonly count: number;
  readonly length: number;
  /** Share of each channel in the loss; default one channel. Shares add up to one. */
  readonly channelWeights?: readonly number[];
}

export interface AutoencoderOptions {
  /** 0..2^53-1; fixes weights and batches. */
  readonly seed: number;
  /** Size of the latent code. Default 10. */
  readonly latentSize?: number;
  /** Default 30. */
  readonly epochs?: number;
  /** Traces per step. Default 32. */
  readonly batchSize?: number;
  /** Peak learning rate. Default 3e-3. */
  readonly learningRate?: number;
  readonly signal?: AbortSignal;
  readonly onEpoch?: (progress: AutoencoderProgress) => void;
}

export interface AutoencoderProgress {
  /** 1-based. */
  readonly epoch: number;
  readonly epochs: number;
  /** Mean squared errors of standardised traces. */
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

export interface Autoencoder {
  readonly latentSize: number;
  /** Points of a trace. */
  readonly length: number;
  readonly history: LossHistory;
  /** @param traces shape (count, channels, length) @returns shape (count, latentSize) @throws ShapeMismatch @throws NonFinite */
  encode(traces: Float32Array, count: number): Float32Array;
  /** @returns shape (count, channels, length), in the units of the channels @throws ShapeMismatch @throws NonFinite */
  reconstruct(traces: Float32Array, count: number): Float32Array;
  state(): NetworkState;
}

/** Traces per pass outside of training. */
const CHUNK = 128;

/**
 * Train on the rows of `split.train`, keep the weights of the best validation epoch.
 * @throws ShapeMismatch @throws NonFinite @throws FieldOutOfRange @throws TrainingDiverged @throws signal.reason
 */
export async function trainAutoencoder(
  data: TraceMatrix,
  split: Split,
  options: AutoencoderOptions,
): Promise<Autoencoder> {
  const { latentSize = 10, epochs = 30, batchSize = 32, learningRate = 3e-3, signal, onEpoch } = options;
  signal?.throwIfAborted();
  const channelWeights = data.channelWeights ?? [1];
  const channels = channelWeights.length;
  assertShape("traces", data.traces, data.count, channels * data.length);
  assertFinite("traces", data.traces);
  checkSplit(split, data.count);
  for (const [name, value] of Object.entries({ epochs, batchSize })) {
    if (!Number.isInteger(value) || value < 1) throw new FieldOutOfRange(name, value, "the integers from 1");
  }
  const rng = Rng.fromSeed(options.seed).fork("autoencoder");
  const network = new AutoencoderNetwork({ length: data.length, latentSize, channels });
  const scaling = fitScaling(data.traces, channels, data.length, split.train);
  const history: LossHistory = { train: [], validation: [], validationSd: [], test: [], testSd: [] };
  const errors = (weights: Float32Array, rows: Uint32Array): { mean: number; sd: number } =>
    meanAndSd(traceErrors(network, weights, scaling, channelWeights, data.traces, rows));
  const { weights } = await fitWeights(
    {
      name: "autoencoder",
      initial: network.initialise(rng.fork("weights")),
      trainRows: split.train,
      lossAndGradient: (current, rows, gradient) =>
        lossAndGradient(network.layout, current, gradient, (read) => {
          const x = timeMajor(data.traces, rows, network, scaling);
          const residual = tf.sub(network.decode(read, network.encode(read, x)), cropped(x, network));
          // Times the number of channels: weights that add up to one keep 1 as the error of answering with the mean.
          return mean(tf.mul(tf.square(residual), tf.tensor1d(channelWeights.map((w) => w * channels))));
        }),
      validate: (current) => {
        const validation = errors(current, split.validation);
        const test = errors(current, split.test);
        history.validation.push(validation.mean);
        history.validationSd.push(validation.sd);
        history.test.push(test.mean);
        history.testSd.push(test.sd);
        return validation.mean;
      },
    },
    {
      maxEpochs: epochs,
      batchSize,
      learningRate,
      clipNorm: 1,
      weightDecay: 1e-5,
      averaging: 0.95,
      patience: Number.POSITIVE_INFINITY,
      rng: rng.fork("batches"),
      signal,
      onEpoch: (epoch, train, validation) => {
        history.train.push(train);
        onEpoch?.({ epoch, epochs, train, validation, test: history.test[epoch - 1] as number });
      },
    },
  );
  return new TrainedAutoencoder(network, weights, scaling, history);
}

/** Rebuild from a saved state. @throws ShapeMismatch when the weights do not fit the configuration */
export function autoencoderFromState(state: NetworkState): Autoencoder {
  const config = state.config as unknown as AutoencoderConfig;
  const network = new AutoencoderNetwork(config);
  if (state.weights.length !== network.layout.size) {
    throw new ShapeMismatch("autoencoder weights", state.weights.length, `${network.layout.size} values`);
  }
  const scaling = { mean: Float32Array.from(config.scaling.mean), sd: Float32Array.from(config.scaling.sd) };
  return new TrainedAutoencoder(network, Float32Array.from(state.weights), scaling, config.history);
}

/** Mean and standard deviation of every point over the training traces, shape (channels, length). */
interface Scaling {
  readonly mean: Float32Array;
  readonly sd: Float32Array;
}

interface AutoencoderConfig {
  readonly length: number;
  readonly latentSize: number;
  readonly channels: number;
  /** Lists, because a configuration is JSON. */
  readonly scaling: { readonly mean: readonly number[]; readonly sd: readonly number[] };
  readonly history: LossHistory;
}

class TrainedAutoencoder implements Autoencoder {
  readonly #network: AutoencoderNetwork;
  readonly #weights: Float32Array;
  readonly #scaling: Scaling;
  readonly history: LossHistory;

  constructor(network: AutoencoderNetwork, weights: Float32Array, scaling: Scaling, history: LossHistory) {
    this.#network = network;
    this.#weights = weights;
    this.#scaling = scaling;
    this.history = history;
  }

  get latentSize(): number {
    return this.#network.latentSize;
  }

  get length(): number {
    return this.#network.length;
  }

  encode(traces: Float32Array, count: number): Float32Array {
    this.#check(traces, count);
    const out = new Float32Array(count * this.latentSize);
    for (const rows of chunks(Uint32Array.from({ length: count }, (_, i) => i))) {
      const codes = compute(this.#network.layout, this.#weights, (read) =>
        this.#network.encode(read, timeMajor(traces, rows, this.#network, this.#scaling)),
      );
      out.set(codes, (rows[0] as number) * this.latentSize);
    }
    return out;
  }

  reconstruct(traces: Float32Array, count: number): Float32Array {
    this.#check(traces, count);
    const { channels, length } = this.#network;
    const { mean: centre, sd } = this.#scaling;
    const size = channels * length;
    const out = new Float32Array(count * size);
    for (const rows of chunks(Uint32Array.from({ length: count }, (_, i) => i))) {
      const points = compute(this.#network.layout, this.#weights, (read) => {
        const x = timeMajor(traces, rows, this.#network, this.#scaling);
        return tf.transpose(this.#network.decode(read, this.#network.encode(read, x)), [1, 2, 0]);
      });
      out.set(
        points.map((value, i) => value * (sd[i % size] as number) + (centre[i % size] as number)),
        (rows[0] as number) * size,
      );
    }
    return out;
  }

  state(): NetworkState {
    const config: AutoencoderConfig = {
      length: this.length,
      latentSize: this.latentSize,
      channels: this.#network.channels,
      scaling: { mean: [...this.#scaling.mean], sd: [...this.#scaling.sd] },
      history: this.history,
    };
    return { name: "autoencoder", config: { ...config }, weights: Float32Array.from(this.#weights) };
  }

  #check(traces: Float32Array, count: number): void {
    assertShape("traces", traces, count, this.#network.channels * this.length);
    assertFinite("traces", traces);
  }
}

/** Rows as a standardised tensor of shape (paddedLength, n, channels); the padding repeats the last point. */
function timeMajor(
  traces: Float32Array,
  rows: Uint32Array,
  network: AutoencoderNetwork,
  scaling: Scaling,
): tf.Tensor3D {
  const { length, paddedLength, channels } = network;
  const values = new Float32Array(paddedLength * rows.length * channels);
  rows.forEach((row, i) => {
    for (let c = 0; c < channels; c++) {
      for (let t = 0; t < paddedLength; t++) {
        const point = c * length + Math.min(t, length - 1);
        const value = traces[row * channels * length + point] as number;
        values[(t * rows.length + i) * channels + c] =
          (value - (scaling.mean[point] as number)) / (scaling.sd[point] as number);
      }
    }
  });
  return tf.tensor3d(values, [paddedLength, rows.length, channels]);
}

/** Without the padding, shape (length, n, channels). */
function cropped(x: tf.Tensor3D, { length, channels }: AutoencoderNetwork): tf.Tensor3D {
  return tf.slice(x, [0, 0, 0], [length, x.shape[1], channels]);
}

/** Weighted mean squared error of each trace, standardised. */
function traceErrors(
  network: AutoencoderNetwork,
  weights: Float32Array,
  scaling: Scaling,
  channelWeights: readonly number[],
  traces: Float32Array,
  rows: Uint32Array,
): number[] {
  return [...chunks(rows)].flatMap((chunk) => [
    ...compute(network.layout, weights, (read) => {
      const x = timeMajor(traces, chunk, network, scaling);
      const residual = tf.sub(network.decode(read, network.encode(read, x)), cropped(x, network));
      const weighted = tf.mul(tf.square(residual), tf.tensor1d([...channelWeights]));
      return tf.mul(tf.sum(tf.sum(weighted, 2), 0), 1 / network.length);
    }),
  ]);
}

function* chunks(rows: Uint32Array): Generator<Uint32Array> {
  for (let from = 0; from < rows.length; from += CHUNK) yield rows.subarray(from, from + CHUNK);
}

/** Least standard deviation of a point against that of its whole channel: what varies less is taken for noise. */
const leastPointSd = 0.01;

function fitScaling(traces: Float32Array, channels: number, length: number, rows: Uint32Array): Scaling {
  const size = channels * length;
  const mean = new Float32Array(size);
  const sd = new Float32Array(size);
  for (let c = 0; c < channels; c++) {
    const centres = new Float64Array(length);
    const variances = new Float64Array(length);
    for (let t = 0; t < length; t++) {
      const at = (row: number): number => traces[row * size + c * length + t] as number;
      let sum = 0;
      for (const row of rows) sum += at(row);
      const centre = sum / rows.length;
      let squares = 0;
      for (const row of rows) squares += (at(row) - centre) ** 2;
      centres[t] = centre;
      variances[t] = squares / rows.length;
    }
    const overall = centres.reduce((a, b) => a + b, 0) / length;
    const spread = centres.reduce((a, m, t) => a + (m - overall) ** 2 + (variances[t] as number), 0) / length;
    // A channel that never varies at all must not be divided by nothing.
    const least = spread > 0 ? leastPointSd * Math.sqrt(spread) : 1;
    for (let t = 0; t < length; t++) {
      mean[c * length + t] = centres[t] as number;
      sd[c * length + t] = Math.max(least, Math.sqrt(variances[t] as number));
    }
  }
  return { mean, sd };
}

function meanAndSd(values: readonly number[]): { mean: number; sd: number } {
  const centre = values.reduce((sum, v) => sum + v, 0) / values.length;
  const squares = values.reduce((sum, v) => sum + (v - centre) ** 2, 0);
  return { mean: centre, sd: Math.sqrt(squares / Math.max(1, values.length - 1)) };
}

function checkSplit(split: Split, count: number): void {
  for (const name of ["train", "validation", "test"] as const) {
    const rows = split[name];
    if (rows.length === 0) throw new ShapeMismatch(`split.${name}`, 0, "one row or more");
    const outside = rows.find((row) => row >= count);
    if (outside !== undefined) throw new FieldOutOfRange(`row in split.${name}`, outside, `0..${count - 1}`);
  }
}
