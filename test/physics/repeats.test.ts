import { describe, expect, it } from "vitest";
import { AtomicNeuronOnDls, SpikeCounterRead, SpikeCounterReset } from "../../src/protocol/index.js";
import { BenchChip, us } from "./bench-chip.js";

/** Spike times in us after the begin of a 600 us step at the working point. */
function stepSpikes(bench: BenchChip): number[] {
  bench.writeCodes(0, { v_reset: 600, i_bias_adapt_tau: 300 });
  bench.wait(20_000);
  bench.writeBackend(0, { enableSpikeOut: true });
  bench.writeConfig(0, { enableMembraneOffset: true });
  bench.chip.takeSpikes();
  const begin = bench.now;
  bench.wait(600);
  const { time } = bench.chip.takeSpikes();
  bench.writeConfig(0, {});
  bench.writeBackend(0, {});
  return [...time].map((t) => (t - begin) / us);
}

const mean = (xs: number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;
const sd = (xs: number[]): number => Math.sqrt(mean(xs.map((x) => (x - mean(xs)) ** 2)));

describe("repeats at the same codes", () => {
  const bench = new BenchChip({ seed: 1 });
  bench.configure(0);
  const repeats = Array.from({ length: 12 }, () => stepSpikes(bench));

  it("behave alike: the same number of spikes within one or two", () => {
    const counts = repeats.map((spikes) => spikes.length);
    expect(mean(counts)).toBeGreaterThan(30);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2);
  });

  it("have irregular intervals: coefficient of variation 1 to 3 % once adapted", () => {
    const cvs = repeats.map((spikes) => {
      const intervals = spikes.slice(1).map((t, i) => t - spikes[i]!);
      const late = intervals.slice(-20);
      return sd(late) / mean(late);
    });
    expect(mean(cvs)).toBeGreaterThan(0.01);
    expect(mean(cvs)).toBeLessThan(0.03);
  });

  it("drift apart in time: late spikes are less aligned than early ones", () => {
    const spread = (n: number): number => sd(repeats.map((spikes) => spikes[n]!));
    expect(spread(30)).toBeGreaterThan(2 * spread(1));
    expect(spread(30)).toBeGreaterThan(0.5);
  });

  it("are the same on an ideal chip, but for less than 0.1 us", () => {
    const ideal = new BenchChip({ seed: 1, preset: "ideal" });
    ideal.configure(0);
    ideal.wait(50_000);
    const [first, second] = [stepSpikes(ideal), stepSpikes(ideal)] as const;
    expect(first.length).toBeGreaterThan(30);
    expect(second.length).toBe(first.length);
    for (let i = 0; i < first.length; i++) expect(Math.abs(first[i]! - second[i]!)).toBeLessThan(0.1);
  });
});

describe("circuits of one chip", () => {
  // 32 neurons at a leak above threshold: the logarithm of the rate has the spread of g_leak (0.2) and what shifts and
  // capacitor add. The standard error of a spread from 32 draws is 13 %; the bounds are more than 3 of these away from
  // any spread between 0.2 and 0.4.
  it("differ in their rates as their mismatch says, and not at all without mismatch", () => {
    const rates = (mismatch: number): number[] => {
      const chip = new BenchChip({ seed: 8, preset: "ideal", knobs: { mismatch } });
      chip.configure(0);
      const neurons = Array.from({ length: 32 }, (_, n) => 8 * n);
      const codes = { v_leak: 750, v_threshold: 400, v_reset: 400, i_bias_leak: 100, i_bias_reset: 1022 };
      for (const n of neurons) {
        chip.writeCodes(n, codes);
        chip.writeBackend(n, {});
        chip.writeConfig(n, { enableAdaptation: false, enableExponential: false });
      }
      chip.wait(40_000);
      for (const n of neurons) chip.write(SpikeCounterReset, AtomicNeuronOnDls.at(n), {});
      chip.wait(1000);
      return neurons.map((n) => chip.read(SpikeCounterRead, AtomicNeuronOnDls.at(n)).count);
    };
    const spread = sd(rates(1).map(Math.log));
    expect(spread).toBeGreaterThan(0.12);
    expect(spread).toBeLessThan(0.6);
    const same = rates(0);
    expect(Math.max(...same) - Math.min(...same)).toBeLessThanOrEqual(1);
  });
});
