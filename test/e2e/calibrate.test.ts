/**
 * The main job over the whole stack: a calibration of the virtual board through the wire protocol, with a budget that
 * is small but enough for the reset potential.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDevice } from "../../src/api/index.js";
import { systemClock } from "../../src/base/clock.js";
import { calibrate, MemoryRunStore, paperTask, type RunData, requestOf, type Task } from "../../src/calib/index.js";
import { countSpikes } from "../../src/calib/target/spikes.js";
import { kernels } from "../support/kernels.js";

const task: Task = {
  ...paperTask,
  autoencoder: { ...paperTask.autoencoder, decoderEpochs: 4 },
  estimator: { scheme: "tsnpe", members: 1, steps: 800 },
  budget: { ...paperTask.budget, simulations: 240, rounds: 2, draws: 4, repeats: 4 },
};
const target = { kind: "theta", codes: Int32Array.of(420, 300) } as const;

async function run(store: MemoryRunStore): Promise<RunData> {
  const device = await openDevice("virtual:?chip=1");
  try {
    const session = await device.openSession();
    return await calibrate(session, requestOf(task, 0, target, 5), { store, clock: systemClock, kernels });
  } finally {
    await device.close();
  }
}

describe("a calibration of the virtual board", () => {
  const store = new MemoryRunStore();
  let data: RunData;

  beforeAll(async () => {
    data = await run(store);
  }, 120_000);
  afterAll(() => store.batches.clear());

  it("records every setting whole", () => {
    expect(data.facts.perRound).toEqual([
      { requested: 144, usable: 144 },
      { requested: 96, usable: 96 },
    ]);
    for (const [key, recordings] of store.batches) {
      for (const { ticks, invalid } of recordings) {
        expect(invalid, key).toBeUndefined();
        // 29.41 samples per microsecond over 1004 us.
        expect(ticks.length).toBeGreaterThan(29_400);
        expect(ticks.length).toBeLessThan(29_600);
      }
    }
  });

  it("finds a spiking target whose repeats behave alike but are not equal", () => {
    const { length } = task.grid;
    const counts = Array.from({ length: data.repeats.count }, (_, i) =>
      countSpikes(task, data.repeats.traces.subarray(i * length, (i + 1) * length)),
    );
    expect(Math.min(...counts)).toBeGreaterThan(5);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2);
    expect(data.repeats.traces.slice(0, length)).not.toEqual(data.repeats.traces.slice(length, 2 * length));
  });

  it("narrows the reset potential around the true code", () => {
    const [reset] = data.summary;
    // The prior has 295.
    expect(reset!.sd).toBeLessThan(100);
    expect(Math.abs(reset!.mean - 420)).toBeLessThan(4 * reset!.sd);
  });

  it("gives the same posterior samples on a device opened anew", async () => {
    const again = await run(new MemoryRunStore());
    expect(again.posterior.samples).toEqual(data.posterior.samples);
  }, 120_000);
});
