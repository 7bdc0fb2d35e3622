/**
 * The classifier two-sample test: how well can a network tell samples of a posterior from reference samples? 0.5 is
 * perfect agreement, 1 is complete separation. Exactly the rules of the benchmark sbibm, with which published numbers
 * were made: both sets standardised by the reference, two hidden layers of 10 d units, five shuffled folds, the mean
 * accuracy on held-out rows. Source: Lueckmann et al., AISTATS 2021; sbibm `metrics/c2st.py`.
 */
import type { Rng } from "../../base/rng.js";
import type { Kernels } from "../../kernels/spaces.js";
import { assertFinite, ShapeMismatch } from "../nn/errors.js";
import { Classifier } from "./classifier.js";

export interface C2stOptions {
  readonly kernels: Kernels;
  readonly rng: Rng;
  readonly folds?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface C2stResult {
  /** Mean held-out accuracy, about 0.5 to 1. */
  readonly score: number;
  /** Held-out accuracy of each fold. */
  readonly perFold: readonly number[];
  /** Standard deviation of the score when both sets have one distribution: sqrt(1/4 / rows). */
  readonly standardError: number;
}

/**
 * @param reference shape (n, d) @param samples shape (m, d)
 * @throws ShapeMismatch @throws NonFinite @throws signal.reason
 */
export async function c2st(
  reference: ArrayLike<number>,
  samples: ArrayLike<number>,
  d: number,
  options: C2stOptions,
): Promise<C2stResult> {
  const [n, m] = [reference.length / d, samples.length / d];
  const folds = options.folds ?? 5;
  for (const [name, rows] of [
    ["reference", n],
    ["samples", m],
  ] as const) {
    if (!Number.isInteger(rows) || rows < folds)
      throw new ShapeMismatch(name, rows * d, `rows of ${d}, ${folds} or more`);
  }
  assertFinite("reference", reference);
  assertFinite("samples", samples);
  const { mean, sd } = columnMoments(reference, d);
  const x = new Float32Array((n + m) * d);
  for (let i = 0; i < x.length; i++) {
    const value = i < n * d ? reference[i] : samples[i - n * d];
    x[i] = ((value as number) - (mean[i % d] as number)) / (sd[i % d] as number);
  }
  const labels = new Uint8Array(n + m).fill(1, n);
  const order = options.rng.fork("folds").permutation(n + m);
  const perFold: number[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const from = Math.floor((fold * order.length) / folds);
    const to = Math.floor(((fold + 1) * order.length) / folds);
    const train = order.filter((_, i) => i < from || i >= to);
    const held = order.slice(from, to);
    const classifier = await Classifier.train(options.kernels, x, labels, train, {
      hidden: [10 * d, 10 * d],
      rng: options.rng.fork(`fold-${fold}`),
      signal: options.signal,
    });
    const rows = new Float32Array(held.length * d);
    held.forEach((row, i) => {
      rows.set(x.subarray(row * d, (row + 1) * d), i * d);
    });
    const right = classifier.logits(rows).reduce((sum, logit, i) => {
      return sum + (logit > 0 === (labels[held[i] as number] === 1) ? 1 : 0);
    }, 0);
    perFold.push(right / held.length);
  }
  const score = perFold.reduce((sum, v) => sum + v, 0) / folds;
  return { score, perFold, standardError: Math.sqrt(0.25 / order.length) };
}

/** Mean and unbiased standard deviation of each column; a deviation of 0 becomes 1. @param x shape (n, d) */
export function columnMoments(x: ArrayLike<number>, d: number): { mean: Float64Array; sd: Float64Array } {
  const n = x.length / d;
  const mean = new Float64Array(d);
  const sd = new Float64Array(d);
  for (let i = 0; i < x.length; i++) mean[i % d] = (mean[i % d] as number) + (x[i] as number) / n;
  for (let i = 0; i < x.length; i++)
    sd[i % d] = (sd[i % d] as number) + ((x[i] as number) - (mean[i % d] as number)) ** 2;
  return { mean, sd: sd.map((v) => Math.sqrt(v / Math.max(1, n - 1)) || 1) };
}
