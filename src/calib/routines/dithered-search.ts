/**
 * Binary search of one code per neuron, all at once, with measurements that are noisy: half as large a step each time,
 * from a start that differs a little from neuron to neuron, because equal codes disturb each other. Knows no device.
 */
import type { Rng } from "../../base/rng.js";

export interface SearchRange {
  readonly start: number;
  /** A power of two; codes from `start` up to twice as far are reached. */
  readonly firstStep: number;
  readonly min: number;
  readonly max: number;
}

/** Start codes differ by up to this much. */
const dither = 5;

export class DitheredSearch {
  /** Codes to measure at, shape (n). */
  readonly codes: Int32Array;
  readonly #range: SearchRange;
  #step: number;

  constructor(count: number, range: SearchRange, rng: Rng) {
    this.#range = range;
    this.#step = range.firstStep;
    this.codes = Int32Array.from({ length: count }, () => range.start + rng.int(2 * dither + 1) - dither);
  }

  /** Steps that are left. */
  get isDone(): boolean {
    return this.#step < 1;
  }

  /** Take a step. @param raise for each neuron whether its code is too low; undefined leaves the code where it is */
  step(raise: (index: number) => boolean | undefined): void {
    const { min, max } = this.#range;
    for (let i = 0; i < this.codes.length; i++) {
      const up = raise(i);
      if (up === undefined) continue;
      const moved = (this.codes[i] as number) + (up ? this.#step : -this.#step);
      this.codes[i] = Math.min(max, Math.max(min, moved));
    }
    this.#step = Math.floor(this.#step / 2);
  }
}
