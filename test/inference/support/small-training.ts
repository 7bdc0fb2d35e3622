/** A density training that takes a moment, made from a seed; codes are spread anew in every epoch. */
import { Rng } from "../../../src/base/rng.js";
import { createEstimator } from "../../../src/calib/flow/kernel-density.js";
import type { DensityTraining } from "../../../src/calib/flow/train.js";
import { kernels } from "../../support/kernels.js";

export function smallTraining(seed: number, plannedSteps = 30): DensityTraining {
  const rng = Rng.fromSeed(seed);
  const count = 200;
  const theta = Float32Array.from({ length: 2 * count }, () => rng.normal());
  const shape = {
    kind: "flow",
    numParameters: 2,
    numFeatures: 2,
    layers: 2,
    hidden: 16,
    blocks: 1,
    transform: { type: "spline", bins: 5, bound: 4 },
  } as const;
  return {
    estimator: createEstimator(kernels, shape, rng.fork("weights")),
    data: {
      theta: (stream) => theta.map((t) => t + 0.01 * stream.normal()),
      x: theta.map((t) => t + rng.normal()),
      count,
      trainRows: Uint32Array.from({ length: 180 }, (_, i) => i),
      validationRows: Uint32Array.from({ length: 20 }, (_, i) => 180 + i),
    },
    loss: { type: "atomic", atoms: 4 },
    options: { plannedSteps },
    rng: rng.fork("training"),
  };
}
