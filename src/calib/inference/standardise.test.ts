import { expect, test } from "vitest";
import { Rng } from "../../base/rng.js";
import { FeatureStandardiser, quantileSorted } from "./standardise.js";

test("a few outliers do not set the scale", () => {
  const rng = Rng.fromSeed(1);
  const x = Float32Array.from({ length: 1000 }, (_, i) => (i % 50 === 0 ? 1e4 : 7 + 2 * rng.normal()));
  const standardiser = FeatureStandardiser.fit(x, 1000, 1);
  // 2 % of outliers move the quartiles of the normal part by little; its mean and deviation they would move to 200 and 1400.
  const [a, b] = standardiser.apply(new Float32Array([7, 9]));
  expect(Math.abs(a!)).toBeLessThan(0.2);
  expect(b! - a!).toBeGreaterThan(0.8);
  expect(standardiser.apply(new Float32Array([1e4]))[0]).toBe(10);
});

test("features that never vary are dropped and named; mostly constant ones keep their deviation as scale", () => {
  const x = new Float32Array(300);
  for (let i = 0; i < 100; i++) x.set([5, i % 20 === 0 ? 1 : 0, i], 3 * i);
  const standardiser = FeatureStandardiser.fit(x, 100, 3);
  expect(standardiser.dropped).toEqual([0]);
  expect(standardiser.outputSize).toBe(2);
  const out = standardiser.apply(x);
  expect(out.every(Number.isFinite)).toBe(true);
  expect(out[2]).toBe(0);
  const sd = Math.sqrt((5 * 0.95 ** 2 + 95 * 0.05 ** 2) / 99);
  expect(FeatureStandardiser.fit(x, 100, 3).toJSON().scale[0]).toBeCloseTo(sd, 6);
});

test("refuses rows of another width", () => {
  const standardiser = FeatureStandardiser.fit(new Float32Array([1, 2, 3, 5]), 2, 2);
  expect(() => standardiser.apply(new Float32Array(3))).toThrow(expect.objectContaining({ _tag: "ShapeMismatch" }));
});

test("quantiles interpolate between order statistics", () => {
  expect([0, 0.25, 0.5, 1].map((p) => quantileSorted([1, 2, 4, 8, 16], p))).toEqual([1, 2, 4, 16]);
  expect(quantileSorted([1, 2], 0.3)).toBeCloseTo(1.3, 12);
  expect(quantileSorted([3], 0.9)).toBe(3);
});
