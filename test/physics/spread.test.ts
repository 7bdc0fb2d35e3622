/**
 * Statistics of a chip's 512 neurons, measured through the device interface alone (CADC, spike counters, MADC) and held to the
 * spreads of docs/chip-model.md, "Mismatch". Each test compares one sample of 512 with its law by Kolmogorov and Smirnov
 * at a false-alarm rate of 1e-4: the distance must stay below sqrt(-ln(1e-4 / 2) / 2 / 512) = 0.0983. Seven comparisons: one
 * false alarm in 1400 seeds. For the counts the law itself is a sample of 20,000, which adds 2.5 % to the bound.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDevice } from "../../src/api/index.js";
import { Rng } from "../../src/base/rng.js";
import { numNeurons, setUpAll } from "../../src/calib/routines/all-neurons.js";
import { measureFiringOnset, measureLeak, measureRate, measureTau } from "../../src/calib/routines/measure-array.js";
import type { Device, Session } from "../../src/device/interface/index.js";
import { measureExtremes } from "./madc-array.js";

const critical = Math.sqrt(Math.log(2 / 1e-4) / 2 / numNeurons);
/** What leak and reset lie below their cells, V. */
const drop = 0.37;
const cellVolts = (code: number): number => 0.02 + 1.88e-3 * code;
const erf = (x: number): number => {
  // Abramowitz and Stegun 7.1.26: error below 1.5e-7.
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(x) * (1 - poly * Math.exp(-x * x));
};
const normalCdf = (x: number, mean: number, sd: number): number => (1 + erf((x - mean) / sd / Math.SQRT2)) / 2;

/** Largest distance between a sample's distribution and a law; for rounded values looked at between two of them. */
function distance(sample: readonly number[], cdf: (x: number) => number, rounding = 0): number {
  const sorted = [...sample].sort((a, b) => a - b);
  let largest = 0;
  sorted.forEach((x, i) => {
    const isLast = sorted[i + 1] !== x;
    if (isLast) largest = Math.max(largest, Math.abs((i + 1) / sorted.length - cdf(x + rounding / 2)));
    if (rounding === 0) largest = Math.max(largest, Math.abs(i / sorted.length - cdf(x)));
  });
  return largest;
}

describe("512 neurons of a chip with mismatch and nothing else", { timeout: 120_000 }, () => {
  let device: Device;
  let session: Session;

  const leakCode = 560;
  const resetCode = 400;
  const codes = {
    v_leak: leakCode,
    v_reset: resetCode,
    i_bias_leak: 300,
    i_bias_reset: 1022,
    v_threshold: 900,
  };
  let leak: number[] = [];

  beforeAll(async () => {
    device = await openDevice("virtual:?chip=21&preset=ideal&mismatch=1");
    session = await device.openSession();
    leak = await measureLeak(session, codes);
  });
  afterAll(async () => {
    await device?.close();
  });

  it("have leak potentials spread by 25 mV", () => {
    const mean = cellVolts(leakCode) - drop;
    expect(distance(leak, (x) => normalCdf(x, mean, 0.025), 4.5e-3)).toBeLessThan(critical);
  });

  it("have reset potentials spread by 25 mV, and time constants by 20 % of the conductance and 3 % of the capacitor", async () => {
    const { reset, tauUs } = await measureTau(session, { codes, leak, afterUs: 8 });
    const mean = cellVolts(resetCode) - drop;
    expect(distance(reset, (x) => normalCdf(x, mean, 0.025), 4.5e-3)).toBeLessThan(critical);

    const nominal = (0.035 * 63 + 0.2) / (0.73 * (300 / 1022) ** 0.8);
    const law = (x: number): number => normalCdf(x, Math.log(nominal), Math.hypot(0.2, 0.03));
    expect(distance(tauUs.map(Math.log), law)).toBeLessThan(critical);
  });

  it("have thresholds spread by 25 mV: where a neuron begins to fire as its threshold comes down", async () => {
    const highest = 424;
    const step = 12;
    const thresholds = Array.from({ length: 11 }, (_, k) => highest - step * k);
    const onset = await measureFiringOnset(session, { codes, thresholds, windowUs: 40 });
    // It lies between the last two nominal values and the leak; a step of 23 mV is the measurement's own spread.
    const shift = onset.map((code, n) => leak[n]! - cellVolts(code));
    const sd = Math.hypot(0.025, (step * 1.88e-3) / Math.sqrt(12));
    expect(distance(shift, (x) => normalCdf(x, 0, sd))).toBeLessThan(critical);
  });

  // As calix does: the membrane rises to the threshold and falls to the reset. The readout's pole takes a little of both.
  it("show the same spreads of threshold and reset in the extremes of their traces on the MADC", async () => {
    const driven = { ...codes, v_leak: 650, v_threshold: 330 };
    await setUpAll(session, { codes: driven, fires: true });
    const all = Array.from({ length: numNeurons }, (_, n) => n);
    const switches = {
      ...{ membraneCapacitorSize: 63, enableReadoutAmplifier: true, enableResetMultiplication: true },
      ...{ enableFire: true, enableThresholdComparator: true },
    };
    const { low, high } = await measureExtremes(session, all, switches, 20);
    expect(distance(high, (x) => normalCdf(x, cellVolts(330), 0.025), 1.2e-3)).toBeLessThan(critical);
    // Held for 29 ticks of 64 ns, the membrane keeps this much of its way.
    const resetTau = (0.035 * 63 + 0.2) * (1 / (8 * 0.73) + 0.05);
    const left = Math.exp(-1.856 / resetTau);
    const reset = low.map((volts, n) => (volts - left * (high[n] ?? 0)) / (1 - left));
    expect(distance(reset, (x) => normalCdf(x, cellVolts(resetCode) - drop, 0.025), 1.2e-3)).toBeLessThan(critical);
  });

  it("fire at the rates that these spreads give", async () => {
    const [leakAt, thresholdAt] = [650, 350];
    const driven = { ...codes, v_leak: leakAt, v_threshold: thresholdAt };
    const { counts, windowUs: window } = await measureRate(session, driven, 200);
    const rng = Rng.fromSeed(5);
    const resetTau = (0.035 * 63 + 0.2) * (1 / (8 * 0.73) + 0.05);
    const law = Array.from({ length: 20_000 }, () => {
      const shifted = (mean: number): number => mean + 0.025 * rng.normal();
      const [e, r, th] = [
        shifted(cellVolts(leakAt) - drop),
        shifted(cellVolts(resetCode) - drop),
        shifted(cellVolts(thresholdAt)),
      ];
      // Held for 29 ticks of 64 ns, which leave a little of the way to the reset potential.
      const held = 1.856;
      const from = r + (th - r) * Math.exp(-held / resetTau);
      const tau =
        ((0.035 * 63 + 0.2) * Math.exp(0.03 * rng.normal())) /
        (0.73 * (300 / 1022) ** 0.8 * Math.exp(0.2 * rng.normal()));
      // The last spike before the window lies anywhere in an interval.
      return Math.floor(window / (held + tau * Math.log((e - from) / (e - th))) + rng.uniform());
    }).sort((a, b) => a - b);
    const cdf = (x: number): number => law.filter((y) => y <= x).length / law.length;
    expect(distance(counts, cdf, 1)).toBeLessThan(1.025 * critical);
  });
});
