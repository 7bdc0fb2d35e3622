import { describe, expect, it } from "vitest";
import { yieldToEvents } from "./async.js";
import type { BytePipe } from "./pipe.js";
import { createPipePair, PipeClosed } from "./pipe-pair.js";
import { Rng } from "./rng.js";

const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await yieldToEvents();
};
const bytes = (length: number, rng: Rng): Uint8Array => Uint8Array.from({ length }, () => rng.int(256));

/** Collect what arrives at an end. */
function collect(pipe: BytePipe): { chunks: Uint8Array[]; all: () => number[] } {
  const chunks: Uint8Array[] = [];
  pipe.onData((chunk) => void chunks.push(chunk));
  return { chunks, all: () => chunks.flatMap((chunk) => [...chunk]) };
}

describe("pipe pair", () => {
  it("carries bytes both ways, never within the writer's turn", async () => {
    const [a, b] = createPipePair();
    const atA = collect(a);
    const atB = collect(b);
    await a.write(Uint8Array.of(1, 2));
    await b.write(Uint8Array.of(3));
    expect(atB.chunks).toEqual([]);
    await turns(2);
    expect(atB.all()).toEqual([1, 2]);
    expect(atA.all()).toEqual([3]);
  });

  it("cuts chunks anywhere, by seed: single bytes, and parts of two writes in one chunk", async () => {
    const run = async (seed: number) => {
      const rng = Rng.fromSeed(seed);
      const writes = Array.from({ length: 200 }, () => bytes(1 + rng.int(60), rng));
      const [a, b] = createPipePair({ rng: rng.fork("cuts") });
      const { chunks, all } = collect(b);
      for (const [i, chunk] of writes.entries()) {
        void a.write(chunk.slice());
        if (i % 7 === 0) await turns(1);
      }
      await turns(3);
      expect(all()).toEqual(writes.flatMap((chunk) => [...chunk]));
      return chunks.map((chunk) => chunk.length);
    };
    const lengths = await run(3);
    expect(Math.min(...lengths)).toBe(1);
    expect(Math.max(...lengths)).toBeGreaterThan(60);
    expect(await run(3)).toEqual(lengths);
    expect(await run(4)).not.toEqual(lengths);
  });

  it("stays in few chunks on bulk data", async () => {
    const [a, b] = createPipePair({ rng: Rng.fromSeed(1) });
    const { chunks } = collect(b);
    for (let i = 0; i < 100; i++) void a.write(new Uint8Array(1440));
    await turns(3);
    expect(chunks.reduce((sum, chunk) => sum + chunk.length, 0)).toBe(144_000);
    expect(chunks.length).toBeLessThan(60);
  });

  it("lets a writer wait while too much is on its way, and until there is a reader", async () => {
    const [a, b] = createPipePair({ highWaterBytes: 100 });
    await a.write(new Uint8Array(100));
    let hasRoom = false;
    const waiting = a.write(new Uint8Array(1)).then(() => {
      hasRoom = true;
    });
    await turns(3);
    expect(hasRoom).toBe(false);
    const { all } = collect(b);
    await waiting;
    await turns(1);
    expect(all()).toHaveLength(101);
  });

  it("closes both ends once, after what was written, and refuses writes from then on", async () => {
    const [a, b] = createPipePair({ highWaterBytes: 10 });
    const { all } = collect(b);
    const closed: string[] = [];
    a.onClose((error) => void closed.push(`a ${error}`));
    b.onClose((error) => void closed.push(`b ${error} after ${all().length}`));
    await a.write(new Uint8Array(4));
    await Promise.all([a.close(), b.close(), a.close()]);
    expect(closed).toEqual(["a undefined", "b undefined after 4"]);
    await expect(b.write(new Uint8Array(1))).rejects.toBeInstanceOf(PipeClosed);
    let late = false;
    b.onClose(() => {
      late = true;
    });
    expect(late).toBe(true);
  });

  it("rejects writers that wait when the pipe closes", async () => {
    const [a] = createPipePair({ highWaterBytes: 10 });
    const writing = expect(a.write(new Uint8Array(11))).rejects.toBeInstanceOf(PipeClosed);
    await a.close();
    await writing;
  });
});
