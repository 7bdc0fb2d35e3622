/** The host's link on a bad wire: exactly once, in order, or a typed error; deterministic by seed. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../src/base/clock.js";
import type { HxError } from "../../src/base/errors.js";
import { silentLogger } from "../../src/base/log.js";
import { Rng } from "../../src/base/rng.js";
import { ArqLink } from "../../src/device/link/arq-link.js";
import type { ArqOptions } from "../../src/device/link/arq-options.js";
import type { BoardBehaviour } from "./board-double.js";
import { type Faults, FaultyWire, noFaults } from "./faulty-wire.js";

/** Words numbered from `first`, as bytes. */
function numbered(first: number, count: number): Uint8Array {
  const bytes = new Uint8Array(8 * count);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < count; i++) view.setUint32(8 * i + 4, first + i);
  return bytes;
}
function numbers(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return Array.from({ length: bytes.byteLength / 8 }, (_, i) => view.getUint32(8 * i + 4));
}

function setUp(seed: number, faults: Faults, behaviour: BoardBehaviour, arq: Partial<ArqOptions> = {}) {
  const clock = new ManualClock();
  const rng = Rng.fromSeed(seed);
  const wire = new FaultyWire(clock, rng.fork("wire"), faults, behaviour);
  const link = new ArqLink(wire, { clock, logger: silentLogger, rng: rng.fork("link"), arq });
  const atHost: number[] = [];
  const ends: HxError[] = [];
  link.setListener({ onWords: (words) => atHost.push(...numbers(words)), onEnd: (error) => ends.push(error) });
  /** Let time pass until something holds; ms of simulated time. */
  const until = (holds: () => boolean, limitMs: number): boolean => {
    for (let t = 0; t < limitMs && !holds(); t += 0.5) clock.advance(0.5);
    return holds();
  };
  return { clock, wire, link, atHost, ends, until };
}

const faults: fc.Arbitrary<Faults> = fc.record({
  drop: fc.double({ min: 0, max: 0.3, noNaN: true }),
  duplicate: fc.double({ min: 0, max: 0.3, noNaN: true }),
  truncate: fc.double({ min: 0, max: 0.1, noNaN: true }),
  maxDelayMs: fc.double({ min: 0.05, max: 3, noNaN: true }),
});

describe("the link on a bad wire", () => {
  it("delivers every word exactly once and in order, both ways", () => {
    // Up to 600 frames, so that sequence numbers wrap.
    const few = fc.array(fc.integer({ min: 1, max: 1500 }), { minLength: 1, maxLength: 6 });
    const many = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 250, maxLength: 300 });
    const sizes = fc.oneof(few, many);
    fc.assert(
      fc.property(fc.nat(), faults, sizes, sizes, (seed, wireFaults, up, down) => {
        const atBoard: number[] = [];
        const test = setUp(seed, wireFaults, {
          onWords: (words) => atBoard.push(...numbers(words)),
          info: "version: 1",
        });
        test.link.open().catch(() => {});
        expect(test.until(() => test.link.state === "open", 10_000)).toBe(true);
        let sent = 0;
        for (const count of up) {
          test.link.send(numbered(sent, count));
          sent += count;
          test.clock.advance(0.3);
        }
        let answered = 0;
        for (const count of down) {
          test.wire.board.answer(numbered(answered, count));
          answered += count;
          test.clock.advance(0.3);
        }
        test.until(() => atBoard.length >= sent && test.atHost.length >= answered, 20_000);
        expect(atBoard).toEqual(Array.from({ length: sent }, (_, i) => i));
        expect(test.atHost).toEqual(Array.from({ length: answered }, (_, i) => i));
        expect(test.ends).toEqual([]);
      }),
      { numRuns: 60, seed: 20_261 },
    );
  });

  it("is deterministic: the same seed gives the same counters", () => {
    const run = (): unknown => {
      const test = setUp(7, { drop: 0.2, duplicate: 0.1, truncate: 0.05, maxDelayMs: 2 }, {});
      test.link.open().catch(() => {});
      test.until(() => test.link.state === "open", 10_000);
      test.link.send(numbered(0, 5000));
      test.clock.advance(500);
      return { ...test.link.counters };
    };
    const first = run();
    expect(first).toMatchObject({ framesSent: 29 });
    expect(run()).toEqual(first);
  });

  it("ends with LinkTimeout when the board goes silent, and tells it to everybody who waits", async () => {
    const test = setUp(1, noFaults, {});
    test.link.open().catch(() => {});
    test.until(() => test.link.state === "open", 100);
    test.wire.board.isDead = true;
    test.link.send(numbered(0, 128 * 180 * 4));
    const drained = test.link.drained();
    const start = test.clock.now();
    test.until(() => test.ends.length > 0, 20_000);
    expect(test.ends[0]).toMatchObject({ _tag: "LinkTimeout", stage: "silence" });
    const afterMs = test.clock.now() - start;
    expect(afterMs).toBeGreaterThan(4900);
    expect(afterMs).toBeLessThan(5100);
    await expect(drained).rejects.toMatchObject({ _tag: "LinkTimeout" });
    expect(() => test.link.send(numbered(0, 1))).toThrow(expect.objectContaining({ _tag: "LinkTimeout" }));
    await test.link.close();
    expect(test.wire.isClosed).toBe(true);
    expect(test.clock.pendingAlarms).toBe(0);
  });

  it("ends with LinkTimeout when nobody is there", async () => {
    const test = setUp(1, { ...noFaults, drop: 1 }, {});
    const opening = expect(test.link.open()).rejects.toMatchObject({ _tag: "LinkTimeout", stage: "reset" });
    test.clock.advance(2001);
    await opening;
    expect(test.clock.pendingAlarms).toBe(0);
  });

  it("does not go on as if nothing had happened when another host resets the board", async () => {
    const test = setUp(1, noFaults, {});
    test.link.open().catch(() => {});
    test.until(() => test.link.state === "open", 100);
    test.link.send(numbered(0, 10));
    test.clock.advance(5);
    test.wire.board.datagram("reset", new Uint8Array([0xab, 0xab, 0xab, 0xab]));
    test.link.send(numbered(10, 10));
    test.until(() => test.ends.length > 0, 20_000);
    expect(["LinkReset", "LinkTimeout"]).toContain(test.ends[0]?._tag);
  });

  it("gives up opening when the signal aborts", async () => {
    const test = setUp(1, { ...noFaults, drop: 1 }, {});
    const controller = new AbortController();
    const opening = expect(test.link.open({ signal: controller.signal })).rejects.toBe("enough");
    test.clock.advance(100);
    controller.abort("enough");
    await opening;
    expect(test.clock.pendingAlarms).toBe(0);
  });

  it("tells the loss of the wire once, and closes without waiting for it", async () => {
    const test = setUp(1, noFaults, {});
    test.link.open().catch(() => {});
    test.until(() => test.link.state === "open", 100);
    test.wire.fail(new Error("cable pulled"));
    await test.link.close();
    await test.link.close();
    expect(test.ends).toHaveLength(1);
    expect(test.ends[0]).toMatchObject({ _tag: "Disconnected" });
    await expect(test.link.open()).rejects.toMatchObject({ _tag: "Disconnected" });
  });

  it("says goodbye with a flush and needs no more than half a second when nobody listens", async () => {
    let flushes = 0;
    const test = setUp(1, noFaults, { onFlush: () => flushes++ });
    test.link.open().catch(() => {});
    test.until(() => test.link.state === "open", 100);
    const closed = test.link.close();
    test.clock.advance(1);
    await closed;
    expect(flushes).toBe(1);

    const deaf = setUp(1, noFaults, {});
    deaf.link.open().catch(() => {});
    deaf.until(() => deaf.link.state === "open", 100);
    deaf.wire.board.isDead = true;
    const closing = deaf.link.close();
    deaf.clock.advance(501);
    await closing;
    expect(deaf.wire.isClosed).toBe(true);
  });
});
