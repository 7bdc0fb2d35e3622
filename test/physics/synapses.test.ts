import { describe, expect, it } from "vitest";
import {
  BackgroundSpikeSource,
  BackgroundSpikeSourceOnDls,
  CapMemBlockOnDls,
  CapMemCell,
  ColumnCurrentQuad,
  ColumnQuadOnDls,
  CommonPadiBusConfig,
  CrossbarInputOnDls,
  CrossbarNode,
  CrossbarNodeOnDls,
  CrossbarOutputConfig,
  CrossbarOutputEventCounter,
  CrossbarOutputOnDls,
  crossbarNode,
  HemisphereOnDls,
  NeuronResetQuad,
  NeuronResetQuadOnDls,
  PadiEvent,
  SynapseDriverConfig,
  SynapseDriverOnDls,
  SynapseQuad,
  SynapseQuadOnDls,
  SynapseWeightQuad,
  sharedCapMemCell,
  theChip,
} from "../../src/protocol/index.js";
import { BenchChip, us } from "./bench-chip.js";

const inputCodes = {
  ...{ i_bias_synin_exc_tau: 300, i_bias_synin_exc_gm: 300, i_bias_synin_exc_shift: 310 },
  ...{ i_bias_synin_inh_tau: 300, i_bias_synin_inh_gm: 300, i_bias_synin_inh_shift: 310 },
} as const;

/** A chip whose neuron 8 k (quad k, entry 0, top half) can be reached: driver 4 r + b of bus b answers to row address r. */
class SynapseBench extends BenchChip {
  /** A quiet neuron at its leak potential with both inputs on, as the MADC's channel 0. */
  prepare(neuron: number, config = {}): void {
    for (let node = 0; node < CrossbarNodeOnDls.size; node++)
      this.write(CrossbarNode, CrossbarNodeOnDls.at(node), { mask: 0, target: 1 });
    for (const block of [0, 1, 2, 3])
      for (const [name, value] of [
        ["syn_i_bias_dac", 600],
        ["neuron_i_bias_synin_drop", 300],
      ] as const)
        this.write(CapMemCell, sharedCapMemCell(CapMemBlockOnDls.at(block), name), { value });
    for (let quad = 0; quad < 64; quad++)
      this.write(ColumnCurrentQuad, ColumnQuadOnDls.at(quad), {
        enableSynapticCurrentExcitatory0: true,
        enableSynapticCurrentInhibitory0: true,
      });
    this.configure(
      neuron,
      { ...inputCodes, v_threshold: 1000 },
      {
        enableAdaptation: false,
        enableExponential: false,
        enableSynapticInputExcitatory: true,
        enableSynapticInputInhibitory: true,
        ...config,
      },
    );
    this.wait(80_000);
  }

  driver(driver: number, fields: Partial<ReturnType<typeof SynapseDriverConfig.decode>>): void {
    const on = { enableReceiver: true, enableAddressOut: true };
    this.write(SynapseDriverConfig, SynapseDriverOnDls.of(0, driver), { ...on, ...fields });
  }

  /** Synapse of neuron 8 k in a row of the top half. */
  synapse(row: number, neuron: number, weight0: number, label0: number): void {
    this.write(SynapseQuad, SynapseQuadOnDls.of(0, row, neuron / 8), { weight0, label0 });
  }

  /** An event on bus 0. */
  fire(eventAddress: number, rowSelectAddress = 0): void {
    this.write(PadiEvent, HemisphereOnDls.at(0), { fireBus0: true, eventAddress, rowSelectAddress });
  }

  open(output: number, input: number): void {
    const node = crossbarNode(CrossbarOutputOnDls.at(output), CrossbarInputOnDls.at(input));
    this.write(CrossbarNode, node, { mask: 0, target: 0 });
  }

  /** Deviation of the recorded voltage from where it starts, V, every 0.034 us from an action on. */
  response(act: () => void, durationUs = 60): number[] {
    this.startMadc(20_000);
    this.wait(20);
    const begin = this.now;
    act();
    this.wait(durationUs);
    const { time, value } = this.chip.takeMadc();
    this.wait(700);
    this.chip.takeMadc();
    const volts = [...value].map((v) => (v & 0x3ff) * 1.2e-3);
    const rest = volts[volts.findIndex((_, i) => time[i]! >= begin) - 2]!;
    return volts.filter((_, i) => time[i]! >= begin).map((v) => v - rest);
  }
}

const peak = (deviations: readonly number[]): number =>
  deviations.reduce((best, d) => (Math.abs(d) > Math.abs(best) ? d : best), 0);

function ready(config = {}, options = {}): SynapseBench {
  const bench = new SynapseBench({ seed: 2, preset: "ideal", ...options });
  bench.prepare(16, config);
  bench.driver(0, { rowModeBottom: 1, rowModeTop: 2 });
  bench.synapse(0, 16, 63, 9);
  bench.synapse(1, 16, 63, 9);
  return bench;
}

describe("synapses", () => {
  it("step the input by 60 mV at full weight, which decays with the input's time constant", () => {
    const bench = ready({ readoutSource: 1 });
    const deviations = bench.response(() => bench.fire(9));
    // The readout's pole at 8 MHz rounds the step off by some 3 mV.
    expect(Math.abs(peak(deviations) + 0.057)).toBeLessThan(0.003);
    // 0.2 pF over 0.4 uS (300 / 1022)^0.8 + 2 nS is 1.315 us; the latency is 12 steps of 16 ns.
    const at = (t: number): number => deviations[Math.round(t / 0.034)]!;
    expect(Math.abs(at(3) / at(1.5) / Math.exp(-1.5 / 1.315) - 1)).toBeLessThan(0.1);
    // The lower-path line of the same event goes to the other input.
    const other = ready({ readoutSource: 2 });
    expect(Math.abs(peak(other.response(() => other.fire(9))) + 0.057)).toBeLessThan(0.003);
  });

  it("lift or lower the membrane by the sign of their row, in proportion to the weight", () => {
    const bench = ready();
    bench.driver(0, { rowModeBottom: 1 });
    const excitatory = peak(bench.response(() => bench.fire(9)));
    bench.driver(0, { rowModeTop: 2 });
    const inhibitory = peak(bench.response(() => bench.fire(9)));
    bench.driver(0, { rowModeBottom: 1 });
    bench.write(SynapseWeightQuad, SynapseQuadOnDls.of(0, 0, 2), { weight0: 21 });
    const third = peak(bench.response(() => bench.fire(9)));
    // 60 mV * 0.73 uS (300 / 1022)^0.8 * 1.315 us / 2.405 pF = 9.0 mV; some of it leaks away before the peak.
    expect(excitatory).toBeGreaterThan(0.005);
    expect(excitatory).toBeLessThan(0.0095);
    expect(Math.abs(excitatory + inhibitory)).toBeLessThan(0.0025);
    expect(Math.abs(3 * third - excitatory)).toBeLessThan(0.004);
  });

  it("answer to their own label, and drivers to their own row address as far as the mask says", () => {
    const bench = ready({ readoutSource: 1 });
    const step = (label: number, row: number): boolean => peak(bench.response(() => bench.fire(label, row))) < -0.05;
    expect([step(9, 0), step(8, 0), step(9, 1)]).toEqual([true, false, false]);
    bench.driver(0, { rowModeBottom: 1, rowAddressCompareMask: 0x1e });
    expect([step(9, 1), step(9, 2)]).toEqual([true, false]);
    bench.driver(0, { rowModeBottom: 1, enableReceiver: false });
    expect(step(9, 0)).toBe(false);
    bench.driver(0, { rowModeBottom: 1, enableAddressOut: false });
    expect(step(9, 0)).toBe(false);
  });

  it("are cut off by the column's switch, by missing bias, and by the neuron's own switch", () => {
    const bench = ready({ readoutSource: 1 });
    const step = (): boolean => peak(bench.response(() => bench.fire(9))) < -0.05;
    bench.write(ColumnCurrentQuad, ColumnQuadOnDls.at(2), {});
    expect(step()).toBe(false);
    bench.write(ColumnCurrentQuad, ColumnQuadOnDls.at(2), { enableSynapticCurrentExcitatory0: true });
    expect(step()).toBe(true);
    bench.write(CapMemCell, sharedCapMemCell(CapMemBlockOnDls.at(0), "neuron_i_bias_synin_drop"), { value: 0 });
    bench.wait(100_000);
    expect(step()).toBe(false);
    const off = ready({ enableSynapticInputExcitatory: false, enableSynapticInputInhibitory: false });
    expect(Math.abs(peak(off.response(() => off.fire(9))))).toBeLessThan(0.002);
  });
});

describe("events from the host", () => {
  it("reach the drivers through the crossbar when the bus listens", () => {
    const bench = ready({ readoutSource: 1 });
    bench.synapse(2 * 4 * 5, 16, 63, 3);
    bench.driver(4 * 5, { rowModeBottom: 1 });
    const step = (label: number): boolean => peak(bench.response(() => bench.chip.spike(label))) < -0.05;
    const label = (5 << 6) | 3;
    // Output 0 is bus 0 of the top half; host lane 0 is input 8.
    bench.open(0, 8);
    expect(step(label)).toBe(false);
    bench.write(CommonPadiBusConfig, HemisphereOnDls.at(0), { enableSpl10: true });
    expect(step(label)).toBe(true);
    expect(step((4 << 6) | 3)).toBe(false);
    // Lane 1 has no open node.
    expect(step(0x4000 | label)).toBe(false);
  });
});

describe("background sources", () => {
  const source = (k: number, fields: Partial<ReturnType<typeof BackgroundSpikeSource.decode>>): BenchChip => {
    const bench = new BenchChip({ seed: 2 });
    bench.write(BackgroundSpikeSource, BackgroundSpikeSourceOnDls.at(k), { enable: true, ...fields });
    return bench;
  };

  it("send a label every period into the crossbar, and stop when told to", () => {
    const bench = source(0, { period: 500, neuronLabel: 0x1234 });
    bench.write(CrossbarOutputConfig, theChip, { enableEventCounter8: true });
    bench.wait(100);
    const { count, time, label } = bench.chip.takeSpikes();
    expect(count).toBe(50);
    expect([...time].every((t, i) => t === 500 * (i + 1))).toBe(true);
    expect([...label].every((l) => (l & 0x3fff) === 0x1234)).toBe(true);
    expect(bench.read(CrossbarOutputEventCounter, CrossbarOutputOnDls.at(8)).value).toBe(50);
    bench.write(BackgroundSpikeSource, BackgroundSpikeSourceOnDls.at(0), { enable: false, period: 500 });
    bench.wait(100);
    expect(bench.chip.takeSpikes().count).toBe(0);
  });

  // 20,000 draws at p = 64 / 256: sd of the count 61; bounds at 4.5 of these, one false alarm in 150,000 seeds.
  it("draw at every period when random: the rate, the masked label bits, the same events for the same seed", () => {
    const fields = { period: 25, enableRandom: true, rate: 63, mask: 0x0f, neuronLabel: 0x100, seed: 77 };
    const take = (cut: number, seed = 77) => {
      const bench = source(3, { ...fields, seed });
      const time: number[] = [];
      const label: number[] = [];
      for (let t = 0; t < 2000; t += cut) {
        bench.wait(cut);
        const events = bench.chip.takeSpikes();
        time.push(...events.time);
        label.push(...events.label);
      }
      return { time, label };
    };
    const whole = take(2000);
    // Input 15 leads to outputs 3 and 11: one lane to the host.
    expect(Math.abs(whole.time.length - 5000)).toBeLessThan(4.5 * 61);
    expect(new Set(whole.label.map((l) => l & 0xf)).size).toBe(16);
    expect(new Set(whole.label.map((l) => l & 0x3ff0))).toEqual(new Set([0x100]));
    expect(take(125)).toEqual(whole);
    expect(take(2000, 78)).not.toEqual(whole);
  });
});

describe("neurons that drive each other", () => {
  /** Neuron 0 fires by itself; its events excite neuron 16, strongly enough to make it fire, and 16 inhibits 0. */
  function pair(pieces: readonly number[], isJoined: boolean): [number, number][] {
    const bench = new SynapseBench({ seed: 4, preset: "ideal", knobs: { trialNoise: 0.3 } });
    bench.prepare(0, { enableMembraneOffset: true });
    bench.prepare(16);
    bench.writeCodes(0, { ...inputCodes, v_threshold: 560 });
    bench.writeCodes(16, { ...inputCodes, i_bias_synin_exc_gm: 1022, v_threshold: 341 });
    bench.write(CommonPadiBusConfig, HemisphereOnDls.at(0), { enableSpl10: isJoined });
    // Both neurons have event output 0, which leads to outputs 0, 4 and 8.
    bench.open(0, 0);
    bench.open(8, 0);
    // Driver 0 takes the events of neuron 0 (row address 0), driver 4 those of neuron 16 (row address 1).
    bench.driver(0, { rowModeBottom: 1 });
    bench.driver(4, { rowModeBottom: 2 });
    bench.synapse(0, 16, 63, 1);
    bench.synapse(8, 0, 63, 2);
    bench.wait(60_000);
    bench.writeBackend(0, { enableSpikeOut: true, addressOut: 1 });
    bench.writeBackend(16, { enableSpikeOut: true, addressOut: (1 << 6) | 2 });
    const begin = bench.now;
    const events: [number, number][] = [];
    for (let i = 0; bench.now < begin + 400 * us; i++) {
      bench.wait(Math.min(pieces[i % pieces.length]!, (begin + 400 * us - bench.now) / us));
      const { time, label } = bench.chip.takeSpikes();
      for (const [k, t] of time.entries()) events.push([t - begin, label[k]! & 0xff]);
    }
    return events;
  }

  const whole = pair([400], true);
  const times = (events: [number, number][], label: number): number[] =>
    events.filter(([, l]) => l === label).map(([t]) => t);

  it("fire one after the other", () => {
    const [first, second] = [times(whole, 1), times(whole, 0x42)];
    expect(first.length).toBeGreaterThan(5);
    expect(second.length).toBeGreaterThan(3);
    // Each spike of the second follows one of the first within the membrane's time constant, 16 us.
    for (const t of second) expect(first.some((f) => t - f > 0 && t - f < 16 * us)).toBe(true);
    const alone = pair([400], false);
    expect(times(alone, 0x42)).toEqual([]);
    expect(times(alone, 1)).not.toEqual(first);
  });

  it("do the same however the time is cut", () => {
    expect(pair([0.012, 3.7, 40, 0.1], true)).toEqual(whole);
  });

  it("are reset four at a time", () => {
    const bench = new BenchChip({ seed: 3 });
    bench.configure(0);
    const neurons = [256, 258, 260, 262];
    for (const neuron of neurons) {
      bench.writeCodes(neuron, { v_threshold: 1000 });
      bench.writeConfig(neuron, {});
    }
    bench.wait(60_000);
    for (const neuron of neurons) {
      bench.writeBackend(neuron, { enableSpikeOut: true, addressOut: neuron - 250 });
    }
    bench.wait(100);
    bench.chip.takeSpikes();
    bench.write(NeuronResetQuad, NeuronResetQuadOnDls.of(1, 0), {});
    bench.wait(10);
    expect([...bench.chip.takeSpikes().label].map((l) => l & 0xff).sort((a, b) => a - b)).toEqual([6, 8, 10, 12]);
  });
});
