/** The kernel flow: identity at the start, mass one, inverse, gradient against finite differences, atoms as plain rows. */
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/base/rng.js";
import { FlowArchitecture } from "../../src/calib/flow/architecture.js";
import type { FlowTransform } from "../../src/calib/flow/density-estimator.js";
import { FlowEngine } from "../../src/calib/flow/flow-engine.js";
import { loadKernels } from "../../src/kernels/load.js";
import { KernelSpace } from "../../src/kernels/module.js";

const loaded = loadKernels();
if (loaded.variant === "none") throw new Error(loaded.why);
const { module } = loaded;

const transforms: FlowTransform[] = [
  { type: "affine" },
  { type: "spline", bins: 6, bound: 4 },
  { type: "spline", bins: 6, bound: 4, affine: true },
];

function setUp(transform: FlowTransform, d: number, rows: number, atoms: number, noise = 0.3) {
  const architecture = new FlowArchitecture({
    kind: "flow",
    numParameters: d,
    numFeatures: 3,
    layers: 3,
    hidden: 12,
    blocks: 2,
    transform,
  });
  const rng = Rng.fromSeed(d * 100 + rows);
  const weights = architecture.initialise(rng).map((w) => w + noise * rng.normal());
  const engine = new FlowEngine(new KernelSpace(module), architecture, { rows, atoms });
  engine.setWeights(weights);
  engine.theta.set(Float32Array.from({ length: d * rows * atoms }, () => rng.normal()));
  engine.x.set(Float32Array.from({ length: 3 * rows }, () => rng.normal()));
  return { architecture, engine, weights, rng };
}

describe.each(transforms)("flow of $type transforms", (transform) => {
  it("is the standard normal at the start", () => {
    const { engine, architecture, rng } = setUp(transform, 3, 8, 1);
    engine.setWeights(architecture.initialise(rng));
    const theta = engine.theta.slice();
    engine.logProb().forEach((logQ, i) => {
      const squares = [0, 1, 2].reduce((s, k) => s + theta[k * 8 + i]! ** 2, 0);
      expect(logQ).toBeCloseTo(-0.5 * squares - 1.5 * Math.log(2 * Math.PI), 4);
    });
  });

  it("integrates to one in two dimensions", () => {
    const side = 240;
    const { engine } = setUp(transform, 2, side, 1, 0.05);
    const x = engine.x;
    for (let k = 0; k < 3; k++) x.fill([0.5, -1, 0.3][k]!, k * side, (k + 1) * side);
    const span = 20;
    const at = (i: number): number => -span / 2 + (span * (i + 0.5)) / side;
    let mass = 0;
    for (let row = 0; row < side; row++) {
      const theta = engine.theta;
      for (let i = 0; i < side; i++) {
        theta[i] = at(i);
        theta[side + i] = at(row);
      }
      mass += engine.logProb().reduce((s, l) => s + Math.exp(l), 0);
    }
    expect(mass * (span / side) ** 2).toBeCloseTo(1, 2);
  });

  it.each([1, 2, 5])("inverts with %i parameters", (d) => {
    const { engine, rng } = setUp(transform, d, 16, 1, 0.1);
    const noise = Float32Array.from({ length: d * 16 }, () => rng.normal());
    const theta = engine.inverse(noise).slice();
    engine.theta.set(theta);
    engine.logProb();
    const again = engine.inverse(noise);
    again.forEach((v, i) => {
      expect(v).toBeCloseTo(theta[i]!, 3);
    });
    // Forward of the inverse is the noise: its base density is what logProb adds last.
    engine.theta.set(theta);
    const logQ = engine.logProb().slice();
    const h = 1e-3;
    expect(logQ.every(Number.isFinite)).toBe(true);
    if (d === 1) {
      // One parameter: density = base density of the noise times |dz/dtheta|, here by the slope of the inverse.
      const up = engine.inverse(noise.map((z) => z + h)).slice();
      const down = engine.inverse(noise.map((z) => z - h)).slice();
      logQ.forEach((l, i) => {
        const slope = (up[i]! - down[i]!) / (2 * h);
        expect(l).toBeCloseTo(-0.5 * noise[i]! ** 2 - 0.5 * Math.log(2 * Math.PI) - Math.log(slope), 1);
      });
    }
  });

  it.each([
    [1, 1],
    [3, 1],
    [2, 4],
  ])("has the gradient of finite differences, %i parameters, %i atoms", (d, atoms) => {
    const rows = 8;
    const { engine, architecture, weights, rng } = setUp(transform, d, rows, atoms);
    const columnWeights = Float32Array.from({ length: rows * atoms }, () => rng.normal());
    const loss = (w: Float32Array): number => {
      engine.setWeights(w);
      return engine.logProb().reduce((s, l, i) => s + l * columnWeights[i]!, 0);
    };
    loss(weights);
    engine.clearGradient();
    engine.backward(columnWeights);
    const gradient = engine.gradient().slice();
    // Entries that no unit sees have no gradient.
    const visible = architecture.initialise(rng).map((w: number, i: number) => (w !== 0 || gradient[i] !== 0 ? 1 : 0));
    // Directional derivatives: float32 forward passes are too coarse for single weights.
    for (let trial = 0; trial < 6; trial++) {
      const direction = visible.map((m) => m * rng.normal());
      const h = 2e-3 / Math.sqrt(direction.reduce((s, v) => s + v * v, 0));
      const moved = (by: number): Float32Array => weights.map((w, i) => w + by * direction[i]!);
      const want = (loss(moved(h)) - loss(moved(-h))) / (2 * h);
      const got = gradient.reduce((s, g, i) => s + g * direction[i]!, 0);
      const scale =
        Math.sqrt(gradient.reduce((s, g) => s + g * g, 0)) * Math.sqrt(direction.reduce((s, v) => s + v * v, 0));
      expect(Math.abs(got - want) / scale).toBeLessThan(0.01);
    }
  });

  it("treats atoms as rows that share an observation", () => {
    const { engine, weights, architecture } = setUp(transform, 2, 8, 3);
    const theta = engine.theta.slice();
    const x = engine.x.slice();
    const together = engine.logProb().slice();
    for (let a = 0; a < 3; a++) {
      const single = new FlowEngine(new KernelSpace(module), architecture, { rows: 8, atoms: 1 });
      single.setWeights(weights);
      single.x.set(x);
      for (let k = 0; k < 2; k++) single.theta.set(theta.slice(k * 24 + a * 8, k * 24 + a * 8 + 8), k * 8);
      single.logProb().forEach((l, r) => {
        expect(l).toBeCloseTo(together[a * 8 + r]!, 4);
      });
    }
  });
});
