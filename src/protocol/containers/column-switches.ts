/**
 * Switches at the edge of the synapse arrays, four columns each: what the CADC channels of a column see, and whether the
 * column's synapses reach the neuron. They lie in two more rows of the synapse memory, behind row 255.
 * Source: haldls `vx/synapse.{h,cpp}`.
 */
import { ColumnQuadOnDls } from "../coordinates/synapse.js";
import { defineContainer } from "./define-container.js";
import { type Field, flag, series } from "./field.js";

const four = [0, 1, 2, 3] as const;
const hemisphereStep = 0x1000000;

/** One bit of each entry; entry 0 lies in the highest byte. */
function entryFlag(word: number, bit: number, doc: string): (entry: number) => Field<"bool"> {
  return (entry) => flag(word, 24 - 8 * entry + bit, `${doc}, entry ${entry}`);
}

/** Addresses of the words of one quad, given those of the first quad of the top half. */
function quadAddresses(at: Parameters<typeof ColumnQuadOnDls.split>[0], bases: readonly number[]): readonly number[] {
  const [hemisphere = 0, quad = 0] = ColumnQuadOnDls.split(at);
  return bases.map((base) => base + hemisphereStep * hemisphere + quad);
}

export const ColumnCorrelationQuad = defineContainer({
  name: "ColumnCorrelationQuad",
  doc: "What the CADC channels of four columns are joined with. To read a neuron, both its switch and the internal one.",
  coordinate: ColumnQuadOnDls,
  address: (at) => quadAddresses(at, [0x2cf8080, 0x2cf80c0, 0x2c04000, 0x2c44000]),
  offsets: [0, 0x40, -0xf4080, -0xb4080],
  fields: {
    ...series("enableInternalCausal", four, entryFlag(0, 6, "column line to the causal channel")),
    ...series("enableInternalAcausal", four, entryFlag(0, 7, "column line to the acausal channel")),
    ...series("enableDebugCausal", four, entryFlag(1, 6, "causal debug line to the causal channel")),
    ...series("enableDebugAcausal", four, entryFlag(1, 7, "acausal debug line to the acausal channel")),
    ...series("enableCadcNeuronReadoutCausal", four, entryFlag(2, 5, "neuron's readout to the causal column line")),
    ...series("enableCadcNeuronReadoutAcausal", four, entryFlag(3, 5, "neuron's readout to the acausal column line")),
  },
});

export const ColumnCurrentQuad = defineContainer({
  name: "ColumnCurrentQuad",
  doc: "Whether the synapses of four columns reach the inputs of their neurons.",
  coordinate: ColumnQuadOnDls,
  address: (at) => quadAddresses(at, [0x2c14000, 0x2c24000]),
  offsets: [0, 0x10000],
  fields: {
    ...series("enableSynapticCurrentExcitatory", four, entryFlag(0, 0, "excitatory synapses to the neuron")),
    ...series("enableSynapticCurrentInhibitory", four, entryFlag(0, 1, "inhibitory synapses to the neuron")),
    ...series("enableDebugExcitatory", four, entryFlag(1, 0, "excitatory debug line to the neuron's input")),
    ...series("enableDebugInhibitory", four, entryFlag(1, 1, "inhibitory debug line to the neuron's input")),
  },
});
