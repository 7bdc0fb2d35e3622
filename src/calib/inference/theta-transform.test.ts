import { expect, test } from "vitest";
import { Rng } from "../../base/rng.js";
import { normalCdf, normalLogPdf, normalQuantile } from "./normal.js";
import { IntegerBoxPrior } from "./prior.js";
import { ThetaTransform } from "./theta-transform.js";

// Values of the quantile and distribution function in double precision, from Python's statistics and math modules.
test.each([
  [1e-12, -7.034483825301132],
  [1e-6, -4.753424308822899],
  [0.001, -3.090232306167813],
  [0.02, -2.0537489106318225],
  [0.075, -1.4395314709384557],
  [0.3, -0.5244005127080407],
  [0.5, 0],
  [0.6, 0.2533471031357998],
  [0.93, 1.4757910281791708],
  [0.975, 1.9599639845400536],
])("quantile of %d", (p, z) => {
  expect(Math.abs(normalQuantile(p) - z)).toBeLessThanOrEqual(4e-15 * Math.max(1, Math.abs(z)));
});

test.each([
  [-8, 6.220960574271819e-16],
  [-5, 2.866515718791946e-7],
  [-3, 0.0013498980316300957],
  [-1.5, 0.06680720126885809],
  [-0.1, 0.460172162722971],
  [0, 0.5],
  [0.7, 0.758036347776927],
  [2, 0.9772498680518208],
  [4.75, 0.9999989829167575],
])("distribution function at %d", (z, p) => {
  expect(Math.abs(normalCdf(z) - p)).toBeLessThan(1e-14);
  expect(Math.abs(normalCdf(z) / p - 1)).toBeLessThan(1e-7);
});

test("the density is the slope of the distribution function", () => {
  for (const z of [-2, 0, 0.5, 3]) {
    const slope = (normalCdf(z + 1e-5) - normalCdf(z - 1e-5)) / 2e-5;
    expect(Math.exp(normalLogPdf(z))).toBeCloseTo(slope, 8);
  }
});

const prior = new IntegerBoxPrior([
  { name: "v_reset", min: 0, max: 1022 },
  { name: "sign", min: -1, max: 1 },
]);
const transform = new ThetaTransform(prior);

test("every code survives the way to z and back, at the middle of its bin and anywhere in it", () => {
  const codes = Int32Array.from({ length: 2 * 1023 }, (_, i) => (i % 2 === 0 ? i / 2 : (((i - 1) / 2) % 3) - 1));
  expect(transform.toCodes(transform.centres(codes))).toEqual(codes);
  // Spread codes may fall within float32 rounding of an edge: at most one code in a thousand, never by more than one.
  const back = transform.toCodes(transform.dequantise(codes, Rng.fromSeed(1)));
  const moved = back.map((code, i) => Math.abs(code - codes[i]!));
  expect(Math.max(...moved)).toBeLessThanOrEqual(1);
  expect(moved.reduce((sum, v) => sum + v, 0)).toBeLessThanOrEqual(2);
});

test("prior draws become standard normal", () => {
  // 8000 draws: bounds at 4.9 standard errors, one false alarm in a million runs with another seed.
  const rng = Rng.fromSeed(2);
  const z = transform.dequantise(prior.sample(8000, rng), rng);
  for (const k of [0, 1]) {
    const column = z.filter((_, i) => i % 2 === k);
    const mean = column.reduce((sum, v) => sum + v, 0) / 8000;
    const variance = column.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 8000;
    expect(Math.abs(mean)).toBeLessThan(4.9 / Math.sqrt(8000));
    expect(Math.abs(variance - 1)).toBeLessThan(4.9 * Math.sqrt(2 / 8000));
  }
});

test("no z whatever leaves the box", () => {
  const codes = transform.toCodes(new Float32Array([-1e30, 1e30, 9, -9, Number.NEGATIVE_INFINITY, 0]));
  expect([...codes]).toEqual([0, 1, 1022, -1, 0, 0]);
});

test("the standard normal density has the prior's mass in every bin", () => {
  const z = transform.centres(new Int32Array([0, -1, 511, 0, 1022, 1]));
  transform.logCodesPerZ(z).forEach((volume, i) => {
    const logQ = normalLogPdf(z[2 * i]!) + normalLogPdf(z[2 * i + 1]!);
    expect(logQ - volume).toBeCloseTo(prior.logProbInside, 10);
  });
});

test("prior: draws cover the box evenly, both ends included", () => {
  const small = new IntegerBoxPrior([{ name: "a", min: 3, max: 6 }]);
  const counts = new Map<number, number>();
  for (const code of small.sample(4000, Rng.fromSeed(3))) counts.set(code, (counts.get(code) ?? 0) + 1);
  expect([...counts.keys()].sort()).toEqual([3, 4, 5, 6]);
  // Binomial(4000, 1/4): 1000 +- 4.9 x 27.4, false alarm below 1e-5.
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(135);
});

test.each([
  [[]],
  [[{ name: "a", min: 0, max: 0 }]],
  [[{ name: "a", min: 0.5, max: 2 }]],
  [[{ name: "a", min: 0, max: Number.NaN }]],
  [
    [
      { name: "a", min: 0, max: 1 },
      { name: "a", min: 0, max: 1 },
    ],
  ],
])("prior refuses %j", (parameters) => {
  expect(() => new IntegerBoxPrior(parameters)).toThrow(expect.objectContaining({ _tag: "FieldOutOfRange" }));
});

test("prior names the parameter, the code and its range", () => {
  expect(() => prior.assertInside(new Int32Array([1023, 0]))).toThrow("v_reset = 1023 is outside 0..1022");
  expect(() => prior.assertInside(new Int32Array([5]))).toThrow(expect.objectContaining({ _tag: "ShapeMismatch" }));
});
