/** C2ST against scikit-learn on stored pairs (test/vectors/c2st, made by scripts/vectors/c2st.py), from 0.5 to 0.99. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/base/rng.js";
import { c2st } from "../../src/calib/diagnostics/c2st.js";
import { kernels } from "../support/kernels.js";

const folder = new URL("../vectors/c2st/", import.meta.url);
const { pairs } = JSON.parse(readFileSync(new URL("pairs.json", folder), "utf8")) as {
  pairs: { name: string; dimension: number; rows: number; offset: number; scores: number[] }[];
};
const bytes = readFileSync(new URL("pairs.i16", folder));
/** About twenty seconds each: `npm run results:c2st` scores these, too. */
const slow: readonly string[] = process.env.C2ST === "all" ? [] : ["correlated-5d", "shifted-10d"];
const mean = (v: readonly number[]): number => v.reduce((a, b) => a + b, 0) / v.length;

function part(offset: number, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => bytes.readInt16LE(2 * (offset + i)) / 1024);
}

describe("C2ST", () => {
  it("has pairs over the whole scale", () => {
    const scores = pairs.map((pair) => mean(pair.scores));
    // Three standard errors above 0.5 with twice 3000 rows: the pair is stored, so this judges the draw, not our code.
    expect(Math.min(...scores)).toBeLessThan(0.5 + 3 * Math.sqrt(0.25 / 6000));
    expect(Math.max(...scores)).toBeGreaterThan(0.98);
  });

  it.skipIf(slow.length > 0)(`is not scored here for ${slow.join(", ") || "none"}: npm run results:c2st`, () => {
    expect(slow).toEqual([]);
  });

  it.each(pairs.filter(({ name }) => !slow.includes(name)))(
    "$name scores as scikit-learn",
    async ({ name, dimension, rows, offset, scores }) => {
      const count = rows * dimension;
      const options = { kernels, rng: Rng.fromSeed(1).fork(name) };
      const { score, perFold, standardError } = await c2st(
        part(offset, count),
        part(offset + count, count),
        dimension,
        options,
      );
      expect(perFold).toHaveLength(5);
      expect(standardError).toBeCloseTo(Math.sqrt(0.25 / (2 * rows)), 12);
      expect(Math.abs(score - mean(scores))).toBeLessThanOrEqual(0.01);
    },
  );

  it("is the same for the same seed, and refuses what is no sample", async () => {
    const pair = pairs.find(({ name }) => name === "apart-1d")!;
    const [x, y] = [part(pair.offset, 400), part(pair.offset + pair.rows, 400)];
    const run = () => c2st(x, y, 1, { kernels, rng: Rng.fromSeed(2) });
    expect((await run()).perFold).toEqual((await run()).perFold);
    await expect(
      c2st(
        x,
        y.map(() => Number.NaN),
        1,
        { kernels, rng: Rng.fromSeed(2) },
      ),
    ).rejects.toMatchObject({
      _tag: "NonFinite",
    });
    await expect(c2st(x, y, 3, { kernels, rng: Rng.fromSeed(2) })).rejects.toMatchObject({ _tag: "ShapeMismatch" });
  });
});
