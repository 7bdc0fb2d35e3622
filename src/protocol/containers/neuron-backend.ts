/**
 * The digital part of the neurons: refractory time, spike address, resets and spike counters.
 * Source: haldls `vx/neuron.{h,cpp}`, `vx/v3/neuron.cpp`.
 */
import { NeuronBackendBlockOnDls } from "../coordinates/hemisphere.js";
import {
  type AtomicNeuron,
  AtomicNeuronOnDls,
  neuronBackendBlock,
  neuronIndexInBackendBlock,
} from "../coordinates/neuron.js";
import { defineContainer } from "./define-container.js";
import { bits, flag, scattered, series, uint } from "./field.js";

const configBase = (block: number): number => 0x1a1000 + 0x8000 * block;
/** Address of the neuron's slot in the block of actions at `offset`. */
const action = (neuron: AtomicNeuron, offset: number): number =>
  0x122000 + 0x8000 * neuronBackendBlock(neuron) + offset + 4 * neuronIndexInBackendBlock(neuron);

export const NeuronBackendConfig = defineContainer({
  name: "NeuronBackendConfig",
  doc: "Digital part of one neuron. The refractory counter runs from 255 - refractoryTime to 255.",
  coordinate: AtomicNeuronOnDls,
  address: (at) => configBase(neuronBackendBlock(at)) + 4 * neuronIndexInBackendBlock(at),
  offsets: [0, 1, 2, 3],
  fields: {
    addressOut: scattered(
      [bits(1, 4, 2, { inverted: true }), bits(0, 0, 6, { valueLow: 2, inverted: true })],
      "bits 7..0 of the label of the neuron's spikes",
    ),
    resetHoldoff: scattered(
      [bits(0, 6, 2), bits(1, 6, 2, { valueLow: 2 })],
      "the reset is released 31 - 2 * resetHoldoff clock cycles before the refractory time ends",
      { default: 15 },
    ),
    refractoryTime: scattered(
      [bits(2, 2, 4, { inverted: true }), bits(1, 0, 4, { valueLow: 4, inverted: true })],
      "refractory time",
      { unit: "cycles of the chosen input clock" },
    ),
    postOverwrite: flag(2, 0, "post pulse forced on"),
    selectInputClock: uint(2, 1, 1, "input clock of the refractory counter"),
    enableAdaptationPulse: flag(2, 6, "pulse for the spike-triggered adaptation"),
    enableBayesianExtension: flag(2, 7, "Bayesian extension", { default: true }),
    enableNeuronSlave: flag(3, 0, "takes its reset from another neuron"),
    connectFireBottom: flag(3, 1, "fire signal joined with the neuron of the other row"),
    connectFireFromRight: flag(3, 2, "fire signal taken from the right neighbour"),
    connectFireToRight: flag(3, 3, "fire signal given to the right neighbour"),
    enableSpikeOut: flag(3, 4, "spikes become events"),
    enableNeuronMaster: flag(3, 5, "gives its reset to others"),
    enableBayesian1: flag(3, 6, "Bayesian extension, input 1"),
    enableBayesian0: flag(3, 7, "Bayesian extension, input 0"),
  },
});

export const CommonNeuronBackendConfig = defineContainer({
  name: "CommonNeuronBackendConfig",
  doc: "Clocks and waits of one half's neuron backends. A clock is 250 MHz / 2^(scale + 1).",
  coordinate: NeuronBackendBlockOnDls,
  address: (at) => configBase(at) + 0x800,
  offsets: [0, 1],
  fields: {
    enableEventRegisters: flag(0, 0, "event registers on", { default: true }),
    forceReset: flag(0, 1, "all neurons held in reset"),
    enableClocks: flag(0, 2, "clocks on", { default: true }),
    clockScaleSlow: uint(0, 4, 4, "slow clock"),
    clockScaleFast: uint(0, 8, 4, "fast clock"),
    ...series("samplePositiveEdge", [0, 1, 2, 3], (i) =>
      flag(0, 12 + i, `fire signals ${i} sampled on the positive edge`, { default: true }),
    ),
    clockScaleAdaptationPulse: uint(0, 16, 4, "clock of the adaptation pulse"),
    clockScalePostPulse: uint(0, 20, 4, "clock of the post pulse"),
    waitGlobalPostPulse: uint(1, 0, 8, "wait of the global post pulse", { default: 1 }),
    waitSpikeCounterReset: uint(1, 8, 8, "wait of a spike counter reset", { default: 4 }),
    waitSpikeCounterRead: uint(1, 16, 8, "wait of a spike counter read", { default: 112 }),
    waitFireNeuron: uint(1, 24, 8, "wait of a forced spike", { default: 4 }),
  },
});

export const NeuronReset = defineContainer({
  name: "NeuronReset",
  doc: "Writing any word makes the neuron spike once: reset, refractory time, event.",
  coordinate: AtomicNeuronOnDls,
  access: "w",
  address: (at) => action(at, 0),
  fields: {},
});

export const BlockPostPulse = defineContainer({
  name: "BlockPostPulse",
  doc: "Writing any word gives a post pulse to every neuron of the block.",
  coordinate: NeuronBackendBlockOnDls,
  access: "w",
  address: (at) => 0x122400 + 0x8000 * at,
  fields: {},
});

export const SpikeCounterRead = defineContainer({
  name: "SpikeCounterRead",
  doc: "Number of spikes since the last reset of the counter.",
  coordinate: AtomicNeuronOnDls,
  access: "r",
  address: (at) => action(at, 0x800),
  fields: {
    count: uint(0, 0, 8, "spikes"),
    overflow: flag(0, 8, "the counter has passed 255"),
  },
});

export const SpikeCounterReset = defineContainer({
  name: "SpikeCounterReset",
  doc: "Writing any word sets the neuron's spike counter to zero.",
  coordinate: AtomicNeuronOnDls,
  access: "w",
  address: (at) => action(at, 0xc00),
  fields: {},
});
