/**
 * A network in front of a density estimator, trained together with it: from raw rows to the features that the estimator
 * is conditioned on. (A frozen embedding needs none of this: pass its features as x.) Implementations: dense and
 * convolutional chains on the kernels, and any composition of tensor ops (`../nn/tensor-embedding.ts`).
 */
import type { Rng } from "../../base/rng.js";
import type { KernelSpace } from "../../kernels/module.js";
import type { Kernels } from "../../kernels/spaces.js";
import { type ChainLayer, ConvNet } from "../nn/conv-net.js";

export interface EmbeddingNetwork {
  /** Values of a raw row. */
  readonly inputSize: number;
  readonly numFeatures: number;
  /** Number of weights. */
  readonly size: number;
  /** @param rows shape (n, inputSize), any n @returns features, shape (n, numFeatures) */
  forward(weights: Float32Array, rows: Float32Array): Float32Array;
  /** Gradient with respect to the weights of the last `forward`. @param gradient that of its features, (n, numFeatures) */
  backward(gradient: Float32Array): Float32Array;
  /** Give back what it works on. */
  release(): void;
}

/** A chain on the kernels; borrows a memory until `release`. */
export class ChainEmbedding implements EmbeddingNetwork {
  readonly inputSize: number;
  readonly numFeatures: number;
  readonly size: number;
  readonly #kernels: Kernels;
  readonly #space: KernelSpace;
  readonly #samples: number;
  readonly #net: ConvNet;
  #used = 0;

  /**
   * @param input points and channels of a raw row, (length x channels); the length a multiple of all strides
   * @param samples most rows of one `forward`; training asks for up to 128
   */
  constructor(
    kernels: Kernels,
    input: { readonly length: number; readonly channels: number },
    layers: readonly ChainLayer[],
    samples = 128,
  ) {
    this.#kernels = kernels;
    this.#space = kernels.borrow();
    this.#samples = samples;
    this.#net = new ConvNet(this.#space, input, layers, samples);
    this.inputSize = input.length * input.channels;
    this.numFeatures = this.#net.outputOf(0).length;
    this.size = this.#net.size;
  }

  /** Starting weights: uniform, small enough for a chain of any of our activations. */
  initialise(rng: Rng): Float32Array {
    return this.#net.initialise(rng);
  }

  forward(weights: Float32Array, rows: Float32Array): Float32Array {
    this.#used = rows.length / this.inputSize;
    if (this.#used > this.#samples) throw new Error(`the embedding was made for ${this.#samples} rows at once`);
    this.#net.setWeights(weights);
    for (let i = 0; i < this.#used; i++) {
      this.#net.inputOf(i).set(rows.subarray(i * this.inputSize, (i + 1) * this.inputSize));
    }
    this.#net.forward();
    const features = new Float32Array(this.#used * this.numFeatures);
    for (let i = 0; i < this.#used; i++) features.set(this.#net.outputOf(i), i * this.numFeatures);
    return features;
  }

  backward(gradient: Float32Array): Float32Array {
    this.#net.clearGradient();
    for (let i = 0; i < this.#used; i++) {
      this.#net.outputGradientOf(i).set(gradient.subarray(i * this.numFeatures, (i + 1) * this.numFeatures));
    }
    this.#net.backward(this.#used);
    const out = new Float32Array(this.size);
    this.#net.gradient(out);
    return out;
  }

  release(): void {
    this.#kernels.giveBack(this.#space);
  }
}
