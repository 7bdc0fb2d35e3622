/**
 * From the values of a simulation to what a density estimator sees: robust scaling by median and interquartile range, so
 * that silent or saturated simulations do not set the scale; constant features are left out. Everything is cut off
 * smoothly: a network learns nothing from how far an outlier lies.
 */
import { ShapeMismatch } from "../nn/errors.js";

/** Applied to raw values first. `log1p` is log(1 + x) for x >= 0, odd around 0; `asinh` is linear near 0. */
export type FeatureTransform = "none" | "log1p" | "asinh";

export interface FeatureOptions {
  /** One for all features, or one per feature. Default `none`. */
  readonly transform?: FeatureTransform | readonly FeatureTransform[];
}

interface Scale {
  readonly centre: number;
  readonly scale: number;
  /** Smallest and largest value in the data; absent in files that are older. */
  readonly low?: number;
  readonly high?: number;
}

export interface FeatureDescription {
  readonly inputSize: number;
  readonly transforms: readonly FeatureTransform[];
  /** Indices of the features that vary. */
  readonly kept: readonly number[];
  readonly scales: readonly Scale[];
}

/** Interquartile range, and the central 90 %, of a normal distribution in standard deviations. */
const quartileRange = 1.3489795003921634;
const range90 = 3.2897072539029457;
/** Scaled features bend off here. */
const bend = 4;

const transforms: Readonly<Record<FeatureTransform, (v: number) => number>> = {
  none: (v) => v,
  log1p: (v) => Math.sign(v) * Math.log1p(Math.abs(v)),
  asinh: Math.asinh,
};

/** Linear up to `bend`, logarithmic beyond; odd, smooth to first order. */
function soften(v: number): number {
  const size = Math.abs(v);
  return size <= bend ? v : Math.sign(v) * bend * (1 + Math.log(size / bend));
}

export class FeatureMap {
  readonly description: FeatureDescription;

  constructor(description: FeatureDescription) {
    this.description = description;
  }

  /** @param x shape (count, inputSize), finite @throws ShapeMismatch */
  static fit(x: Float32Array, count: number, options: FeatureOptions = {}): FeatureMap {
    const inputSize = x.length / count;
    const { transform = "none" } = options;
    const list = typeof transform === "string" ? new Array<FeatureTransform>(inputSize).fill(transform) : transform;
    if (list.length !== inputSize) throw new ShapeMismatch("feature transforms", list.length, `${inputSize}`);
    const kept: number[] = [];
    const scales: Scale[] = [];
    for (let f = 0; f < inputSize; f++) {
      const apply = transforms[list[f] as FeatureTransform];
      const scale = scaleOf(Float64Array.from({ length: count }, (_, i) => apply(x[i * inputSize + f] as number)));
      if (scale === undefined) continue;
      kept.push(f);
      scales.push(scale);
    }
    return new FeatureMap({ inputSize, transforms: list, kept, scales });
  }

  get inputSize(): number {
    return this.description.inputSize;
  }

  /** Features that never vary. */
  get dropped(): number[] {
    const { inputSize, kept } = this.description;
    return Array.from({ length: inputSize }, (_, f) => f).filter((f) => !kept.includes(f));
  }

  /** Columns that come out; one column of zeros when nothing varies. */
  get outputSize(): number {
    return Math.max(1, this.description.kept.length);
  }

  /** @param x shape (n, inputSize) @returns shape (n, outputSize) @throws ShapeMismatch */
  apply(x: ArrayLike<number>): Float32Array {
    const { inputSize, kept } = this.description;
    const rows = x.length / inputSize;
    if (!Number.isInteger(rows)) throw new ShapeMismatch("x", x.length, `a multiple of ${inputSize}`);
    const width = this.outputSize;
    const out = new Float32Array(rows * width);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < kept.length; j++) out[i * width + j] = soften(this.#scaled(x, i, j));
    }
    return out;
  }

  /**
   * Features of one observation in units of their spread, before they bend off; shape (kept). What lies between the
   * extremes of the data is never farther than where features bend off, however narrow most of the data are.
   */
  distances(x: ArrayLike<number>): number[] {
    const { scales } = this.description;
    return this.description.kept.map((_, j) => {
      const distance = this.#scaled(x, 0, j);
      const { centre, scale, low, high } = scales[j] as Scale;
      if (low === undefined || high === undefined) return distance;
      const rounding = 1e-9;
      const isBetween = distance >= (low - centre) / scale - rounding && distance <= (high - centre) / scale + rounding;
      return isBetween ? Math.max(-bend, Math.min(bend, distance)) : distance;
    });
  }

  #scaled(x: ArrayLike<number>, row: number, j: number): number {
    const { inputSize, kept, scales, transforms: list } = this.description;
    const f = kept[j] as number;
    const { centre, scale } = scales[j] as Scale;
    return (transforms[list[f] as FeatureTransform](x[row * inputSize + f] as number) - centre) / scale;
  }
}

/** Undefined when the values vary by less than single precision resolves. Sorts in place. */
function scaleOf(values: Float64Array): Scale | undefined {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const sd = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / Math.max(1, values.length - 1));
  if (!(sd > 1e-6 * Math.max(Math.abs(mean), 1e-30))) return undefined;
  values.sort();
  const robust = (quantileSorted(values, 0.75) - quantileSorted(values, 0.25)) / quartileRange;
  const wide = (quantileSorted(values, 0.95) - quantileSorted(values, 0.05)) / range90;
  // A feature that is constant in most simulations has a quartile range near 0: use its deviation instead.
  const [low, high] = [values[0] as number, values.at(-1) as number];
  return { centre: quantileSorted(values, 0.5), scale: robust > 0.1 * wide ? robust : sd, low, high };
}

/** Linear interpolation between order statistics. @param sorted ascending, not empty @param p 0..1 */
export function quantileSorted(sorted: ArrayLike<number>, p: number): number {
  const position = p * (sorted.length - 1);
  const low = Math.floor(position);
  const high = Math.min(sorted.length - 1, low + 1);
  const a = sorted[low] as number;
  return a + (position - low) * ((sorted[high] as number) - a);
}
