/**
 * Robust standardisation of features: median and interquartile range, so that a few silent or saturated simulations do
 * not set the scale. Features that never vary carry nothing and are left out, with a notice.
 */
import { ShapeMismatch } from "../nn/errors.js";

/** Interquartile range of a normal distribution in standard deviations. */
const IQR_OF_NORMAL = 1.3489795003921634;
/** The same for the central 90 %. */
const RANGE90_OF_NORMAL = 3.2897072539029457;
/** Standardised features are cut off here: a network learns nothing from how far an outlier lies. */
const LIMIT = 10;

export class FeatureStandardiser {
  /** Number of features that come in. */
  readonly inputSize: number;
  /** Indices of the features that are used. */
  readonly kept: readonly number[];
  readonly #centre: readonly number[];
  readonly #scale: readonly number[];

  private constructor(inputSize: number, kept: number[], centre: number[], scale: number[]) {
    this.inputSize = inputSize;
    this.kept = kept;
    this.#centre = centre;
    this.#scale = scale;
  }

  /** @param x shape (count, inputSize), finite */
  static fit(x: Float32Array, count: number, inputSize: number): FeatureStandardiser {
    const kept: number[] = [];
    const centre: number[] = [];
    const scale: number[] = [];
    for (let f = 0; f < inputSize; f++) {
      const column = Float64Array.from({ length: count }, (_, i) => x[i * inputSize + f] as number).sort();
      const median = quantileSorted(column, 0.5);
      const mean = column.reduce((sum, v) => sum + v, 0) / count;
      const sd = Math.sqrt(column.reduce((sum, v) => sum + (v - mean) ** 2, 0) / Math.max(1, count - 1));
      // Float32 features: what varies less than their rounding does not vary.
      if (!(sd > 1e-6 * Math.max(Math.abs(mean), 1e-30))) continue;
      const robust = (quantileSorted(column, 0.75) - quantileSorted(column, 0.25)) / IQR_OF_NORMAL;
      const wide = (quantileSorted(column, 0.95) - quantileSorted(column, 0.05)) / RANGE90_OF_NORMAL;
      kept.push(f);
      centre.push(median);
      // A feature that is constant in most simulations has a quartile range near 0: use its deviation instead.
      scale.push(robust > 0.1 * wide ? robust : sd);
    }
    return new FeatureStandardiser(inputSize, kept, centre, scale);
  }

  /** Features that are left out. */
  get dropped(): number[] {
    return Array.from({ length: this.inputSize }, (_, f) => f).filter((f) => !this.kept.includes(f));
  }

  /** Number of features that come out. */
  get outputSize(): number {
    return this.kept.length;
  }

  /** @param x shape (n, inputSize) @returns shape (n, outputSize), within +-10 @throws ShapeMismatch */
  apply(x: Float32Array): Float32Array {
    const rows = x.length / this.inputSize;
    if (!Number.isInteger(rows)) throw new ShapeMismatch("x", x.length, `a multiple of ${this.inputSize}`);
    const out = new Float32Array(rows * this.outputSize);
    for (let i = 0; i < rows; i++) {
      this.kept.forEach((f, j) => {
        const value = x[i * this.inputSize + f] as number;
        const scaled = (value - (this.#centre[j] as number)) / (this.#scale[j] as number);
        out[i * this.outputSize + j] = Math.max(-LIMIT, Math.min(LIMIT, scaled));
      });
    }
    return out;
  }

  /** Plain data for a saved network. */
  toJSON(): { inputSize: number; kept: readonly number[]; centre: readonly number[]; scale: readonly number[] } {
    return { inputSize: this.inputSize, kept: this.kept, centre: this.#centre, scale: this.#scale };
  }
}

/** Linear interpolation between order statistics. @param sorted ascending, not empty @param p 0..1 */
export function quantileSorted(sorted: ArrayLike<number>, p: number): number {
  const position = p * (sorted.length - 1);
  const low = Math.floor(position);
  const high = Math.min(sorted.length - 1, low + 1);
  const a = sorted[low] as number;
  return a + (position - low) * ((sorted[high] as number) - a);
}
