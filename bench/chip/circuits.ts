/** The circuits that chip bench, C loop and Brian2 integrate: near the two-parameter task's working point, with noise. */
import { Rng } from "../../src/base/rng.js";
import { NoiseStream } from "../../src/virtual-chip/noise.js";
import { CircuitNoise, createAdexState, stepUs } from "../../src/virtual-chip/physics/adex.js";
import { createAdexParameters } from "../../src/virtual-chip/physics/parameters.js";
import { coefficientCount, deriveCoefficients } from "../../src/virtual-chip/physics/propagator.js";
import { type CircuitStepper, longestRun, type SteppedCircuit } from "../../src/virtual-chip/physics/stepper.js";

export function makeCircuits(count: number): SteppedCircuit[] {
  const stream = new NoiseStream(Rng.fromSeed(1));
  return Array.from({ length: count }, (_, k) => {
    const share = count === 1 ? 0.5 : k / (count - 1);
    const coefficients = new Float64Array(coefficientCount);
    const p = {
      ...createAdexParameters(),
      ...{ capacitance: 2.4, leakConductance: 0.15, leakVoltage: 0.5 + 0.1 * share, resetConductance: 4.5 },
      ...{
        resetVoltage: 0.6,
        threshold: 1.05,
        fires: true,
        pauseDuringReset: true,
        offsetCurrent: 0.15 + 0.05 * share,
      },
      ...{ exponentialScale: 0.015, exponentialVoltage: 0.8, exponentialSlope: 0.02, adaptationTransconductance: 0.5 },
      ...{ adaptationReference: 0.4, adaptationRate: 0.02, adaptationCoupling: 0.05, adaptationLeakVoltage: 0.55 },
      ...{ pulseSlope: 0.1, noiseCurrent: 0.008, onsetNoise: 0.006 },
      ...{ refractorySteps: 120, resetSteps: 116, pulseSteps: 64 },
    };
    deriveCoefficients(coefficients, p, stepUs);
    const state = { ...createAdexState(), v: 0.55, w: 0.4 };
    return { coefficients, state, noise: new CircuitNoise(stream, k) };
  });
}

/** Integrate all circuits, tile by tile. @param first step, where they have come to @returns spikes */
export function integrate(
  stepper: CircuitStepper,
  circuits: readonly SteppedCircuit[],
  steps: number,
  first: number,
): number {
  let spikes = 0;
  for (let at = 0; at < circuits.length; at += stepper.capacity) {
    const tile = circuits.slice(at, at + stepper.capacity);
    for (let step = 0; step < steps; step += longestRun) {
      stepper.step(tile, first + step, Math.min(longestRun, steps - step), false);
      for (let k = 0; k < tile.length; k++) spikes += stepper.trace(k).spikeCount;
    }
  }
  return spikes;
}
