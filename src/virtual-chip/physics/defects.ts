/**
 * Circuits that came broken from the fab, fixed for a chip: drawn from its seed, neuron by neuron.
 * Shares and kinds: docs/chip-model.md, "Defects".
 */
import type { Rng } from "../../base/rng.js";

/** What is broken: the spike comparator, the reset switch (closed for ever), or the readout amplifier. */
export const defectKinds = ["silent", "stuckInReset", "mute"] as const;
export type Defect = (typeof defectKinds)[number];

/** Share of neurons with a defect at factor 1, all kinds together: three of 512. */
const share = 0.006;

/** @param root the chip's stream of defects @param neuron 0..511 @param factor 0 = every circuit works */
export function drawDefect(root: Rng, neuron: number, factor: number): Defect | undefined {
  const rng = root.fork(`neuron ${neuron}`);
  return rng.uniform() < share * factor ? defectKinds[rng.int(defectKinds.length)] : undefined;
}
