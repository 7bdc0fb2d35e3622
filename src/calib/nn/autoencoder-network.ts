/**
 * The convolutional autoencoder as a pure function of its weights: two strided convolutions, a hidden layer, the latent
 * code, and the same way back. The wide first stride keeps tensors small; kernels are two strides wide, so neighbouring
 * windows overlap. Knows neither units nor training.
 */
import * as tf from "@tensorflow/tfjs-core";
import { FieldOutOfRange } from "../../base/errors.js";
import type { Rng } from "../../base/rng.js";
import { type Conv1dShape, conv1d, conv1dTranspose, dense, silu } from "./ops.js";
import { fillUniform, ParameterLayout, type ParameterReader } from "./parameters.js";

export interface AutoencoderShape {
  /** Points of a trace. */
  readonly length: number;
  readonly latentSize: number;
  /** Values per point; default 1. */
  readonly channels?: number;
}

const OUTER: Conv1dShape = { stride: 8, overlap: 2 };
const INNER: Conv1dShape = { stride: 4, overlap: 2 };
const OUTER_FILTERS = 16;
const INNER_FILTERS = 32;
const HIDDEN = 128;

export class AutoencoderNetwork {
  readonly length: number;
  readonly latentSize: number;
  readonly channels: number;
  /** Length after padding to whole strides. */
  readonly paddedLength: number;
  readonly layout = new ParameterLayout();
  readonly #positions: number;

  /** @throws FieldOutOfRange */
  constructor({ length, latentSize, channels = 1 }: AutoencoderShape) {
    const total = OUTER.stride * INNER.stride;
    if (!Number.isInteger(length) || length < total)
      throw new FieldOutOfRange("trace length", length, `${total} or more`);
    if (!Number.isInteger(latentSize) || latentSize < 1 || latentSize > HIDDEN) {
      throw new FieldOutOfRange("latentSize", latentSize, `1..${HIDDEN}`);
    }
    if (!Number.isInteger(channels) || channels < 1) throw new FieldOutOfRange("channels", channels, "1 or more");
    this.length = length;
    this.channels = channels;
    this.latentSize = latentSize;
    this.#positions = Math.ceil(length / total);
    this.paddedLength = this.#positions * total;
    const flat = this.#positions * INNER_FILTERS;
    const add = (name: string, ...shape: number[]): void => {
      this.layout.add(`${name}.w`, shape);
    };
    const bias = (name: string, size: number): void => this.layout.add(`${name}.b`, [size]);
    add("encode0", OUTER.overlap, OUTER.stride * channels, OUTER_FILTERS);
    bias("encode0", OUTER_FILTERS);
    add("encode1", INNER.overlap, INNER.stride * OUTER_FILTERS, INNER_FILTERS);
    bias("encode1", INNER_FILTERS);
    add("encode2", flat, HIDDEN);
    bias("encode2", HIDDEN);
    add("latent", HIDDEN, latentSize);
    bias("latent", latentSize);
    add("decode2", latentSize, HIDDEN);
    bias("decode2", HIDDEN);
    add("decode1", HIDDEN, flat);
    bias("decode1", flat);
    add("decode0", INNER.overlap, INNER_FILTERS, INNER.stride * OUTER_FILTERS);
    bias("decode0", OUTER_FILTERS);
    add("output", OUTER.overlap, OUTER_FILTERS, OUTER.stride * channels);
    bias("output", channels);
  }

  initialise(rng: Rng): Float32Array {
    const weights = new Float32Array(this.layout.size);
    for (const { name, shape } of this.layout.blocks) {
      if (shape.length === 1) continue;
      // Inputs that one output sums over: all axes but the last, except that a transposed kernel overlaps itself.
      const fanIn = shape.slice(0, -1).reduce((product, n) => product * n, 1);
      // Gain 2 makes up for what the activation takes away.
      fillUniform(this.layout.view(weights, name), fanIn, name === "output.w" ? 1 : 2, rng.fork(name));
    }
    return weights;
  }

  /** @param x shape (paddedLength, n, channels), standardised @returns shape (n, latentSize) */
  encode(read: ParameterReader, x: tf.Tensor3D): tf.Tensor2D {
    const count = x.shape[1];
    const first = silu(conv1d(x, read("encode0.w"), read("encode0.b"), OUTER));
    const second = silu(conv1d(first, read("encode1.w"), read("encode1.b"), INNER));
    const flat = tf.reshape(tf.transpose(second, [1, 0, 2]), [count, this.#positions * INNER_FILTERS]);
    const hidden = silu(dense(flat as tf.Tensor2D, read("encode2.w"), read("encode2.b")));
    return dense(hidden, read("latent.w"), read("latent.b"));
  }

  /** @param code shape (n, latentSize) @returns shape (length, n, channels) */
  decode(read: ParameterReader, code: tf.Tensor2D): tf.Tensor3D {
    const count = code.shape[0];
    const hidden = silu(dense(code, read("decode2.w"), read("decode2.b")));
    const flat = silu(dense(hidden, read("decode1.w"), read("decode1.b")));
    const rows = tf.transpose(tf.reshape(flat, [count, this.#positions, INNER_FILTERS]), [1, 0, 2]);
    const first = silu(conv1dTranspose(rows as tf.Tensor3D, read("decode0.w"), read("decode0.b"), INNER));
    const points = conv1dTranspose(first, read("output.w"), read("output.b"), OUTER);
    return tf.slice(points, [0, 0, 0], [this.length, count, this.channels]);
  }
}
