/**
 * One AdEx circuit with two synaptic inputs: its quantities, its state, and the reference body of its stepper in float64,
 * which the kernel repeats byte for byte. Knows no registers, codes or converters.
 *
 *   C dV/dt   = -g (V - E) - gm (W - Wref) + Iexp(V) + Isyn + Ioff + Inoise
 *   Iexp(V)   = min(I0 exp((V - Ve) / D), Imax)
 *   dW/dt     = rate (Wref + alpha (V - Eadapt) - W) + Ipulse / Cw
 *   Isyn      = gmExc Sexc + gmInh Sinh,   dS/dt = -S / tau
 *
 * with (g, E) = leak, or reset while a spike holds it. W and S are voltages, as on the chip. V >= threshold, outside the
 * refractory period, is a spike. Method: the linear part by its exact propagator, the exponential by the second-order
 * exponential Runge-Kutta rule (ETD2RK), on a fixed chip-wide grid; a spike lies on the grid, as the comparator's output
 * is sampled by a clock. The noise current is held for `noiseHold` steps.
 *
 * Where the potential moves by little, no step needs an exponential: the current goes with the potential by a series in
 * that movement, first to the predicted potential, then with what the correction adds. Its error is far below the
 * method's own, and the current is computed anew every 256 steps.
 */
import type { NoiseStream } from "../noise.js";
import { powerOfTwo } from "./exponential.js";
import type { AdexParameters } from "./parameters.js";
import { at, pulseGap, resetGap } from "./propagator.js";
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
/** What a noise value is for: the last word of its address. */
const kinds = { current: 0, onset: 1 } as const;

/** The two synaptic inputs of a neuron. */
export type SynapticInput = "excitatory" | "inhibitory";

/** State of one circuit at the start of a grid step. */
export interface AdexState {
  /** Membrane and adaptation voltage, V. */
  v: number;
  w: number;
  /** Voltage of each synaptic input, V away from rest. */
  excitatory: number;
  inhibitory: number;
  /** First grid step that is not in the reset, not in the adaptation pulse; first one that may spike again. */
  resetUntil: number;
  pulseUntil: number;
  refractoryUntil: number;
  /** Exponential current at `v`, uA; NaN where it must be computed: whoever changes `v` or coefficients says so. */
  exponential: number;
}

export function createAdexState(): AdexState {
  return {
    ...{ v: 0, w: 0, excitatory: 0, inhibitory: 0 },
    ...{ resetUntil: 0, pulseUntil: 0, refractoryUntil: 0, exponential: Number.NaN },
  };
}

/** Where a run of steps writes; reused from run to run. */
export interface AdexTrace {
  /** Voltages at the end of each step; length at least the number of steps. */
  readonly v: Float64Array;
  readonly w: Float64Array;
  readonly excitatory: Float64Array;
  readonly inhibitory: Float64Array;
  /** Index within the run of each step at whose end the neuron spiked. */
  readonly spikeSteps: Uint32Array;
  spikeCount: number;
}

export function createAdexTrace(length: number): AdexTrace {
  return {
    v: new Float64Array(length),
    w: new Float64Array(length),
    excitatory: new Float64Array(length),
    inhibitory: new Float64Array(length),
    spikeSteps: new Uint32Array(length),
    spikeCount: 0,
  };
}

/** Square of the largest movement along a step, in units of the exponential's slope, for which a series serves: 1/16. */
const seriesRange = 2 ** -8;

/** A synaptic voltage smaller than this, V, counts as none. */
const leastSynapticVoltage = 1e-9;

/** A synaptic voltage one step on. */
export const decayed = (x: number, decay: number): number => {
  const y = x * decay;
  return Math.abs(y) < leastSynapticVoltage ? 0 : y;
};

/** Keep a potential between the rails. */
export const clamp = (x: number): number => {
  const y = Math.max(x, 0);
  return Math.min(railVoltage, y);
};

/** Equilibrium without exponential, synaptic input, noise and spikes: where a circuit is that nobody looked at. */
export function settleAtRest(state: AdexState, p: AdexParameters): void {
  const coupling = p.adaptationTransconductance * p.adaptationCoupling;
  const drive = p.leakConductance * p.leakVoltage + coupling * p.adaptationLeakVoltage + p.offsetCurrent;
  const total = p.leakConductance + coupling;
  state.v = clamp(total > 0 ? drive / total : p.leakVoltage);
  state.w = clamp(p.adaptationReference + p.adaptationCoupling * (state.v - p.adaptationLeakVoltage));
  state.excitatory = 0;
  state.inhibitory = 0;
  state.resetUntil = 0;
  state.pulseUntil = 0;
  state.refractoryUntil = 0;
  state.exponential = Number.NaN;
}

/** Noise of one circuit, followed along the grid: the held current's and the onset's values, each of variance 1. */
export class CircuitNoise {
  current = 0;
  onset = 0;
  readonly stream: NoiseStream;
  readonly circuit: number;
  readonly #currents = new Float64Array(4);
  readonly #onsets = new Float64Array(4);
  #block = -1;
  #onsetBlock = -1;

  constructor(stream: NoiseStream, circuit: number) {
    this.stream = stream;
    this.circuit = circuit;
  }

  /** Set the values of a grid step. @returns the first step with another value */
  seek(step: number): number {
    const block = Math.floor(step / noiseBlock);
    if (block !== this.#block) {
      this.#block = block;
      this.stream.normals(this.#currents, block, this.circuit, kinds.current);
      const onsets = Math.floor(step / onsetBlock);
      if (onsets !== this.#onsetBlock) {
        this.#onsetBlock = onsets;
        this.stream.normals(this.#onsets, onsets, this.circuit, kinds.onset);
      }
    }
    const phase = step % onsetBlock;
    this.current = this.#currents[(phase % noiseBlock) >> 2] as number;
    this.onset = this.#onsets[phase >> 8] as number;
    return step + noiseHold - (phase % noiseHold);
  }
}

/**
 * Integrate `count` steps with constant coefficients.
 * @param c coefficients, see propagator.ts
 * @param firstStep number of the first step on the chip's grid
 */
export function stepAdex(
  c: Float64Array,
  state: AdexState,
  trace: AdexTrace,
  firstStep: number,
  count: number,
  noise: CircuitNoise,
): void {
  const get = (field: number): number => c[field] as number;
  const rate = get(at.exponentialRate);
  const [excDecay, inhDecay] = [get(at.excitatoryDecay), get(at.inhibitoryDecay)];
  const isNoisy = get(at.noiseCurrent) > 0 || get(at.onsetNoise) > 0;
  const perSlope = rate * Math.LN2;
  const [half, sixth] = [0.5 * perSlope, (1 / 6) * (perSlope * perSlope)];
  const largestMove = seriesRange / (perSlope * perSlope);
  let { v, w, excitatory, inhibitory, exponential } = state;
  let spikeCount = 0;

  for (let i = 0; i < count; ) {
    const step = firstStep + i;
    let current = 0;
    let shift = 0;
    let end = Math.min(firstStep + count, step + onsetHold - (step % onsetHold));
    // The onset moves; and what series have left out does not pile up.
    if (step % onsetHold === 0) exponential = Number.NaN;
    if (isNoisy) {
      end = Math.min(end, noise.seek(step));
      current = get(at.noiseCurrent) * noise.current;
      shift = get(at.onsetNoise) * noise.onset;
    }
    // Nothing but V, W and S changes up to `end`, or up to a spike.
    const isReset = step < state.resetUntil;
    const isPulse = step < state.pulseUntil;
    const isRefractory = step < state.refractoryUntil;
    if (isReset) end = Math.min(end, state.resetUntil);
    if (isPulse) end = Math.min(end, state.pulseUntil);
    if (isRefractory) end = Math.min(end, state.refractoryUntil);
    const m = isReset ? resetGap : 0;
    const [vv, vw, wv, ww] = [get(m + at.vv), get(m + at.vw), get(m + at.wv), get(m + at.ww)];
    const [fv, fw, qv, qw] = [get(m + at.fv), get(m + at.fw), get(m + at.qv), get(m + at.qw)];
    const correction = perSlope * qv;
    const k = isPulse ? m + pulseGap : m;
    const kv = get(k + at.kv) + fv * current;
    const kw = get(k + at.kw) + fw * current;
    const threshold = isRefractory ? Infinity : get(at.threshold) + shift;
    const base = get(at.exponentialBase) - rate * shift;
    const expFrom = (isReset ? get(at.exponentialMarginInReset) : get(at.exponentialMargin)) + shift;
    const seriesUntil = get(at.seriesUntil) + shift;
    const exc = isReset ? get(at.excitatoryInReset) : get(at.excitatoryGain);
    const inh = isReset ? get(at.inhibitoryInReset) : get(at.inhibitoryGain);

    const segmentEnd = end - firstStep;
    for (let isSpike = false; i < segmentEnd && !isSpike; i++) {
      const syn = exc * excitatory + inh * inhibitory;
      excitatory = decayed(excitatory, excDecay);
      inhibitory = decayed(inhibitory, inhDecay);
      const v0 = vv * v + (vw * w + (kv + fv * syn));
      const w0 = wv * v + (ww * w + (kw + fw * syn));
      const isAbove = expFrom < v;
      let i0 = 0;
      if (isAbove) i0 = Number.isNaN(exponential) ? limited(powerOfTwo(rate * v + base)) : exponential;
      const v1 = v0 + fv * i0;
      const move = v1 - v;
      const square = move * move;
      const isSmall = isAbove && expFrom < v1 && square < largestMove && v < seriesUntil;
      let change = -i0;
      const linear = i0 * perSlope * move;
      if (isSmall) change = linear + linear * move * (half + sixth * move);
      else if (expFrom < v1) change = limited(powerOfTwo(rate * v1 + base)) - i0;
      const corrected = v1 + qv * change;
      v = clamp(corrected);
      w = clamp(w0 + fw * i0 + qw * change);
      const isKnown = isSmall && v === corrected && v < seriesUntil;
      const predicted = i0 + change;
      exponential = isKnown ? predicted + predicted * (correction * change) : Number.NaN;
      trace.v[i] = v;
      trace.w[i] = w;
      trace.excitatory[i] = excitatory;
      trace.inhibitory[i] = inhibitory;
      isSpike = v >= threshold;
      if (isSpike) {
        trace.spikeSteps[spikeCount++] = i;
        state.refractoryUntil = firstStep + i + get(at.refractorySteps);
        state.resetUntil = firstStep + i + 1 + get(at.resetSteps);
        state.pulseUntil = firstStep + i + 1 + get(at.pulseSteps);
      }
    }
  }
  state.v = v;
  state.w = w;
  state.excitatory = excitatory;
  state.inhibitory = inhibitory;
  state.exponential = exponential;
  trace.spikeCount = spikeCount;
}

const limited = (current: number): number => Math.min(exponentialCurrentLimit, current);
