/** Recording through a stand-in device: what the programs do, in which order, and what is kept when. */
import { describe, expect, it } from "vitest";

import { Recorder } from "../../src/calib/recording/recorder.js";
import { slotCycles } from "../../src/calib/recording/time-slots.js";
import type { Recording } from "../../src/calib/run-data.js";
import { MemoryRunStore } from "../../src/calib/store.js";
import { keptRecording } from "./support/kept-recording.js";
import type { Step, ToySession } from "./support/toy-session.js";
import { toyNeuron, toySession, toyTask } from "./support/toy-task.js";

const settings = (count: number): Int32Array => Int32Array.from({ length: 2 * count }, (_, i) => 100 + 7 * i);

async function recordAll(
  session: ToySession,
  store: MemoryRunStore,
  theta: Int32Array,
  signal?: AbortSignal,
  seed = 1,
): Promise<{ recordings: Recording[]; fresh: boolean[] }> {
  const recordings: Recording[] = [];
  const fresh: boolean[] = [];
  await new Recorder(session, { task: toyTask, neuron: toyNeuron, seed }, store, signal).record(
    "stage",
    theta,
    (batch, isFresh) => {
      recordings.push(...batch.map(keptRecording));
      fresh.push(isFresh);
    },
  );
  return { recordings, fresh };
}

const writes = (steps: readonly Step[], container: string) =>
  steps.filter((step) => step.type === "write" && step.container === container) as Extract<Step, { type: "write" }>[];

describe("a recorder", () => {
  it("gives one valid recording per setting, in order, whatever the batch size divides", async () => {
    const theta = settings(19);
    const { recordings } = await recordAll(toySession(), new MemoryRunStore(), theta);
    expect(recordings.flatMap((r) => [...r.theta])).toEqual([...theta]);
    expect(recordings.map((r) => r.invalid)).toEqual(new Array(19).fill(undefined));
    for (const { ticks } of recordings) {
      expect(ticks[0]).toBeLessThan(0);
      expect(ticks.at(-1)).toBeGreaterThan(1000 * 250);
    }
  });

  it("puts the stimulus where the task says", async () => {
    const { recordings } = await recordAll(toySession(), new MemoryRunStore(), Int32Array.of(200, 500));
    const { samples, ticks } = recordings[0]!;
    const at = (us: number): number => samples[ticks.findIndex((t) => t >= 250 * us)]!;
    expect(at(98)).toBeLessThan(220);
    expect(at(105)).toBeGreaterThan(250);
    expect(at(695)).toBeGreaterThan(250);
    expect(at(703)).toBeLessThan(220);
  });

  it("configures once per batch, then rewrites only the inferred codes", async () => {
    const session = toySession();
    await recordAll(session, new MemoryRunStore(), settings(19));
    const [setup] = session.programs;
    expect(session.programs).toHaveLength(6);
    const batches = session.programs.filter((_, i) => i % 2 === 1);
    expect(writes(setup!, "CapMemCell").length).toBeGreaterThan(22);
    expect(writes(setup!, "MadcControl").map((w) => w.fields.wakeUp)).toEqual([true, false]);
    for (const [i, steps] of batches.entries()) {
      const count = i < 2 ? 8 : 3;
      expect(writes(steps, "CapMemCell")).toHaveLength(2 * count);
      const commands = writes(steps, "MadcControl").map(({ fields }) =>
        fields.startRecording ? "start" : fields.stopRecording ? "stop" : fields.wakeUp ? "wake" : "none",
      );
      expect(commands).toEqual(Array.from({ length: count }, () => ["start", "none", "stop", "none"]).flat());
    }
  });

  it("never stalls as long as the board's instruction timeout of 10 ms", async () => {
    const session = toySession();
    await recordAll(session, new MemoryRunStore(), settings(3));
    for (const steps of session.programs) {
      let before = 0;
      for (const step of steps) {
        if (step.type === "reset-timer") before = 0;
        if (step.type !== "wait") continue;
        expect(step.cycles - before).toBeLessThan(1_250_000);
        before = step.cycles;
      }
    }
  });

  it("keeps the device busy with the next batch while one is kept, and no further ahead", async () => {
    class SlowStore extends MemoryRunStore {
      readonly outstanding: number[] = [];
      override async putBatch(stage: string, index: number, recordings: readonly Recording[]): Promise<void> {
        this.outstanding.push(session.outstanding);
        await super.putBatch(stage, index, recordings);
      }
    }
    const session = toySession();
    const store = new SlowStore();
    await recordAll(session, store, settings(32));
    // Each batch is queued together with its set-up, and the next behind them.
    expect(store.outstanding).toEqual([2, 2, 2, 0]);
    expect(session.mostOutstanding).toBeLessThanOrEqual(4);
  });

  it("takes what the store has and records the rest", async () => {
    const store = new MemoryRunStore();
    const whole = await recordAll(toySession(), store, settings(19));
    store.batches.delete("stage/1");
    const session = toySession();
    const again = await recordAll(session, store, settings(19));
    expect(again.fresh).toEqual([false, true, false]);
    expect(session.programs).toHaveLength(2);
    expect(again.recordings).toEqual(whole.recordings);
  });

  it("places every batch in a stretch of chip time of its own, the same whatever is kept already", async () => {
    const [whole, rest, other] = [toySession(), toySession(), toySession()];
    const store = new MemoryRunStore();
    await recordAll(whole, store, settings(40));
    expect(new Set(whole.bases).size).toBe(5);
    const slot = slotCycles(toyTask);
    expect(whole.bases.every((base) => base % slot === 0 && base >= 0 && base + slot <= 2 ** 43)).toBe(true);
    for (const index of [1, 3]) store.batches.delete(`stage/${index}`);
    await recordAll(rest, store, settings(40));
    expect(rest.bases).toEqual([whole.bases[1], whole.bases[3]]);
    await recordAll(other, new MemoryRunStore(), settings(40), undefined, 2);
    expect(other.bases[0]).not.toBe(whole.bases[0]);
  });

  it("ends a batch well within its stretch", async () => {
    const session = toySession();
    await recordAll(session, new MemoryRunStore(), settings(8));
    expect((session.endTime - (session.bases[0] as number)) / slotCycles(toyTask)).toBeLessThan(0.9);
  });

  it("refuses a store with other codes", async () => {
    const store = new MemoryRunStore();
    await recordAll(toySession(), store, settings(8));
    const other = settings(8).map((code) => code + 1);
    await expect(recordAll(toySession(), store, other)).rejects.toMatchObject({ _tag: "BatchMismatch", index: 0 });
  });

  it("keeps finished batches when it is aborted, and leaves nothing running", async () => {
    const controller = new AbortController();
    const session = toySession({
      beforeRun: (run) => {
        if (run === 5) controller.abort(new Error("enough"));
      },
    });
    const store = new MemoryRunStore();
    await expect(recordAll(session, store, settings(80), controller.signal)).rejects.toThrow("enough");
    expect([...store.batches.keys()]).toEqual(["stage/0", "stage/1"]);
    expect(session.outstanding).toBe(0);
    expect(session.programs.length).toBeLessThan(9);
  });

  it("passes on what the device throws, and keeps what came before", async () => {
    const store = new MemoryRunStore();
    const session = toySession({
      beforeRun: (run) => {
        if (run === 3) throw new Error("link lost");
      },
    });
    await expect(recordAll(session, store, settings(80))).rejects.toThrow("link lost");
    expect([...store.batches.keys()]).toEqual(["stage/0"]);
    expect(session.outstanding).toBe(0);
  });

  it("marks a recording with a hole", async () => {
    const session = toySession({ isDefective: (trial) => trial === 2 });
    const { recordings } = await recordAll(session, new MemoryRunStore(), settings(4));
    expect(recordings.map((r) => r.invalid?.split(" ")[0])).toEqual([undefined, undefined, "gap", undefined]);
  });
});
