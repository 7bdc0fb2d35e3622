/**
 * L-C2ST: can a classifier tell pairs (draw of q(. | x), x) from pairs (true theta, x) near one observation? Its mean
 * squared confidence on draws at xObs is compared with that of classifiers trained on shuffled labels.
 * Source: Linhart, Gramfort, Rodrigues, NeurIPS 2023.
 */
import type { Rng } from "../../base/rng.js";
import type { Kernels } from "../../kernels/spaces.js";
import type { Posterior } from "../inference/posterior.js";
import { assertShape } from "../nn/errors.js";
import { columnMoments } from "./c2st.js";
import { Classifier } from "./classifier.js";
import { type Sayings, type Verdict, verdictOf } from "./verdict.js";

const sayings: Sayings = [
  "draws at the observation look like truths",
  "draws at the observation do not look like truths",
];

export interface LocalC2st {
  /** Mean of (probability - 1/2)^2 over draws at xObs; 0 is perfect, 1/4 complete separation. */
  readonly statistic: number;
  /** The same for shuffled labels: for a figure. */
  readonly nulls: readonly number[];
  readonly pValue: number;
  readonly verdict: Verdict;
}

/**
 * @param theta true parameters, shape (n, p), drawn as the posterior's training data were @param x shape (n, f)
 * @param options nulls: trainings with shuffled labels, default 39; the smallest p-value is 1 / (nulls + 1)
 */
export async function localC2st(
  posterior: Posterior,
  theta: ArrayLike<number>,
  x: ArrayLike<number>,
  options: {
    readonly kernels: Kernels;
    readonly rng: Rng;
    readonly nulls?: number;
    readonly falseAlarmRate?: number;
    readonly signal?: AbortSignal;
  },
): Promise<LocalC2st> {
  const { kernels, rng, nulls: numNulls = 39, falseAlarmRate = 0.05, signal } = options;
  const { amortised, xObs } = posterior;
  const { prior, density } = amortised;
  const p = prior.size;
  const n = theta.length / p;
  assertShape("x", x, n, amortised.numFeatures);
  const width = density.features.outputSize;
  const features = density.features.apply(x);
  const draws = density.sample(1, x, rng.fork("draws"));
  const truth = prior.toBase(theta, rng.fork("spread"));
  const { mean, sd } = columnMoments(draws, p);
  const d = p + width;
  const rows = new Float32Array(2 * n * d);
  const put = (row: number, z: Float64Array, from: number, context: Float32Array, at: number): void => {
    for (let j = 0; j < p; j++)
      rows[row * d + j] = ((z[from * p + j] as number) - (mean[j] as number)) / (sd[j] as number);
    rows.set(context.subarray(at * width, (at + 1) * width), row * d + p);
  };
  for (let i = 0; i < n; i++) {
    put(i, draws, i, features, i);
    put(n + i, truth, i, features, i);
  }
  const labels = new Uint8Array(2 * n).fill(1, n);
  const count = 1000;
  const local = density.sample(count, xObs, rng.fork("local"));
  const own = density.features.apply(xObs);
  const probe = new Float32Array(count * d);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < p; j++)
      probe[i * d + j] = ((local[i * p + j] as number) - (mean[j] as number)) / (sd[j] as number);
    probe.set(own, i * d + p);
  }
  const every = Uint32Array.from({ length: 2 * n }, (_, i) => i);
  const hidden = [10 * d, 10 * d].map((h) => Math.min(64, h));
  const statisticOf = async (marks: Uint8Array, stream: Rng): Promise<number> => {
    const classifier = await Classifier.train(kernels, rows, marks, every, {
      hidden,
      rng: stream,
      signal,
      maxEpochs: 100,
    });
    const logits = classifier.logits(probe);
    return logits.reduce((sum, v) => sum + (1 / (1 + Math.exp(-v)) - 0.5) ** 2, 0) / count;
  };
  const statistic = await statisticOf(labels, rng.fork("classifier"));
  const nulls: number[] = [];
  for (let k = 0; k < numNulls; k++) {
    const stream = rng.fork(`null-${k}`);
    // Draw and truth of a pair change places at random: exchangeable when the posterior is right.
    const marks = labels.slice();
    for (let i = 0; i < n; i++) if (stream.uniform() < 0.5) [marks[i], marks[n + i]] = [1, 0];
    nulls.push(await statisticOf(marks, stream));
  }
  const pValue = (1 + nulls.filter((v) => v >= statistic).length) / (numNulls + 1);
  return {
    statistic,
    nulls,
    pValue,
    verdict: verdictOf(sayings, [pValue], falseAlarmRate),
  };
}
