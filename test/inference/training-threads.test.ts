/** Trainings on worker threads: the same bytes as on this one, thetas drawn here, cancelling, failures, no thread left. */
import { afterAll, describe, expect, it } from "vitest";
import { TrainingThreads } from "../../src/api/training-threads.js";
import { localTraining } from "../../src/calib/flow/training-host.js";
import type { TrainingState } from "../../src/calib/flow/training-options.js";
import { smallTraining } from "./support/small-training.js";

const threads = new TrainingThreads(2);
afterAll(() => threads.close());

describe("training on threads", () => {
  it("gives the bytes of this thread, more trainings than threads at once", async () => {
    const seeds = [1, 2, 3];
    const far = await Promise.all(seeds.map((seed) => threads.train(smallTraining(seed))));
    for (const [i, seed] of seeds.entries()) {
      const near = await localTraining.train(smallTraining(seed));
      expect(far[i]?.estimator.weights).toEqual(near.estimator.weights);
      expect(far[i]?.history).toEqual(near.history);
    }
  });

  it("reports epochs and states, and resumes from one", async () => {
    const states: TrainingState[] = [];
    const epochs: number[] = [];
    const whole = await threads.train({
      ...smallTraining(4),
      onEpoch: ({ epoch }) => epochs.push(epoch),
      onState: (state) => void states.push(state),
    });
    expect(epochs).toEqual(states.map(({ epoch }) => epoch));
    const rest = await threads.train({ ...smallTraining(4), resumeFrom: states[1]! });
    expect(rest.estimator.weights).toEqual(whole.estimator.weights);
  });

  it("stops with the reason of the signal, and trains again after that", async () => {
    const stop = new AbortController();
    const long = threads.train({
      ...smallTraining(5, 1_000_000),
      signal: stop.signal,
      onEpoch: ({ epoch }) => epoch === 2 && stop.abort(new Error("enough")),
    });
    await expect(long).rejects.toThrow("enough");
    expect((await threads.train(smallTraining(6))).epochs).toBeGreaterThan(0);
  });

  it("passes on what goes wrong with its tag", async () => {
    const wild = { ...smallTraining(7), options: { learningRate: 1e30, clipNorm: 1e30, plannedSteps: 50 } };
    await expect(threads.train(wild)).rejects.toMatchObject({ _tag: "TrainingDiverged" });
    const base = smallTraining(8);
    const short = { ...base, data: { ...base.data, theta: () => new Float32Array(3) } };
    await expect(threads.train(short)).rejects.toMatchObject({ _tag: "ShapeMismatch" });
  });
});
