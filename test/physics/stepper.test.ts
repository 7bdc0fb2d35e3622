/** The kernel against the reference body, and the reference body against finer steps. */
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/base/rng.js";
import { loadKernels } from "../../src/kernels/load.js";
import { KernelSpace } from "../../src/kernels/module.js";
import { NoiseStream } from "../../src/virtual-chip/noise.js";
import {
  CircuitNoise,
  createAdexState,
  createAdexTrace,
  stepAdex,
  stepUs,
} from "../../src/virtual-chip/physics/adex.js";
import { KernelStepper } from "../../src/virtual-chip/physics/kernel-stepper.js";
import { type AdexParameters, createAdexParameters } from "../../src/virtual-chip/physics/parameters.js";
import { coefficientCount, deriveCoefficients } from "../../src/virtual-chip/physics/propagator.js";
import { type CircuitStepper, ReferenceStepper, type SteppedCircuit } from "../../src/virtual-chip/physics/stepper.js";
import { BenchChip } from "./bench-chip.js";

const loaded = loadKernels();
if (loaded.variant === "none") throw new Error(loaded.why);
const { module } = loaded;
const stream = new NoiseStream(Rng.fromSeed(21));

/** Circuits that between them leak, fire, burst, adapt in both directions, hit the rails, are held in reset, get input. */
function anyCircuit(rng: Rng, index: number): SteppedCircuit {
  const uniform = (low: number, high: number): number => low + (high - low) * rng.uniform();
  const p: AdexParameters = {
    ...createAdexParameters(),
    ...{ capacitance: uniform(0.3, 2.5), leakConductance: uniform(0.02, 0.5), leakVoltage: uniform(0.3, 0.7) },
    ...{ resetConductance: uniform(1, 6), resetVoltage: uniform(0.1, 0.9), threshold: uniform(0.7, 1.1) },
    ...{ fires: index % 7 !== 3, pauseDuringReset: index % 2 === 0 },
    ...{ exponentialScale: index % 5 === 4 ? 0 : 0.015, exponentialVoltage: uniform(0.6, 1), exponentialSlope: 0.02 },
    ...{ adaptationTransconductance: index % 3 === 0 ? 0 : uniform(-0.3, 0.6), adaptationReference: 0.4 },
    ...{ adaptationRate: uniform(0.002, 0.2), adaptationCoupling: uniform(-0.5, 0.5), adaptationLeakVoltage: 0.5 },
    ...{ pulseSlope: uniform(-0.02, 0.1), offsetCurrent: uniform(-0.05, 0.3) },
    ...{ excitatoryTau: uniform(0.5, 30), inhibitoryTau: uniform(0.5, 30) },
    ...{ excitatoryTransconductance: uniform(0, 0.5), inhibitoryTransconductance: -uniform(0, 0.5) },
    ...{ noiseCurrent: index % 4 === 1 ? 0 : 0.008, onsetNoise: index % 4 < 2 ? 0 : 0.006 },
    ...{ refractorySteps: rng.int(200), resetSteps: rng.int(150), pulseSteps: rng.int(100) },
  };
  const coefficients = new Float64Array(coefficientCount);
  deriveCoefficients(coefficients, p, stepUs);
  const state = {
    ...createAdexState(),
    v: uniform(0, 1.2),
    w: uniform(0, 1.2),
    resetUntil: index === 9 ? Infinity : 0,
  };
  return { coefficients, state, noise: new CircuitNoise(stream, index) };
}

const circuits = (): SteppedCircuit[] => {
  const rng = Rng.fromSeed(4);
  return Array.from({ length: 32 }, (_, index) => anyCircuit(rng, index));
};

/** Everything that the circuits do over some runs, each of which begins with an input from outside; some go together. */
function course(
  stepper: CircuitStepper,
  all: SteppedCircuit[],
  lengths: readonly number[],
  first: number,
  input: number,
  together: number,
): Float64Array {
  const out: number[] = [];
  let step = first;
  for (const count of lengths) {
    for (const { state } of all) state.excitatory += input;
    for (let at = 0; at < all.length; at += together) {
      const tile = all.slice(at, at + together);
      stepper.step(tile, step, count, true);
      tile.forEach(({ state }, k) => {
        const { v, w, excitatory, inhibitory, spikeSteps, spikeCount } = stepper.trace(k);
        for (const values of [v, w, excitatory, inhibitory]) out.push(...values.subarray(0, count));
        out.push(spikeCount, ...spikeSteps.subarray(0, spikeCount), ...Object.values(state));
      });
    }
    step += count;
  }
  return Float64Array.from(out);
}

describe("the kernel", () => {
  const first = 3_000_000_001;
  const lengths = [1, 2, 3, 700, 2048, 5, 1500];

  it.each([
    ["with input", 16, 0.03],
    ["without input", 16, 0],
    ["alone, with input", 1, 0.03],
    ["alone, without input", 1, 0],
  ])("gives the bytes of the reference body, circuits %s", (_, together, input) => {
    const stepper = new KernelStepper(new KernelSpace(module, 2 ** 21), 8);
    const reference = course(new ReferenceStepper(), circuits(), lengths, first, input, together);
    const kernel = course(stepper, circuits(), lengths, first, input, together);
    expect(kernel.length).toBe(reference.length);
    expect(kernel.findIndex((x, i) => !Object.is(x, reference[i]))).toBe(-1);
  });

  it("gives the same bytes one circuit at a time, and in another company", () => {
    const ends = (stepper: CircuitStepper, order: (n: number) => number, size: number): unknown[] => {
      const all = circuits();
      const shuffled = all.map((_, i) => all[order(i)]!);
      for (let at = 0; at < shuffled.length; at += size)
        stepper.step(shuffled.slice(at, at + size), first, 2048, false);
      return all.map(({ state }) => state);
    };
    const stepper = new KernelStepper(new KernelSpace(module, 2 ** 21), 8);
    const want = ends(new ReferenceStepper(), (i) => i, 1);
    expect(ends(stepper, (i) => i, 1)).toEqual(want);
    expect(ends(stepper, (i) => i, 16)).toEqual(want);
    expect(ends(stepper, (i) => (13 * i) % 32, 5)).toEqual(want);
  });
});

it("makes a chip with kernels send what a chip without them sends", () => {
  const recorded = (kernels: WebAssembly.Module | undefined) => {
    const bench = new BenchChip({ seed: 5, ...(kernels && { kernels }) });
    bench.configure(40, { v_reset: 650 }, { enableMembraneOffset: true });
    bench.writeBackend(40, { enableSpikeOut: true });
    bench.startMadc(5000);
    bench.wait(300);
    return { samples: bench.chip.takeMadc(), spikes: bench.chip.takeSpikes() };
  };
  const fast = recorded(module);
  expect(fast.spikes.count).toBeGreaterThan(10);
  expect(fast).toEqual(recorded(undefined));
});

describe("the method", () => {
  // The eight firing patterns' working points differ in little that matters here: one regular and one bursting circuit.
  const base: AdexParameters = {
    ...createAdexParameters(),
    ...{ capacitance: 2.4, leakConductance: 0.15, leakVoltage: 0.55, resetConductance: 4.5, resetVoltage: 0.6 },
    ...{ threshold: 1.05, fires: true, exponentialScale: 0.015, exponentialVoltage: 0.8, exponentialSlope: 0.02 },
    ...{ pauseDuringReset: true, adaptationTransconductance: 0.5, adaptationReference: 0.4, adaptationRate: 0.02 },
    ...{ adaptationCoupling: 0.05, adaptationLeakVoltage: 0.55, pulseSlope: 0.1, offsetCurrent: 0.175 },
    ...{ refractorySteps: 120, resetSteps: 116, pulseSteps: 64 },
  };

  /** Times of the first 20 spikes, us, with a step of `stepUs / division`. */
  function spikeTimes(p: AdexParameters, division: number): number[] {
    const fine = { ...p, refractorySteps: 120 * division, resetSteps: 116 * division, pulseSteps: 64 * division };
    const c = new Float64Array(coefficientCount);
    deriveCoefficients(c, fine, stepUs / division);
    const state = { ...createAdexState(), v: 0.55, w: 0.4 };
    const trace = createAdexTrace(2048);
    const times: number[] = [];
    for (let step = 0; times.length < 20 && step < 4e6; step += 2048) {
      stepAdex(c, state, trace, step, 2048, new CircuitNoise(stream, 0));
      for (let k = 0; k < trace.spikeCount; k++) times.push(((step + trace.spikeSteps[k]! + 1) * stepUs) / division);
    }
    return times.slice(0, 20);
  }

  it.each([
    ["regular", 0.6],
    ["bursting", 0.83],
  ])("puts the first 20 spikes of a %s neuron within 0.1 us of where steps of 1 ns put them", (_, resetVoltage) => {
    const coarse = spikeTimes({ ...base, resetVoltage }, 1);
    const fine = spikeTimes({ ...base, resetVoltage }, 16);
    expect(fine.length).toBe(20);
    const deviations = coarse.map((t, i) => Math.abs(t - fine[i]!));
    expect(Math.max(...deviations)).toBeLessThan(0.1);
  });
});
