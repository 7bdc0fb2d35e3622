import { describe, expect, it } from "vitest";
import { Rng } from "../../base/rng.js";
import { CapMem } from "./capmem.js";

const ms = 250_000;

describe("CapMem", () => {
  it("is on its way for milliseconds and there within 0.2 codes after 20 ms", () => {
    const memory = new CapMem(Rng.fromSeed(1), 0);
    memory.write(100, 1022, 0);
    expect(memory.level(100, 0)).toBe(0);
    expect(memory.level(100, 2.2 * ms)).toBeCloseTo(1022 * (1 - Math.exp(-1)), 6);
    expect(1022 - memory.level(100, 20 * ms)).toBeLessThan(0.2);
    memory.write(100, 500, 20 * ms);
    expect(memory.level(100, 20 * ms)).toBeGreaterThan(1021);
    expect(memory.level(100, 400 * ms)).toBe(500);
  });

  it("holds the level when the refresh is switched off", () => {
    const memory = new CapMem(Rng.fromSeed(1), 0);
    memory.write(7, 800, 0);
    const level = memory.level(7, 3 * ms);
    memory.write(7, 1023, 3 * ms);
    expect(memory.level(7, 100 * ms)).toBe(level);
  });

  // 2000 values: standard error of the standard deviation 1.6 %; bounds at 4.5 of these, one false alarm in 150,000 seeds.
  it("misses the code by the write noise, anew at each write, addressed by cell", () => {
    const memory = new CapMem(Rng.fromSeed(2), 1);
    const other = new CapMem(Rng.fromSeed(2), 1);
    const errors: number[] = [];
    for (let i = 0; i < 2000; i++) {
      memory.write(5, 300, i * 200 * ms);
      errors.push(memory.level(5, (i + 1) * 200 * ms - 1) - 300);
    }
    const sd = Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / errors.length);
    expect(Math.abs(sd / 0.5 - 1)).toBeLessThan(4.5 / Math.sqrt(4000));
    other.write(6, 300, 0);
    other.write(5, 300, 0);
    expect(other.level(5, 300 * ms) - 300).toBe(errors[0]);
  });
});
