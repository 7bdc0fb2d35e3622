/**
 * Imperfection as data: how strongly each kind of deviation from the ideal circuit acts. Every knob is a factor on what
 * docs/chip-model.md gives for a typical chip: 0 switches it off, 1 is typical. Which of the sizes are published and which
 * are our assumption stands there, too.
 */
import { FieldOutOfRange } from "../base/errors.js";

export interface Imperfections {
  /** Fixed-pattern variation from circuit to circuit, drawn once from the chip's seed. */
  readonly mismatch: number;
  /** White noise current on each membrane, and wandering of the onset of spikes. */
  readonly trialNoise: number;
  /** Error of the level that a write to a CapMem cell leaves. */
  readonly writeNoise: number;
  /** Slow 1/f-like wandering of CapMem levels. */
  readonly drift: number;
  /** Shift of CapMem levels by cells of the same block that hold the same code. */
  readonly crosstalk: number;
  /** Gain and offset spread of readout amplifiers and converters. */
  readonly converterSpread: number;
  /** White noise of the converters, and the MADC's offset from start to start. */
  readonly converterNoise: number;
  /** Share of MADC samples that get lost on the way. */
  readonly missingSamples: number;
  /** Share of neurons with a broken circuit, fixed by the chip's seed. */
  readonly defects: number;
}

export type ImperfectionPreset = "ideal" | "typical" | "harsh";

const all = (factor: number): Imperfections => ({
  mismatch: factor,
  trialNoise: factor,
  writeNoise: factor,
  drift: factor,
  crosstalk: factor,
  converterSpread: factor,
  converterNoise: factor,
  missingSamples: factor,
  defects: factor,
});

const imperfectionPresets: Readonly<Record<ImperfectionPreset, Imperfections>> = {
  ideal: all(0),
  typical: all(1),
  harsh: all(2),
};

/** Largest legal factor: beyond it most circuits leave the range in which they work at all. */
const largestFactor = 10;

/** The preset with single knobs replaced. @throws FieldOutOfRange for a factor that is not in 0..10 */
export function resolveImperfections(
  preset: ImperfectionPreset,
  knobs: Partial<Imperfections> | undefined,
): Imperfections {
  const resolved = { ...imperfectionPresets[preset], ...knobs };
  for (const [name, factor] of Object.entries(resolved)) {
    if (!(factor >= 0 && factor <= largestFactor))
      throw new FieldOutOfRange(`Imperfections.${name}`, factor, `0..${largestFactor}`);
  }
  return resolved;
}
