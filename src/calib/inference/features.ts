/**
 * From the values of a simulation to what a density estimator sees: robust scaling by median and interquartile range, so
 * that silent or saturated simulations do not set the scale; constant features left out; and, for few features, their
 * squares and products, because many posteriors depend on second moments of the data. Everything is cut off smoothly: a
 * network learns nothing from how far an outlier lies.
 */
import { ShapeMismatch } from "../nn/errors.js";

/** Applied to raw values first. `log1p` is log(1 + x) for x >= 0, odd around 0; `asinh` is linear near 0. */
export type FeatureTransform = "none" | "log1p" | "asinh";

export interface FeatureOptions {
  /** One for all features, or one per feature. Default `none`. */
  readonly transform?: FeatureTransform | readonly FeatureTransform[];
  /** Add squares and products. Default: when there are at least 30 simulations for each of them. */
  readonly quadratic?: boolean;
}

interface Scale {
  readonly centre: number;
  readonly scale: number;
}

export interface FeatureDescription {
  readonly inputSize: number;
  readonly transforms: readonly FeatureTransform[];
  /** Indices of the features that vary. */
  readonly kept: readonly number[];
  readonly linear: readonly Scale[];
  /** Of the products, (0,0), (0,1) .. (1,1) ..; empty when they are not used. */
  readonly quadratic: readonly Scale[];
}

/** Interquartile range, and the central 90 %, of a normal distribution in standard deviations. */
const quartileRange = 1.3489795003921634;
const range90 = 3.2897072539029457;
/** Scaled features bend off here. */
const bend = 4;
/** Simulations for each product, from which on products are added when the caller does not say. */
const simulationsPerProduct = 30;

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
    const linear: Scale[] = [];
    for (let f = 0; f < inputSize; f++) {
      const apply = transforms[list[f] as FeatureTransform];
      const scale = scaleOf(Float64Array.from({ length: count }, (_, i) => apply(x[i * inputSize + f] as number)));
      if (scale === undefined) continue;
      kept.push(f);
      linear.push(scale);
    }
    const plain = new FeatureMap({ inputSize, transforms: list, kept, linear, quadratic: [] });
    const products = (kept.length * (kept.length + 1)) / 2;
    if (!(options.quadratic ?? products * simulationsPerProduct <= count) || products === 0) return plain;
    const scaled = plain.apply(x);
    const k = kept.length;
    const quadratic: Scale[] = [];
    for (let a = 0; a < k; a++) {
      for (let b = a; b < k; b++) {
        const product = (i: number): number => (scaled[i * k + a] as number) * (scaled[i * k + b] as number);
        quadratic.push(scaleOf(Float64Array.from({ length: count }, (_, i) => product(i))) ?? { centre: 0, scale: 1 });
      }
    }
    return new FeatureMap({ ...plain.description, quadratic });
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
    const { kept, quadratic } = this.description;
    return Math.max(1, kept.length + quadratic.length);
  }

  /** @param x shape (n, inputSize) @returns shape (n, outputSize) @throws ShapeMismatch */
  apply(x: ArrayLike<number>): Float32Array {
    const { inputSize, kept, linear, quadratic } = this.description;
    const rows = x.length / inputSize;
    if (!Number.isInteger(rows)) throw new ShapeMismatch("x", x.length, `a multiple of ${inputSize}`);
    const width = this.outputSize;
    const out = new Float32Array(rows * width);
    for (let i = 0; i < rows; i++) {
      const at = i * width;
      for (let j = 0; j < kept.length; j++) out[at + j] = soften(this.#scaled(x, i, j, linear));
      let q = 0;
      for (let a = 0; a < kept.length && quadratic.length > 0; a++) {
        for (let b = a; b < kept.length; b++, q++) {
          const { centre, scale } = quadratic[q] as Scale;
          const product = (out[at + a] as number) * (out[at + b] as number);
          out[at + kept.length + q] = soften((product - centre) / scale);
        }
      }
    }
    return out;
  }

  /** Features of one observation in units of their spread, before they bend off; shape (kept). */
  distances(x: ArrayLike<number>): number[] {
    return this.description.kept.map((_, j) => this.#scaled(x, 0, j, this.description.linear));
  }

  #scaled(x: ArrayLike<number>, row: number, j: number, linear: readonly Scale[]): number {
    const { inputSize, kept, transforms: list } = this.description;
    const f = kept[j] as number;
    const { centre, scale } = linear[j] as Scale;
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
  return { centre: quantileSorted(values, 0.5), scale: robust > 0.1 * wide ? robust : sd };
}

/** Linear interpolation between order statistics. @param sorted ascending, not empty @param p 0..1 */
export function quantileSorted(sorted: ArrayLike<number>, p: number): number {
  const position = p * (sorted.length - 1);
  const low = Math.floor(position);
  const high = Math.min(sorted.length - 1, low + 1);
  const a = sorted[low] as number;
  return a + (position - low) * ((sorted[high] as number) - a);
}
