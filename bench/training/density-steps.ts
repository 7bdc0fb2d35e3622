/**
 * The training steps that the published aims speak of, in the shapes of the tasks: loss, backward, clipping and optimiser
 * on one batch.
 */
import { Rng } from "../../src/base/rng.js";
import type { DensityShape, FlowTransform } from "../../src/calib/flow/density-estimator.js";
import { createEstimator } from "../../src/calib/flow/kernel-density.js";
import { type DensityLoss, Objective, withAtoms } from "../../src/calib/flow/objective.js";
import { Optimiser } from "../../src/calib/flow/optimiser.js";
import { type GradientHelpers, SharedGradients } from "../../src/calib/flow/shared-gradients.js";
import { gradientStep } from "../../src/calib/flow/train.js";
import { completeOptions } from "../../src/calib/flow/training-options.js";
import type { Kernels } from "../../src/kernels/spaces.js";
import { median } from "../harness.js";

export interface StepCase {
  readonly name: string;
  /** Name of the same step in the peer's output. */
  readonly peer: string;
  readonly numParameters: number;
  readonly numFeatures: number;
  readonly transform: FlowTransform;
  readonly atoms: number;
}

const spline = { type: "spline", bins: 10, bound: 4 } as const;
const affine = { type: "affine" } as const;

export const batch = 200;
export const stepCases: readonly StepCase[] = [
  {
    name: "masked flow, likelihood, two_moons",
    peer: "maf-2-2-1",
    numParameters: 2,
    numFeatures: 2,
    transform: affine,
    atoms: 1,
  },
  {
    name: "spline flow, likelihood, two_moons",
    peer: "nsf-2-2-1",
    numParameters: 2,
    numFeatures: 2,
    transform: spline,
    atoms: 1,
  },
  {
    name: "masked flow, 10 atoms, two_moons",
    peer: "maf-2-2-10",
    numParameters: 2,
    numFeatures: 2,
    transform: affine,
    atoms: 10,
  },
  {
    name: "masked flow, 10 atoms, 6 parameters, 12 features",
    peer: "maf-6-12-10",
    numParameters: 6,
    numFeatures: 12,
    transform: affine,
    atoms: 10,
  },
];

/** Five layers of 50 units and two hidden blocks, as the peer's. */
function shapeOf({ numParameters, numFeatures, transform }: StepCase): DensityShape {
  return { kind: "flow", numParameters, numFeatures, layers: 5, hidden: 50, blocks: 2, transform };
}

/** Milliseconds of each of `count` steps, after a warm-up. */
export function stepTimes(kernels: Kernels, step: StepCase, count: number, helpers?: GradientHelpers): number[] {
  const rng = Rng.fromSeed(1);
  const { numParameters: d, numFeatures: f, atoms } = step;
  const fresh = createEstimator(kernels, shapeOf(step), rng);
  const density = fresh.withWeights(fresh.weights.map((w) => w + 0.02 * rng.normal()));
  const loss: DensityLoss = atoms === 1 ? { type: "likelihood" } : { type: "atomic", atoms };
  const theta = Float32Array.from({ length: batch * d }, () => rng.normal());
  const x = Float32Array.from({ length: batch * f }, () => rng.normal());
  const rows = Uint32Array.from({ length: batch }, (_, i) => i);
  return kernels.lend((space) => {
    const zeros = new Float32Array(density.weights.length);
    const start = { weights: density.weights, mean: zeros, square: zeros, average: zeros };
    const optimiser = new Optimiser(space, start, 0, completeOptions({}, batch));
    const objective = new Objective(space, density, loss, batch);
    objective.setSimulations({ theta, x, rowWeights: undefined });
    const task = { estimator: density.state(), loss, largestBatch: batch, count: batch, weighted: false };
    const shared = helpers === undefined ? undefined : new SharedGradients(helpers, objective, task);
    shared?.setSimulations(theta, x, undefined);
    const times = Array.from({ length: count + 20 }, () => {
      const from = performance.now();
      gradientStep(objective, optimiser, withAtoms(rows, rows, atoms, rng), 1, shared);
      optimiser.update(1e-4);
      return performance.now() - from;
    });
    shared?.end();
    return times.slice(20);
  });
}

/** Milliseconds for draws of a spline flow with ten parameters. */
export function drawTimes(kernels: Kernels, draws: number, count: number): number {
  const rng = Rng.fromSeed(2);
  const shape: DensityShape = {
    kind: "flow",
    numParameters: 10,
    numFeatures: 10,
    layers: 5,
    hidden: 64,
    blocks: 2,
    transform: { type: "spline", bins: 8, bound: 4 },
  };
  const fresh = createEstimator(kernels, shape, rng);
  const density = fresh.withWeights(fresh.weights.map((w) => w + 0.02 * rng.normal()));
  const x = new Float32Array(10);
  return median(
    Array.from({ length: count }, () => {
      const from = performance.now();
      density.sample(draws, x, rng);
      return performance.now() - from;
    }),
  );
}
