import { describe, expect, it } from "vitest";
import { EventBuffer } from "./event-buffer.js";

const chipTimes = ({ origin, time }: { origin: number; time: Int32Array | Float64Array }): number[] =>
  Array.from(time, (t) => origin + t);

describe("EventBuffer", () => {
  it("keeps whole distances from an origin, and doubles where events lie too far apart", () => {
    const buffer = new EventBuffer();
    const start = 2 ** 43;
    const times = [start, start + 2 ** 30, start + 2 ** 31 + 5, start + 2 ** 33];
    for (const [i, time] of times.entries()) buffer.push(time, i);
    const wide = buffer.take();
    expect(wide.time).toBeInstanceOf(Float64Array);
    expect(chipTimes(wide)).toEqual(times);
    expect([...wide.payload]).toEqual([0, 1, 2, 3]);
    buffer.push(7, 1);
    const next = buffer.take();
    expect(next.time).toBeInstanceOf(Int32Array);
    expect(chipTimes(next)).toEqual([7]);
  });

  it("stays right when it widens with many events at hand, in several blocks", () => {
    const buffer = new EventBuffer();
    for (let i = 0; i < 100_000; i++) buffer.push(10 * i, i & 0xffff);
    buffer.push(2 ** 34, 9);
    const { origin, time, payload } = buffer.take();
    expect(time).toHaveLength(100_001);
    expect(time.every((t, i) => origin + t === (i === 100_000 ? 2 ** 34 : 10 * i))).toBe(true);
    expect(payload[99_999]).toBe(99_999 & 0xffff);
  });

  it("sorts what came out of order, also before the first event and its origin", () => {
    const buffer = new EventBuffer();
    for (const time of [2 ** 25, 2 ** 25 - 3, 100, 2 ** 26]) buffer.push(time, time & 0xff);
    const taken = buffer.take();
    expect(chipTimes(taken)).toEqual([100, 2 ** 25 - 3, 2 ** 25, 2 ** 26]);
    expect([...taken.payload]).toEqual([100, (2 ** 25 - 3) & 0xff, 0, 0]);
  });

  it("says which bits any payload has", () => {
    const buffer = new EventBuffer();
    buffer.push(1, 0x401);
    buffer.push(2, 0x010);
    expect(buffer.take().bits).toBe(0x411);
    buffer.push(3, 2);
    expect(buffer.take().bits).toBe(2);
  });

  it("puts events into the memory of those that are over, and never into memory that holds something else", () => {
    const buffer = new EventBuffer();
    const fill = (count: number, offset: number) => {
      for (let i = 0; i < count; i++) buffer.push(i + offset, (i + offset) & 0x3ff);
      return buffer.take();
    };
    fill(400_000, 0);
    const second = fill(400_000, 1);
    const memory = second.time.buffer;
    buffer.recycle(second);
    const third = fill(399_000, 2);
    expect(third.time.buffer === memory).toBe(true);
    expect(third.time.every((t, i) => third.origin + t === i + 2)).toBe(true);
    // Too small for what comes, a part of something, or of unequal length: not taken.
    buffer.recycle(third);
    expect(fill(900_000, 3).time.buffer === memory).toBe(false);
    const part = { time: third.time.subarray(1), payload: third.payload.subarray(1) };
    buffer.recycle(part);
    expect(fill(400_000, 4).time.buffer === memory).toBe(false);
    buffer.recycle({ time: third.time, payload: third.payload.slice(0, 9) });
    expect(fill(400_000, 5).time.buffer === memory).toBe(false);
  });
});
