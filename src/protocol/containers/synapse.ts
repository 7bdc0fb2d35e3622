/**
 * Synapses, their drivers and the PADI buses that bring events to them.
 * Source: haldls `vx/{synapse,synapse_driver,padi,correlation}.cpp`, `vx/v3/{synapse,synapse_driver}.cpp`.
 */
import { HemisphereOnDls } from "../coordinates/hemisphere.js";
import { NeuronResetQuadOnDls, SynapseDriverOnDls, SynapseQuadOnDls } from "../coordinates/synapse.js";
import { OnDls } from "../coordinates/unique.js";
import { defineContainer } from "./define-container.js";
import { bits, choice, type Field, flag, scattered, series, uint } from "./field.js";

const four = [0, 1, 2, 3] as const;
const hemisphereStep = 0x1000000;
const padiBase = (hemisphere: number): number => 0x110000 + 0x8000 * hemisphere;

/** The DAC of a synapse is wired to its weight bits 4..0 in reverse order. */
function weight(word: number, entry: number): Field<"uint"> {
  const low = 24 - 8 * entry;
  const runs = [bits(word, low, 5, { reversed: true }), bits(word, low + 5, 1, { valueLow: 5 })];
  return scattered(runs, `weight of entry ${entry}`);
}
function label(word: number, entry: number): Field<"uint"> {
  return uint(word, 24 - 8 * entry, 6, `label that entry ${entry} listens to`);
}
/** Address of a quad in an array with `rowStep` words per row. */
function quadAddress(base: number, rowStep: number, at: Parameters<typeof SynapseQuadOnDls.split>[0]): number {
  const [hemisphere = 0, row = 0, quad = 0] = SynapseQuadOnDls.split(at);
  return base + hemisphereStep * hemisphere + rowStep * row + quad;
}

export const SynapseQuad = defineContainer({
  name: "SynapseQuad",
  doc: "Four synapses with weight, label and calibration.",
  coordinate: SynapseQuadOnDls,
  address: (at) => quadAddress(0x2cf0000, 128, at),
  offsets: [0, 64],
  fields: {
    ...series("weight", four, (i) => weight(0, i)),
    ...series("timeCalib", four, (i) => uint(0, 30 - 8 * i, 2, `time calibration of entry ${i}`)),
    ...series("label", four, (i) => label(1, i)),
    ...series("ampCalib", four, (i) => uint(1, 30 - 8 * i, 2, `amplitude calibration of entry ${i}`)),
  },
});

export const SynapseWeightQuad = defineContainer({
  name: "SynapseWeightQuad",
  doc: "Weights of four synapses.",
  coordinate: SynapseQuadOnDls,
  address: (at) => quadAddress(0x2c00000, 64, at),
  fields: { ...series("weight", four, (i) => weight(0, i)) },
});

export const SynapseLabelQuad = defineContainer({
  name: "SynapseLabelQuad",
  doc: "Labels of four synapses.",
  coordinate: SynapseQuadOnDls,
  address: (at) => quadAddress(0x2c40000, 64, at),
  fields: { ...series("label", four, (i) => label(0, i)) },
});

export const CorrelationReset = defineContainer({
  name: "CorrelationReset",
  doc: "Writing any word resets the correlation of four synapses.",
  coordinate: SynapseQuadOnDls,
  access: "w",
  address: (at) => quadAddress(0x2c90000, 64, at),
  fields: {},
});

export const NeuronResetQuad = defineContainer({
  name: "NeuronResetQuad",
  doc: "Writing any word resets four neurons.",
  coordinate: NeuronResetQuadOnDls,
  access: "w",
  address: (at) => {
    const [hemisphere = 0, quad = 0] = NeuronResetQuadOnDls.split(at);
    return 0x2c94000 + hemisphereStep * hemisphere + quad;
  },
  fields: {},
});

const rowModes = ["disabled", "excitatory", "inhibitory", "excitatoryAndInhibitory"] as const;

export const SynapseDriverConfig = defineContainer({
  name: "SynapseDriverConfig",
  doc: "One synapse driver: address filter, signs of its two rows, short-term plasticity.",
  coordinate: SynapseDriverOnDls,
  address: (at) => {
    const [hemisphere = 0, driver = 0] = SynapseDriverOnDls.split(at);
    return padiBase(hemisphere) + 0x400 + 4 * driver;
  },
  offsets: [0, 1, 2],
  fields: {
    utilization: uint(0, 0, 4, "utilisation of short-term plasticity"),
    offset: uint(0, 4, 4, "offset of the pulse length"),
    enableHagenDac: flag(0, 8, "DAC of the Hagen mode on"),
    rowAddressCompareMask: uint(0, 9, 5, "row select address bits that are compared", { default: 31, hex: true }),
    enableAddressOut: flag(0, 14, "events reach the synapses"),
    enableReceiver: flag(0, 15, "listens to its PADI bus"),
    recovery: uint(1, 0, 4, "recovery of short-term plasticity", { reversed: true }),
    rowModeBottom: {
      ...scattered([bits(1, 4, 1), bits(1, 6, 1, { valueLow: 1 })], "sign of the bottom row"),
      labels: rowModes,
    },
    rowModeTop: {
      ...scattered([bits(1, 5, 1), bits(1, 7, 1, { valueLow: 1 })], "sign of the top row"),
      labels: rowModes,
    },
    hagenDacOffset: uint(1, 8, 6, "offset of the Hagen mode's DAC", { inverted: true }),
    selectTargetVoltages: uint(2, 0, 1, "set of target voltages of short-term plasticity"),
    enableReadout: flag(2, 1, "plasticity voltage onto the debug line"),
    enableRenewing: flag(2, 2, "utilisation renews instead of depleting"),
    enableHagenModulation: flag(2, 3, "pulse length set by the event (Hagen mode)"),
    enableStp: flag(2, 4, "short-term plasticity on"),
    enableChargeSharing: flag(2, 6, "charge sharing in the plasticity circuit", { default: true }),
    enableRecovery: flag(2, 7, "recovery on"),
  },
});

export const PadiEvent = defineContainer({
  name: "PadiEvent",
  doc: "Writing sends an event to the drivers of the chosen buses.",
  coordinate: HemisphereOnDls,
  access: "w",
  address: padiBase,
  fields: {
    ...series("fireBus", four, (i) => flag(0, i, `bus ${i} gets the event`)),
    eventAddress: uint(0, 16, 6, "synapse label; in Hagen mode bit 5 address, bits 4..0 activation"),
    rowSelectAddress: uint(0, 22, 5, "row select address"),
  },
});

export const CommonPadiBusConfig = defineContainer({
  name: "CommonPadiBusConfig",
  doc: "The four PADI buses of one half.",
  coordinate: HemisphereOnDls,
  address: (at) => padiBase(at) + 1,
  fields: {
    ...series("enableSpl1", four, (i) => flag(0, i, `bus ${i} takes events from the crossbar`)),
    ...series("enableExtendedTiming", four, (i) => flag(0, 4 + i, `bus ${i} with extended timing`)),
    ...series("dacenPulseExtension", four, (i) => uint(0, 16 + 4 * i, 4, `lengthening of pulses on bus ${i}`)),
  },
});

export const CommonStpConfig = defineContainer({
  name: "CommonStpConfig",
  doc: "Clock of the short-term plasticity of one half.",
  coordinate: HemisphereOnDls,
  access: "w",
  address: (at) => padiBase(at) + 2,
  fields: {
    recoveryClockSpeed: uint(0, 0, 4, "divider of the recovery clock"),
    enableRecoveryClock: flag(0, 4, "recovery clock on"),
  },
});

export const CommonSynramConfig = defineContainer({
  name: "CommonSynramConfig",
  doc: "Memory timing of one half's synapse array.",
  coordinate: HemisphereOnDls,
  address: (at) => 0x2000000 + hemisphereStep * at,
  offsets: [0, 1, 2],
  fields: {
    pcConfWest: uint(0, 0, 4, "precharge, west", { default: 8 }),
    pcConfEast: uint(0, 4, 4, "precharge, east", { default: 8 }),
    wConfWest: uint(1, 0, 8, "write, west", { default: 3 }),
    wConfEast: uint(1, 8, 8, "write, east", { default: 3 }),
    waitCtrClear: uint(2, 0, 3, "wait of the controller", { default: 4 }),
  },
});

export const CommonCorrelationConfig = defineContainer({
  name: "CommonCorrelationConfig",
  doc: "Timing of the correlation sensors of one half.",
  coordinate: HemisphereOnDls,
  address: (at) => 0x2200000 + hemisphereStep * at,
  offsets: [0, 1, 2, 3],
  fields: {
    senseDelay: uint(0, 0, 12, "delay of the readout", { default: 1 }),
    resetDuration: uint(1, 0, 12, "length of a reset", { default: 200 }),
    resetFallTime: uint(2, 0, 12, "fall time of a reset", { default: 5 }),
    resetMode: choice(3, 0, 1, ["legacy", "auto"], "how a reset is applied"),
  },
});

/** Bit of a quadrant: the quadrants of a half stand in reverse order, four bits each. */
const biasBit = (quadrant: number, bit: number): number => 8 * (quadrant >> 1) + 4 * (1 - (quadrant & 1)) + bit;

export const SynapseBiasSelection = defineContainer({
  name: "SynapseBiasSelection",
  doc: "Whether synapse biases come from the CapMem or from pads, per quadrant.",
  coordinate: OnDls,
  access: "w",
  address: () => 0x100000,
  fields: {
    ...series("enableInternalOutputBias", four, (q) => flag(0, biasBit(q, 0), `output bias ${q}`, { default: true })),
    ...series("enableInternalStoreBias", four, (q) => flag(0, biasBit(q, 1), `store bias ${q}`, { default: true })),
    ...series("enableInternalRampBias", four, (q) => flag(0, biasBit(q, 2), `ramp bias ${q}`, { default: true })),
    ...series("enableInternalDacBias", four, (q) => flag(0, biasBit(q, 3), `DAC bias ${q}`, { default: true })),
  },
});
