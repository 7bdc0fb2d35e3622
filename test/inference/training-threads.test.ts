/** Trainings on worker threads: the same bytes as on this one, thetas drawn here, cancelling, failures, no thread left. */
import { afterAll, describe, expect, it } from "vitest";
import { TrainingThreads } from "../../src/api/training-threads.js";
import { Rng } from "../../src/base/rng.js";
import { createEstimator } from "../../src/calib/flow/kernel-density.js";
import type { DensityTraining } from "../../src/calib/flow/train.js";
import { localTraining } from "../../src/calib/flow/training-host.js";
import type { TrainingState } from "../../src/calib/flow/training-options.js";
import { loadKernels } from "../../src/kernels/load.js";
import { Kernels } from "../../src/kernels/spaces.js";

const loaded = loadKernels();
if (loaded.variant === "none") throw new Error(loaded.why);
const kernels = new Kernels(loaded.variant, loaded.module);
const threads = new TrainingThreads(2);
afterAll(() => threads.close());

function training(seed: number, plannedSteps = 30): DensityTraining {
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

describe("training on threads", () => {
  it("gives the bytes of this thread, more trainings than threads at once", async () => {
    const seeds = [1, 2, 3];
    const far = await Promise.all(seeds.map((seed) => threads.train(training(seed))));
    for (const [i, seed] of seeds.entries()) {
      const near = await localTraining.train(training(seed));
      expect(far[i]?.estimator.weights).toEqual(near.estimator.weights);
      expect(far[i]?.history).toEqual(near.history);
    }
  });

  it("reports epochs and states, and resumes from one", async () => {
    const states: TrainingState[] = [];
    const epochs: number[] = [];
    const whole = await threads.train({
      ...training(4),
      onEpoch: ({ epoch }) => epochs.push(epoch),
      onState: (state) => void states.push(state),
    });
    expect(epochs).toEqual(states.map(({ epoch }) => epoch));
    const rest = await threads.train({ ...training(4), resumeFrom: states[1]! });
    expect(rest.estimator.weights).toEqual(whole.estimator.weights);
  });

  it("stops with the reason of the signal, and trains again after that", async () => {
    const stop = new AbortController();
    const long = threads.train({
      ...training(5, 1_000_000),
      signal: stop.signal,
      onEpoch: ({ epoch }) => epoch === 2 && stop.abort(new Error("enough")),
    });
    await expect(long).rejects.toThrow("enough");
    expect((await threads.train(training(6))).epochs).toBeGreaterThan(0);
  });

  it("passes on what goes wrong with its tag", async () => {
    const wild = { ...training(7), options: { learningRate: 1e30, clipNorm: 1e30, plannedSteps: 50 } };
    await expect(threads.train(wild)).rejects.toMatchObject({ _tag: "TrainingDiverged" });
    const base = training(8);
    const short = { ...base, data: { ...base.data, theta: () => new Float32Array(3) } };
    await expect(threads.train(short)).rejects.toMatchObject({ _tag: "ShapeMismatch" });
  });
});
