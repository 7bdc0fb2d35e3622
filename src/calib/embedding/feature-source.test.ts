import { expect, test } from "vitest";
import { type FeatureSource, namesOf, together } from "./feature-source.js";

const first: FeatureSource = {
  kind: "autoencoder",
  size: 2,
  encode: (traces, count) => Float32Array.from({ length: 2 * count }, (_, i) => (traces[i >> 1] as number) + (i % 2)),
};
const second: FeatureSource = {
  kind: "spike-features",
  size: 1,
  names: ["spike_count"],
  encode: (traces) => traces.map((v) => 10 * v),
};

test("two sources stand side by side, row by row, and keep their names", () => {
  const both = together("autoencoder-and-spike-features", first, second);
  expect(both.size).toBe(3);
  expect([...both.encode(Float32Array.of(1, 5), 2)]).toEqual([1, 2, 10, 5, 6, 50]);
  expect(namesOf(both, [0, 2])).toBe("code_1, spike_count");
});
