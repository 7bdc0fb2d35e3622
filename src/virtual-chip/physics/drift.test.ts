import { describe, expect, it } from "vitest";
import { Rng } from "../../base/rng.js";
import { NoiseStream } from "../noise.js";
import { LevelDrift } from "./drift.js";

const point = 2 ** 20;

function driftAt(seed: number, step: number, factor = 1): Float64Array {
  const level = new Float64Array(24);
  new LevelDrift(new NoiseStream(Rng.fromSeed(seed)), 3, 24, factor).addTo(level, step);
  return level;
}

describe("LevelDrift", () => {
  // 24 cells x 400 chips; the variance of one value lies between that of a point of each octave (6 x 0.04) and that of
  // a midpoint (half of it), so the rms over random times lies in 0.34..0.49 with room for 4 standard errors (2.9 %).
  it("wanders by about 0.4 codes", () => {
    let sum = 0;
    for (let seed = 0; seed < 400; seed++) for (const x of driftAt(seed, (seed * 7919 + 0.5) * point)) sum += x * x;
    const rms = Math.sqrt(sum / 9600);
    expect(rms).toBeGreaterThan(0.34);
    expect(rms).toBeLessThan(0.5);
  });

  it("depends on the time alone, is continuous, and moves further in longer times", () => {
    const drift = new LevelDrift(new NoiseStream(Rng.fromSeed(1)), 3, 24, 1);
    const first = new Float64Array(24);
    drift.addTo(first, 12.25 * point);
    drift.addTo(new Float64Array(24), 500 * point);
    const again = new Float64Array(24);
    drift.addTo(again, 12.25 * point);
    expect(again).toEqual(first);
    const before = driftAt(1, 64 * point - 1);
    const after = driftAt(1, 64 * point);
    for (let i = 0; i < 24; i++) expect(Math.abs(after[i]! - before[i]!)).toBeLessThan(1e-5);
    const distance = (steps: number): number => {
      let sum = 0;
      for (let seed = 0; seed < 100; seed++) {
        const a = driftAt(seed, 1000 * point);
        const b = driftAt(seed, 1000 * point + steps);
        for (let i = 0; i < 24; i++) sum += (a[i]! - b[i]!) ** 2;
      }
      return Math.sqrt(sum / 2400);
    };
    const [short, middle, long] = [distance(0.06 * point), distance(2 * point), distance(300 * point)] as const;
    expect(middle).toBeGreaterThan(2 * short);
    expect(long).toBeGreaterThan(1.2 * middle);
  });

  it("is switched off by factor 0", () => {
    expect(driftAt(1, 5 * point, 0)).toEqual(new Float64Array(24));
  });
});
