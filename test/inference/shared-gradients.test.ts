/** Gradients computed by several threads: the same bytes whatever their number, one training after the other. */
import { afterAll, expect, test } from "vitest";
import { GradientThreads } from "../../src/api/gradient-threads.js";
import { Rng } from "../../src/base/rng.js";
import { createEstimator } from "../../src/calib/flow/kernel-density.js";
import type { DensityLoss } from "../../src/calib/flow/objective.js";
import { type DensityTraining, trainDensity } from "../../src/calib/flow/train.js";
import { kernels } from "../support/kernels.js";

const helpers = [1, 2].map((count) => new GradientThreads(count));
afterAll(() => Promise.all(helpers.map((own) => own.close())));

function training(loss: DensityLoss, seed: number): DensityTraining {
  const rng = Rng.fromSeed(seed);
  const count = 500;
  const theta = Float32Array.from({ length: 2 * count }, () => rng.normal());
  const shape = {
    kind: "flow",
    numParameters: 2,
    numFeatures: 2,
    layers: 2,
    hidden: 16,
    blocks: 1,
    transform: { type: "spline", bins: 5, bound: 4, affine: true },
  } as const;
  return {
    estimator: createEstimator(kernels, shape, rng.fork("weights")),
    data: {
      theta: (stream) => theta.map((t) => t + 0.01 * stream.normal()),
      x: theta.map((t) => t + rng.normal()),
      count,
      trainRows: Uint32Array.from({ length: 450 }, (_, i) => i),
      validationRows: Uint32Array.from({ length: 50 }, (_, i) => 450 + i),
      rowWeights: Float32Array.from({ length: count }, (_, i) => 0.5 + (i % 3) / 2),
    },
    loss,
    options: { batchSize: 200, plannedSteps: 12 },
    rng: rng.fork("training"),
  };
}

test.each<DensityLoss>([{ type: "likelihood" }, { type: "atomic", atoms: 5 }])("$type loss", async (loss) => {
  const alone = await trainDensity(training(loss, 4));
  for (const own of helpers) {
    const shared = await trainDensity({ ...training(loss, 4), helpers: own });
    expect([...shared.estimator.weights]).toEqual([...alone.estimator.weights]);
    expect(shared.history).toEqual(alone.history);
  }
});

test("an aborted training lets the helpers go on to the next one", async () => {
  const [own] = helpers as [GradientThreads];
  const abort = new AbortController();
  const stopped = trainDensity({
    ...training({ type: "likelihood" }, 5),
    helpers: own,
    signal: abort.signal,
    onEpoch: () => abort.abort(new Error("enough")),
  });
  await expect(stopped).rejects.toThrow("enough");
  const alone = await trainDensity(training({ type: "likelihood" }, 6));
  const shared = await trainDensity({ ...training({ type: "likelihood" }, 6), helpers: own });
  expect([...shared.estimator.weights]).toEqual([...alone.estimator.weights]);
});
