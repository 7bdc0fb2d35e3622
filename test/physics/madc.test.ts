import { describe, expect, it } from "vitest";
import {
  AtomicNeuronOnDls,
  MadcConfig,
  MadcControl,
  NeuronConfig,
  ReadoutSourceSelection,
  theChip,
} from "../../src/protocol/index.js";
import { BenchChip, us } from "./bench-chip.js";

function resting(seed = 5, options: { preset?: "ideal" | "typical" } = {}): BenchChip {
  const bench = new BenchChip({ seed, knobs: { missingSamples: 0 }, ...options });
  bench.configure(0);
  return bench;
}

const moments = (xs: number[]): { mean: number; sd: number } => {
  const mean = xs.reduce((a, b) => a + b, 0) / xs.length;
  return { mean, sd: Math.sqrt(xs.reduce((a, x) => a + (x - mean) ** 2, 0) / xs.length) };
};

/** Sample values, 10 bits, from a time after the start on. */
function values(bench: BenchChip, fromUs: number, start: number): number[] {
  const { time, value } = bench.chip.takeMadc();
  return [...value].filter((_, i) => time[i]! >= start + fromUs * us).map((v) => v & 0x3ff);
}

describe("the MADC", () => {
  it("samples at 500 MHz / 17 by default", () => {
    const bench = resting();
    bench.startMadc(10_000);
    bench.wait(500);
    const { count, time } = bench.chip.takeMadc();
    expect(count).toBe(10_000);
    expect((time[9999]! - time[0]!) / 9999).toBeCloseTo(8.5, 3);
    for (let i = 1; i < count; i++) expect([8, 9]).toContain(time[i]! - time[i - 1]!);
  });

  it.each([
    [{ sampleDurationAdjust: 0 }, 6],
    [{ sampleDurationAdjust: 7 }, 9.5],
    [{ enableMadcClockScaling: true, madcClockScaleValue: 3 }, 68],
  ] as const)("with %o has a sample every %d units of 4 ns", (config, period) => {
    const bench = resting();
    bench.write(MadcConfig, theChip, { numberOfSamples: 400, ...config });
    bench.write(MadcControl, theChip, { wakeUp: true, enablePreAmplifier: true });
    bench.wait(1);
    bench.write(MadcControl, theChip, { startRecording: true, enablePreAmplifier: true });
    bench.wait(0.1);
    bench.write(MadcControl, theChip, { enablePreAmplifier: true });
    bench.wait(200);
    const { count, time } = bench.chip.takeMadc();
    expect(count).toBe(400);
    expect(Math.abs((time[399]! - time[0]!) / 399 - period)).toBeLessThan(0.01);
  });

  it("stops at its number of samples, but starts anew while the start bit stands", () => {
    const bench = resting();
    bench.startMadc(1000);
    bench.wait(200);
    expect(bench.chip.takeMadc().count).toBe(1000);
    bench.write(MadcControl, theChip, { startRecording: true, enablePreAmplifier: true });
    bench.wait(100);
    // 34 us each: two recordings are complete, the third one is under way.
    const { count } = bench.chip.takeMadc();
    expect(count).toBeGreaterThan(2900);
    expect(count).toBeLessThan(2950);
  });

  it("goes on without end in continuous mode until it is stopped", () => {
    const bench = resting();
    bench.startMadc(10, { enableContinuousSampling: true });
    bench.wait(100);
    expect(bench.chip.takeMadc().count).toBeGreaterThan(2900);
    bench.write(MadcControl, theChip, { stopRecording: true, enablePreAmplifier: true });
    bench.wait(100);
    expect(bench.chip.takeMadc().count).toBeLessThan(3);
  });

  it("does nothing while asleep, and sleeps again when told to power down after sampling", () => {
    const bench = resting();
    bench.write(MadcConfig, theChip, { numberOfSamples: 100 });
    bench.write(MadcControl, theChip, { startRecording: true, enablePreAmplifier: true });
    bench.wait(50);
    expect(bench.chip.takeMadc().count).toBe(0);
    bench.startMadc(100, { enablePowerDownAfterSampling: true });
    bench.wait(50);
    expect(bench.chip.takeMadc().count).toBe(100);
    bench.write(MadcControl, theChip, { startRecording: true, enablePreAmplifier: true });
    bench.wait(50);
    expect(bench.chip.takeMadc().count).toBe(0);
  });

  it("gives garbage for 8 us after the start, then the membrane with about 3 LSB of noise", () => {
    const bench = resting();
    bench.startMadc(20_000);
    const start = bench.now - 0.1 * us;
    bench.wait(700);
    const { time, value } = bench.chip.takeMadc();
    const lsb = [...value].map((v) => v & 0x3ff);
    const first = moments(lsb.filter((_, i) => time[i]! < start + 8 * us));
    const later = moments(lsb.filter((_, i) => time[i]! >= start + 8.1 * us));
    expect(first.sd).toBeGreaterThan(200);
    expect(later.sd).toBeGreaterThan(1.8);
    expect(later.sd).toBeLessThan(4);
  });

  it("reads 1.2 mV per LSB on an ideal chip: leak code 530 is 20 mV + 530 * 1.88 mV - 370 mV", () => {
    const bench = resting(1, { preset: "ideal" });
    bench.writeConfig(0, { enableAdaptation: false });
    bench.startMadc(1000);
    const start = bench.now;
    bench.wait(200);
    const { mean, sd } = moments(values(bench, 9, start));
    // 20 ms of settling leave up to 0.1 code.
    expect(Math.abs(mean - (20 + 530 * 1.88 - 370) / 1.2)).toBeLessThan(1);
    expect(sd).toBeLessThan(0.5);
  });

  it("saturates at 1023 and shows the rail", () => {
    const bench = new BenchChip({ seed: 1, knobs: { mismatch: 0, converterSpread: 3 } });
    bench.configure(0, { v_leak: 1022 }, { enableAdaptation: false, enableFire: false });
    bench.startMadc(2000);
    bench.wait(200);
    expect(Math.max(...values(bench, 0, 0))).toBeLessThanOrEqual(1023);
  });

  it("hangs about mid-scale, noisily, when nothing is routed to it", () => {
    const bench = resting();
    bench.write(ReadoutSourceSelection, theChip, { neuronOddTop0: true });
    bench.startMadc(2000);
    const start = bench.now;
    bench.wait(200);
    const { mean, sd } = moments(values(bench, 9, start));
    expect(Math.abs(mean - 512)).toBeLessThan(40);
    expect(sd).toBeGreaterThan(8);
  });

  it("reads the lower rail without its preamplifier", () => {
    const bench = resting();
    bench.startMadc(2000, { enablePreAmplifier: false });
    const start = bench.now;
    bench.wait(200);
    expect(moments(values(bench, 9, start)).mean).toBeLessThan(20);
  });

  it("shows the adaptation voltage when the neuron's readout is switched to it", () => {
    const bench = resting(1, { preset: "ideal" });
    bench.write(NeuronConfig, AtomicNeuronOnDls.at(0), {
      membraneCapacitorSize: 63,
      enableReadout: true,
      enableReadoutAmplifier: true,
      readoutSource: 3,
    });
    bench.writeCodes(0, { i_bias_adapt_a: 0 });
    bench.wait(40_000);
    bench.startMadc(2000);
    const start = bench.now;
    bench.wait(200);
    expect(moments(values(bench, 9, start)).mean).toBeCloseTo((20 + 300 * 1.88) / 1.2, 0);
  });

  it("alternates between its two inputs and says which", () => {
    const bench = resting(1, { preset: "ideal" });
    bench.write(ReadoutSourceSelection, theChip, { neuronEvenTop0: true, neuronOddTop1: true });
    bench.writeCodes(1, { v_leak: 400, i_bias_leak: 140 });
    bench.write(NeuronConfig, AtomicNeuronOnDls.at(1), {
      membraneCapacitorSize: 63,
      enableReadout: true,
      enableReadoutAmplifier: true,
    });
    bench.wait(20_000);
    bench.write(MadcConfig, theChip, { numberOfSamples: 1000, activeMuxInputSelectLength: 1 });
    bench.write(MadcControl, theChip, { wakeUp: true, enablePreAmplifier: true });
    bench.wait(1);
    bench.write(MadcControl, theChip, { startRecording: true, enablePreAmplifier: true });
    bench.wait(0.1);
    bench.write(MadcControl, theChip, { enablePreAmplifier: true });
    bench.wait(100);
    const { value } = bench.chip.takeMadc();
    const late = [...value.subarray(500)];
    expect(late.filter((v) => v >> 10 === 1).length).toBe(250);
    const mean = (channel: number) => moments(late.filter((v) => v >> 10 === channel).map((v) => v & 0x3ff)).mean;
    expect(Math.abs(mean(0) - mean(1) - (130 * 1.88) / 1.2)).toBeLessThan(1);
  });
});
