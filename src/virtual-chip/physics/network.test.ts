import { describe, expect, it } from "vitest";
import { Rng } from "../../base/rng.js";
import { NoiseStream } from "../noise.js";
import { CircuitNoise, createAdexState, createAdexTrace, stepAdex, stepUs } from "./adex.js";
import { Network, type NetworkLayout, type NetworkMember } from "./network.js";
import { type AdexParameters, createAdexParameters } from "./parameters.js";
import { coefficientCount, deriveCoefficients } from "./propagator.js";

const stream = new NoiseStream(Rng.fromSeed(3));

function circuit(changes: Partial<AdexParameters> = {}): AdexParameters {
  const leaky = { capacitance: 2, leakConductance: 0.2, leakVoltage: 0.5, resetConductance: 4, resetVoltage: 0.3 };
  const adaptation = { adaptationReference: 0.4, adaptationRate: 0.05 };
  return { ...createAdexParameters(), ...leaky, threshold: 1, ...adaptation, ...changes };
}

function member(parameters: AdexParameters, start = {}, steps = 2000): NetworkMember {
  const state = { ...createAdexState(), v: 0.5, w: 0.4, ...start };
  return { parameters, state, noise: new CircuitNoise(stream, 0), trace: createAdexTrace(steps) };
}

const alone: NetworkLayout = { nodeCount: 2, membrane: [0], line: [1], extraCapacitance: [0, 0.1], followers: [[]] };
const shorted: NetworkLayout = {
  ...{ nodeCount: 3, membrane: [0, 0], line: [1, 2], extraCapacitance: [0, 0.1, 0.1], followers: [[], []] },
};
/** Member 0 sits on the line, member 1 reaches it through its conductance. */
const axial: NetworkLayout = {
  ...{ nodeCount: 2, membrane: [0, 1], line: [0, 0], extraCapacitance: [0, 0], followers: [[], []] },
};

/** A spiking circuit with everything on. */
const full = circuit({
  ...{ adaptationTransconductance: 0.5, adaptationCoupling: 0.2, adaptationLeakVoltage: 0.5, pulseSlope: 0.05 },
  ...{ exponentialScale: 0.015, exponentialVoltage: 0.7, exponentialSlope: 0.02, offsetCurrent: 0.1 },
  ...{ fires: true, refractorySteps: 120, resetSteps: 110, pulseSteps: 64, threshold: 0.9, noiseCurrent: 0.005 },
  ...{ excitatoryTau: 5, inhibitoryTau: 5, excitatoryTransconductance: 0.3 },
});

describe("Network", () => {
  it("does with one circuit what the single stepper does", () => {
    const one = member(full, { excitatory: 0.2 }, 20_000);
    new Network(alone).step([one], 0, 20_000, stepUs);
    const c = new Float64Array(coefficientCount);
    deriveCoefficients(c, full, stepUs);
    const state = { ...createAdexState(), v: 0.5, w: 0.4, excitatory: 0.2 };
    const trace = createAdexTrace(20_000);
    stepAdex(c, state, trace, 0, 20_000, new CircuitNoise(stream, 0));
    expect(trace.spikeCount).toBeGreaterThan(8);
    expect(one.trace.spikeCount).toBe(trace.spikeCount);
    for (let k = 0; k < trace.spikeCount; k++)
      expect(Math.abs(one.trace.spikeSteps[k]! - trace.spikeSteps[k]!)).toBeLessThanOrEqual(1);
    const first = trace.spikeSteps[0]!;
    for (let i = 0; i < first - 20; i++) expect(one.trace.v[i]).toBeCloseTo(trace.v[i]!, 5);
  });

  it("makes one membrane of two shorted ones: capacitances, conductances and currents add up", () => {
    const a = circuit({ capacitance: 2, leakConductance: 0.3, leakVoltage: 0.6, offsetCurrent: 0.03 });
    const b = circuit({ capacitance: 1, leakConductance: 0.1, leakVoltage: 0.4 });
    const [first, second] = [member(a, { v: 0.9 }), member(b, { v: 0.6 })];
    new Network(shorted).step([first, second], 0, 1000, stepUs);
    // Charge is shared: (2 * 0.9 + 1 * 0.6) / 3 = 0.8. Target (0.18 + 0.04 + 0.03) / 0.4 = 0.625; tau = 3 / 0.4 us.
    for (const step of [0, 100, 999]) {
      const expected = 0.625 + (0.8 - 0.625) * Math.exp((-(step + 1) * stepUs) / 7.5);
      expect(first.trace.v[step]).toBeCloseTo(expected, 9);
      expect(second.trace.v[step]).toBe(first.trace.v[step]);
    }
  });

  it("couples two compartments through the conductance with the two time constants of the pair", () => {
    const soma = circuit();
    const dendrite = circuit({ axialConductance: 0.1 });
    const [a, b] = [member(soma, { v: 0.7 }), member(dendrite, { v: 0.5 })];
    new Network(axial).step([a, b], 0, 2000, stepUs);
    // Equal compartments: the mean decays with C / g = 10 us, the difference with C / (g + 2 gax) = 5 us.
    for (const step of [10, 300, 1999]) {
      const t = (step + 1) * stepUs;
      const mean = 0.1 * Math.exp(-t / 10);
      const half = 0.1 * Math.exp(-t / 5);
      expect(a.trace.v[step]).toBeCloseTo(0.5 + mean + half, 7);
      expect(b.trace.v[step]).toBeCloseTo(0.5 + mean - half, 7);
    }
  });

  it("attenuates a steady current on its way to the soma as the conductances say", () => {
    const dendrite = circuit({ axialConductance: 0.1, offsetCurrent: 0.06 });
    const [a, b] = [member(circuit(), {}, 10_000), member(dendrite, {}, 10_000)];
    new Network(axial).step([a, b], 0, 10_000, stepUs);
    // By hand: (g + gax) b - gax a = I, (g + gax) a - gax b = 0 above rest: b = I (g + gax) / ((g + gax)^2 - gax^2).
    expect(b.trace.v[9999]! - 0.5).toBeCloseTo((0.06 * 0.3) / 0.08, 5);
    expect(a.trace.v[9999]! - 0.5).toBeCloseTo((0.06 * 0.1) / 0.08, 5);
  });

  it("resets those that follow a master together with it", () => {
    const followed = { ...shorted, followers: [[1], []] };
    const master = member(circuit({ fires: true, threshold: 0.6, resetSteps: 50, refractorySteps: 60 }), { v: 0.7 });
    const slave = member(circuit({ resetSteps: 40, refractorySteps: 60, resetVoltage: 0.2 }), { v: 0.7 });
    new Network(followed).step([master, slave], 0, 30, stepUs);
    expect(master.trace.spikeCount).toBe(1);
    expect(slave.trace.spikeCount).toBe(0);
    expect(slave.state.resetUntil).toBe(41);
    // Both pull with 4 uS: 0.25 V, time constant 4 pF / 8 uS = 0.5 us.
    const expected = 0.25 + (master.trace.v[0]! - 0.25) * Math.exp((-29 * stepUs) / 0.5);
    expect(master.trace.v[29]).toBeCloseTo(expected, 9);
  });
});
