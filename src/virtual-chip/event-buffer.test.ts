import { describe, expect, it } from "vitest";
import { EventBuffer } from "./event-buffer.js";

describe("EventBuffer", () => {
  it("gives events in order of time, those of the future later", () => {
    const buffer = new EventBuffer();
    buffer.push(10, 1);
    buffer.push(5, 2);
    buffer.push(5, 3);
    buffer.push(30, 4);
    const first = buffer.take(10);
    expect([...first.time].map((t) => first.origin + t)).toEqual([5, 5, 10]);
    expect([...first.value]).toEqual([2, 3, 1]);
    buffer.push(20, 5);
    const second = buffer.take(40);
    expect([...second.time].map((t) => second.origin + t)).toEqual([20, 30]);
    expect([...second.value]).toEqual([5, 4]);
    expect(buffer.take(100).count).toBe(0);
  });

  it("takes parts of rows", () => {
    const buffer = new EventBuffer();
    const [times, values] = [Int32Array.of(117, 125, 134, 142), Uint16Array.of(7, 8, 9, 10)];
    expect(buffer.originFor(1_000_000)).toBe(1_000_000);
    buffer.pushRun(times, values, 0, 1);
    buffer.pushRun(times, values, 2, 4);
    const { origin, time, value } = buffer.take(1_000_200);
    expect(origin).toBe(1_000_000);
    expect([...time]).toEqual([117, 134, 142]);
    expect([...value]).toEqual([7, 9, 10]);
  });

  it("refuses events that are held for longer than it can tell", () => {
    const buffer = new EventBuffer();
    buffer.push(2 ** 40, 1);
    expect(() => buffer.push(2 ** 40 + 2 ** 30 + 1, 2)).toThrow("have waited");
    expect(buffer.take(Infinity).count).toBe(1);
    buffer.push(2 ** 41, 3);
    expect(buffer.take(Infinity).origin).toBe(2 ** 41);
  });

  it("keeps everything beyond its first capacity", () => {
    const buffer = new EventBuffer();
    for (let i = 0; i < 5000; i++) buffer.push(i, i % 1000);
    const { count, time, value } = buffer.take(Infinity);
    expect(count).toBe(5000);
    expect(time[4999]).toBe(4999);
    expect(value[4321]).toBe(321);
  });
});
