import { describe, expect, it } from "vitest";
import {
  AtomicNeuronOnDls,
  CommonNeuronBackendConfig,
  CrossbarInputOnDls,
  CrossbarNode,
  CrossbarOutputOnDls,
  crossbarNode,
  NeuronBackendBlockOnDls,
  NeuronReset,
  SpikeCounterRead,
  SpikeCounterReset,
} from "../../src/protocol/index.js";
import { BenchChip, us } from "./bench-chip.js";

/** A neuron that fires by itself: leak above threshold, no adaptation. */
function firing(neuron: number, options: { preset?: "ideal" | "typical"; seed?: number } = {}): BenchChip {
  const bench = new BenchChip({ seed: options.seed ?? 3, preset: options.preset ?? "ideal" });
  const codes = { v_leak: 700, v_threshold: 400, v_reset: 400, i_bias_leak: 300 };
  bench.configure(neuron, codes, { enableAdaptation: false, enableExponential: false });
  bench.wait(40_000);
  return bench;
}

describe("spikes", () => {
  it("leave the chip with lane, event output and backend address in the label", () => {
    for (const [neuron, label] of [
      [0, 0x02a],
      [40, 0x4000 | 0x12a],
      [255, 0xc000 | 0x72a],
      [256 + 70, 0x8000 | 0x22a],
    ] as const) {
      const bench = firing(neuron);
      bench.writeBackend(neuron, { enableSpikeOut: true, addressOut: 0x2a });
      bench.wait(200);
      const spikes = bench.chip.takeSpikes();
      expect(spikes.count).toBeGreaterThan(5);
      expect(new Set(spikes.label)).toEqual(new Set([label]));
    }
  });

  it("come at the interval of the leaky case: reset time plus tau ln((E - V0) / (E - Vth))", () => {
    const bench = firing(0);
    bench.writeBackend(0, { enableSpikeOut: true });
    bench.wait(300);
    const { time, count } = bench.chip.takeSpikes();
    // By hand from docs/chip-model.md. E = 20 + 700 * 1.88 - 370 = 966 mV, Vr = 402 mV, Vth = 772 mV;
    // C = 2.405 pF, g = 730 nS * (300 / 1022)^0.8 + 0.2 nS = 274.2 nS. The reset holds for 29 of the 30 ticks of 64 ns
    // with tau = 2.405 pF * (1 / 5840 nS + 0.05 MOhm) = 0.532 us, which leaves 11.3 mV of the way to Vr.
    const interval = 29 * 0.064 + (2.405 / 0.2742) * Math.log((966 - 413.3) / (966 - 772));
    expect(count).toBeGreaterThan(20);
    for (let i = 1; i < count; i++) expect(Math.abs((time[i]! - time[i - 1]!) / us - interval)).toBeLessThan(0.1);
  });

  it("follow the refractory time on the chosen clock", () => {
    const interval = (refractoryTime: number, clockScaleSlow: number): number => {
      const bench = firing(0);
      bench.write(CommonNeuronBackendConfig, NeuronBackendBlockOnDls.at(0), { clockScaleSlow, clockScaleFast: 0 });
      bench.writeBackend(0, { enableSpikeOut: true, refractoryTime });
      bench.wait(400);
      const { time, count } = bench.chip.takeSpikes();
      return (time[count - 1]! - time[count - 2]!) / us;
    };
    const base = interval(100, 3);
    expect(interval(200, 3) - base).toBeCloseTo(100 * 0.064, 1);
    expect(interval(100, 4) - base).toBeCloseTo(100 * 0.064 - 0.064, 1);
  });

  it("are counted from the counter's reset on, with an overflow bit", () => {
    const bench = firing(7);
    const at = AtomicNeuronOnDls.at(7);
    expect(bench.read(SpikeCounterRead, at)).toEqual({ count: 0, overflow: false });
    bench.write(SpikeCounterReset, at, {});
    bench.wait(100);
    const { count, overflow } = bench.read(SpikeCounterRead, at);
    expect(count).toBeGreaterThan(5);
    expect(overflow).toBe(false);
    bench.wait(6000);
    expect(bench.read(SpikeCounterRead, at).overflow).toBe(true);
    bench.write(SpikeCounterReset, at, {});
    expect(bench.read(SpikeCounterRead, at)).toEqual({ count: 0, overflow: false });
  });

  it("can be commanded, even of a silent neuron", () => {
    const bench = new BenchChip({ seed: 3 });
    bench.configure(0);
    bench.writeBackend(0, { enableSpikeOut: true, addressOut: 5 });
    bench.wait(100);
    expect(bench.chip.takeSpikes().count).toBe(0);
    bench.write(NeuronReset, AtomicNeuronOnDls.at(0), {});
    bench.wait(10);
    expect([...bench.chip.takeSpikes().label]).toEqual([5]);
  });

  it("pass a crossbar node only when masked label and target agree", () => {
    const bench = firing(0);
    const node = crossbarNode(CrossbarOutputOnDls.at(8), CrossbarInputOnDls.at(0));
    bench.write(CrossbarNode, node, { mask: 0, target: 1 });
    bench.writeBackend(0, { enableSpikeOut: true, addressOut: 6 });
    bench.wait(100);
    expect(bench.chip.takeSpikes().count).toBe(0);
    bench.write(CrossbarNode, node, { mask: 0xff, target: 6 });
    bench.wait(100);
    expect(bench.chip.takeSpikes().count).toBeGreaterThan(5);
  });

  it("from the host come back on their own lane", () => {
    const bench = new BenchChip({ seed: 3 });
    bench.wait(10);
    bench.chip.spike(0x8123);
    const { count, time, label } = bench.chip.takeSpikes();
    expect(count).toBe(1);
    expect(label[0]).toBe(0x8123);
    expect(time[0]).toBe(10 * us);
  });

  it("stop with the clocks, and while all neurons are held in reset", () => {
    for (const common of [{ enableClocks: false }, { forceReset: true }]) {
      const bench = firing(0);
      bench.writeBackend(0, { enableSpikeOut: true });
      bench.write(CommonNeuronBackendConfig, NeuronBackendBlockOnDls.at(0), { clockScaleSlow: 3, ...common });
      bench.chip.takeSpikes();
      bench.wait(100);
      expect(bench.chip.takeSpikes().count).toBe(0);
      bench.write(CommonNeuronBackendConfig, NeuronBackendBlockOnDls.at(0), { clockScaleSlow: 3 });
      bench.wait(100);
      expect(bench.chip.takeSpikes().count).toBeGreaterThan(5);
    }
  });
});
