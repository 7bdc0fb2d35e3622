/** A budget well spent: the pilot's region, and rounds that end when the floor is reached. */
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../src/base/clock.js";
import { Rng } from "../../src/base/rng.js";
import { priorOf } from "../../src/calib/amortised/neuron-estimator.js";
import { calibrate, MemoryRunStore } from "../../src/calib/index.js";
import { learnRegion, usefulRows } from "../../src/calib/pilot.js";
import { kernels } from "../support/kernels.js";
import { toyRequest, toySession, toyTask } from "./support/toy-task.js";

describe("a pilot's region", () => {
  const prior = priorOf(toyTask);
  /** A sixth of the prior. */
  const isUseful = (theta: ArrayLike<number>, row: number): boolean => {
    const [a, b] = [(theta[2 * row] as number) / 1022, (theta[2 * row + 1] as number) / 1022];
    return Math.hypot(a - 0.4, b - 0.6) < 0.23;
  };

  it("holds nearly all that is useful and little else", async () => {
    const rng = Rng.fromSeed(4);
    const theta = Int32Array.from(prior.sample(300, rng));
    const useful = Uint8Array.from({ length: 300 }, (_, row) => (isUseful(theta, row) ? 1 : 0));
    const region = await learnRegion(kernels, prior, theta, useful, rng.fork("region"), undefined);
    const fresh = Int32Array.from(prior.sample(4000, rng));
    const inside = region!.contains(prior.toBase(fresh));
    let [kept, all, useless] = [0, 0, 0];
    for (let row = 0; row < 4000; row++) {
      if (isUseful(fresh, row)) [all, kept] = [all + 1, kept + (inside[row] as number)];
      else useless += inside[row] as number;
    }
    expect(kept / all).toBeGreaterThan(0.9);
    expect(kept / (kept + useless)).toBeGreaterThan(1.5 * (all / 4000));
  });

  it("is not drawn from too few of either kind", async () => {
    const theta = Int32Array.from(prior.sample(60, Rng.fromSeed(1)));
    const none = await learnRegion(kernels, prior, theta, new Uint8Array(60), Rng.fromSeed(2), undefined);
    expect(none).toBeUndefined();
  });
});

describe("useful settings", () => {
  it("fire within a factor of two as often as the target", () => {
    const { length } = toyTask.grid;
    const train = (everyPoints: number): Float32Array =>
      Float32Array.from({ length }, (_, i) => (i < 20 || i >= 140 ? 200 : 300 + 20 * (i % everyPoints)));
    const traces = new Float32Array(4 * length);
    for (const [row, every] of [5, 10, 60].entries()) traces.set(train(every), row * length);
    expect([...usefulRows(toyTask, { traces, count: 4 }, train(10))]).toEqual([1, 1, 0, 0]);
  });
});

describe("a calibration with a pilot that ends at the floor", () => {
  it("records no further round, and says what the pilot gained", async () => {
    const store = new MemoryRunStore();
    const task = { ...toyTask, estimator: { ...toyTask.estimator, pilot: 0.5, stopRatio: 10 } };
    const request = toyRequest({ task, simulations: 240 });
    const data = await calibrate(toySession(), request, {
      store,
      clock: new ManualClock(),
      kernels,
      backend: "wasm",
    });
    const stages = [...new Set([...store.batches.keys()].map((key) => key.split("/")[0]))];
    expect(stages.slice(0, 5)).toEqual(["target", "pilot", "round-1", "stop-repeats-1", "stop-draws-1"]);
    expect(stages).not.toContain("round-2");
    expect(data.facts.perRound).toEqual([{ requested: 144, usable: 144 }]);
    expect(data.facts.notices).toContainEqual(expect.stringMatching(/useful settings .*% of 72 in the pilot/));
    expect(data.facts.notices).toContainEqual(expect.stringMatching(/round 1 of 2 was the last/));
  });
});
