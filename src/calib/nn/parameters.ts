/**
 * The weights of a network as one flat Float32Array with named blocks. The array is the only master copy: tensors are
 * made from it for one step and die with it, so a network cannot leak, is saved by copying one array, and optimisers
 * and kernels see a vector. Uploading blocks also avoids the gradient of slicing, which costs more than the layers.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Rng } from "../../base/rng.js";
import { ShapeMismatch } from "./errors.js";
import { registerGradients } from "./gradients.js";

export interface ParameterBlock {
  readonly name: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly size: number;
}

/** Names, shapes and places of the blocks, in order of declaration. */
export class ParameterLayout {
  readonly blocks: ParameterBlock[] = [];
  readonly #indexOf = new Map<string, number>();
  #size = 0;

  /** Declare the next block. */
  add(name: string, shape: readonly number[]): void {
    if (this.#indexOf.has(name)) throw new Error(`parameter block ${name} declared twice`);
    const size = shape.reduce((product, n) => product * n, 1);
    this.#indexOf.set(name, this.blocks.length);
    this.blocks.push({ name, shape, offset: this.#size, size });
    this.#size += size;
  }

  /** Number of weights. */
  get size(): number {
    return this.#size;
  }

  block(name: string): ParameterBlock {
    return this.blocks[this.#index(name)] as ParameterBlock;
  }

  /** The part of a flat array that belongs to a block; a view, not a copy. */
  view(values: Float32Array, name: string): Float32Array {
    const { offset, size } = this.block(name);
    return values.subarray(offset, offset + size);
  }

  /** One tensor per block. Call inside `tf.tidy`. @throws ShapeMismatch */
  upload(values: Float32Array): tf.Tensor[] {
    if (values.length !== this.#size) throw new ShapeMismatch("weights", values.length, `${this.#size} values`);
    return this.blocks.map(({ shape, offset, size }) =>
      // A copy: the cpu backend keeps a reference to what it is given.
      tf.tensor(values.slice(offset, offset + size), [...shape]),
    );
  }

  /** Access to uploaded tensors by name. */
  reader(tensors: readonly tf.Tensor[]): ParameterReader {
    return <R extends tf.Rank>(name: string) => tensors[this.#index(name)] as tf.Tensor<R>;
  }

  #index(name: string): number {
    const index = this.#indexOf.get(name);
    if (index === undefined) throw new Error(`no parameter block ${name}`);
    return index;
  }
}

/** Tensor of a named block. */
export type ParameterReader = <R extends tf.Rank>(name: string) => tf.Tensor<R>;

/** Run a pure computation on weights and read its results back; frees every tensor. */
export function compute(
  layout: ParameterLayout,
  values: Float32Array,
  body: (read: ParameterReader) => tf.Tensor,
): Float32Array {
  return tf.tidy(() => {
    const result = body(layout.reader(layout.upload(values)));
    // A copy: backends may return a view of memory that they reuse.
    return Float32Array.from(result.dataSync());
  });
}

/**
 * A scalar loss and its gradient with respect to all weights. Every block must take part in the loss.
 * @param gradient receives the gradient, shape (layout.size) @returns the loss
 */
export function lossAndGradient(
  layout: ParameterLayout,
  values: Float32Array,
  gradient: Float32Array,
  loss: (read: ParameterReader) => tf.Scalar,
): number {
  registerGradients();
  return tf.tidy(() => {
    const tensors = layout.upload(values);
    const { value, grads } = tf.valueAndGrads((...blocks: tf.Tensor[]) => loss(layout.reader(blocks)))(tensors);
    layout.blocks.forEach(({ offset }, i) => {
      gradient.set((grads[i] as tf.Tensor).dataSync() as Float32Array, offset);
    });
    return value.dataSync()[0] as number;
  });
}

/** Uniform in +-sqrt(3 gain / fanIn): variance gain / fanIn. */
export function fillUniform(block: Float32Array, fanIn: number, gain: number, rng: Rng): void {
  const bound = Math.sqrt((3 * gain) / fanIn);
  for (let i = 0; i < block.length; i++) block[i] = bound * (2 * rng.uniform() - 1);
}
