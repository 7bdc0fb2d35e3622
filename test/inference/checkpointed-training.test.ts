/** Trainings that are broken off and gone on with: the bytes of an undisturbed one, nothing trained twice. */
import { afterAll, describe, expect, it } from "vitest";
import { TrainingThreads } from "../../src/api/training-threads.js";
import { ManualClock } from "../../src/base/clock.js";
import {
  CheckpointedTraining,
  type KeptTraining,
  type TrainingCheckpoints,
} from "../../src/calib/flow/checkpointed-training.js";
import { localTraining, type TrainingHost } from "../../src/calib/flow/training-host.js";
import { smallTraining } from "./support/small-training.js";

const threads = new TrainingThreads(1);
afterAll(() => threads.close());

class Kept implements TrainingCheckpoints {
  readonly all = new Map<string, KeptTraining>();
  async getTraining(name: string): Promise<KeptTraining | undefined> {
    return this.all.get(name);
  }
  async putTraining(name: string, kept: KeptTraining): Promise<void> {
    this.all.set(name, structuredClone(kept));
  }
}

/** Train; every epoch takes two seconds. @param dies after this epoch @returns epochs that were trained */
async function train(host: TrainingHost, kept: Kept, seed: number, dies = Number.POSITIVE_INFINITY) {
  const clock = new ManualClock();
  const stop = new AbortController();
  const epochs: number[] = [];
  const checkpointed = new CheckpointedTraining(host, kept, clock);
  const trained = await checkpointed
    .train({
      ...smallTraining(seed, 60),
      signal: stop.signal,
      onEpoch: ({ epoch }) => {
        epochs.push(epoch);
        clock.advance(2000);
        if (epoch === dies) stop.abort(new Error("killed"));
      },
    })
    .catch((error: Error) => error);
  return { trained, epochs };
}

describe.each([
  ["this thread", localTraining],
  ["a thread of its own", threads],
])("checkpoints of a training on %s", (_, host) => {
  it("are gone on from, with the bytes of an undisturbed training", async () => {
    const whole = await localTraining.train(smallTraining(1, 60));
    const kept = new Kept();
    expect((await train(host, kept, 1, 8)).trained).toEqual(new Error("killed"));
    const rest = await train(host, kept, 1);
    expect(rest.epochs[0]).toBe(7);
    expect(rest.trained).toMatchObject({ bestEpoch: whole.bestEpoch, history: whole.history, steps: whole.steps });
    expect((rest.trained as typeof whole).estimator.weights).toEqual(whole.estimator.weights);
    const again = await train(host, kept, 1);
    expect(again.epochs).toEqual([whole.epochs]);
    expect((again.trained as typeof whole).estimator.weights).toEqual(whole.estimator.weights);
  });
});

it("never meets a state of other data", async () => {
  const kept = new Kept();
  await train(localTraining, kept, 1, 8);
  expect((await train(localTraining, kept, 2, 8)).epochs[0]).toBe(1);
  const base = smallTraining(1, 60);
  const other = { ...base.data, x: base.data.x.map((value, i) => (i === 5 ? value + 1e-6 : value)) };
  const names = new Set(kept.all.keys());
  await new CheckpointedTraining(localTraining, kept, new ManualClock()).train({ ...base, data: other });
  expect([...kept.all.keys()].filter((name) => !names.has(name))).toHaveLength(1);
});
