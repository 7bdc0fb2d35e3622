/**
 * sbibm's bernoulli_glm: a neuron's filter from its spikes under a fixed noise stimulus, seen through ten statistics.
 * Prior N(0, B), the inverse of B block diagonal: 1/2 for the offset, F'F for the nine filter weights with
 * F = D D + diag(sqrt(i / 9)), D the identity minus the sub-diagonal of ones.
 */
import { multivariateNormal } from "../../src/calib/inference/priors/prior.js";
import { eachRow, type SbibmTask } from "./task.js";

const bins = 100;
const taps = 9;

/** NumPy's RandomState(42).randn(100) in single precision. */
const stimulus = [
  0.49671414, -0.1382643, 0.64768857, 1.5230298, -0.23415338, -0.23413695, 1.5792128, 0.76743472, -0.46947438,
  0.54256004, -0.46341768, -0.46572974, 0.24196227, -1.9132802, -1.7249179, -0.56228751, -1.0128311, 0.31424734,
  -0.90802407, -1.4123037, 1.4656488, -0.2257763, 0.067528203, -1.4247482, -0.54438275, 0.11092259, -1.1509936,
  0.37569803, -0.60063869, -0.29169375, -0.60170662, 1.8522782, -0.013497225, -1.0577109, 0.82254493, -1.2208437,
  0.2088636, -1.9596701, -1.328186, 0.19686124, 0.73846656, 0.17136829, -0.11564828, -0.30110368, -1.4785219,
  -0.71984422, -0.46063876, 1.0571222, 0.3436183, -1.7630402, 0.32408398, -0.38508227, -0.67692202, 0.61167628,
  1.0309995, 0.93128014, -0.83921754, -0.30921239, 0.33126342, 0.97554511, -0.47917423, -0.18565898, -1.1063349,
  -1.1962066, 0.81252581, 1.35624, -0.072010122, 1.0035329, 0.36163601, -0.64511973, 0.3613956, 1.5380366, -0.035826039,
  1.5646436, -2.619745, 0.82190251, 0.08704707, -0.29900736, 0.091760777, -1.9875689, -0.21967189, 0.35711256,
  1.4778941, -0.51827019, -0.80849361, -0.50175703, 0.91540211, 0.32875112, -0.52976018, 0.51326746, 0.097077549,
  0.96864498, -0.70205307, -0.32766214, -0.39210814, -1.4635149, 0.29612029, 0.26105526, 0.0051134569, -0.23458713,
];

/** Row t: 1, then the stimulus at t, t - 1, .. t - 8; zero before the start. */
const design = Array.from({ length: bins }, (_, t) => [
  1,
  ...Array.from({ length: taps }, (_, k) => stimulus[t - k] ?? 0),
]);

function priorCovariance(): number[] {
  const d = (i: number, j: number): number => (i === j ? 1 : i === j + 1 ? -1 : 0);
  const indices = Array.from({ length: taps }, (_, i) => i);
  const sum = (of: (k: number) => number): number => indices.reduce((total, k) => total + of(k), 0);
  const f = indices.map((i) => indices.map((j) => sum((k) => d(i, k) * d(k, j)) + (i === j ? Math.sqrt(i / taps) : 0)));
  const n = taps + 1;
  const precision = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  for (const i of indices) {
    for (const j of indices) {
      (precision[i + 1] as number[])[j + 1] = sum((k) => (f[k]?.[i] as number) * (f[k]?.[j] as number));
    }
  }
  (precision[0] as number[])[0] = 0.5;
  return inverse(precision).flat();
}

/** Gauss-Jordan without pivoting, enough for a positive definite matrix. */
function inverse(matrix: readonly number[][]): number[][] {
  const n = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...Array.from({ length: n }, (_, j) => (i === j ? 1 : 0))]);
  for (let i = 0; i < n; i++) {
    const pivotRow = rows[i] as number[];
    const pivot = pivotRow[i] as number;
    for (let j = 0; j < 2 * n; j++) pivotRow[j] = (pivotRow[j] as number) / pivot;
    rows.forEach((row, r) => {
      const factor = row[i] as number;
      if (r !== i) for (let j = 0; j < 2 * n; j++) row[j] = (row[j] as number) - factor * (pivotRow[j] as number);
    });
  }
  return rows.map((row) => row.slice(n));
}

/** Spike count, then the stimulus summed over the spikes at each lag. @param spikes 0 or 1, shape (100) */
export function spikeStatistics(spikes: ArrayLike<number>): number[] {
  const x = new Array<number>(taps + 1).fill(0);
  for (const [t, row] of design.entries()) {
    if (spikes[t] === 1) for (const [k, v] of row.entries()) x[k] = (x[k] as number) + v;
  }
  return x;
}

export const bernoulliGlm: SbibmTask = {
  name: "bernoulli_glm",
  prior: multivariateNormal(
    Array.from({ length: taps + 1 }, (_, i) => `theta_${i + 1}`),
    new Array<number>(taps + 1).fill(0),
    priorCovariance(),
  ),
  numFeatures: taps + 1,
  simulate: eachRow(taps + 1, taps + 1, (theta, rng) =>
    spikeStatistics(
      design.map((row) => {
        const drive = row.reduce((sum, v, k) => sum + v * (theta[k] as number), 0);
        return rng.uniform() < 1 / (1 + Math.exp(-drive)) ? 1 : 0;
      }),
    ),
  ),
};
