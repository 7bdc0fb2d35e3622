/** Over the whole stack: what a batch records depends on its codes and its number, not on what ran before it. */
import { describe, expect, it } from "vitest";
import { openDevice } from "../../src/api/index.js";
import { MemoryRunStore, paperTask, type Task } from "../../src/calib/index.js";
import { Recorder } from "../../src/calib/recording/recorder.js";
import { AtomicNeuronOnDls, CapMemCell, capMemCellOfNeuron, type Session } from "../../src/device/interface/index.js";

const task: Task = { ...paperTask, batchSize: 2 };
const theta = Int32Array.from([420, 300, 500, 100, 600, 700, 420, 300, 420, 300, 700, 50]);

/** Record what the store lacks on a device of its own, after `before` has used it. */
async function record(
  store: MemoryRunStore,
  seed: number,
  before: (session: Session) => Promise<unknown> = async () => {},
): Promise<void> {
  const device = await openDevice("virtual:?chip=4");
  try {
    const session = await device.openSession();
    await before(session);
    await new Recorder(session, { task, neuron: 300, seed }, store).record("round-1", theta, () => {});
  } finally {
    await device.close();
  }
}

describe("a batch of recordings on the virtual board", () => {
  const whole = new MemoryRunStore();

  it("comes out the same sample by sample, whichever batches were recorded before and whatever else was run", async () => {
    await record(whole, 8);
    expect(whole.batches.size).toBe(3);
    for (const lost of ["round-1/2", "round-1/1", "round-1/0"]) {
      const store = new MemoryRunStore();
      for (const [key, batch] of whole.batches) if (key !== lost) store.batches.set(key, batch);
      await record(store, 8, async (session) => {
        const other = session.program();
        const cell = capMemCellOfNeuron(AtomicNeuronOnDls.at(300), "v_reset");
        for (let i = 0; i < 50; i++) other.write(CapMemCell, cell, { value: i });
        await session.run(other.resetTimer().waitUntil(123_457).build());
      });
      expect(store.batches.get(lost)).toEqual(whole.batches.get(lost));
    }
  });

  it("meets other noise at another place of the run, and with another seed", async () => {
    const other = new MemoryRunStore();
    await record(other, 9);
    // Settings 0, 3 and 4 have the same codes.
    const traces = [0, 3, 4].map((row) => whole.batches.get(`round-1/${row >> 1}`)?.[row & 1]?.samples);
    expect(traces[0]).not.toEqual(traces[1]);
    expect(traces[1]).not.toEqual(traces[2]);
    expect(other.batches.get("round-1/0")?.[0]?.samples).not.toEqual(traces[0]);
  });
});
