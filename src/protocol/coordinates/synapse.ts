/**
 * The synapse arrays and what reads them: quads of synapses, synapse drivers, CADC channels and CADC sample quads. A quad
 * q of a row holds the columns 8 * (q mod 32) + 2 * entry + floor(q / 32): quads 0..31 even columns, 32..63 odd ones.
 * Source: halco `hicann-dls/vx/{synapse,synapse_driver,cadc}.h`, `src/halco/hicann-dls/vx/synapse.cpp`.
 */
import { type CoordinatePart, defineComposite } from "./composite.js";

const hemispheres: CoordinatePart = ["top", "bottom"];
const rows: CoordinatePart = { prefix: "r", size: 256 };
const quads: CoordinatePart = { prefix: "q", size: 64 };
const channelTypes: CoordinatePart = ["causal", "acausal"];

/** Four synapses of a row: half, row, quad. */
export const SynapseQuadOnDls = defineComposite("SynapseQuadOnDls", [hemispheres, rows, quads]);

/** Four neurons of a row of the chip: half, quad. */
export const NeuronResetQuadOnDls = defineComposite("NeuronResetQuadOnDls", [hemispheres, quads]);

/** Switches of four columns at the edge of an array: half, quad. */
export const ColumnQuadOnDls = defineComposite("ColumnQuadOnDls", [hemispheres, quads]);

/** Half, driver; driver d serves the synapse rows 2 d and 2 d + 1. */
export const SynapseDriverOnDls = defineComposite("SynapseDriverOnDls", [hemispheres, { prefix: "d", size: 128 }]);

/** Half, column, channel type. */
export const CadcChannelOnDls = defineComposite("CadcChannelOnDls", [
  hemispheres,
  { prefix: "c", size: 256 },
  channelTypes,
]);

/** Half, channel type, kind of readout, row, quad. A trigger read converts the whole row; a buffered one fetches more. */
export const CadcSampleQuadOnDls = defineComposite("CadcSampleQuadOnDls", [
  hemispheres,
  channelTypes,
  ["trigger", "buffered"],
  rows,
  quads,
]);

/** Synapse column of an entry of a quad. @param quad 0..63 @param entry 0..3 */
export function synapseColumn(quad: number, entry: number): number {
  return 8 * (quad % 32) + 2 * entry + Math.floor(quad / 32);
}
