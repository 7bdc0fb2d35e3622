import { describe, expect, it } from "vitest";
import { Rng } from "../../base/rng.js";
import { NoiseStream } from "../noise.js";
import { CircuitNoise, createAdexState, createAdexTrace, settleAtRest, stepAdex, stepUs } from "./adex.js";
import { type AdexParameters, createAdexParameters } from "./parameters.js";
import { coefficientCount, deriveCoefficients } from "./propagator.js";

const silence = new CircuitNoise(new NoiseStream(Rng.fromSeed(0)), 0);

/** A leaky membrane with tau = 10 us at rest at 0.5 V; no spikes, no exponential, no adaptation, no noise. */
function leaky(changes: Partial<AdexParameters> = {}): AdexParameters {
  return {
    ...createAdexParameters(),
    capacitance: 2,
    leakConductance: 0.2,
    leakVoltage: 0.5,
    resetConductance: 4,
    resetVoltage: 0.3,
    threshold: 1,
    adaptationReference: 0.4,
    adaptationRate: 0.05,
    ...changes,
  };
}

const rest = { ...createAdexState(), v: 0.5, w: 0.4 };

function coefficients(p: AdexParameters, dt = stepUs): Float64Array {
  const c = new Float64Array(coefficientCount);
  deriveCoefficients(c, p, dt);
  return c;
}

function run(p: AdexParameters, steps: number, start = {}, dt = stepUs) {
  const state = { ...rest, ...start };
  const trace = createAdexTrace(steps);
  stepAdex(coefficients(p, dt), state, trace, 0, steps, silence);
  return { state, trace };
}

describe("stepAdex", () => {
  it("decays to the leak potential as exp(-t / tau)", () => {
    const { trace } = run(leaky(), 2000, { v: 0.9 });
    for (const step of [10, 100, 625, 1999]) {
      const t = (step + 1) * stepUs;
      expect(trace.v[step]).toBeCloseTo(0.5 + 0.4 * Math.exp(-t / 10), 12);
    }
  });

  it("answers a current step with I / g (1 - exp(-t / tau))", () => {
    const { trace } = run(leaky({ offsetCurrent: 0.04 }), 2000);
    expect(trace.v[1249]).toBeCloseTo(0.5 + 0.2 * (1 - Math.exp(-2)), 6);
  });

  it("pulls the membrane to the reset potential with the reset's time constant while a spike holds it", () => {
    const { trace } = run(leaky(), 100, { v: 0.9, resetUntil: 100, refractoryUntil: 120 });
    // tau = 2 pF / 4 uS = 0.5 us; 31 steps are 0.496 us.
    expect(trace.v[30]).toBeCloseTo(0.3 + 0.6 * Math.exp(-0.496 / 0.5), 12);
    expect(trace.v[99]).toBeCloseTo(0.3 + 0.6 * Math.exp(-3.2), 12);
  });

  it("fires at the rate of the leaky case: reset time plus tau ln((Vinf - Vr) / (Vinf - Vth))", () => {
    const p = leaky({ offsetCurrent: 0.16, fires: true, refractorySteps: 125, resetSteps: 125, resetConductance: 40 });
    const { trace } = run(p, 20_000, {});
    const spikes = [...trace.spikeSteps.subarray(0, trace.spikeCount)];
    // The current lifts the held membrane by I / g = 4 mV.
    const expected = 2 + 10 * Math.log((1.3 - 0.304) / (1.3 - 1));
    const intervals = spikes.slice(1).map((s, i) => (s - spikes[i]!) * stepUs);
    expect(intervals.length).toBeGreaterThan(15);
    for (const interval of intervals) expect(Math.abs(interval - expected)).toBeLessThan(2 * stepUs);
  });

  it("is refractory for exactly the set number of steps, even when the threshold stays crossed", () => {
    const p = leaky({ resetVoltage: 1.1, fires: true, refractorySteps: 120, resetSteps: 116, leakVoltage: 1.1 });
    const { trace } = run(p, 1300, { v: 1.1 });
    const spikes = [...trace.spikeSteps.subarray(0, trace.spikeCount)];
    expect(spikes).toEqual(Array.from({ length: 11 }, (_, i) => 120 * i));
  });

  it("raises the adaptation by slope times pulse length per spike and lets it decay with its rate", () => {
    const p = leaky({ pulseSlope: 0.1, adaptationRate: 0.02 });
    const { trace } = run(p, 5000, { pulseUntil: 64 });
    const length = 64 * stepUs;
    const peak = (0.1 / 0.02) * (1 - Math.exp(-0.02 * length));
    expect(trace.w[63]).toBeCloseTo(0.4 + peak, 6);
    expect(trace.w[4063]).toBeCloseTo(0.4 + peak * Math.exp(-0.02 * 4000 * stepUs), 6);
  });

  it("reaches the equilibrium of membrane and adaptation that settleAtRest computes", () => {
    const p = leaky({ adaptationTransconductance: 0.5, adaptationCoupling: 0.2, adaptationLeakVoltage: 0.45 });
    const state = { ...rest };
    settleAtRest(state, p);
    const far = run(p, 62_500).state;
    expect(far.v).toBeCloseTo(state.v, 9);
    expect(far.w).toBeCloseTo(state.w, 9);
    // g (V - E) = -gm alpha (V - Eadapt), by hand: (0.2 * 0.5 + 0.1 * 0.45) / 0.3
    expect(state.v).toBeCloseTo(0.145 / 0.3, 12);
  });

  it("has an error that falls with the square of the step", () => {
    const p = leaky({
      adaptationTransconductance: 0.5,
      adaptationCoupling: 0.2,
      adaptationLeakVoltage: 0.5,
      exponentialScale: 0.01,
      exponentialVoltage: 0.75,
      exponentialSlope: 0.03,
      offsetCurrent: 0.04,
    });
    // Begins above the potential below which the exponential is left out: that jump is of first order, and 1e-4 small.
    const end = (halvings: number) => run(p, 200 * 2 ** halvings, { v: 0.6 }, 0.064 / 2 ** halvings).state.v;
    const exact = end(7);
    const errors = [0, 1, 2, 3].map((h) => Math.abs(end(h) - exact));
    for (let i = 1; i < errors.length; i++) {
      const ratio = errors[i - 1]! / errors[i]!;
      expect(ratio).toBeGreaterThan(3.6);
      expect(ratio).toBeLessThan(4.4);
    }
  });

  it("carries the exponential current along as the potential has it, and gives it up near its limit", () => {
    const p = leaky({
      ...{ exponentialScale: 0.015, exponentialVoltage: 0.8, exponentialSlope: 0.02, offsetCurrent: 0.06 },
      ...{
        pauseDuringReset: true,
        noiseCurrent: 0.008,
        fires: true,
        threshold: 1.05,
        resetSteps: 116,
        resetVoltage: 0.6,
        refractorySteps: 120,
      },
    });
    const c = coefficients(p);
    const state = { ...rest, v: 0.7 };
    const trace = createAdexTrace(1);
    const noise = new CircuitNoise(new NoiseStream(Rng.fromSeed(8)), 0);
    const errors: number[] = [];
    let spikes = 0;
    for (let step = 1; step < 60_000; step++) {
      stepAdex(c, state, trace, step, 1, noise);
      spikes += trace.spikeCount;
      if (Number.isNaN(state.exponential)) continue;
      const current = 0.015 * Math.exp((state.v - 0.8) / 0.02);
      expect(current).toBeLessThan(1 + 1e-4);
      errors.push(Math.abs(state.exponential / current - 1));
    }
    expect(spikes).toBeGreaterThan(20);
    expect(errors.length).toBeGreaterThan(20_000);
    // The rule itself leaves 3e-4 of the current at the largest movement that the series serves.
    expect(Math.max(...errors)).toBeLessThan(4e-5);
    expect(errors.sort((a, b) => a - b)[errors.length >> 1]).toBeLessThan(4e-8);
    const limited = { ...rest, v: 1 };
    stepAdex(c, limited, trace, 1, 1, silence);
    expect(limited.exponential).toBeNaN();
  });

  it("does not leave the supply rails", () => {
    const { trace } = run(leaky({ offsetCurrent: 5 }), 500);
    expect(trace.v[499]).toBe(1.2);
    expect(run(leaky({ offsetCurrent: -5 }), 500).trace.v[499]).toBe(0);
  });

  it("gives the same trace however the run is cut", () => {
    const p = leaky({ noiseCurrent: 0.01, onsetNoise: 0.005, offsetCurrent: 0.16, fires: true, refractorySteps: 120 });
    const stream = new NoiseStream(Rng.fromSeed(5));
    const c = coefficients(p);
    const first = 3_000_000_001;
    const whole = { ...rest };
    const trace = createAdexTrace(4000);
    stepAdex(c, whole, trace, first, 4000, new CircuitNoise(stream, 7));
    const cut = { ...rest };
    const piece = createAdexTrace(4000);
    let done = 0;
    for (const length of [1, 2, 3, 5, 1000, 13, 1023, 1953]) {
      stepAdex(c, cut, piece, first + done, length, new CircuitNoise(stream, 7));
      expect([...piece.v.subarray(0, length)]).toEqual([...trace.v.subarray(done, done + length)]);
      done += length;
    }
    expect(done).toBe(4000);
    expect(cut).toEqual(whole);
  });
});
