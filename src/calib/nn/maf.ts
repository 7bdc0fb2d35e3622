/**
 * Masked autoregressive flow: a chain of affine transforms z -> (z - m(z_before, x)) exp(a(z_before, x)) whose
 * conditioners are masked networks; the order of the parameters is reversed from one to the next. A small network reads
 * x once per row and all conditioners draw on it, so that ten thetas for one x cost little more than one.
 * Sources: Papamakarios, Pavlakou, Murray, NeurIPS 2017; Germain et al. (MADE), ICML 2015.
 */
import * as tf from "@tensorflow/tfjs-core";
import { FieldOutOfRange } from "../../base/errors.js";
import type { Rng } from "../../base/rng.js";
import type { DensityArchitecture } from "./density-estimator.js";
import { dense, matMul, silu, tanh } from "./ops.js";
import { fillUniform, ParameterLayout, type ParameterReader } from "./parameters.js";

export interface MafOptions {
  /** Number of affine transforms, 1 or more. */
  readonly transforms: number;
  /** Units of every hidden layer. */
  readonly hidden: number;
  /** Masked hidden layers in each conditioner, 1 or 2. */
  readonly hiddenLayers: number;
}

export const defaultMafOptions: MafOptions = { transforms: 5, hidden: 50, hiddenLayers: 1 };

/** A transform scales by exp(+-4) at most: wide enough for any posterior, too narrow to overflow. */
const MAX_LOG_SCALE = 4;
const LOG_SQRT_2PI = 0.5 * Math.log(2 * Math.PI);

export class MafArchitecture implements DensityArchitecture {
  readonly kind = "maf";
  readonly numParameters: number;
  readonly numFeatures: number;
  readonly layout = new ParameterLayout();
  readonly #options: MafOptions;
  /** 1 where a weight may differ from zero. */
  readonly #mask: Uint8Array;

  /** @throws FieldOutOfRange */
  constructor(numParameters: number, numFeatures: number, options: MafOptions = defaultMafOptions) {
    positiveInteger("numParameters", numParameters);
    positiveInteger("numFeatures", numFeatures);
    positiveInteger("transforms", options.transforms);
    positiveInteger("hidden", options.hidden);
    if (options.hiddenLayers !== 1 && options.hiddenLayers !== 2) {
      throw new FieldOutOfRange("hiddenLayers", options.hiddenLayers, "1 or 2");
    }
    this.numParameters = numParameters;
    this.numFeatures = numFeatures;
    this.#options = options;
    this.#declare();
    this.#mask = this.#makeMask();
  }

  get config(): Readonly<Record<string, unknown>> {
    return { numParameters: this.numParameters, numFeatures: this.numFeatures, ...this.#options };
  }

  initialise(rng: Rng): Float32Array {
    const weights = new Float32Array(this.layout.size);
    for (const { name, shape } of this.layout.blocks) {
      // Biases and the heads stay zero: the flow starts as the identity.
      if (shape.length === 2 && !/shift|scale/.test(name)) {
        fillUniform(this.layout.view(weights, name), shape[0] as number, 1, rng.fork(name));
      }
    }
    this.maskGradient(weights);
    return weights;
  }

  maskGradient(gradient: Float32Array): void {
    for (let i = 0; i < gradient.length; i++) if (this.#mask[i] === 0) gradient[i] = 0;
  }

  logProb(read: ParameterReader, theta: tf.Tensor3D, x: tf.Tensor2D): tf.Tensor2D {
    const [rows, atoms, d] = theta.shape;
    const context = this.#readContext(read, x);
    let z = tf.reshape(theta, [rows * atoms, d]) as tf.Tensor2D;
    let logScales: tf.Tensor2D | undefined;
    for (let t = 0; t < this.#options.transforms; t++) {
      const { shift, logScale } = this.#condition(read, t, z, context, atoms);
      z = tf.mul(tf.sub(z, shift), tf.exp(logScale));
      logScales = logScales === undefined ? logScale : tf.add(logScales, logScale);
    }
    const perDimension = tf.sub(logScales as tf.Tensor2D, tf.mul(tf.square(z), 0.5));
    const sum = tf.sub(tf.sum(perDimension, 1), d * LOG_SQRT_2PI);
    return tf.reshape(sum, [rows, atoms]);
  }

  inverse(read: ParameterReader, noise: tf.Tensor2D, x: tf.Tensor2D): tf.Tensor2D {
    const [count, d] = noise.shape;
    const context = this.#readContext(read, x);
    let z = noise;
    for (let t = this.#options.transforms - 1; t >= 0; t--) {
      const target = z;
      // Each pass makes one more parameter exact, in the order of this transform.
      z = tf.zerosLike(target);
      for (let pass = 0; pass < d; pass++) {
        const { shift, logScale } = this.#condition(read, t, z, context, count);
        z = tf.add(tf.mul(target, tf.exp(tf.neg(logScale))), shift);
      }
    }
    return z;
  }

  #readContext(read: ParameterReader, x: tf.Tensor2D): tf.Tensor2D {
    const first = silu(dense(x, read("context0.w"), read("context0.b")));
    return silu(dense(first, read("context1.w"), read("context1.b")));
  }

  /** Shift and log-scale of one transform, both (rows * atoms, d). @param context shape (rows, hidden) */
  #condition(
    read: ParameterReader,
    t: number,
    z: tf.Tensor2D,
    context: tf.Tensor2D,
    atoms: number,
  ): { shift: tf.Tensor2D; logScale: tf.Tensor2D } {
    const fromContext = (name: string): tf.Tensor2D =>
      dense(context, read(`t${t}.${name}.context`), read(`t${t}.${name}.b`));
    let h: tf.Tensor2D | undefined;
    if (this.numParameters > 1) {
      h = tanh(spread(fromContext("input"), matMul(z, read(`t${t}.input.w`)), atoms));
      if (this.#options.hiddenLayers === 2) h = tanh(dense(h, read(`t${t}.hidden.w`), read(`t${t}.hidden.b`)));
    }
    const head = (name: string): tf.Tensor2D =>
      spread(fromContext(name), h && matMul(h, read(`t${t}.${name}.w`)), atoms);
    const shift = head("shift");
    const scale = head("scale");
    const logScale = tf.sub(tf.mul(tf.sigmoid(scale), 2 * MAX_LOG_SCALE), MAX_LOG_SCALE);
    return { shift, logScale: logScale as tf.Tensor2D };
  }

  #declare(): void {
    const { transforms, hidden, hiddenLayers } = this.#options;
    const d = this.numParameters;
    const layout = this.layout;
    layout.add("context0.w", [this.numFeatures, hidden]);
    layout.add("context0.b", [hidden]);
    layout.add("context1.w", [hidden, hidden]);
    layout.add("context1.b", [hidden]);
    for (let t = 0; t < transforms; t++) {
      for (const head of ["shift", "scale"]) {
        layout.add(`t${t}.${head}.context`, [hidden, d]);
        layout.add(`t${t}.${head}.b`, [d]);
        if (d > 1) layout.add(`t${t}.${head}.w`, [hidden, d]);
      }
      // With one parameter there is nothing before it: the context is all.
      if (d === 1) continue;
      layout.add(`t${t}.input.w`, [d, hidden]);
      layout.add(`t${t}.input.context`, [hidden, hidden]);
      layout.add(`t${t}.input.b`, [hidden]);
      if (hiddenLayers === 2) {
        layout.add(`t${t}.hidden.w`, [hidden, hidden]);
        layout.add(`t${t}.hidden.b`, [hidden]);
      }
    }
  }

  #makeMask(): Uint8Array {
    const { transforms } = this.#options;
    const d = this.numParameters;
    const mask = new Uint8Array(this.layout.size).fill(1);
    if (d === 1) return mask;
    // A hidden unit of degree g sees the parameters at places 0..g; the parameter at place p sees degrees below p.
    const degree = (unit: number): number => unit % (d - 1);
    for (let t = 0; t < transforms; t++) {
      const place = (dimension: number): number => (t % 2 === 0 ? dimension : d - 1 - dimension);
      this.#maskBlock(mask, `t${t}.input.w`, (from, to) => place(from) <= degree(to));
      this.#maskBlock(mask, `t${t}.shift.w`, (from, to) => degree(from) < place(to));
      this.#maskBlock(mask, `t${t}.scale.w`, (from, to) => degree(from) < place(to));
      if (this.#options.hiddenLayers === 2) {
        this.#maskBlock(mask, `t${t}.hidden.w`, (from, to) => degree(from) <= degree(to));
      }
    }
    return mask;
  }

  #maskBlock(mask: Uint8Array, name: string, connected: (from: number, to: number) => boolean): void {
    const { offset, size, shape } = this.layout.block(name);
    const columns = shape[1] as number;
    for (let i = 0; i < size; i++) {
      mask[offset + i] = connected(Math.floor(i / columns), i % columns) ? 1 : 0;
    }
  }
}

/** Add one row per context row to all its atoms. @param perRow (rows, k) @param perAtom (rows * atoms, k) */
function spread(perRow: tf.Tensor2D, perAtom: tf.Tensor2D | undefined, atoms: number): tf.Tensor2D {
  const [rows, k] = perRow.shape;
  const row = tf.reshape(perRow, [rows, 1, k]);
  const all = perAtom === undefined ? tf.zeros([rows, atoms, k]) : tf.reshape(perAtom, [rows, atoms, k]);
  return tf.reshape(tf.add(row, all), [rows * atoms, k]);
}

function positiveInteger(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) throw new FieldOutOfRange(name, value, "the integers from 1");
}
