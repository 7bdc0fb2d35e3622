/**
 * Imperfection as data: how strongly each kind of deviation from the ideal circuit acts. Every knob is a factor on the
 * spread that docs/chip-model.md gives for a typical chip: 0 switches it off, 1 is typical. Which of the spreads are
 * published and which are our assumption stands there, too.
 */
import { FieldOutOfRange } from "../base/errors.js";

export interface Imperfections {
  /** Fixed-pattern variation from circuit to circuit, drawn once from the chip's seed. */
  readonly mismatch: number;
  /** White noise current on each membrane. */
  readonly trialNoise: number;
  /** Error of the level that a write to a CapMem cell leaves. */
  readonly writeNoise: number;
  /** Slow 1/f-like wandering of CapMem levels. */
  readonly drift: number;
  /** Gain and offset spread of the readout path. */
  readonly converterSpread: number;
  /** White noise and run-to-run offset of the converter. */
  readonly converterNoise: number;
}

export type ImperfectionPreset = "ideal" | "typical" | "harsh";

const all = (factor: number): Imperfections => ({
  mismatch: factor,
  trialNoise: factor,
  writeNoise: factor,
  drift: factor,
  converterSpread: factor,
  converterNoise: factor,
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
