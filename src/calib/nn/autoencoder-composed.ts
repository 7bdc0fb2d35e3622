/**
 * The autoencoder as composed tensor ops: any backend runs it, it is the oracle of the one on the kernels, and what
 * trains where a native tensor library is there.
 */
import * as tf from "@tensorflow/tfjs-core";
import { ConvDecoder, ConvEncoder, type ConvShape } from "./autoencoder-network.js";
import { mean } from "./ops.js";
import { compute, lossAndGradient, ParameterLayout } from "./parameters.js";
import { type PointScaling, timeMajor } from "./scaling.js";

/** What a training needs of an autoencoder on a set of traces, as functions of flat weights. */
export interface AutoencoderBody {
  /** Mean weighted squared error of the rows, standardised; writes its gradient. */
  lossAndGradient(weights: Float32Array, rows: Uint32Array, gradient: Float32Array): number;
  /** Weighted mean squared error of each row. */
  errors(weights: Float32Array, rows: Uint32Array): number[];
  /** Give back what it works on. */
  release(): void;
}

/** Traces per pass outside of training. */
const CHUNK = 128;

/** Encoder and decoder on one vector of weights. */
export class AutoencoderNetwork {
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

  /** Length after padding to whole strides. */
  get paddedLength(): number {
    return this.#encoder.paddedLength;
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

export class ComposedAutoencoder implements AutoencoderBody {
  readonly #network: AutoencoderNetwork;
  readonly #scaling: PointScaling;
  readonly #channelWeights: readonly number[];
  readonly #traces: Float32Array;

  /** @param traces shape (count, channels, length) @param channelWeights share of each channel in the loss */
  constructor(
    network: AutoencoderNetwork,
    scaling: PointScaling,
    channelWeights: readonly number[],
    traces: Float32Array,
  ) {
    this.#network = network;
    this.#scaling = scaling;
    this.#channelWeights = channelWeights;
    this.#traces = traces;
  }

  lossAndGradient(weights: Float32Array, rows: Uint32Array, gradient: Float32Array): number {
    const network = this.#network;
    const { channels } = network.shape;
    return lossAndGradient(network.layout, weights, gradient, (read) => {
      const x = network.input(this.#traces, rows, this.#scaling);
      const residual = tf.sub(network.decode(read, network.encode(read, x)), network.cropped(x));
      // Times the number of channels: weights that add up to one keep 1 as the error of answering with the mean.
      return mean(tf.mul(tf.square(residual), tf.tensor1d(this.#channelWeights.map((w) => w * channels))));
    });
  }

  errors(weights: Float32Array, rows: Uint32Array): number[] {
    const network = this.#network;
    return [...chunks(rows)].flatMap((chunk) => [
      ...compute(network.layout, weights, (read) => {
        const x = network.input(this.#traces, chunk, this.#scaling);
        const residual = tf.sub(network.decode(read, network.encode(read, x)), network.cropped(x));
        const weighted = tf.mul(tf.square(residual), tf.tensor1d([...this.#channelWeights]));
        return tf.mul(tf.sum(tf.sum(weighted, 2), 0), 1 / network.shape.length);
      }),
    ]);
  }

  /** Tensors die with each call. */
  release(): void {}
}

export function* chunks(rows: Uint32Array): Generator<Uint32Array> {
  for (let from = 0; from < rows.length; from += CHUNK) yield rows.subarray(from, from + CHUNK);
}
