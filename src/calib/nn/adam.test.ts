import { expect, test } from "vitest";
import { Adam, cosineSchedule, WeightAverage } from "./adam.js";

test("the first step has the length of the learning rate in every coordinate, whatever the gradient's scale", () => {
  const weights = new Float32Array([1, 1, 1]);
  const norm = new Adam(3, { clipNorm: 1e9, weightDecay: 0 }).update(weights, new Float32Array([1e-3, -5, 0]), 0.1);
  expect(norm).toBeCloseTo(5, 5);
  expect([...weights].map((w) => Math.round(w * 1e4) / 1e4)).toEqual([0.9, 1.1, 1]);
});

test("finds the minimum of a badly scaled quadratic", () => {
  const target = [3, -2];
  const weights = new Float32Array(2);
  const adam = new Adam(2, { clipNorm: 5, weightDecay: 0 });
  for (let step = 0; step < 2000; step++) {
    const gradient = Float32Array.from([100 * (weights[0]! - target[0]!), 0.1 * (weights[1]! - target[1]!)]);
    adam.update(weights, gradient, cosineSchedule(step / 2000, 0.05, 1e-4));
  }
  expect(weights[0]).toBeCloseTo(3, 2);
  expect(weights[1]).toBeCloseTo(-2, 2);
});

test("a gradient longer than the limit acts like its scaled copy", () => {
  const [a, b] = [new Float32Array([1, 1]), new Float32Array([1, 1])];
  const [clipped, plain] = [
    new Adam(2, { clipNorm: 1, weightDecay: 0 }),
    new Adam(2, { clipNorm: 1e9, weightDecay: 0 }),
  ];
  for (const scale of [1, 10, 1]) {
    clipped.update(a, new Float32Array([0.6 * scale, 0.8 * scale]), 0.1);
    plain.update(b, new Float32Array([0.6, 0.8]), 0.1);
  }
  expect([...a]).toEqual([...b]);
});

test("decay shrinks weights without a gradient", () => {
  const weights = new Float32Array([2]);
  new Adam(1, { clipNorm: 1, weightDecay: 0.5 }).update(weights, new Float32Array(1), 0.1);
  expect(weights[0]).toBeCloseTo(2 * 0.95, 6);
});

test("the cosine runs from peak to floor", () => {
  expect(cosineSchedule(0, 1, 0.1)).toBe(1);
  expect(cosineSchedule(0.5, 1, 0.1)).toBeCloseTo(0.55, 12);
  expect(cosineSchedule(1, 1, 0.1)).toBeCloseTo(0.1, 12);
  expect(cosineSchedule(2, 1, 0.1)).toBeCloseTo(0.1, 12);
});

test("the average is the plain mean at first and forgets later", () => {
  const average = new WeightAverage(new Float32Array([100]), 0.9);
  for (const w of [1, 2, 3]) average.update(new Float32Array([w]));
  expect(average.values[0]).toBeCloseTo(2, 6);
  for (let i = 0; i < 200; i++) average.update(new Float32Array([7]));
  expect(average.values[0]).toBeCloseTo(7, 4);
});
