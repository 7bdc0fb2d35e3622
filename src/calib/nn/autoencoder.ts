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

/** Traces on one grid; `traces` has shape (count, length). */
export interface TraceMatrix {
  readonly traces: Float32Array;
  readonly count: number;
  readonly length: number;
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
  /** @param traces shape (count, length) @returns shape (count, latentSize) @throws ShapeMismatch @throws NonFinite */
  encode(traces: Float32Array, count: number): Float32Array;
  /** @returns shape (count, length), in the unit of the traces @throws ShapeMismatch @throws NonFinite */
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
  assertShape("traces", data.traces, data.count, data.length);
  assertFinite("traces", data.traces);
  checkSplit(split, data.count);
  for (const [name, value] of Object.entries({ epochs, batchSize })) {
    if (!Number.isInteger(value) || value < 1) throw new FieldOutOfRange(name, value, "the integers from 1");
  }
  const rng = Rng.fromSeed(options.seed).fork("autoencoder");
  const network = new AutoencoderNetwork({ length: data.length, latentSize });
  const scaling = fitScaling(data, split.train);
  const history: LossHistory = { train: [], validation: [], validationSd: [], test: [], testSd: [] };
  const errors = (weights: Float32Array, rows: Uint32Array): { mean: number; sd: number } =>
    meanAndSd(traceErrors(network, weights, scaling, data.traces, rows));
  const { weights } = await fitWeights(
    {
      name: "autoencoder",
      initial: network.initialise(rng.fork("weights")),
      trainRows: split.train,
      lossAndGradient: (current, rows, gradient) =>
        lossAndGradient(network.layout, current, gradient, (read) => {
          const x = timeMajor(data.traces, rows, network, scaling);
          return mean(tf.square(tf.sub(network.decode(read, network.encode(read, x)), cropped(x, network))));
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
  return new TrainedAutoencoder(network, Float32Array.from(state.weights), config.scaling, config.history);
}

/** Mean and standard deviation of all points of the training traces. */
interface Scaling {
  readonly mean: number;
  readonly sd: number;
}

interface AutoencoderConfig {
  readonly length: number;
  readonly latentSize: number;
  readonly scaling: Scaling;
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
    const { mean: centre, sd } = this.#scaling;
    const out = new Float32Array(count * this.length);
    for (const rows of chunks(Uint32Array.from({ length: count }, (_, i) => i))) {
      const points = compute(this.#network.layout, this.#weights, (read) => {
        const x = timeMajor(traces, rows, this.#network, this.#scaling);
        return tf.transpose(this.#network.decode(read, this.#network.encode(read, x)));
      });
      out.set(
        points.map((value) => value * sd + centre),
        (rows[0] as number) * this.length,
      );
    }
    return out;
  }

  state(): NetworkState {
    const config: AutoencoderConfig = {
      length: this.length,
      latentSize: this.latentSize,
      scaling: this.#scaling,
      history: this.history,
    };
    return { name: "autoencoder", config: { ...config }, weights: Float32Array.from(this.#weights) };
  }

  #check(traces: Float32Array, count: number): void {
    assertShape("traces", traces, count, this.length);
    assertFinite("traces", traces);
  }
}

/** Rows as a standardised tensor of shape (paddedLength, n, 1); the padding repeats the last point. */
function timeMajor(
  traces: Float32Array,
  rows: Uint32Array,
  network: AutoencoderNetwork,
  scaling: Scaling,
): tf.Tensor3D {
  const { length, paddedLength } = network;
  const values = new Float32Array(paddedLength * rows.length);
  rows.forEach((row, i) => {
    for (let t = 0; t < paddedLength; t++) {
      const value = traces[row * length + Math.min(t, length - 1)] as number;
      values[t * rows.length + i] = (value - scaling.mean) / scaling.sd;
    }
  });
  return tf.tensor3d(values, [paddedLength, rows.length, 1]);
}

/** Without the padding, shape (length, n). */
function cropped(x: tf.Tensor3D, { length }: AutoencoderNetwork): tf.Tensor2D {
  return tf.reshape(tf.slice(x, [0, 0, 0], [length, x.shape[1], 1]), [length, x.shape[1]]);
}

/** Mean squared error of each trace, standardised. */
function traceErrors(
  network: AutoencoderNetwork,
  weights: Float32Array,
  scaling: Scaling,
  traces: Float32Array,
  rows: Uint32Array,
): number[] {
  return [...chunks(rows)].flatMap((chunk) => [
    ...compute(network.layout, weights, (read) => {
      const x = timeMajor(traces, chunk, network, scaling);
      const residual = tf.sub(network.decode(read, network.encode(read, x)), cropped(x, network));
      return tf.mul(tf.sum(tf.square(residual), 0), 1 / network.length);
    }),
  ]);
}

function* chunks(rows: Uint32Array): Generator<Uint32Array> {
  for (let from = 0; from < rows.length; from += CHUNK) yield rows.subarray(from, from + CHUNK);
}

function fitScaling({ traces, length }: TraceMatrix, rows: Uint32Array): Scaling {
  let sum = 0;
  let squares = 0;
  for (const row of rows) {
    for (let t = 0; t < length; t++) sum += traces[row * length + t] as number;
  }
  const centre = sum / (rows.length * length);
  for (const row of rows) {
    for (let t = 0; t < length; t++) squares += ((traces[row * length + t] as number) - centre) ** 2;
  }
  const sd = Math.sqrt(squares / (rows.length * length));
  // Silent traces that are all alike must not be divided by nothing.
  return { mean: centre, sd: sd > 0 ? sd : 1 };
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
