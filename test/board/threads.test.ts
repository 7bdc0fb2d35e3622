/** Boards of one virtual chip in several threads: one device, the same recordings, sooner. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { openBoard, openDevice } from "../../src/api/open-device.js";
import { paperTask } from "../../src/calib/index.js";
import { Recorder } from "../../src/calib/recording/recorder.js";
import type { Recording } from "../../src/calib/run-data.js";
import { MemoryRunStore } from "../../src/calib/store.js";
import { keptRecording } from "../calib/support/kept-recording.js";

const theta = Int32Array.from({ length: 2 * 25 }, (_, i) => (37 * i) % 1023);

async function recorded(url: string, virtualThreads?: number): Promise<{ lanes: number; recordings: Recording[] }> {
  const device = await openDevice(url, virtualThreads === undefined ? {} : { virtualThreads });
  try {
    const session = await device.openSession({ chains: true });
    const recordings: Recording[] = [];
    const recorder = new Recorder(session, { task: paperTask, neuron: 0, seed: 1 }, new MemoryRunStore());
    await recorder.record("stage", theta, (batch) => void recordings.push(...batch.map(keptRecording)));
    await session.close();
    expect(device.identity).toMatchObject({ url, boardId: (await known()).boardId });
    return { lanes: session.lanes ?? 1, recordings };
  } finally {
    await device.close();
  }
}

function digest({ samples, ticks }: Recording): string {
  return createHash("sha256").update(samples).update(ticks).digest("hex");
}

async function known(): Promise<{ boardId: string }> {
  const device = await openDevice("virtual:?chip=3");
  await device.close();
  return device.identity;
}

describe("threads of a virtual device", () => {
  it("record the same, whatever their number, and are one board by name", async () => {
    const one = await recorded("virtual:?chip=3");
    expect(one.recordings).toHaveLength(25);
    const wanted = one.recordings.map(digest);
    for (const several of [await recorded("virtual:?chip=3&threads=3"), await recorded("virtual:?chip=3", 2)]) {
      expect(several.lanes).toBeGreaterThan(1);
      expect(several.recordings.map(digest)).toEqual(wanted);
    }
  });

  it("are one where the URL says so, and on a line with faults", async () => {
    for (const url of ["virtual:?chip=3&threads=1", "virtual:?chip=3&wire=line", "virtual:?chip=3&faults=drop:0.001"]) {
      const device = await openDevice(url, { virtualThreads: 3 });
      const session = await device.openSession();
      expect(session.lanes ?? 1).toBe(1);
      await device.close();
    }
  });

  it("are refused where one board is wanted, and beyond 16", async () => {
    await expect(openBoard("virtual:?threads=2")).rejects.toThrow(/one board is wanted here; leave threads out/);
    await expect(openDevice("virtual:?threads=17")).rejects.toThrow(/threads.*17.*1\.\.16/);
    await expect(openDevice("virtual:?threads=0")).rejects.toMatchObject({ _tag: "FieldOutOfRange" });
  });
});
