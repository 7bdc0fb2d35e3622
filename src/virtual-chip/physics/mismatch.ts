/**
 * Fixed-pattern variation of one neuron's circuits, drawn from the chip's seed by the name of what varies, so that a
 * new kind of variation never shifts the others. Gains are log-normal with median 1, shifts normal with mean 0.
 * Spreads and their sources: docs/chip-model.md, "Mismatch".
 */
import type { Rng } from "../../base/rng.js";

/** Standard deviation at mismatch factor 1: of the logarithm for gains, in V for shifts. */
export const mismatchSpread = {
  leakShift: 0.025,
  resetShift: 0.025,
  thresholdShift: 0.025,
  exponentialShift: 0.025,
  adaptationReferenceShift: 0.015,
  adaptationLeakShift: 0.015,
  leakGain: 0.2,
  resetGain: 0.2,
  capacitanceGain: 0.03,
  adaptationRateGain: 0.25,
  adaptationCouplingGain: 0.25,
  pulseGain: 0.25,
  adaptationTransconductanceGain: 0.1,
  offsetCurrentGain: 0.15,
  exponentialScaleGain: 0.25,
  exponentialSlopeGain: 0.08,
  excitatoryShift: 0.01,
  inhibitoryShift: 0.01,
  excitatoryTauGain: 0.3,
  inhibitoryTauGain: 0.3,
  excitatoryGain: 0.25,
  inhibitoryGain: 0.25,
  axialGain: 0.2,
} as const;

export type MismatchName = keyof typeof mismatchSpread;
export type NeuronMismatch = Readonly<Record<MismatchName, number>>;

/** Standard deviation at converter-spread factor 1 of the readout path: of the gain's logarithm, and in V. */
export const readoutSpread = { gain: 0.02, shift: 0.01 } as const;

const isGain = (name: string): boolean => name.endsWith("Gain");

/** Variation of neuron `index`. @param root the chip's stream for mismatch @param factor 0 = every circuit nominal */
export function drawMismatch(root: Rng, index: number, factor: number): NeuronMismatch {
  const drawn = {} as Record<MismatchName, number>;
  for (const name of Object.keys(mismatchSpread) as MismatchName[]) {
    const z = root.fork(`${name} ${index}`).normal() * mismatchSpread[name] * factor;
    drawn[name] = isGain(name) ? Math.exp(z) : z;
  }
  return drawn;
}
