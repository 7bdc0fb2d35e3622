/** Density estimators on the kernels: start, batching, draws, states, training to a closed form, resuming, bad input. */
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/base/rng.js";
import type { DensityShape } from "../../src/calib/flow/density-estimator.js";
import { createEstimator, estimatorFromState, type KernelDensity } from "../../src/calib/flow/kernel-density.js";
import { type DensityTraining, trainDensity } from "../../src/calib/flow/train.js";
import type { TrainingState } from "../../src/calib/flow/training-options.js";
import { loadKernels } from "../../src/kernels/load.js";
import { Kernels } from "../../src/kernels/spaces.js";

const loaded = loadKernels();
if (loaded.variant === "none") throw new Error(loaded.why);
const kernels = new Kernels(loaded.variant, loaded.module);

const shapes: Record<string, DensityShape> = {
  "masked affine flow": {
    kind: "flow",
    numParameters: 2,
    numFeatures: 3,
    layers: 3,
    hidden: 16,
    blocks: 2,
    transform: { type: "affine" },
  },
  "autoregressive spline flow": {
    kind: "flow",
    numParameters: 3,
    numFeatures: 2,
    layers: 3,
    hidden: 16,
    blocks: 1,
    transform: { type: "spline", bins: 6, bound: 4 },
  },
  "coupling spline flow": {
    kind: "flow",
    numParameters: 5,
    numFeatures: 2,
    layers: 4,
    hidden: 16,
    blocks: 1,
    order: "coupling",
    transform: { type: "spline", bins: 6, bound: 4 },
  },
  "mixture of normals": { kind: "mixture", numParameters: 3, numFeatures: 2, components: 4, hidden: 16, blocks: 1 },
};

const normals = (rng: Rng, n: number): Float32Array => Float32Array.from({ length: n }, () => rng.normal());

/** By elimination with pivots. */
function determinant(matrix: number[][]): number {
  const m = matrix.map((row) => [...row]);
  let product = 1;
  for (let k = 0; k < m.length; k++) {
    const pivot = m.slice(k).reduce((best, row, i) => (Math.abs(row[k]!) > Math.abs(m[best]![k]!) ? k + i : best), k);
    if (pivot !== k) {
      [m[k], m[pivot]] = [m[pivot]!, m[k]!];
      product = -product;
    }
    product *= m[k]![k]!;
    for (let i = k + 1; i < m.length; i++) {
      const factor = m[i]![k]! / m[k]![k]!;
      for (let j = k; j < m.length; j++) m[i]![j]! -= factor * m[k]![j]!;
    }
  }
  return product;
}

/** Weights away from the start. */
function shaken(shape: DensityShape, by = 0.1): KernelDensity {
  const rng = Rng.fromSeed(5);
  const fresh = createEstimator(kernels, shape, rng);
  return fresh.withWeights(fresh.weights.map((w) => w + by * rng.normal()));
}

describe.each(Object.entries(shapes))("%s", (_, shape) => {
  const { numParameters: d, numFeatures: f } = shape;

  it("is the prior at the start", () => {
    const rng = Rng.fromSeed(1);
    const q = createEstimator(kernels, shape, rng);
    const theta = normals(rng, 50 * d);
    q.logProb(theta, normals(rng, 50 * f)).forEach((l, i) => {
      const squares = theta.slice(i * d, (i + 1) * d).reduce((s, z) => s + z * z, 0);
      const error = Math.abs(l + 0.5 * squares + 0.5 * d * Math.log(2 * Math.PI));
      // Components of a mixture start a little apart.
      expect(error).toBeLessThan(shape.kind === "mixture" ? 0.02 * (1 + squares) : 1e-4);
    });
  });

  it("integrates to one with a single parameter", () => {
    const q = shaken({ ...shape, numParameters: 1 }, 0.05);
    const [count, span] = [4000, 24];
    const theta = Float32Array.from({ length: count }, (_, i) => -span / 2 + (span * (i + 0.5)) / count);
    for (let k = 0; k < 5; k++) {
      const x = normals(Rng.fromSeed(k), f);
      const mass = q.logProb(theta, x).reduce((s, l) => s + Math.exp(l), 0) * (span / count);
      expect(Math.abs(mass - 1)).toBeLessThan(2e-3);
    }
  });

  it("has the gradient of finite differences, in weights and in x", () => {
    const [rows, atoms] = [8, 2];
    const q = shaken(shape, 0.05);
    const rng = Rng.fromSeed(12);
    kernels.lend((space) => {
      const engine = q.kind.createEngine(space, { rows, atoms, trackX: true });
      const theta = normals(rng, d * rows * atoms);
      const x = normals(rng, f * rows);
      const columnWeights = normals(rng, rows * atoms);
      const loss = (weights: Float32Array, features: Float32Array): number => {
        engine.setWeights(weights);
        engine.theta.set(theta);
        engine.x.set(features);
        return engine.logProb().reduce((s, l, i) => s + l * columnWeights[i]!, 0);
      };
      loss(q.weights, x);
      engine.clearGradient();
      engine.backward(columnWeights);
      const [gradient, gx] = [engine.gradient().slice(), engine.xGradient.slice()];
      const norm = (v: Float32Array): number => Math.sqrt(v.reduce((s, w) => s + w * w, 0));
      const compare = (g: Float32Array, at: (by: number, direction: Float32Array) => number): void => {
        // Along a mix of the gradient itself and of noise: float32 passes are too coarse for single weights.
        for (let trial = 0; trial < 4; trial++) {
          const scale = norm(g) / Math.sqrt(g.length);
          const direction = g.map((v) => (v === 0 ? 0 : v + scale * rng.normal()));
          const h = 2e-3 / norm(direction);
          const want = (at(h, direction) - at(-h, direction)) / (2 * h);
          const got = g.reduce((s, v, i) => s + v * direction[i]!, 0);
          expect(Math.abs(got - want)).toBeLessThan(0.02 * norm(g) * norm(direction));
        }
      };
      compare(gradient, (by, along) =>
        loss(
          q.weights.map((w, i) => w + by * along[i]!),
          x,
        ),
      );
      compare(gx, (by, along) =>
        loss(
          q.weights,
          x.map((v, i) => v + by * along[i]!),
        ),
      );
    });
  });

  it("agrees with its log-determinant: the density of draws from numerical Jacobians of the inverse", () => {
    if (shape.kind === "mixture") return;
    const q = shaken(shape, 0.05);
    const rows = 8;
    kernels.lend((space) => {
      const engine = q.kind.createEngine(space, { rows, atoms: 1 });
      engine.setWeights(q.weights);
      engine.x.set(normals(Rng.fromSeed(5), f * rows));
      const noise = normals(Rng.fromSeed(6), d * rows);
      const h = 4e-3;
      const columns = Array.from({ length: d }, (_, j) => {
        const moved = (by: number): Float32Array =>
          engine.inverse(noise.map((v, i) => (Math.floor(i / rows) === j ? v + by : v))).slice();
        const [up, down] = [moved(h), moved(-h)];
        return up.map((v, i) => (v - down[i]!) / (2 * h));
      });
      engine.inverse(noise);
      const logQ = engine.logProb();
      for (let r = 0; r < rows; r++) {
        const jacobian = Array.from({ length: d }, (_, i) => columns.map((c) => c[i * rows + r]!));
        const base = Array.from({ length: d }, (_, i) => noise[i * rows + r]!).reduce(
          (s, z) => s - 0.5 * z * z - 0.5 * Math.log(2 * Math.PI),
          0,
        );
        expect(logQ[r]!).toBeCloseTo(base - Math.log(Math.abs(determinant(jacobian))), 1);
      }
    });
  });

  it("gives the same for one observation with many thetas and for one theta each", () => {
    const rng = Rng.fromSeed(2);
    const q = shaken(shape);
    const theta = normals(rng, 77 * d);
    const x = normals(rng, f);
    const repeated = Float32Array.from({ length: 77 * f }, (_, i) => x[i % f]!);
    const each = q.logProb(theta, repeated);
    q.logProb(theta, x).forEach((l, i) => {
      expect(l).toBeCloseTo(each[i]!, 4);
    });
  });

  it("draws what it gives densities for, per observation", () => {
    const q = shaken(shape, 0.05);
    const x = normals(Rng.fromSeed(3), 3 * f);
    const { theta, logProb } = q.sampleAndLogProb(40, x, Rng.fromSeed(4));
    expect(q.sample(40, x, Rng.fromSeed(4))).toEqual(theta);
    q.logProb(theta, x).forEach((l, i) => {
      expect(l).toBeCloseTo(logProb[i]!, 3);
    });
  });

  it("has mean 1 of p / q over its own draws", () => {
    const q = shaken(shape, 0.03);
    const count = 20_000;
    const { theta, logProb } = q.sampleAndLogProb(count, new Float32Array(f), Rng.fromSeed(5));
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < count; i++) {
      const z2 = theta.slice(i * d, (i + 1) * d).reduce((s, z) => s + z * z, 0);
      const ratio = Math.exp(-0.5 * z2 - 0.5 * d * Math.log(2 * Math.PI) - logProb[i]!);
      sum += ratio;
      squares += ratio * ratio;
    }
    const mean = sum / count;
    // Five standard errors: a false alarm in a million.
    expect(Math.abs(mean - 1)).toBeLessThan(5 * Math.sqrt((squares / count - mean * mean) / count));
  });

  it("comes back from its state, and from JSON of its shape", () => {
    const q = shaken(shape);
    const state = q.state();
    const again = estimatorFromState(kernels, {
      shape: JSON.parse(JSON.stringify(state.shape)),
      weights: state.weights,
    });
    const theta = normals(Rng.fromSeed(6), 8 * d);
    expect(again.logProb(theta, new Float32Array(f))).toEqual(q.logProb(theta, new Float32Array(f)));
  });

  it("keeps its density under standardisation, up to the change of variables", () => {
    const shift = Array.from({ length: d }, (_, i) => i - 0.5);
    const scale = Array.from({ length: d }, (_, i) => 0.1 * (i + 1));
    const plain = shaken(shape);
    const q = estimatorFromState(kernels, {
      shape: { ...shape, standardise: { shift, scale } },
      weights: plain.weights,
    });
    const u = normals(Rng.fromSeed(7), 10 * d);
    const z = u.map((v, i) => v * scale[i % d]! + shift[i % d]!);
    const x = new Float32Array(f);
    const volume = scale.reduce((s, v) => s + Math.log(v), 0);
    const inner = plain.logProb(u, x);
    q.logProb(z, x).forEach((l, i) => {
      expect(l).toBeCloseTo(inner[i]! - volume, 3);
    });
    const a = plain.sample(5, x, Rng.fromSeed(8));
    q.sample(5, x, Rng.fromSeed(8)).forEach((v, i) => {
      expect(v).toBeCloseTo(a[i]! * scale[i % d]! + shift[i % d]!, 4);
    });
  });
});

/** theta ~ N(0, 1), x = theta + noise: the posterior is normal with mean x / 2 and variance 1 / 2 in each dimension. */
function linearGaussian(count: number): DensityTraining {
  const rng = Rng.fromSeed(11);
  const shape: DensityShape = { ...shapes["autoregressive spline flow"]!, numParameters: 2, numFeatures: 2 };
  const theta = normals(rng, 2 * count);
  const order = rng.permutation(count);
  const held = Math.round(count / 10);
  return {
    estimator: createEstimator(kernels, shape, rng.fork("weights")),
    data: {
      theta,
      x: theta.map((t) => t + rng.normal()),
      count,
      trainRows: order.slice(held),
      validationRows: order.slice(0, held),
    },
    loss: { type: "likelihood" },
    options: { plannedSteps: 400, learningRate: 3e-3 },
    rng: rng.fork("training"),
  };
}

describe("training", () => {
  it.each(["likelihood", "atomic"] as const)(
    "reaches the posterior of a linear Gaussian with the %s loss",
    async (type) => {
      const training = linearGaussian(2000);
      const loss = type === "atomic" ? { type, atoms: 10 } : { type };
      const { estimator } = await trainDensity({ ...training, loss });
      const x = Float32Array.of(1, -0.6);
      const draws = estimator.sample(4000, x, Rng.fromSeed(1));
      for (const j of [0, 1]) {
        const column = draws.filter((_, i) => i % 2 === j);
        const mean = column.reduce((s, v) => s + v, 0) / column.length;
        const sd = Math.sqrt(column.reduce((s, v) => s + (v - mean) ** 2, 0) / column.length);
        expect(Math.abs(mean - x[j]! / 2)).toBeLessThan(0.15);
        expect(Math.abs(sd - Math.SQRT1_2)).toBeLessThan(0.12);
      }
    },
  );

  it("goes on from the state of any epoch with the same bytes", async () => {
    const training = linearGaussian(600);
    const options = { plannedSteps: 120 };
    const states: TrainingState[] = [];
    const whole = await trainDensity({ ...training, options, onState: (state) => void states.push(state) });
    const stop = new AbortController();
    const cut = trainDensity({
      ...training,
      options,
      signal: stop.signal,
      onEpoch: ({ epoch }) => epoch === 3 && stop.abort(new Error("stopped")),
    });
    await expect(cut).rejects.toThrow("stopped");
    const rest = await trainDensity({ ...training, options, resumeFrom: states[2]! });
    expect(rest.estimator.weights).toEqual(whole.estimator.weights);
    expect(rest.history).toEqual(whole.history);
  });

  it("borrows one memory, however many networks are trained", async () => {
    const own = new Kernels(loaded.variant as "simd", (loaded as { module: WebAssembly.Module }).module);
    const training = linearGaussian(200);
    const estimator = estimatorFromState(own, training.estimator.state());
    for (let i = 0; i < 100; i++) {
      await trainDensity({ ...training, estimator, options: { plannedSteps: 1 } });
    }
    expect(own.spaces).toBe(1);
  });

  it("refuses what it cannot learn from", async () => {
    const training = linearGaussian(200);
    const { data } = training;
    const tagOf = (changed: Partial<DensityTraining>): Promise<string> =>
      trainDensity({ ...training, ...changed }).then(
        () => "none",
        (error: { _tag: string }) => error._tag,
      );
    expect(await tagOf({ data: { ...data, x: data.x.slice(1) } })).toBe("ShapeMismatch");
    expect(await tagOf({ data: { ...data, theta: data.x.slice(1) } })).toBe("ShapeMismatch");
    expect(await tagOf({ data: { ...data, x: data.x.map((v, i) => (i === 7 ? Number.NaN : v)) } })).toBe("NonFinite");
    expect(await tagOf({ data: { ...data, trainRows: new Uint32Array(0) } })).toBe("ShapeMismatch");
    expect(await tagOf({ data: { ...data, trainRows: Uint32Array.of(200) } })).toBe("FieldOutOfRange");
    expect(await tagOf({ loss: { type: "atomic", atoms: 1 } })).toBe("FieldOutOfRange");
    expect(await tagOf({ options: { batchSize: 0 } })).toBe("FieldOutOfRange");
    expect(await tagOf({ options: { learningRate: Number.NaN } })).toBe("FieldOutOfRange");
    expect(await tagOf({ data: { ...data, rowWeights: new Float32Array(200).fill(-1) } })).toBe("FieldOutOfRange");
  });
});
