/**
 * Where analog signals go on the chip: sources of the two readout buffers, pads, reference generator.
 * Source: haldls `vx/readout.{h,cpp}`.
 */
import { numbered } from "../coordinates/hemisphere.js";
import { OnDls } from "../coordinates/unique.js";
import { defineContainer } from "./define-container.js";
import { bits, type Field, flag, scattered, series, uint } from "./field.js";

const blocks = [0, 1, 2, 3] as const;
/** Readout buffers; the MADC's active multiplexer switches between them. */
const buffers = [0, 1] as const;

/** Flags of both buffers for one signal line; buffer i lies in word i. */
function source<Stem extends string>(stem: Stem, bit: number, doc: string): Record<`${Stem}${0 | 1}`, Field<"bool">> {
  return series(stem, buffers, (buffer) => flag(buffer, bit, `${doc} to buffer ${buffer}`));
}

export const ReadoutSourceSelection = defineContainer({
  name: "ReadoutSourceSelection",
  doc: "Signal lines joined with the two readout buffers. Odd and even are neuron columns.",
  coordinate: OnDls,
  address: () => 0xc000c,
  offsets: [0, 1],
  fields: {
    ...source("debugPlus", 0, "debug line +"),
    ...source("debugMinus", 1, "debug line -"),
    ...source("currentDac", 2, "current DAC"),
    ...source("synapticInputDebugInhibitory", 3, "inhibitory synaptic input debug line"),
    ...source("synapticInputDebugExcitatory", 4, "excitatory synaptic input debug line"),
    ...source("cadcDebugCausal", 5, "causal CADC debug line"),
    ...source("cadcDebugAcausal", 6, "acausal CADC debug line"),
    ...source("synapseDriverDebugTop", 7, "top synapse driver debug line"),
    ...source("synapseDriverDebugBottom", 8, "bottom synapse driver debug line"),
    ...source("neuronOddTop", 9, "odd neurons of the top row"),
    ...source("neuronEvenTop", 10, "even neurons of the top row"),
    ...source("neuronOddBottom", 11, "odd neurons of the bottom row"),
    ...source("neuronEvenBottom", 12, "even neurons of the bottom row"),
    enableBufferToPad0: flag(1, 14, "buffer 0 to its pad"),
    enableBufferToPad1: flag(1, 13, "buffer 1 to its pad"),
  },
});

export const PadOnDls = numbered("PadOnDls", 2, "pad");

export const PadMultiplexerConfig = defineContainer({
  name: "PadMultiplexerConfig",
  doc: "Signals joined with one analog pad.",
  coordinate: PadOnDls,
  address: (at) => 0xc000e + 2 * at,
  offsets: [0, 1],
  fields: {
    ...series("cadcVRampMux", blocks, (b) => flag(0, 3 - b, `CADC ramp of quadrant ${b} into the ramp mux`)),
    cadcVRampMuxToPad: flag(0, 4, "ramp mux to the pad"),
    ...series("capmemIOutMux", blocks, (b) => flag(0, 8 - b, `current output of CapMem block ${b} into its mux`)),
    capmemIOutMuxToCapmemIntermediateMux: flag(0, 9, "current output mux into the CapMem intermediate mux"),
    capmemIntermediateMuxToPad: flag(0, 10, "CapMem intermediate mux to the pad"),
    ...series("capmemVOutMux", blocks, (b) => flag(0, 14 - b, `voltage output of CapMem block ${b} into its mux`)),
    capmemVOutMuxToCapmemIntermediateMux: flag(0, 15, "voltage output mux into the CapMem intermediate mux"),
    ...series("capmemVRefMux", blocks, (b) => flag(1, 3 - b, `reference voltage of CapMem block ${b} into its mux`)),
    capmemVRefMuxToCapmemIntermediateMux: flag(1, 4, "reference voltage mux into the CapMem intermediate mux"),
    neuronIStimMuxTop: flag(1, 5, "stimulus current line of the top neurons into its mux"),
    neuronIStimMuxBottom: flag(1, 6, "stimulus current line of the bottom neurons into its mux"),
    cadcDebugCausalToSynapseIntermediateMux: flag(1, 7, "causal CADC debug line into the synapse intermediate mux"),
    cadcDebugAcausalToSynapseIntermediateMux: flag(1, 8, "acausal CADC debug line into the synapse intermediate mux"),
    synapticInputDebugInhibitoryToSynapseIntermediateMux: flag(1, 9, "inhibitory input debug line into the same mux"),
    synapticInputDebugExcitatoryToSynapseIntermediateMux: flag(1, 10, "excitatory input debug line into the same mux"),
    synapseIntermediateMuxToPad: flag(1, 11, "synapse intermediate mux to the pad"),
    bufferToPad1: flag(1, 12, "readout buffer 1 to the pad"),
    bufferToPad0: flag(1, 13, "readout buffer 0 to the pad"),
    debugToPad: flag(1, 14, "debug line to the pad"),
    neuronIStimMuxToPad: flag(1, 15, "stimulus current mux to the pad"),
  },
});

export const ReferenceGeneratorConfig = defineContainer({
  name: "ReferenceGeneratorConfig",
  doc: "Reference current of the CapMem blocks.",
  coordinate: OnDls,
  address: () => 0xc0012,
  offsets: [0, 1, 2, 3, 4, 5, 6, 7, 8],
  fields: {
    enableInternalReference: flag(0, 12, "reference made on the chip", { default: true }),
    enableReferenceOutput: flag(0, 13, "reference onto the pad"),
    enableReferenceInput: flag(0, 14, "reference taken from the pad"),
    enableReset: flag(0, 15, "generator held in reset"),
    referenceControl: uint(1, 6, 6, "reference current", { default: 10 }),
    resistorControl: uint(2, 0, 6, "reference resistor", { default: 40 }),
    ...series("capmemAmplifier", blocks, (b) =>
      uint(3 + (b >> 1), 6 * (b & 1), 6, `amplifier of CapMem block ${b}`, { default: 40 }),
    ),
    ...series("capmemOffset", blocks, (b) =>
      uint(5 + (b >> 1), 6 * (b & 1), 6, `offset of CapMem block ${b}`, { default: 1 }),
    ),
    ...series("capmemSlope", blocks, (b) =>
      uint(7 + (b >> 1), 6 * (b & 1), 6, `slope of CapMem block ${b}`, { default: 11 }),
    ),
  },
});

export const CurrentDac = defineContainer({
  name: "CurrentDac",
  doc: "Programmable current for tests and stimulus.",
  coordinate: OnDls,
  address: () => 0xc000b,
  fields: {
    current: scattered(
      [bits(0, 0, 6), { ...bits(0, 8, 3, { valueLow: 6 }), thermometer: true }],
      "current code; bits 7..6 are stored as a thermometer",
      { max: 255 },
    ),
    sign: uint(0, 6, 1, "direction of the current"),
    enableCurrent: flag(0, 7, "current on"),
    connectNeuronStimulusTop: flag(0, 11, "onto the stimulus line of the top neurons"),
    connectNeuronStimulusBottom: flag(0, 12, "onto the stimulus line of the bottom neurons"),
    connectSynapseInhibitory: flag(0, 13, "onto the inhibitory synapse debug line"),
    connectSynapseExcitatory: flag(0, 14, "onto the excitatory synapse debug line"),
  },
});
