import { describe, expect, it } from "vitest";
import { Rng } from "./rng.js";

const n = 40_000;

describe("Rng", () => {
  it("gives the same numbers for the same seed and label, others for another", () => {
    const draw = (rng: Rng): number[] => Array.from({ length: 8 }, () => rng.nextUint32());
    expect(draw(Rng.fromSeed(5).fork("a"))).toEqual(draw(Rng.fromSeed(5).fork("a")));
    expect(draw(Rng.fromSeed(5).fork("a"))).not.toEqual(draw(Rng.fromSeed(5).fork("b")));
    expect(draw(Rng.fromSeed(5))).not.toEqual(draw(Rng.fromSeed(6)));
    expect(draw(Rng.fromSeed(5))).not.toEqual(draw(Rng.fromSeed(5 + 2 ** 32)));
  });

  it("does not shift a fork when its parent has been used", () => {
    const fresh = Rng.fromSeed(1);
    const used = Rng.fromSeed(1);
    used.uniform();
    expect(used.fork("x").nextUint32()).toBe(fresh.fork("x").nextUint32());
  });

  // Bounds at 4.5 standard errors: a false alarm about once in 150,000 seeds per check.
  it("has the mean and variance of the uniform and the normal law", () => {
    const rng = Rng.fromSeed(11);
    const moments = (draw: () => number): [number, number] => {
      let sum = 0;
      let squares = 0;
      for (let i = 0; i < n; i++) {
        const x = draw();
        sum += x;
        squares += x * x;
      }
      return [sum / n, squares / n - (sum / n) ** 2];
    };
    const [um, uv] = moments(() => rng.uniform());
    expect(Math.abs(um - 0.5)).toBeLessThan(4.5 * Math.sqrt(1 / 12 / n));
    expect(Math.abs(uv - 1 / 12)).toBeLessThan(4.5 * Math.sqrt(1 / 180 / n));
    const [nm, nv] = moments(() => rng.normal());
    expect(Math.abs(nm)).toBeLessThan(4.5 * Math.sqrt(1 / n));
    expect(Math.abs(nv - 1)).toBeLessThan(4.5 * Math.sqrt(2 / n));
  });

  // Chi-square with 6 degrees of freedom; 29.9 is its 1 - 4e-5 quantile.
  it("draws integers evenly", () => {
    const rng = Rng.fromSeed(3);
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < n; i++) counts[rng.int(7)]!++;
    const chi2 = counts.reduce((sum, c) => sum + (c - n / 7) ** 2 / (n / 7), 0);
    expect(chi2).toBeLessThan(29.9);
  });

  it("permutes: every element once", () => {
    const order = Rng.fromSeed(9).permutation(100);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });
});
