import { describe, expect, it } from "vitest";
import { cadcCells } from "../../src/device/interface/index.js";
import {
  AtomicNeuronOnDls,
  CadcChannelConfig,
  CadcChannelOnDls,
  CadcConfig,
  CadcSampleQuad,
  CadcSampleQuadOnDls,
  CapMemBlockOnDls,
  CapMemCell,
  ColumnCorrelationQuad,
  ColumnQuadOnDls,
  HemisphereOnDls,
  NeuronConfig,
  type SharedCapMemCell,
  sharedCapMemCell,
  synapseColumn,
} from "../../src/protocol/index.js";
import type { ChipOptions } from "../../src/virtual-chip/index.js";
import { BenchChip } from "./bench-chip.js";

const entries = [0, 1, 2, 3] as const;
type Path = "trigger" | "buffered";

/** A chip with both halves' CADC set up and all its switches closed; leak codes rise along the columns of the top row. */
class CadcBench extends BenchChip {
  constructor(options: ChipOptions, neurons: readonly number[] = []) {
    super(options);
    for (const block of [0, 1, 2, 3]) {
      const cells = { ...cadcCells, neuron_i_bias_readout_amp: 110, neuron_i_bias_leak_source_follower: 100 };
      for (const [name, value] of Object.entries(cells)) this.writeShared(block, name as SharedCapMemCell, value);
    }
    for (let quad = 0; quad < ColumnQuadOnDls.size; quad++) this.closeSwitches(quad, true);
    for (const half of [0, 1]) this.write(CadcConfig, HemisphereOnDls.at(half), { enable: true });
    for (const neuron of neurons) this.addLeak(neuron, 400 + neuron);
    this.wait(100_000);
  }

  writeShared(block: number, name: SharedCapMemCell, value: number): void {
    this.write(CapMemCell, sharedCapMemCell(CapMemBlockOnDls.at(block), name), { value });
  }

  closeSwitches(quad: number, closed: boolean): void {
    const names = ["InternalCausal", "InternalAcausal", "CadcNeuronReadoutCausal", "CadcNeuronReadoutAcausal"];
    const fields = Object.fromEntries(entries.flatMap((e) => names.map((name) => [`enable${name}${e}`, closed])));
    this.write(ColumnCorrelationQuad, ColumnQuadOnDls.at(quad), fields);
  }

  addLeak(neuron: number, code: number, config: Partial<ReturnType<typeof NeuronConfig.decode>> = {}): void {
    this.writeCodes(neuron, { v_leak: code, i_bias_leak: 300 });
    this.write(NeuronConfig, AtomicNeuronOnDls.at(neuron), {
      membraneCapacitorSize: 63,
      enableReadoutAmplifier: true,
      ...config,
    });
  }

  quad(half: number, type: number, quad: number, path: Path): number[] {
    const at = CadcSampleQuadOnDls.of(half, type, path === "trigger" ? 0 : 1, 0, quad);
    const sample = this.read(CadcSampleQuad, at);
    return entries.map((entry) => sample[`sample${entry}`]);
  }

  /** All columns of a half after one conversion. */
  row(half: number, type = 0): number[] {
    const counts: number[] = [];
    for (let quad = 0; quad < 64; quad++) {
      const path = quad === 0 ? "trigger" : "buffered";
      this.quad(half, type, quad, path).forEach((count, entry) => {
        counts[synapseColumn(quad, entry)] = count;
      });
    }
    return counts;
  }
}

/** Count of a membrane at a leak code on an ideal chip: 20 mV + 1.88 mV per code, less the follower's 370 mV. */
const idealCount = (code: number): number => (20 + 1.88 * code - 370 - 60) / 4.5;

describe("the CADC", () => {
  it("shows each column its own neuron on both channels, 4.5 mV per count", () => {
    const columns = [0, 1, 6, 7, 127, 128, 254, 255];
    const bench = new CadcBench({ seed: 1, preset: "ideal" }, columns);
    for (const type of [0, 1]) {
      const counts = bench.row(0, type);
      for (const column of columns) expect(Math.abs(counts[column]! - idealCount(400 + column))).toBeLessThan(1);
      // Columns whose amplifier is off hang about 0.6 V.
      expect(counts[50]).toBe(120);
    }
    expect(bench.row(1)[0]).toBe(120);
  });

  it("converts a half at a trigger read only; buffered reads give what that left", () => {
    const bench = new CadcBench({ seed: 1, preset: "ideal" }, [0, 2]);
    expect(bench.quad(0, 0, 0, "buffered")).toEqual([0, 0, 0, 0]);
    const first = bench.quad(0, 1, 0, "trigger");
    bench.addLeak(0, 700);
    bench.addLeak(2, 700);
    bench.wait(100_000);
    expect(bench.quad(0, 0, 0, "buffered")).toEqual(first);
    const [c0, c2] = bench.quad(0, 0, 0, "trigger");
    expect(c0! - first[0]!).toBeGreaterThan(100);
    expect(c2).toBe(c0);
  });

  it("converts all columns at one instant: a step in time between two reads of one row leaves no edge", () => {
    const bench = new CadcBench({ seed: 3 }, [0, 254]);
    bench.quad(0, 0, 0, "trigger");
    const before = bench.quad(0, 0, 31, "buffered");
    bench.addLeak(254, 900);
    bench.wait(20_000);
    expect(bench.quad(0, 0, 31, "buffered")).toEqual(before);
  });

  it("gives what it last had while it is off, zeros after a reset", () => {
    const bench = new CadcBench({ seed: 1, preset: "ideal" }, [0]);
    bench.write(CadcConfig, HemisphereOnDls.at(0), { enable: false });
    expect(bench.row(0)[0]).toBe(0);
    bench.write(CadcConfig, HemisphereOnDls.at(0), { enable: true });
    const count = bench.row(0)[0]!;
    expect(count).toBeGreaterThan(50);
    bench.write(CadcConfig, HemisphereOnDls.at(0), { enable: false });
    bench.addLeak(0, 800);
    bench.wait(100_000);
    expect(bench.row(0)[0]).toBe(count);
    bench.chip.reset(true);
    bench.chip.reset(false);
    expect(bench.row(0)[0]).toBe(0);
  });

  it("runs to its end without bias, and saturates at both ends", () => {
    const bench = new CadcBench({ seed: 1, preset: "ideal" }, [0, 200]);
    bench.writeShared(1, "cadc_i_bias_comp", 0);
    bench.addLeak(0, 1022);
    bench.addLeak(2, 0);
    bench.wait(200_000);
    const counts = bench.row(0);
    expect(counts.slice(128).every((count) => count === 255)).toBe(true);
    // 1.2 V at the upper rail is 253 counts, 0 V lies below the ramp's start.
    expect(counts[0]).toBe(253);
    expect(counts[2]).toBe(0);
    bench.writeShared(0, "cadc_i_ramp_slope", 100);
    bench.wait(200_000);
    expect(bench.row(0)[0]).toBe(255);
  });

  it("adds the digital offset of the channel and saturates", () => {
    const bench = new CadcBench({ seed: 1, preset: "ideal" }, [0]);
    const plain = bench.row(0)[0]!;
    const offsetCausal = (offset: number): void =>
      bench.write(CadcChannelConfig, CadcChannelOnDls.of(0, 0, 0), { offset });
    offsetCausal(-20);
    expect(bench.row(0)[0]).toBe(plain - 20);
    expect(bench.row(0, 1)[0]).toBe(plain);
    offsetCausal(-128);
    expect(bench.row(0)[0]).toBe(0);
  });

  it("shifts with the ramp's start and stretches with its slope, quadrant by quadrant", () => {
    const bench = new CadcBench({ seed: 1, preset: "ideal" }, [0, 200]);
    const before = bench.row(0);
    bench.writeShared(0, "cadc_v_ramp_offset", 150 + 48);
    bench.writeShared(1, "cadc_i_ramp_slope", 422);
    bench.wait(200_000);
    const after = bench.row(0);
    // 48 codes are 90 mV, 20 counts.
    expect(after[0]! - before[0]!).toBe(-20);
    expect(Math.abs(after[200]! - before[200]! / 2)).toBeLessThanOrEqual(1);
  });

  it("sees nothing of a neuron whose switch is open, and the lower rail when the amplifier has no bias", () => {
    const bench = new CadcBench({ seed: 1, preset: "ideal" }, [0, 9]);
    bench.closeSwitches(0, false);
    bench.wait(1);
    expect(bench.row(0)[0]).toBe(120);
    bench.writeShared(0, "neuron_i_bias_readout_amp", 0);
    bench.wait(200_000);
    expect(bench.row(0)[9]).toBe(0);
  });

  it("shows the mean of neurons that their shared line joins, and the adaptation when the readout selects it", () => {
    const bench = new CadcBench({ seed: 1, preset: "ideal" }, [0, 200]);
    bench.addLeak(0, 500, { enableReadout: true });
    bench.addLeak(200, 600, { enableReadout: true });
    bench.addLeak(1, 500, { readoutSource: 3 });
    bench.writeCodes(1, { v_adapt_ref: 300 });
    bench.wait(200_000);
    const counts = bench.row(0);
    expect(counts[0]).toBe(counts[200]);
    expect(Math.abs(counts[0]! - idealCount(550))).toBeLessThan(1);
    expect(Math.abs(counts[1]! - (20 + 1.88 * 300 - 60) / 4.5)).toBeLessThan(1);
  });
});

const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;
const sd = (xs: readonly number[]): number => Math.sqrt(mean(xs.map((x) => (x - mean(xs)) ** 2)));

describe("the spread of the CADC's channels", () => {
  const floating = (options: ChipOptions): CadcBench => new CadcBench(options);

  // 256 channels of each type and half. The spread at 0.6 V: offset 6 counts, gain 1 % of 120 counts; within a quadrant.
  // Standard error of an sd from 128 values 6.3 %; 8 of them: bounds of 4 standard errors, false alarm for one seed in 2000.
  it("is that of offset and gain, within each quadrant and type", () => {
    const bench = floating({ seed: 6, preset: "ideal", knobs: { converterSpread: 1 } });
    const expected = Math.hypot(6, 1.2, 1 / Math.sqrt(12));
    for (const half of [0, 1]) {
      for (const type of [0, 1]) {
        const counts = bench.row(half, type);
        for (const part of [counts.slice(0, 128), counts.slice(128)])
          expect(Math.abs(sd(part) / expected - 1)).toBeLessThan(4 * 0.063);
      }
    }
  });

  it("is fixed for a chip and differs from chip to chip", () => {
    const knobs = { converterSpread: 1 };
    const row = (seed: number) => floating({ seed, preset: "ideal", knobs }).row(0);
    expect(row(6)).toEqual(row(6));
    expect(row(6)).not.toEqual(row(7));
  });

  // 60 conversions of 256 channels: standard error of the pooled sd about 0.6 %; rounding adds 1/12.
  it("and their noise is 0.7 counts from conversion to conversion, independent of how often one looks", () => {
    const bench = floating({ seed: 6, preset: "ideal", knobs: { converterNoise: 1 } });
    const rows = Array.from({ length: 60 }, () => {
      bench.wait(10);
      return bench.row(0);
    });
    const variance = mean(Array.from({ length: 256 }, (_, c) => sd(rows.map((row) => row[c]!)) ** 2));
    expect(Math.abs(Math.sqrt(variance) / Math.hypot(0.7, 1 / Math.sqrt(12)) - 1)).toBeLessThan(0.04);
    const other = floating({ seed: 6, preset: "ideal", knobs: { converterNoise: 1 } });
    other.wait(600);
    expect(other.row(0)).toEqual(rows.at(-1));
  });
});
