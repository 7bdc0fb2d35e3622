/**
 * AdamW with clipping of the global gradient norm and a running average of weights, on the kernels. Sources: Kingma and
 * Ba, ICLR 2015; Loshchilov and Hutter, ICLR 2019 (decoupled decay, cosine schedule).
 */
import type { KernelSpace } from "../../kernels/module.js";

const beta1 = 0.9;
const beta2 = 0.999;
const epsilon = 1e-8;

export interface OptimiserOptions {
  readonly clipNorm: number;
  readonly weightDecay: number;
  readonly averaging: number;
}

/** The vectors of an optimiser; in and out as plain data. */
export interface OptimiserVectors {
  readonly weights: Float32Array;
  readonly mean: Float32Array;
  readonly square: Float32Array;
  readonly average: Float32Array;
}

export class Optimiser {
  readonly #space: KernelSpace;
  readonly #options: OptimiserOptions;
  readonly #size: number;
  readonly #at: Readonly<Record<keyof OptimiserVectors | "gradient", number>>;
  #step: number;

  /** @param step steps that the vectors have behind them */
  constructor(space: KernelSpace, start: OptimiserVectors, step: number, options: OptimiserOptions) {
    this.#space = space;
    this.#options = options;
    this.#size = start.weights.length;
    this.#step = step;
    const room = (): number => space.allocate(this.#size);
    this.#at = { weights: room(), mean: room(), square: room(), average: room(), gradient: room() };
    for (const name of ["weights", "mean", "square", "average"] as const) this.#view(name).set(start[name]);
  }

  /** Where to put the gradient before `update`. Valid until the space grows, as all views. */
  get gradient(): Float32Array {
    return this.#view("gradient");
  }

  get weights(): Float32Array {
    return this.#view("weights");
  }

  get average(): Float32Array {
    return this.#view("average");
  }

  get step(): number {
    return this.#step;
  }

  /** One step along the gradient. @returns its norm before clipping */
  update(learningRate: number): number {
    const { call } = this.#space;
    const { clipNorm, weightDecay, averaging } = this.#options;
    const { weights, gradient, mean, square, average } = this.#at;
    const norm = Math.sqrt(call.sumSquares(gradient, this.#size));
    const clip = norm > clipNorm ? clipNorm / norm : 1;
    this.#step++;
    const t = this.#step;
    const [c1, c2] = [1 / (1 - beta1 ** t), 1 / (1 - beta2 ** t)];
    call.adamw(
      weights,
      gradient,
      mean,
      square,
      this.#size,
      learningRate,
      beta1,
      beta2,
      epsilon,
      c1,
      c2,
      clip,
      weightDecay,
    );
    // While few steps are behind, the average forgets faster: the start must not linger in it.
    call.approach(average, weights, this.#size, 1 - Math.min(averaging, t / (t + 9)));
    return norm;
  }

  /** Copies of all vectors. */
  vectors(): OptimiserVectors {
    return {
      weights: this.#view("weights").slice(),
      mean: this.#view("mean").slice(),
      square: this.#view("square").slice(),
      average: this.#view("average").slice(),
    };
  }

  #view(name: keyof OptimiserVectors | "gradient"): Float32Array {
    return this.#space.view(this.#at[name], this.#size);
  }
}

/** From `first` down to `last` along half a cosine. @param progress 0..1 of the planned steps */
export function cosineSchedule(progress: number, first: number, last: number): number {
  return last + 0.5 * (first - last) * (1 + Math.cos(Math.PI * Math.min(1, progress)));
}
