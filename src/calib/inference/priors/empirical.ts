/**
 * A prior made from a sample: each parameter has the sample's distribution (straight lines between its quantiles), and
 * they depend on each other as a normal distribution with the sample's rank correlations does (a Gaussian copula). The
 * map to the base space is exact for this distribution; dependence of another form is not kept.
 */

import { PriorInvalid } from "../errors.js";
import { normalCdf, normalLogPdf, normalQuantile } from "../normal.js";
import type { PriorBlock } from "./block.js";
import { cholesky, logDetLower, solveLower, timesLower } from "./cholesky.js";

export interface EmpiricalDescription {
  readonly kind: "empirical";
  readonly names: readonly string[];
  /** Per parameter: values, ascending, and the share of the sample below each, 0..1. */
  readonly knots: readonly { readonly value: readonly number[]; readonly share: readonly number[] }[];
  /** Correlations of the normal scores, shape (n, n). */
  readonly correlation: readonly number[];
}

type Fitted = Pick<EmpiricalDescription, "knots" | "correlation">;

/** Values that describe one parameter at the most. */
const maxKnots = 257;
const edge = 1e-6;

/** @param samples shape (count, names.length), or undefined when `fitted` is given @throws PriorInvalid */
export function empiricalBlock(
  names: readonly string[],
  samples: ArrayLike<number> | undefined,
  fitted: Fitted = fitTo(names, samples ?? []),
): PriorBlock {
  const n = names.length;
  const lower = cholesky(fitted.correlation, n);
  if (lower === undefined) {
    throw new PriorInvalid(names.join(", "), "parameters depend on each other exactly", "parameters that vary apart");
  }
  const logDet = logDetLower(lower, n);
  const scores = new Float64Array(n);
  const white = new Float64Array(n);
  const score = (theta: ArrayLike<number>, at: number): void => {
    for (let i = 0; i < n; i++) scores[i] = quantileOf(shareBelow(fitted.knots[i] as Knots, theta[at + i] as number));
    solveLower(lower, n, scores, white);
  };
  return {
    parameters: names.map((name, i) => {
      const { value } = fitted.knots[i] as Knots;
      return { name, low: value[0] as number, high: value[value.length - 1] as number, discrete: false };
    }),
    toBase: (theta, at, _offset, z) => {
      score(theta, at);
      z.set(white, at);
    },
    fromBase: (z, at, theta) => {
      for (let i = 0; i < n; i++) white[i] = z[at + i] as number;
      timesLower(lower, n, white, scores);
      for (let i = 0; i < n; i++) theta[at + i] = valueAt(fitted.knots[i] as Knots, normalCdf(scores[i] as number));
    },
    logProb: (theta, at) => {
      score(theta, at);
      let sum = -logDet;
      for (let i = 0; i < n; i++) {
        sum += normalLogPdf(white[i] as number) - normalLogPdf(scores[i] as number);
        sum += logDensity(fitted.knots[i] as Knots, theta[at + i] as number);
      }
      return sum;
    },
    toJSON: () => ({ kind: "empirical", names, ...fitted }),
  };
}

type Knots = Fitted["knots"][number];

const quantileOf = (u: number): number => normalQuantile(Math.min(1 - edge, Math.max(edge, u)));

function fitTo(names: readonly string[], samples: ArrayLike<number>): Fitted {
  const n = names.length;
  const count = samples.length / n;
  if (!Number.isInteger(count) || count < 2) {
    throw new PriorInvalid(names.join(", "), `a sample of ${samples.length} values`, `2 rows or more of ${n} values`);
  }
  const column = (j: number): Float64Array =>
    Float64Array.from({ length: count }, (_, i) => samples[i * n + j] as number);
  const knots = names.map((name, j) => knotsOf(name, column(j).sort()));
  const scores = names.map((_, j) => column(j).map((v) => quantileOf(shareBelow(knots[j] as Knots, v))));
  const correlation = new Array<number>(n * n).fill(0);
  for (let a = 0; a < n; a++)
    for (let b = 0; b < n; b++) correlation[a * n + b] = a === b ? 1 : correlate(scores, a, b);
  return { knots, correlation };
}

/** Distinct values, each with the share below it plus half of its own, stretched to 0..1; thinned evenly in share. */
function knotsOf(name: string, sorted: Float64Array): Knots {
  if (!sorted.every(Number.isFinite)) throw new PriorInvalid(name, "a value that is not finite", "finite values");
  const value: number[] = [];
  const middle: number[] = [];
  for (let i = 0; i < sorted.length; ) {
    let end = i;
    while (end < sorted.length && sorted[end] === sorted[i]) end++;
    value.push(sorted[i] as number);
    middle.push((i + end) / 2);
    i = end;
  }
  if (value.length < 2) throw new PriorInvalid(name, "all values are equal", "two different values or more");
  const first = middle[0] as number;
  const span = (middle[middle.length - 1] as number) - first;
  const share = middle.map((m) => (m - first) / span);
  const step = Math.max(1, Math.ceil((value.length - 1) / (maxKnots - 1)));
  const keep = (_: number, i: number): boolean => i % step === 0 || i === value.length - 1;
  return { value: value.filter(keep), share: share.filter(keep) };
}

/** Index of the interval of `at` that holds `x`. */
function interval(at: readonly number[], x: number): number {
  let low = 0;
  let high = at.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((at[middle] as number) <= x) low = middle;
    else high = middle - 1;
  }
  return low;
}

function along(from: readonly number[], to: readonly number[], x: number): number {
  const i = interval(from, x);
  const [a, b] = [from[i] as number, from[i + 1] as number];
  const t = Math.min(1, Math.max(0, (x - a) / (b - a)));
  return (to[i] as number) + t * ((to[i + 1] as number) - (to[i] as number));
}

const shareBelow = ({ value, share }: Knots, x: number): number => along(value, share, x);
const valueAt = ({ value, share }: Knots, u: number): number => along(share, value, u);

function logDensity({ value, share }: Knots, x: number): number {
  if (x < (value[0] as number) || x > (value[value.length - 1] as number)) return Number.NEGATIVE_INFINITY;
  const i = interval(value, x);
  const mass = (share[i + 1] as number) - (share[i] as number);
  return Math.log(mass / ((value[i + 1] as number) - (value[i] as number)));
}

function correlate(columns: readonly Float64Array[], a: number, b: number): number {
  const [x, y] = [columns[a] as Float64Array, columns[b] as Float64Array];
  const centre = (v: Float64Array): number => v.reduce((sum, w) => sum + w, 0) / v.length;
  const [mx, my] = [centre(x), centre(y)];
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [dx, dy] = [(x[i] as number) - mx, (y[i] as number) - my];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xy / Math.sqrt(xx * yy);
}
