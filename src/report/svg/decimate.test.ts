import { describe, expect, it } from "vitest";
import { decimate } from "./decimate.js";
import { roundBelow, roundTicks } from "./ticks.js";

const grid = { length: 1000, stepUs: 1, startUs: 0.5 };
const all = { fromUs: 0, untilUs: 1000 };

describe("decimate", () => {
  it("keeps a spike of one point at its place and height", () => {
    const trace = new Float32Array(1000);
    trace[437] = 900;
    const { x, y } = decimate(trace, grid, all, 50);
    expect(x.length).toBeLessThanOrEqual(100);
    expect(x[y.indexOf(900)]).toBe(437.5);
  });

  it("goes forward in time", () => {
    const { x } = decimate(
      Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i)),
      grid,
      all,
      60,
    );
    for (let i = 1; i < x.length; i++) expect(x[i]).toBeGreaterThan(x[i - 1] as number);
  });

  it("leaves a line alone that has fewer points than pixels, and cuts it to the window", () => {
    const trace = Float32Array.from({ length: 1000 }, (_, i) => i);
    const { x, y } = decimate(trace, grid, { fromUs: 10, untilUs: 14 }, 100);
    expect(x).toEqual([10.5, 11.5, 12.5, 13.5]);
    expect(y).toEqual([10, 11, 12, 13]);
  });

  it("breaks the line over a column without a number", () => {
    const trace = new Float32Array(1000).fill(1).fill(Number.POSITIVE_INFINITY, 300, 400);
    const { y } = decimate(trace, grid, all, 50);
    expect(y.filter(Number.isNaN)).toHaveLength(5);
    expect(y.every((value) => value === 1 || Number.isNaN(value))).toBe(true);
  });
});

describe("round numbers", () => {
  it("lie inside the range, ends included", () => {
    expect(roundTicks(0, 1000, 5)).toEqual([0, 200, 400, 600, 800, 1000]);
    expect(roundTicks(-0.31, 0.12, 5)).toEqual([-0.3, -0.2, -0.1, 0, 0.1]);
    expect(roundTicks(510.2, 512.1, 5, 1)).toEqual([511, 512]);
  });

  it("are found below a limit", () => {
    expect([0.9, 1, 4.9, 50, 99, 250].map(roundBelow)).toEqual([0.5, 1, 2, 50, 50, 200]);
  });
});
