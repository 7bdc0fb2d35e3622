/**
 * Firing patterns by name: the eight AdEx parameter sets of Naud et al. 2008, as adapted in brian2's example, integrated
 * as the ideal model. The trace is a recording of a biological neuron like any other; `sampled.ts` brings it to the
 * chip. Source: docs of brian2, example "frompapers/Naud_et_al_2008_adex_firing_patterns".
 */
import { FieldOutOfRange } from "../../base/errors.js";
import type { SampledRecording } from "./sampled.js";

interface PatternParameters {
  /** pF, nS, mV, nS, ms, pA, mV, pA. */
  readonly c: number;
  readonly gL: number;
  readonly eL: number;
  readonly a: number;
  readonly tauW: number;
  readonly b: number;
  readonly vR: number;
  readonly i: number;
}

const set = (c: number, gL: number, eL: number, a: number, tauW: number, b: number, vR: number, i: number) => {
  return { c, gL, eL, a, tauW, b, vR, i } satisfies PatternParameters;
};

export const firingPatterns = {
  tonic: set(200, 10, -70, 2, 30, 0, -58, 500),
  adaptation: set(200, 12, -70, 2, 300, 60, -58, 500),
  "initial-burst": set(130, 18, -58, 4, 150, 120, -50, 400),
  "regular-bursting": set(200, 10, -58, 2, 120, 100, -46, 210),
  "delayed-accelerating": set(200, 12, -70, -10, 300, 0, -58, 300),
  "delayed-regular-bursting": set(100, 10, -65, -10, 90, 30, -47, 110),
  transient: set(100, 10, -65, 10, 90, 100, -47, 180),
  irregular: set(100, 12, -60, -11, 130, 30, -48, 160),
} as const;
export type FiringPattern = keyof typeof firingPatterns;
export const patternNames = Object.keys(firingPatterns) as FiringPattern[];

/** Onset and slope of the exponential in all sets, mV. */
const vT = -50;
const deltaT = 2;
/**
 * A spike is cut so far above rest, mV: where the chip's threshold lies on the scale of 10 mV per mV. Far enough above
 * the onset that classes and counts do not depend on it.
 */
const cutAboveRest = 48;
/** The chip's reset is not sudden, ms: 0.5 us. It shows in the trace and does not act on the model. */
const resetMs = 0.5;
/** Integration and sampling, ms. Classes do not change below 10 us. */
const stepMs = 0.005;
const sampleEvery = 10;
const beforeMs = 100;
const stepLengthMs = 600;
const endMs = 1000;

/** Times of spikes, ms from the step's onset, and the trace. @throws FieldOutOfRange for an unknown name */
export function emulatePattern(name: string): { readonly recording: SampledRecording; readonly spikesMs: number[] } {
  if (!Object.hasOwn(firingPatterns, name)) throw new FieldOutOfRange("firing pattern", name, patternNames.join(", "));
  const { c, gL, eL, a, tauW, b, vR, i }: PatternParameters = firingPatterns[name as FiringPattern];
  const steps = Math.round((endMs + 10) / stepMs);
  const spikesMs: number[] = [];
  const volts: number[] = [];
  let [v, w] = [eL, 0];
  const vCut = eL + cutAboveRest;
  let overhang = 0;
  for (let k = 0; k < steps; k++) {
    const t = k * stepMs - beforeMs;
    if (k % sampleEvery === 0) volts.push((v + overhang) / 1000);
    overhang *= 1 - stepMs / resetMs;
    const current = t >= 0 && t < stepLengthMs ? i : 0;
    const dv = (-gL * (v - eL) + gL * deltaT * Math.exp((v - vT) / deltaT) - w + current) / c;
    const dw = (a * (v - eL) - w) / tauW;
    v += dv * stepMs;
    w += dw * stepMs;
    if (v < vCut) continue;
    spikesMs.push(t);
    overhang = vCut - vR;
    v = vR;
    w += b;
  }
  const seconds = Float64Array.from(volts, (_, n) => (n * sampleEvery * stepMs) / 1000);
  const step = { onS: beforeMs / 1000, offS: (beforeMs + stepLengthMs) / 1000 };
  return { recording: { source: `pattern ${name}`, seconds, volts: Float64Array.from(volts), step }, spikesMs };
}
