/** Recording through a stand-in device: what the programs do, in which order, and what is kept when. */
import { describe, expect, it } from "vitest";

import { Recorder } from "../../src/calib/recording/recorder.js";
import type { Recording } from "../../src/calib/run-data.js";
import { MemoryRunStore } from "../../src/calib/store.js";
import type { Step, ToySession } from "./support/toy-session.js";
import { toyNeuron, toySession, toyTask } from "./support/toy-task.js";

const settings = (count: number): Int32Array => Int32Array.from({ length: 2 * count }, (_, i) => 100 + 7 * i);

async function recordAll(
  session: ToySession,
  store: MemoryRunStore,
  theta: Int32Array,
  signal?: AbortSignal,
): Promise<{ recordings: Recording[]; fresh: boolean[] }> {
  const recordings: Recording[] = [];
  const fresh: boolean[] = [];
  await new Recorder(session, toyTask, toyNeuron, store, signal).record("stage", theta, (batch, isFresh) => {
    recordings.push(...batch);
    fresh.push(isFresh);
  });
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
    for (const { timeUs } of recordings) {
      expect(timeUs[0]).toBeLessThan(0);
      expect(timeUs.at(-1)).toBeGreaterThan(1000);
      // Times are whole ticks of the chip's clock.
      expect(timeUs.every((t) => Number.isInteger(t * 250))).toBe(true);
    }
  });

  it("puts the stimulus where the task says", async () => {
    const { recordings } = await recordAll(toySession(), new MemoryRunStore(), Int32Array.of(200, 500));
    const { samples, timeUs } = recordings[0]!;
    const at = (us: number): number => samples[timeUs.findIndex((t) => t >= us)]!;
    expect(at(98)).toBeLessThan(220);
    expect(at(105)).toBeGreaterThan(250);
    expect(at(695)).toBeGreaterThan(250);
    expect(at(703)).toBeLessThan(220);
  });

  it("configures once, then rewrites only the inferred codes", async () => {
    const session = toySession();
    await recordAll(session, new MemoryRunStore(), settings(19));
    const [setup, ...batches] = session.programs;
    expect(batches).toHaveLength(3);
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
    expect(store.outstanding).toEqual([1, 1, 1, 0]);
    // The first batch is queued together with the set-up, and the second behind them.
    expect(session.mostOutstanding).toBeLessThanOrEqual(3);
  });

  it("takes what the store has and records the rest", async () => {
    const store = new MemoryRunStore();
    const whole = await recordAll(toySession(), store, settings(19));
    store.batches.delete("stage/1");
    const session = toySession();
    const again = await recordAll(session, store, settings(19));
    expect(again.fresh).toEqual([false, true, false]);
    expect(session.programs).toHaveLength(2);
    expect(again.recordings.slice(0, 8)).toEqual(whole.recordings.slice(0, 8));
    expect(again.recordings[8]?.theta).toEqual(whole.recordings[8]?.theta);
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
        if (run === 3) controller.abort(new Error("enough"));
      },
    });
    const store = new MemoryRunStore();
    await expect(recordAll(session, store, settings(80), controller.signal)).rejects.toThrow("enough");
    expect([...store.batches.keys()]).toEqual(["stage/0", "stage/1"]);
    expect(session.outstanding).toBe(0);
    expect(session.programs.length).toBeLessThan(6);
  });

  it("passes on what the device throws, and keeps what came before", async () => {
    const store = new MemoryRunStore();
    const session = toySession({
      beforeRun: (run) => {
        if (run === 2) throw new Error("link lost");
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
