/**
 * Adam with decoupled weight decay on one flat vector, with clipping of the global gradient norm; the cosine schedule;
 * the running average of weights. Plain typed arrays: a step over 30 000 weights costs less than one tensor op.
 * Source: Kingma and Ba, ICLR 2015; Loshchilov and Hutter, ICLR 2019 (decay, schedule).
 */

export interface AdamOptions {
  /** Largest Euclidean norm of the gradient; longer ones are scaled down to it. */
  readonly clipNorm: number;
  /** Fraction of a weight lost per step and unit of learning rate. */
  readonly weightDecay: number;
}

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

export class Adam {
  readonly #options: AdamOptions;
  readonly #mean: Float32Array;
  readonly #square: Float32Array;
  #step = 0;

  constructor(size: number, options: AdamOptions) {
    this.#options = options;
    this.#mean = new Float32Array(size);
    this.#square = new Float32Array(size);
  }

  /** Change `weights` in place by one step. @returns the norm of the gradient before clipping */
  update(weights: Float32Array, gradient: Float32Array, learningRate: number): number {
    let normSquare = 0;
    for (let i = 0; i < gradient.length; i++) normSquare += (gradient[i] as number) ** 2;
    const norm = Math.sqrt(normSquare);
    const scale = norm > this.#options.clipNorm ? this.#options.clipNorm / norm : 1;
    this.#step++;
    const unbias1 = 1 / (1 - BETA1 ** this.#step);
    const unbias2 = 1 / (1 - BETA2 ** this.#step);
    const keep = 1 - learningRate * this.#options.weightDecay;
    const mean = this.#mean;
    const square = this.#square;
    for (let i = 0; i < weights.length; i++) {
      const g = scale * (gradient[i] as number);
      const m = BETA1 * (mean[i] as number) + (1 - BETA1) * g;
      const v = BETA2 * (square[i] as number) + (1 - BETA2) * g * g;
      mean[i] = m;
      square[i] = v;
      weights[i] = keep * (weights[i] as number) - (learningRate * m * unbias1) / (Math.sqrt(v * unbias2) + EPSILON);
    }
    return norm;
  }
}

/** From `peak` down to `floor` along half a cosine. @param progress 0..1 of the planned steps */
export function cosineSchedule(progress: number, peak: number, floor: number): number {
  return floor + 0.5 * (peak - floor) * (1 + Math.cos(Math.PI * Math.min(1, progress)));
}

/** Exponential average of weights, corrected for its start so that early averages are unbiased. */
export class WeightAverage {
  readonly values: Float32Array;
  readonly #decay: number;
  #step = 0;

  /** @param decay 0 keeps the latest weights, values near 1 average over 1 / (1 - decay) steps */
  constructor(initial: Float32Array, decay: number) {
    this.values = Float32Array.from(initial);
    this.#decay = decay;
  }

  update(weights: Float32Array): void {
    this.#step++;
    // Averages over all steps so far until the window is full.
    const decay = Math.min(this.#decay, 1 - 1 / this.#step);
    for (let i = 0; i < weights.length; i++) {
      this.values[i] = decay * (this.values[i] as number) + (1 - decay) * (weights[i] as number);
    }
  }
}
