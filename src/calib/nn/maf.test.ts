import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { Rng } from "../../base/rng.js";
import { selectBackend } from "./backend.js";
import { type DensityArchitecture, TrainedDensity } from "./density-estimator.js";
import { densityLoss } from "./density-training.js";
import { MafArchitecture } from "./maf.js";
import { compute, lossAndGradient } from "./parameters.js";

beforeAll(async () => {
  await selectBackend("wasm");
});

const F = 3;
const rng = Rng.fromSeed(5);
const normals = (n: number): Float32Array => Float32Array.from({ length: n }, () => rng.normal());

/** Weights far from the identity, zero where the architecture wants zero. */
function disturbed(architecture: DensityArchitecture, size: number): Float32Array {
  const noise = normals(architecture.layout.size).map((v) => size * v);
  architecture.maskGradient(noise);
  return architecture.initialise(rng).map((w, i) => w + noise[i]!);
}

const logNormal = (z: ArrayLike<number>): number =>
  Array.from(z).reduce((sum, v) => sum - 0.5 * v * v - 0.5 * Math.log(2 * Math.PI), 0);

describe.each([
  { d: 1, hiddenLayers: 1 },
  { d: 2, hiddenLayers: 1 },
  { d: 2, hiddenLayers: 2 },
  { d: 5, hiddenLayers: 2 },
])("flow over $d parameters, $hiddenLayers masked layers", ({ d, hiddenLayers }) => {
  const architecture = new MafArchitecture(d, F, { transforms: 3, hidden: 8, hiddenLayers });

  test("starts as the standard normal for every observation", () => {
    const flow = new TrainedDensity(architecture, architecture.initialise(rng));
    const z = normals(4 * d);
    flow.logProb(z, normals(F)).forEach((logQ, i) => {
      expect(logQ).toBeCloseTo(logNormal(z.subarray(i * d, (i + 1) * d)), 4);
    });
  });

  test("density equals that of the base noise over the numerical Jacobian of the inverse", () => {
    const weights = disturbed(architecture, 0.15);
    const x = normals(F);
    const inverse = (noise: Float32Array): Float32Array =>
      compute(architecture.layout, weights, (read) =>
        architecture.inverse(read, tf.tensor2d(noise, [noise.length / d, d]), tf.tensor2d(x, [1, F])),
      );
    const flow = new TrainedDensity(architecture, weights);
    for (let repeat = 0; repeat < 3; repeat++) {
      const u = normals(d);
      const step = 1e-2;
      const moved = new Float32Array(2 * d * d);
      for (let k = 0; k < d; k++) {
        moved.set(
          u.map((v, i) => (i === k ? v + step : v)),
          2 * k * d,
        );
        moved.set(
          u.map((v, i) => (i === k ? v - step : v)),
          (2 * k + 1) * d,
        );
      }
      const images = inverse(moved);
      const jacobian = Array.from({ length: d }, (_, k) =>
        Array.from({ length: d }, (_, i) => (images[2 * k * d + i]! - images[(2 * k + 1) * d + i]!) / (2 * step)),
      );
      const expected = logNormal(u) - Math.log(Math.abs(determinant(jacobian)));
      expect(Math.abs(flow.logProb(inverse(u), x)[0]! - expected)).toBeLessThan(0.02);
    }
  });

  test("gradients of both losses agree with finite differences, and masked weights have none", () => {
    const weights = disturbed(architecture, 0.3);
    const gradient = new Float32Array(weights.length);
    const [rows, x] = [3, normals(3 * F)];
    for (const atoms of [1, 4]) {
      const theta = normals(rows * atoms * d);
      const at = (w: Float32Array): number =>
        compute(architecture.layout, w, (read) =>
          densityLoss(
            architecture,
            read,
            tf.tensor3d(theta.slice(), [rows, atoms, d]),
            tf.tensor2d(x.slice(), [rows, F]),
          ),
        )[0]!;
      lossAndGradient(architecture.layout, weights, gradient, (read) =>
        densityLoss(
          architecture,
          read,
          tf.tensor3d(theta.slice(), [rows, atoms, d]),
          tf.tensor2d(x.slice(), [rows, F]),
        ),
      );
      architecture.maskGradient(gradient);
      const size = Math.max(...gradient.map(Math.abs));
      for (let i = 0; i < weights.length; i += 7) {
        const moved = (delta: number): Float32Array => weights.map((w, k) => (k === i ? w + delta : w));
        if (weights[i] === 0 && gradient[i] === 0) continue;
        const difference = (at(moved(3e-3)) - at(moved(-3e-3))) / 6e-3;
        expect(Math.abs(difference - gradient[i]!) / size).toBeLessThan(1e-2);
      }
    }
  });
});

test("each parameter depends only on those before it in the order of a transform", () => {
  const d = 4;
  const architecture = new MafArchitecture(d, F, { transforms: 1, hidden: 12, hiddenLayers: 2 });
  const weights = disturbed(architecture, 0.5);
  const x = tf.tensor2d(normals(F), [1, F]);
  const noise = normals(d);
  const push = (u: Float32Array): Float32Array =>
    compute(architecture.layout, weights, (read) => architecture.inverse(read, tf.tensor2d(u, [1, d]), x));
  const base = push(noise);
  for (let k = 0; k < d; k++) {
    const changed = push(noise.map((v, i) => (i === k ? v + 1 : v)));
    const moved = Array.from(changed, (v, i) => Math.abs(v - base[i]!) > 1e-5);
    expect(moved).toEqual(Array.from({ length: d }, (_, i) => i >= k));
  }
  x.dispose();
});

test.each([1, 2])("density over %i parameters integrates to one", (d) => {
  const architecture = new MafArchitecture(d, F, { transforms: 4, hidden: 10, hiddenLayers: 1 });
  const flow = new TrainedDensity(architecture, disturbed(architecture, 0.25));
  const x = normals(F);
  // The grid goes where the flow's own draws are, and a third further on either side.
  const draws = flow.sample(x, 4000, rng);
  const n = d === 1 ? 4001 : 401;
  const axes = Array.from({ length: d }, (_, k) => {
    const column = draws.filter((_, i) => i % d === k);
    const [low, high] = [Math.min(...column), Math.max(...column)];
    const start = low - (high - low) / 3;
    return { start, step: ((high - low) * 5) / 3 / (n - 1) };
  });
  const grid = new Float32Array(n ** d * d);
  for (let i = 0; i < n ** d; i++) {
    axes.forEach(({ start, step }, k) => {
      grid[i * d + k] = start + step * (k === 0 ? i % n : Math.floor(i / n));
    });
  }
  const cell = axes.reduce((product, { step }) => product * step, 1);
  const total = flow.logProb(grid, x).reduce((sum, logQ) => sum + Math.exp(logQ) * cell, 0);
  expect(total).toBeCloseTo(1, 2);
});

test("no tensor outlives a call", () => {
  const architecture = new MafArchitecture(2, F);
  const flow = new TrainedDensity(architecture, architecture.initialise(rng));
  const before = tf.memory().numTensors;
  flow.sample(normals(F), 5000, rng);
  flow.logProb(normals(20), normals(F));
  expect(tf.memory().numTensors).toBe(before);
});

test.each([
  [0, 3, {}],
  [2, 0, {}],
  [2, 3, { hiddenLayers: 3 }],
  [2, 3, { transforms: 1.5 }],
])("refuses a shape that cannot be built: %o", (d, f, options) => {
  expect(() => new MafArchitecture(d, f, { transforms: 2, hidden: 4, hiddenLayers: 1, ...options })).toThrow(
    expect.objectContaining({ _tag: "FieldOutOfRange" }),
  );
});

test("refuses arrays of the wrong size", () => {
  const architecture = new MafArchitecture(2, F);
  const flow = new TrainedDensity(architecture, architecture.initialise(rng));
  expect(() => flow.logProb(normals(3), normals(F))).toThrow(expect.objectContaining({ _tag: "ShapeMismatch" }));
  expect(() => flow.sample(normals(F + 1), 3, rng)).toThrow(expect.objectContaining({ _tag: "ShapeMismatch" }));
});

/** Gaussian elimination without pivoting is enough for these near-triangular matrices. */
function determinant(matrix: number[][]): number {
  const a = matrix.map((row) => [...row]);
  let product = 1;
  for (let k = 0; k < a.length; k++) {
    const pivot = a[k]![k]!;
    product *= pivot;
    for (let i = k + 1; i < a.length; i++) {
      const factor = a[i]![k]! / pivot;
      for (let j = k; j < a.length; j++) a[i]![j] = a[i]![j]! - factor * a[k]![j]!;
    }
  }
  return product;
}
