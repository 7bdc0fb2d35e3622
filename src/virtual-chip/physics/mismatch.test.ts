import { describe, expect, it } from "vitest";
import { Rng } from "../../base/rng.js";
import { drawMismatch, type MismatchName, mismatchSpread } from "./mismatch.js";

const names = Object.keys(mismatchSpread) as MismatchName[];
const neurons = 512;

function deviations(seed: number, name: MismatchName, factor: number): number[] {
  const root = Rng.fromSeed(seed);
  return Array.from({ length: neurons }, (_, n) => {
    const value = drawMismatch(root, n, factor)[name];
    return name.endsWith("Gain") ? Math.log(value) : value;
  });
}

const rms = (xs: number[]): number => Math.sqrt(xs.reduce((sum, x) => sum + x * x, 0) / xs.length);

describe("drawMismatch", () => {
  // The sample standard deviation of 512 normals has a relative error of 1 / sqrt(1024) = 3.1 %. Bounds at 4.5 of these,
  // 16 names: a false alarm for about one seed in 9000.
  it.each(names)("spreads %s over 512 neurons as configured", (name) => {
    for (const factor of [1, 2]) {
      const measured = rms(deviations(4, name, factor)) / (mismatchSpread[name] * factor);
      expect(Math.abs(measured - 1)).toBeLessThan(4.5 / Math.sqrt(2 * neurons));
    }
  });

  // Correlation of two independent columns has a standard error of 1 / sqrt(512); 4.5 of these over 120 pairs: one in 1200.
  it("draws the kinds of variation independently", () => {
    const columns = names.map((name) => deviations(9, name, 1));
    for (let a = 0; a < columns.length; a++) {
      for (let b = 0; b < a; b++) {
        const dot = columns[a]!.reduce((sum, x, i) => sum + x * columns[b]![i]!, 0) / neurons;
        expect(Math.abs(dot / (rms(columns[a]!) * rms(columns[b]!)))).toBeLessThan(4.5 / Math.sqrt(neurons));
      }
    }
  });

  it("is nominal at factor 0 and the same for the same seed", () => {
    for (const [name, value] of Object.entries(drawMismatch(Rng.fromSeed(1), 17, 0)))
      expect(value).toBeCloseTo(name.endsWith("Gain") ? 1 : 0, 15);
    expect(drawMismatch(Rng.fromSeed(1), 17, 1)).toEqual(drawMismatch(Rng.fromSeed(1), 17, 1));
    expect(drawMismatch(Rng.fromSeed(1), 17, 1)).not.toEqual(drawMismatch(Rng.fromSeed(2), 17, 1));
    expect(drawMismatch(Rng.fromSeed(1), 17, 1)).not.toEqual(drawMismatch(Rng.fromSeed(1), 18, 1));
  });
});
