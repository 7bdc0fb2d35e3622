/**
 * Recordings on their way to a data set: usable ones are brought onto the grid, the others are counted with their
 * reason. Raw samples are let go at once; they are in the store.
 */
import { TooFewSamples } from "../errors.js";
import { type Recording, type TraceGrid, type TraceSet, ticksPerUs } from "../run-data.js";
import { resample } from "./resample.js";
import { saturatedShare } from "./segment.js";

/** A trace counts as saturated above this share of samples at an end of the scale: 1 us of a 1 ms recording. */
const saturatedAbove = 1e-3;

export class DataSetBuilder {
  readonly #stage: string;
  readonly #grid: TraceGrid;
  readonly #thetas: Int32Array[] = [];
  readonly #traces: Float32Array[] = [];
  readonly #reasons = new Map<string, number>();
  readonly #rejected: { theta: Int32Array; reason: string }[] = [];
  #saturated = 0;

  constructor(stage: string, grid: TraceGrid) {
    this.#stage = stage;
    this.#grid = grid;
  }

  add(recordings: readonly Recording[]): void {
    for (const { theta, samples, ticks, invalid } of recordings) {
      if (invalid !== undefined) {
        // The reason's first word is its kind; the figures behind it differ from recording to recording.
        const kind = invalid.split(/[\s:]/, 1)[0] as string;
        this.#reasons.set(kind, (this.#reasons.get(kind) ?? 0) + 1);
        this.#rejected.push({ theta, reason: kind });
        continue;
      }
      if (saturatedShare(samples) > saturatedAbove) this.#saturated++;
      this.#thetas.push(theta);
      this.#traces.push(resample(ticks, samples, this.#grid, new Float32Array(this.#grid.length), ticksPerUs));
    }
  }

  get usable(): number {
    return this.#thetas.length;
  }

  get invalid(): number {
    return [...this.#reasons.values()].reduce((sum, n) => sum + n, 0);
  }

  /** Usable traces that touch an end of the converter's scale. */
  get saturated(): number {
    return this.#saturated;
  }

  /** For people, for example `3 gap, 1 no-samples`. */
  get reasons(): string {
    return [...this.#reasons].map(([kind, n]) => `${n} ${kind}`).join(", ") || "none invalid";
  }

  /** @param needed smallest number of usable recordings @throws TooFewSamples */
  finish(needed: number): TraceSet {
    const count = this.usable;
    if (count < needed) throw new TooFewSamples(this.#stage, count, count + this.invalid, needed, this.reasons);
    const width = this.#thetas[0]?.length ?? 0;
    const theta = new Int32Array(count * width);
    const traces = new Float32Array(count * this.#grid.length);
    for (let i = 0; i < count; i++) {
      theta.set(this.#thetas[i] as Int32Array, i * width);
      traces.set(this.#traces[i] as Float32Array, i * this.#grid.length);
    }
    return { grid: this.#grid, count, theta, traces, rejected: this.#rejected };
  }
}
