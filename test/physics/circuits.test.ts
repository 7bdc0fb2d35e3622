/**
 * Every circuit and switch of a neuron, one by one, through the device interface on an ideal chip, against what
 * docs/chip-model.md says by hand. Volts: 1.2 mV per count of the MADC; a mean over 0.2 us is good to about 1 mV.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDevice } from "../../src/api/index.js";
import {
  AtomicNeuronOnDls,
  CapMemCell,
  CurrentDac,
  capMemCellOfNeuron,
  type Device,
  NeuronReset,
  type Session,
  theChip,
} from "../../src/device/interface/index.js";
import { type BenchSetting, observe, switching } from "./device-bench.js";

const neuron = 4;
const cell = (code: number): number => 0.02 + 1.88e-3 * code;
const leak = cell(505) - 0.37;
/** Conductance of an OTA, uS; capacitance at full size, pF; offset current per code, uA. */
const ota = (code: number): number => 0.73 * (code / 1022) ** 0.8;
const capacitance = (code: number): number => 0.035 * code + 0.2;
const perCode = 2.5e-4;
const mV = 1e-3;
/** The action that a setting needs: the step current on at 20 us. */
const stepOn = (setting: Omit<BenchSetting, "actions">): BenchSetting => ({
  ...setting,
  actions: [[20, switching(neuron, setting, { enableMembraneOffset: true })]],
});
const forced: BenchSetting["actions"] = [
  [20, (builder) => builder.write(NeuronReset, AtomicNeuronOnDls.at(neuron), {})],
];

describe("a neuron's circuits", { timeout: 120_000 }, () => {
  let device: Device;
  let session: Session;
  beforeAll(async () => {
    device = await openDevice("virtual:?chip=5&preset=ideal");
    session = await device.openSession();
  });
  afterAll(async () => {
    await device?.close();
  });
  const run = (setting: BenchSetting) => observe(session, neuron, setting);

  it.each([
    [{}, 1, 200],
    [{ enableLeakMultiplication: true }, 8, 800],
    [{ enableLeakDivision: true }, 1 / 8, 40],
    [{ enableLeakDegeneration: true }, 0.5, 100],
  ])("the leak with %o conducts %d times as much", async (switches, factor, code) => {
    const g = ota(300) * factor + 2e-4;
    const tau = capacitance(63) / g;
    const { at } = await run(stepOn({ codes: { i_mem_offset: code }, switches, untilUs: 30 + 6 * tau }));
    expect(Math.abs(at(15) - leak)).toBeLessThan(1.5 * mV);
    const end = (code * perCode) / g;
    expect(Math.abs(at(25 + 6 * tau) - at(15) - end)).toBeLessThan(2 * mV);
    expect(Math.abs(at(20 + tau) - at(15) - end * (1 - Math.exp(-1)))).toBeLessThan(3 * mV + 0.03 * end);
  });

  it.each([
    [63, false, 1],
    [20, false, 1],
    [63, true, -1],
  ])("the step current charges %d steps of the capacitor, inverted %s", async (size, invertMembraneOffset, sign) => {
    const switches = { membraneCapacitorSize: size, invertMembraneOffset };
    const codes = { i_bias_leak: 0, i_mem_offset: 100 };
    const { at } = await run(stepOn({ codes, switches, untilUs: 40 }));
    const slope = (sign * 100 * perCode) / capacitance(size);
    expect(Math.abs((at(27) - at(22)) / 5 / slope - 1)).toBeLessThan(0.05);
  });

  it("the reset pulls with its own strength, to its own potential, as long as the backend holds it", async () => {
    const backend = { refractoryTime: 200 };
    const strong = await run({ backend, actions: forced, untilUs: 60 });
    const reset = cell(300) - 0.37;
    expect(Math.abs(strong.at(24) - reset)).toBeLessThan(2 * mV);
    const weak = await run({
      backend,
      codes: { i_bias_reset: 100 },
      switches: { enableResetMultiplication: false },
      actions: forced,
      untilUs: 60,
    });
    const tau = capacitance(63) * (1 / (ota(100) + 2e-4) + 0.05);
    expect(Math.abs(weak.at(30) - reset - (leak - reset) * Math.exp(-10 / tau))).toBeLessThan(6 * mV);
    // 199 ticks of 64 ns later it is let go.
    const free = leak + (reset - leak) * Math.exp((-(45 - 20 - 199 * 0.064) * ota(300)) / capacitance(63));
    expect(Math.abs(strong.at(45) - free)).toBeLessThan(6 * mV);
    expect(strong.spikesUs.length).toBe(1);
  });

  it.each([
    [651, 300],
    [657, 300],
    [655, 600],
    [657, 600],
  ])("the exponential with v_exp %d and i_bias_exp %d lifts the rest as both say", async (v_exp, i_bias_exp) => {
    const { at } = await run({
      codes: { v_exp, i_bias_exp },
      switches: { enableExponential: true },
      untilUs: 20,
    });
    const slope = 0.02 * (300 / i_bias_exp) ** 0.4;
    let rest = leak;
    for (let k = 0; k < 200; k++)
      rest = leak + (5e-5 * i_bias_exp * Math.exp((rest - (cell(v_exp) - 0.6)) / slope)) / (ota(300) + 2e-4);
    expect(rest - leak).toBeGreaterThan(2.2 * mV);
    expect(Math.abs(at(15) - rest)).toBeLessThan(1.2 * mV);
  });

  it.each([
    [false, 1],
    [true, -1],
  ])("the adaptation answers the membrane, sign of a inverted: %s", async (invertAdaptationA, sign) => {
    const codes = { i_bias_adapt_a: 200 };
    const switches = { enableAdaptation: true, invertAdaptationA };
    const a = (sign * 0.5 * 200) / 1022;
    const g = ota(300) + 2e-4;
    const reference = cell(309);
    const rest = (g * leak + a * reference) / (g + a);
    const membrane = await run(stepOn({ codes, switches, untilUs: 330 }));
    expect(Math.abs(membrane.at(15) - rest)).toBeLessThan(1.5 * mV);
    expect(Math.abs(membrane.at(320) - rest - 0.05 / (g + a))).toBeLessThan(2 * mV);
    const w = await run(stepOn({ codes, switches: { ...switches, readoutSource: 3 }, untilUs: 330 }));
    expect(Math.abs(w.at(320) - w.at(15) - ((sign * 200) / 1022) * (0.05 / (g + a)))).toBeLessThan(2 * mV);
  });

  it("v_adapt_leak says where the adaptation rests, v_adapt_ref its level", async () => {
    const codes = { i_bias_adapt_a: 200, v_adapt_leak: 359, v_adapt_ref: 400 };
    const switches = { enableAdaptation: true };
    const a = (0.5 * 200) / 1022;
    const g = ota(300) + 2e-4;
    const rest = (g * leak + a * cell(359)) / (g + a);
    const membrane = await run({ codes, switches, untilUs: 20 });
    expect(Math.abs(membrane.at(15) - rest)).toBeLessThan(1.5 * mV);
    const w = await run({ codes, switches: { ...switches, readoutSource: 3 }, untilUs: 20 });
    expect(Math.abs(w.at(15) - (cell(400) + (200 / 1022) * (rest - cell(359))))).toBeLessThan(1.5 * mV);
  });

  it.each([
    [{}, {}, 7, 1],
    [{ invertAdaptationB: true }, {}, 7, -1],
    [{}, {}, 6, 0.5],
    [{}, { enableAdaptationPulse: false }, 7, 0],
  ])(
    "a spike's pulse with %o, %o, clock scale %d moves the adaptation by %d",
    async (inverted, backend, scale, share) => {
      const { at } = await run({
        codes: { i_bias_adapt_b: 200, i_bias_adapt_tau: 0 },
        switches: { enableAdaptation: true, readoutSource: 3, ...inverted },
        backend,
        common: { clockScaleAdaptationPulse: scale },
        actions: forced,
        untilUs: 40,
      });
      // 0.5 nA per code for 1.024 us on 2 pF; it decays with 500 us.
      expect(Math.abs(at(24) - at(15) - share * ((0.1 * 1.024) / 2) * Math.exp(-3 / 500))).toBeLessThan(1.5 * mV);
    },
  );

  it.each([
    [0, 64],
    [1, 16],
  ])("refractory time and hold-off count on input clock %d", async (selectInputClock, tickNs) => {
    const common = { clockScaleSlow: 3, clockScaleFast: 1 };
    const interval = async (codes: BenchSetting["codes"], backend: BenchSetting["backend"]): Promise<number> => {
      const { spikesUs } = await run({
        ...(codes && { codes }),
        backend: { selectInputClock, ...backend },
        common,
        untilUs: 200,
      });
      return (spikesUs.at(-1) as number) - (spikesUs.at(-2) as number);
    };
    // Reset above threshold: it fires again as soon as it may.
    const limit = await interval({ v_reset: 900, v_threshold: 300 }, { refractoryTime: 100 });
    expect(Math.abs(limit - 0.1 * tickNs)).toBeLessThan(0.02);
    // Below: held for all but 1 or 31 ticks, it leaves from what the reset has left of the way to its potential.
    const low = { v_reset: 400, v_threshold: 290 };
    const [reset, threshold] = [cell(400) - 0.37, cell(290)];
    const resetTau = capacitance(63) * (1 / (8 * ota(1022)) + 0.05);
    for (const [resetHoldoff, heldTicks] of [
      [15, 119],
      [0, 89],
    ] as const) {
      const held = (heldTicks * tickNs) / 1000;
      const from = reset + (threshold - reset) * Math.exp(-held / resetTau);
      const expected = held + (capacitance(63) / (ota(300) + 2e-4)) * Math.log((leak - from) / (leak - threshold));
      const found = await interval(low, { refractoryTime: 120, resetHoldoff });
      expect(Math.abs(found - expected), `hold-off ${resetHoldoff}`).toBeLessThan(0.1);
    }
  });

  it.each([
    [{ current: 50 }, 0, 1],
    [{ current: 50, sign: 1 }, 0, -1],
    [{ current: 50 }, 1, 0.5],
    [{ current: 50, connectNeuronStimulusTop: false, connectNeuronStimulusBottom: true }, 0, 0],
    [{ current: 50, enableCurrent: false }, 0, 0],
  ])("the current DAC with %o drives a membrane, shared with %d others: %d of it", async (dac, others, share) => {
    const switches = { enableUnbufferedAccess: true };
    const { at } = await run({
      switches,
      others: others === 0 ? [] : [{ neuron: 9, switches }],
      actions: [
        [20, (b) => b.write(CurrentDac, theChip, { enableCurrent: true, connectNeuronStimulusTop: true, ...dac })],
        [120, (b) => b.write(CurrentDac, theChip, {})],
      ],
      untilUs: 220,
    });
    const { at: apart } = await run({
      actions: [
        [20, (b) => b.write(CurrentDac, theChip, { current: 50, enableCurrent: true, connectNeuronStimulusTop: true })],
      ],
      untilUs: 120,
    });
    expect(Math.abs(at(115) - at(15) - (share * 0.05) / (ota(300) + 2e-4))).toBeLessThan(2 * mV);
    expect(Math.abs(at(210) - at(15))).toBeLessThan(1.5 * mV);
    expect(Math.abs(apart(115) - apart(15))).toBeLessThan(1.5 * mV);
  });

  it("a level that has been written is on its way for milliseconds", async () => {
    const { at } = await run({
      actions: [
        [20, (b) => b.write(CapMemCell, capMemCellOfNeuron(AtomicNeuronOnDls.at(neuron), "v_leak"), { value: 605 })],
      ],
      untilUs: 2000,
    });
    // Time constant 2.2 ms; the membrane follows with 9 us.
    for (const us of [600, 1100, 1900]) {
      const there = 1 - Math.exp(-(us - 20 - 9) / 2200);
      expect(Math.abs(at(us) - at(15) - 100 * 1.88 * mV * there)).toBeLessThan(2 * mV);
    }
  });

  it("the preamplifier gains more with less of its capacitor", async () => {
    const { at } = await run({ madc: { preampGainCapacitorSize: 23 }, untilUs: 20 });
    expect(Math.abs(at(15) - (32 / 24) * leak)).toBeLessThan(2 * mV);
  });

  it("spikes need the block's event registers to leave", async () => {
    const codes = { v_reset: 900, v_threshold: 300 };
    const [on, off] = [
      await run({ codes, untilUs: 50 }),
      await run({ codes, common: { enableEventRegisters: false }, untilUs: 50 }),
    ];
    expect(on.spikesUs.length).toBeGreaterThan(20);
    expect(off.spikesUs.length).toBe(0);
  });

  it("two compartments share a current as their conductances say", async () => {
    const soma = { connectSoma: true, connectSomaRight: true };
    const setting: BenchSetting = {
      switches: soma,
      others: [
        { neuron: neuron + 1, codes: { i_bias_nmda: 100 }, switches: { enableMulticompartmentConductance: true } },
      ],
      untilUs: 200,
      actions: [[20, switching(neuron, { switches: soma, untilUs: 0 }, { enableMembraneOffset: true })]],
    };
    const { at } = await run(setting);
    const g = ota(300) + 2e-4;
    const axial = ota(100);
    const end = (0.05 * (g + axial)) / ((g + axial) ** 2 - axial ** 2);
    expect(Math.abs(at(190) - at(15) - end)).toBeLessThan(2 * mV);
  });
});
