/**
 * Autoencoder over membrane traces: trains the network, keeps its loss history, turns traces into latent codes and back
 * in the unit they came in. It does not know what a trace shows or which chip it is from.
 */
import * as tf from "@tensorflow/tfjs-core";
import { FieldOutOfRange } from "../../base/errors.js";
import { Rng } from "../../base/rng.js";
import type { LossHistory, Split } from "../run-data.js";
import type { NetworkState } from "../store.js";
import { ConvDecoder, ConvEncoder, type ConvShape, initialWeights } from "./autoencoder-network.js";
import { assertFinite, assertShape, ShapeMismatch } from "./errors.js";
import { fitWeights } from "./fit.js";
import { mean } from "./ops.js";
import { compute, lossAndGradient, ParameterLayout } from "./parameters.js";
import {
  fitScaling,
  type PointScaling,
  type PointScalingConfig,
  scalingConfig,
  scalingFromConfig,
  timeMajor,
  unscale,
} from "./scaling.js";

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
  /** Points by which the window of the outer convolution moves. Default 8. */
  readonly outerStride?: number;
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
  const {
    latentSize = 10,
    epochs = 30,
    batchSize = 32,
    outerStride = 8,
    learningRate = 3e-3,
    signal,
    onEpoch,
  } = options;
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
  const network = new AutoencoderNetwork({ length: data.length, latentSize, channels, outerStride });
  const scaling = fitScaling(data.traces, channels, data.length, split.train);
  const history: LossHistory = { train: [], validation: [], validationSd: [], test: [], testSd: [] };
  const errors = (weights: Float32Array, rows: Uint32Array): { mean: number; sd: number } =>
    meanAndSd(traceErrors(network, weights, scaling, channelWeights, data.traces, rows));
  const { weights } = await fitWeights(
    {
      name: "autoencoder",
      initial: initialWeights(network.layout, rng.fork("weights")),
      trainRows: split.train,
      lossAndGradient: (current, rows, gradient) =>
        lossAndGradient(network.layout, current, gradient, (read) => {
          const x = network.input(data.traces, rows, scaling);
          const residual = tf.sub(network.decode(read, network.encode(read, x)), network.cropped(x));
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
  const scaling = scalingFromConfig(config.scaling);
  return new TrainedAutoencoder(network, Float32Array.from(state.weights), scaling, config.history);
}

/** Encoder and decoder on one vector of weights. */
class AutoencoderNetwork {
  readonly shape: ConvShape;
  readonly layout = new ParameterLayout();
  readonly #encoder: ConvEncoder;
  readonly #decoder: ConvDecoder;

  /** @throws FieldOutOfRange */
  constructor(shape: ConvShape) {
    this.shape = shape;
    this.#encoder = new ConvEncoder(shape, this.layout);
    this.#decoder = new ConvDecoder(shape, this.layout);
  }

  encode: ConvEncoder["encode"] = (read, x) => this.#encoder.encode(read, x);
  decode: ConvDecoder["decode"] = (read, code) => this.#decoder.decode(read, code);

  input(traces: Float32Array, rows: Uint32Array, scaling: PointScaling): tf.Tensor3D {
    const { channels, length } = this.shape;
    return timeMajor(traces, rows, channels, length, this.#encoder.paddedLength, scaling);
  }

  /** Without the padding, shape (length, n, channels). */
  cropped(x: tf.Tensor3D): tf.Tensor3D {
    return tf.slice(x, [0, 0, 0], [this.shape.length, x.shape[1], this.shape.channels]);
  }
}

interface AutoencoderConfig extends ConvShape {
  readonly scaling: PointScalingConfig;
  readonly history: LossHistory;
}

class TrainedAutoencoder implements Autoencoder {
  readonly #network: AutoencoderNetwork;
  readonly #weights: Float32Array;
  readonly #scaling: PointScaling;
  readonly history: LossHistory;

  constructor(network: AutoencoderNetwork, weights: Float32Array, scaling: PointScaling, history: LossHistory) {
    this.#network = network;
    this.#weights = weights;
    this.#scaling = scaling;
    this.history = history;
  }

  get latentSize(): number {
    return this.#network.shape.latentSize;
  }

  get length(): number {
    return this.#network.shape.length;
  }

  encode(traces: Float32Array, count: number): Float32Array {
    this.#check(traces, count);
    const out = new Float32Array(count * this.latentSize);
    for (const rows of chunks(Uint32Array.from({ length: count }, (_, i) => i))) {
      const codes = compute(this.#network.layout, this.#weights, (read) =>
        this.#network.encode(read, this.#network.input(traces, rows, this.#scaling)),
      );
      out.set(codes, (rows[0] as number) * this.latentSize);
    }
    return out;
  }

  reconstruct(traces: Float32Array, count: number): Float32Array {
    this.#check(traces, count);
    const out = new Float32Array(traces.length);
    const size = traces.length / count;
    for (const rows of chunks(Uint32Array.from({ length: count }, (_, i) => i))) {
      const points = compute(this.#network.layout, this.#weights, (read) => {
        const x = this.#network.input(traces, rows, this.#scaling);
        return tf.transpose(this.#network.decode(read, this.#network.encode(read, x)), [1, 2, 0]);
      });
      out.set(unscale(points, this.#scaling), (rows[0] as number) * size);
    }
    return out;
  }

  state(): NetworkState {
    const config: AutoencoderConfig = {
      ...this.#network.shape,
      scaling: scalingConfig(this.#scaling),
      history: this.history,
    };
    return { name: "autoencoder", config: { ...config }, weights: Float32Array.from(this.#weights) };
  }

  #check(traces: Float32Array, count: number): void {
    assertShape("traces", traces, count, this.#network.shape.channels * this.length);
    assertFinite("traces", traces);
  }
}

/** Weighted mean squared error of each trace, standardised. */
function traceErrors(
  network: AutoencoderNetwork,
  weights: Float32Array,
  scaling: PointScaling,
  channelWeights: readonly number[],
  traces: Float32Array,
  rows: Uint32Array,
): number[] {
  return [...chunks(rows)].flatMap((chunk) => [
    ...compute(network.layout, weights, (read) => {
      const x = network.input(traces, chunk, scaling);
      const residual = tf.sub(network.decode(read, network.encode(read, x)), network.cropped(x));
      const weighted = tf.mul(tf.square(residual), tf.tensor1d([...channelWeights]));
      return tf.mul(tf.sum(tf.sum(weighted, 2), 0), 1 / network.shape.length);
    }),
  ]);
}

function* chunks(rows: Uint32Array): Generator<Uint32Array> {
  for (let from = 0; from < rows.length; from += CHUNK) yield rows.subarray(from, from + CHUNK);
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
