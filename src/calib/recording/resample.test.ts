import { describe, expect, it } from "vitest";
import { resample } from "./resample.js";

const grid = { length: 5, stepUs: 2, startUs: 1 };
const onGrid = (time: number[], values: number[]): number[] => [
  ...resample(time, values, grid, new Float32Array(grid.length)),
];

describe("resample", () => {
  it("keeps a straight line, whatever the sampling", () => {
    const time = [-0.3, 0.9, 1.1, 3.7, 3.71, 9, 10.4];
    const values = onGrid(
      time,
      time.map((t) => 7 + 3 * t),
    );
    for (const [i, value] of values.entries()) expect(value).toBeCloseTo(7 + 3 * (1 + 2 * i), 5);
  });

  it("integrates a spike between two grid points instead of missing it", () => {
    // A triangle of height 10 and base 0.2 us, area 1, in the second cell.
    expect(onGrid([0, 2.4, 2.5, 2.6, 10], [0, 0, 10, 0, 0])).toEqual([0, 0.5, 0, 0, 0]);
  });

  it("bridges missing samples with a straight line", () => {
    const values = onGrid([0, 1, 9, 10], [0, 0, 8, 8]);
    expect(values[1]).toBeCloseTo(2, 5);
    expect(values[2]).toBeCloseTo(4, 5);
  });

  it("holds the first and the last value outside of the samples", () => {
    expect(onGrid([4, 6], [3, 3])).toEqual([3, 3, 3, 3, 3]);
  });

  it("averages white noise down by the root of the samples per cell", () => {
    // 34 ns to 2 us: 58.8 samples, noise alternating between +1 and -1 has a mean below 1/58.
    const n = Math.ceil(12 / 0.034);
    const time = Array.from({ length: n }, (_, i) => -1 + 0.034 * i);
    for (const value of onGrid(
      time,
      time.map((_, i) => (i % 2 === 0 ? 1 : -1)),
    ))
      expect(Math.abs(value)).toBeLessThan(1 / 58);
  });

  it("refuses a single sample", () => {
    expect(() => onGrid([0], [1])).toThrow(expect.objectContaining({ _tag: "FieldOutOfRange" }));
  });
});
