/**
 * The convolutional encoder and decoder as pure functions of their weights: two strided convolutions and a hidden layer
 * on the way to the latent code, and the same way back. The wide first stride keeps tensors small; kernels are two
 * strides wide, so neighbouring windows overlap. Know neither units nor training.
 */
import * as tf from "@tensorflow/tfjs-core";
import { FieldOutOfRange } from "../../base/errors.js";
import type { Rng } from "../../base/rng.js";
import type { ChainLayer } from "./conv-net.js";
import { type Conv1dShape, conv1d, conv1dTranspose, dense, silu } from "./ops.js";
import { fillUniform, type ParameterLayout, type ParameterReader } from "./parameters.js";

export interface ConvShape {
  /** Points of a trace. */
  readonly length: number;
  /** Values per point. */
  readonly channels: number;
  readonly latentSize: number;
  /** Points by which the window of the outer convolution moves; the inner one moves by 4 of its windows. */
  readonly outerStride: number;
}

const OVERLAP = 2;
const INNER: Conv1dShape = { stride: 4, overlap: OVERLAP };
const OUTER_FILTERS = 16;
const INNER_FILTERS = 32;
const HIDDEN = 128;

/** Windows of the inner convolution. @throws FieldOutOfRange */
function positionsOf({ length, channels, latentSize, outerStride }: ConvShape): number {
  const total = outerStride * INNER.stride;
  if (!Number.isInteger(length) || length < total)
    throw new FieldOutOfRange("trace length", length, `${total} or more`);
  if (!Number.isInteger(channels) || channels < 1) throw new FieldOutOfRange("channels", channels, "1 or more");
  if (!Number.isInteger(latentSize) || latentSize < 1 || latentSize > HIDDEN) {
    throw new FieldOutOfRange("latentSize", latentSize, `1..${HIDDEN}`);
  }
  return Math.ceil(length / total);
}

export class ConvEncoder {
  readonly shape: ConvShape;
  /** Length after padding to whole strides. */
  readonly paddedLength: number;
  readonly #positions: number;

  /** Declares its weights in the layout. @throws FieldOutOfRange */
  constructor(shape: ConvShape, layout: ParameterLayout) {
    this.shape = shape;
    this.#positions = positionsOf(shape);
    this.paddedLength = this.#positions * shape.outerStride * INNER.stride;
    layout.add("encode0.w", [OVERLAP, shape.outerStride * shape.channels, OUTER_FILTERS]);
    layout.add("encode0.b", [OUTER_FILTERS]);
    layout.add("encode1.w", [INNER.overlap, INNER.stride * OUTER_FILTERS, INNER_FILTERS]);
    layout.add("encode1.b", [INNER_FILTERS]);
    layout.add("encode2.w", [this.#positions * INNER_FILTERS, HIDDEN]);
    layout.add("encode2.b", [HIDDEN]);
    layout.add("latent.w", [HIDDEN, shape.latentSize]);
    layout.add("latent.b", [shape.latentSize]);
  }

  /** @param x shape (paddedLength, n, channels), standardised @returns shape (n, latentSize) */
  encode(read: ParameterReader, x: tf.Tensor3D): tf.Tensor2D {
    const count = x.shape[1];
    const outer = { stride: this.shape.outerStride, overlap: OVERLAP };
    const first = silu(conv1d(x, read("encode0.w"), read("encode0.b"), outer));
    const second = silu(conv1d(first, read("encode1.w"), read("encode1.b"), INNER));
    const flat = tf.reshape(tf.transpose(second, [1, 0, 2]), [count, this.#positions * INNER_FILTERS]);
    const hidden = silu(dense(flat as tf.Tensor2D, read("encode2.w"), read("encode2.b")));
    return dense(hidden, read("latent.w"), read("latent.b"));
  }
}

export class ConvDecoder {
  readonly shape: ConvShape;
  readonly #positions: number;

  /** Declares its weights in the layout. @throws FieldOutOfRange */
  constructor(shape: ConvShape, layout: ParameterLayout) {
    this.shape = shape;
    this.#positions = positionsOf(shape);
    const flat = this.#positions * INNER_FILTERS;
    layout.add("decode2.w", [shape.latentSize, HIDDEN]);
    layout.add("decode2.b", [HIDDEN]);
    layout.add("decode1.w", [HIDDEN, flat]);
    layout.add("decode1.b", [flat]);
    layout.add("decode0.w", [INNER.overlap, INNER_FILTERS, INNER.stride * OUTER_FILTERS]);
    layout.add("decode0.b", [OUTER_FILTERS]);
    layout.add("output.w", [OVERLAP, OUTER_FILTERS, shape.outerStride * shape.channels]);
    layout.add("output.b", [shape.channels]);
  }

  /** @param code shape (n, latentSize) @returns shape (length, n, channels) */
  decode(read: ParameterReader, code: tf.Tensor2D): tf.Tensor3D {
    const count = code.shape[0];
    const { length, channels, outerStride } = this.shape;
    const hidden = silu(dense(code, read("decode2.w"), read("decode2.b")));
    const flat = silu(dense(hidden, read("decode1.w"), read("decode1.b")));
    const rows = tf.transpose(tf.reshape(flat, [count, this.#positions, INNER_FILTERS]), [1, 0, 2]);
    const first = silu(conv1dTranspose(rows as tf.Tensor3D, read("decode0.w"), read("decode0.b"), INNER));
    const outer = { stride: outerStride, overlap: OVERLAP };
    const points = conv1dTranspose(first, read("output.w"), read("output.b"), outer);
    return tf.slice(points, [0, 0, 0], [length, count, channels]);
  }
}

/** The same network as a chain for the kernels; weights stand in the same order. @throws FieldOutOfRange */
export function chainOf(shape: ConvShape): ChainLayer[] {
  const positions = positionsOf(shape);
  const outer = { stride: shape.outerStride, overlap: OVERLAP };
  return [
    { type: "conv", ...outer, filters: OUTER_FILTERS, activation: "silu" },
    { type: "conv", ...INNER, filters: INNER_FILTERS, activation: "silu" },
    { type: "dense", filters: HIDDEN, activation: "silu" },
    { type: "dense", filters: shape.latentSize, activation: "none" },
    { type: "dense", filters: HIDDEN, activation: "silu" },
    { type: "dense", filters: positions * INNER_FILTERS, length: positions, activation: "silu" },
    { type: "conv-transpose", ...INNER, filters: OUTER_FILTERS, activation: "silu" },
    { type: "conv-transpose", ...outer, filters: shape.channels, activation: "none" },
  ];
}

/** Starting weights for everything in the layout. */
export function initialWeights(layout: ParameterLayout, rng: Rng): Float32Array {
  const weights = new Float32Array(layout.size);
  for (const { name, shape } of layout.blocks) {
    if (shape.length === 1) continue;
    // Inputs that one output sums over: all axes but the last, except that a transposed kernel overlaps itself.
    const fanIn = shape.slice(0, -1).reduce((product, n) => product * n, 1);
    // Gain 2 makes up for what the activation takes away.
    fillUniform(layout.view(weights, name), fanIn, name === "output.w" ? 1 : 2, rng.fork(name));
  }
  return weights;
}
