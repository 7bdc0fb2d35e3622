import { describe, expect, it } from "vitest";
import { Rng } from "../../base/rng.js";
import {
  CapMemBlockConfig,
  CapMemBlockOnDls,
  type ContainerType,
  ReferenceGeneratorConfig,
} from "../../protocol/index.js";
import { Registers } from "../registers.js";
import { CapMem } from "./capmem.js";
import { blockRefresh } from "./capmem-refresh.js";

const ms = 250_000;
const silent = { writeNoise: 0, crosstalk: 0 };
/** First cell of a column in a block. */
const column = (block: number, index: number): number => (block * 130 + index) * 24;

describe("CapMem", () => {
  it("is on its way for milliseconds and there within 0.2 codes after 20 ms", () => {
    const memory = new CapMem(Rng.fromSeed(1), silent);
    memory.write(100, 1022, 0);
    expect(memory.level(100, 0)).toBe(0);
    expect(memory.level(100, 2.2 * ms)).toBeCloseTo(1022 * (1 - Math.exp(-1)), 6);
    expect(1022 - memory.level(100, 20 * ms)).toBeLessThan(0.2);
    memory.write(100, 500, 20 * ms);
    expect(memory.level(100, 20 * ms)).toBeGreaterThan(1021);
    expect(memory.level(100, 400 * ms)).toBe(500);
  });

  it("leaks with a time constant of 1 s when the refresh of the cell is off, and comes back with it", () => {
    const memory = new CapMem(Rng.fromSeed(1), silent);
    memory.write(7, 800, 0);
    const level = memory.level(7, 200 * ms);
    memory.write(7, 1023, 200 * ms);
    expect(memory.level(7, 220 * ms)).toBeCloseTo(level * Math.exp(-0.02), 6);
    expect(memory.level(7, 1200 * ms)).toBeCloseTo(level * Math.exp(-1), 6);
    memory.write(7, 800, 1200 * ms);
    expect(Math.abs(memory.level(7, 1220 * ms) - 800)).toBeLessThan(0.2);
  });

  it("leaks everywhere in a block that is off, and finds its levels again", () => {
    const memory = new CapMem(Rng.fromSeed(1), silent);
    const registers = new Registers();
    const configure = (block: number, enableCapMem: boolean, time: number): void => {
      const words = CapMemBlockConfig.encode({ enableCapMem });
      CapMemBlockConfig.addresses(CapMemBlockOnDls.at(block)).forEach((address, i) => {
        registers.write(address, words[i]!, 0xf);
      });
      memory.configure(blockRefresh(registers), time);
    };
    const [here, there] = [column(1, 5), column(2, 5)];
    memory.write(here, 600, 0);
    memory.write(there, 600, 0);
    configure(1, false, 200 * ms);
    expect(memory.level(here, 700 * ms)).toBeCloseTo(600 * Math.exp(-0.5), 3);
    expect(memory.level(there, 700 * ms)).toBe(600);
    configure(1, true, 700 * ms);
    expect(memory.level(here, 900 * ms)).toBe(600);
  });

  it("is pulled down by cells of its block and kind with the same code, and by no others", () => {
    const memory = new CapMem(Rng.fromSeed(1), { ...silent, crosstalk: 1 });
    for (let i = 0; i < 65; i++) memory.write(column(0, i), 500, 0);
    memory.write(column(0, 70), 501, 0);
    memory.write(column(1, 0), 500, 0);
    // Row 8 is a current.
    memory.write(column(0, 0) + 8, 500, 0);
    const later = 1000 * ms;
    expect(memory.level(column(0, 3), later)).toBeCloseTo(500 - 2, 9);
    for (const [cell, code] of [
      [column(0, 70), 501],
      [column(1, 0), 500],
      [column(0, 0) + 8, 500],
    ] as const)
      expect(memory.level(cell, later)).toBe(code);
    memory.write(column(0, 3), 505, later);
    expect(memory.level(column(0, 3), 2 * later)).toBe(505);
    expect(memory.level(column(0, 4), 2 * later)).toBeCloseTo(500 - (4 * 63) / 127, 9);
  });

  it("follows the global settings: reference, slope, offset, global bias", () => {
    const memory = new CapMem(Rng.fromSeed(1), silent);
    const registers = new Registers();
    const later = 1000 * ms;
    const [voltage, current] = [column(2, 5), column(2, 5) + 8];
    memory.write(voltage, 600, 0);
    memory.write(current, 600, 0);
    const set = <C extends string, F extends object>(container: ContainerType<C, F>, at: number, f: Partial<F>) => {
      const words = container.encode(f);
      container.addresses(container.coordinate.at(at)).forEach((address, i) => {
        registers.write(address, words[i]!, 0xf);
      });
      memory.configure(blockRefresh(registers), later);
      return [memory.level(voltage, later), memory.level(current, later)];
    };
    expect(set(ReferenceGeneratorConfig, 0, {})).toEqual([600, 600]);
    expect(set(ReferenceGeneratorConfig, 0, { referenceControl: 11 })).toEqual([660, 660]);
    expect(set(ReferenceGeneratorConfig, 0, { capmemSlope2: 22, capmemOffset2: 6 })).toEqual([1210, 600]);
    expect(set(ReferenceGeneratorConfig, 0, { capmemSlope1: 22, capmemOffset1: 6 })).toEqual([600, 600]);
    expect(set(ReferenceGeneratorConfig, 0, { enableReset: true })).toEqual([0, 0]);
    set(ReferenceGeneratorConfig, 0, {});
    expect(set(CapMemBlockConfig, 2, { vGlobalBias: 11 })).toEqual([600, 720]);
    expect(set(CapMemBlockConfig, 2, { currentCellRes: 33 })).toEqual([600, 400]);
  });

  // 2000 values: standard error of the standard deviation 1.6 %; bounds at 4.5 of these, one false alarm in 150,000 seeds.
  it("misses the code by the write noise, anew at each write, addressed by cell", () => {
    const memory = new CapMem(Rng.fromSeed(2), { ...silent, writeNoise: 1 });
    const other = new CapMem(Rng.fromSeed(2), { ...silent, writeNoise: 1 });
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
