/**
 * The stepper of one AdEx circuit in float64: the reference body that faster kernels are held to. Knows parameters,
 * state and the noise stream; knows no registers, codes or converters.
 *
 *   C dV/dt   = -g (V - E) - gm (W - Wref) + Iexp(V) + Ioff + Inoise
 *   Iexp(V)   = min(I0 exp((V - Ve) / D), Imax)
 *   dW/dt     = rate (Wref + alpha (V - Eadapt) - W) + Ipulse / Cw
 *
 * with (g, E) = leak, or reset while a spike holds it. W is a voltage, as on the chip. V >= threshold, outside the
 * refractory period, is a spike. Method: Heun (explicit trapezoid) on a fixed chip-wide grid; a spike lies on the grid,
 * as the comparator's output is sampled by a clock. The noise current is held for `noiseHold` steps.
 */
import type { NoiseStream } from "../noise.js";
import { exponentialCurrentLimit, railVoltage } from "./transfer.js";

/** Chip time units of 4 ns per grid step: 16 ns, two FPGA cycles (see docs/chip-model.md, "Grid"). */
export const unitsPerStep = 4;
/** Length of a grid step, us. */
export const stepUs = 0.016;
/** The noise current changes every so many steps; one Philox block serves four such spans. */
const noiseHold = 4;
const noiseBlock = 4 * noiseHold;
/** The same for the onset of spikes: 256 steps are 4.1 us. */
const onsetHold = 256;
const onsetBlock = 4 * onsetHold;

/** Circuit quantities in V, us, pF, uS, uA. Mutable: refreshed in place. */
export interface AdexParameters {
  capacitance: number;
  leakConductance: number;
  leakVoltage: number;
  resetConductance: number;
  resetVoltage: number;
  threshold: number;
  /** Whether the comparator's output makes spikes. */
  fires: boolean;
  exponentialScale: number;
  exponentialVoltage: number;
  exponentialSlope: number;
  /** Exponential switched off while the reset holds the membrane. */
  pauseDuringReset: boolean;
  /** Signed; 0 when the adaptation is disabled. */
  adaptationTransconductance: number;
  adaptationReference: number;
  adaptationRate: number;
  /** Signed. */
  adaptationCoupling: number;
  adaptationLeakVoltage: number;
  /** Slope of the adaptation voltage during a pulse, V/us, signed. */
  pulseSlope: number;
  /** Constant current onto the membrane, uA, signed. */
  offsetCurrent: number;
  /** Standard deviation of the held noise current, uA. */
  noiseCurrent: number;
  /** Standard deviation of the wandering of threshold and exponential potential, V. */
  onsetNoise: number;
  /** Lengths in grid steps after a spike. */
  refractorySteps: number;
  resetSteps: number;
  pulseSteps: number;
}

/** State of one circuit. */
export interface AdexState {
  /** Membrane and adaptation voltage, V. */
  v: number;
  w: number;
  /** Steps left of the refractory period, of the reset, of the adaptation pulse. */
  refractoryLeft: number;
  resetLeft: number;
  pulseLeft: number;
}

/** Where a run of steps writes; reused from run to run. */
export interface AdexTrace {
  /** Voltages at the end of each step; length at least the number of steps. */
  readonly v: Float64Array;
  readonly w: Float64Array;
  /** Index within the run of each step at whose end the neuron spiked. */
  readonly spikeSteps: Uint32Array;
  spikeCount: number;
}

export function createAdexTrace(length: number): AdexTrace {
  return {
    v: new Float64Array(length),
    w: new Float64Array(length),
    spikeSteps: new Uint32Array(length),
    spikeCount: 0,
  };
}

/** Exponents below this add less than 1e-4 of the scale current: not worth an `exp`. */
const smallestExponent = -9.2;

/** Equilibrium without exponential, noise and spikes: where a circuit is that nobody looked at. */
export function settleAtRest(state: AdexState, p: AdexParameters): void {
  const coupling = p.adaptationTransconductance * p.adaptationCoupling;
  const drive = p.leakConductance * p.leakVoltage + coupling * p.adaptationLeakVoltage + p.offsetCurrent;
  const total = p.leakConductance + coupling;
  const v = total > 0 ? drive / total : p.leakVoltage;
  state.v = Math.min(Math.max(v, 0), railVoltage);
  const w = p.adaptationReference + p.adaptationCoupling * (state.v - p.adaptationLeakVoltage);
  state.w = Math.min(Math.max(w, 0), railVoltage);
  state.refractoryLeft = 0;
  state.resetLeft = 0;
  state.pulseLeft = 0;
}

/**
 * Integrate `count` steps with constant parameters.
 * @param firstStep number of the first step on the chip's grid; addresses the noise
 * @param circuit which circuit, for the noise
 * @param dt length of a step, us; other than `stepUs` only to test the method's order
 */
export function stepAdex(
  p: AdexParameters,
  state: AdexState,
  trace: AdexTrace,
  firstStep: number,
  count: number,
  noise: NoiseStream,
  circuit: number,
  dt: number = stepUs,
): void {
  const { leakConductance, resetConductance, fires, pulseSlope, exponentialScale } = p;
  const perCapacitance = 1 / p.capacitance;
  const inverseSlope = 1 / p.exponentialSlope;
  const gm = p.adaptationTransconductance;
  const { adaptationReference: wRef, adaptationRate: rate, adaptationCoupling: alpha } = p;
  const leakDrive = leakConductance * p.leakVoltage + gm * wRef;
  const resetDrive = resetConductance * p.resetVoltage + gm * wRef;
  const wDrive = rate * (wRef - alpha * p.adaptationLeakVoltage);
  const half = dt / 2;
  const { v: vOut, w: wOut, spikeSteps } = trace;
  let { v, w, refractoryLeft, resetLeft, pulseLeft } = state;
  let spikeCount = 0;

  const isNoisy = p.noiseCurrent > 0 || p.onsetNoise > 0;
  // Whole-number positions in the blocks of noise; only the block's number may need more than 31 bits.
  let onsetPhase = firstStep % onsetBlock;
  let block = (firstStep - (firstStep % noiseBlock)) / noiseBlock;
  let phase = onsetPhase % noiseBlock;
  let untilNoise = 0;
  if (isNoisy) {
    noise.normals(currents, block, circuit, kinds.current);
    noise.normals(onsets, (firstStep - onsetPhase) / onsetBlock, circuit, kinds.onset);
  }
  let current = p.offsetCurrent;
  let { threshold, exponentialVoltage: onset } = p;
  let expFrom = onset + smallestExponent * p.exponentialSlope;

  for (let i = 0; i < count; i++) {
    if (isNoisy && untilNoise-- === 0) {
      if (phase === noiseBlock) {
        phase = 0;
        noise.normals(currents, ++block, circuit, kinds.current);
        if (onsetPhase === onsetBlock) {
          onsetPhase = 0;
          noise.normals(onsets, (block * noiseBlock) / onsetBlock, circuit, kinds.onset);
        }
      }
      current = p.offsetCurrent + p.noiseCurrent * (currents[phase >> 2] as number);
      const shift = p.onsetNoise * (onsets[onsetPhase >> 8] as number);
      threshold = p.threshold + shift;
      onset = p.exponentialVoltage + shift;
      expFrom = onset + smallestExponent * p.exponentialSlope;
      const span = noiseHold - (phase & (noiseHold - 1));
      untilNoise = span - 1;
      phase += span;
      onsetPhase += span;
    }
    let g = leakConductance;
    let drive = leakDrive + current;
    let scale = exponentialScale;
    if (resetLeft > 0) {
      resetLeft--;
      g = resetConductance;
      drive = resetDrive + current;
      if (p.pauseDuringReset) scale = 0;
    }
    let wIn = wDrive;
    if (pulseLeft > 0) {
      pulseLeft--;
      wIn += pulseSlope;
    }

    let iExp = 0;
    if (v > expFrom) iExp = Math.min(scale * Math.exp((v - onset) * inverseSlope), exponentialCurrentLimit);
    const dv1 = (drive - g * v - gm * w + iExp) * perCapacitance;
    const dw1 = wIn + rate * (alpha * v - w);
    const v1 = v + dt * dv1;
    const w1 = w + dt * dw1;
    iExp = 0;
    if (v1 > expFrom) iExp = Math.min(scale * Math.exp((v1 - onset) * inverseSlope), exponentialCurrentLimit);
    const dv2 = (drive - g * v1 - gm * w1 + iExp) * perCapacitance;
    const dw2 = wIn + rate * (alpha * v1 - w1);
    v = Math.min(Math.max(v + half * (dv1 + dv2), 0), railVoltage);
    w = Math.min(Math.max(w + half * (dw1 + dw2), 0), railVoltage);

    if (refractoryLeft > 0) refractoryLeft--;
    if (v >= threshold && refractoryLeft === 0 && fires) {
      spikeSteps[spikeCount++] = i;
      refractoryLeft = p.refractorySteps;
      resetLeft = p.resetSteps;
      pulseLeft = p.pulseSteps;
    }
    vOut[i] = v;
    wOut[i] = w;
  }
  state.v = v;
  state.w = w;
  state.refractoryLeft = refractoryLeft;
  state.resetLeft = resetLeft;
  state.pulseLeft = pulseLeft;
  trace.spikeCount = spikeCount;
}

/** What a noise value is for: the last word of its address. */
const kinds = { current: 0, onset: 1 } as const;
/** The noise values of the blocks at hand; rewritten before each use. */
const currents = new Float64Array(4);
const onsets = new Float64Array(4);
