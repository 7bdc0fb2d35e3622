/**
 * The 512 atomic neurons and where each sits. n = 256 * row + column: row 0 is the top half, column 0 the western edge.
 * One coordinate serves every container that exists once per neuron. Source: halco `hicann-dls/vx/neuron.h`.
 */
import type { Coordinate } from "./coordinate.js";
import { CapMemBlockOnDls, NeuronBackendBlockOnDls, numbered } from "./hemisphere.js";

export const AtomicNeuronOnDls = numbered("AtomicNeuronOnDls", 512, "n");
export type AtomicNeuron = Coordinate<"AtomicNeuronOnDls">;

/** Neurons per row of the chip. */
const neuronColumns = 256;
/** Neurons per quadrant. */
const neuronsPerBlock = 128;

/** 0 top, 1 bottom. */
export function neuronRow(neuron: AtomicNeuron): number {
  return neuron >> 8;
}

/** 0..255, west to east. */
export function neuronColumn(neuron: AtomicNeuron): number {
  return neuron & (neuronColumns - 1);
}

/** Quadrant of the neuron; its CapMem block and its neuron config block. */
export function neuronBlock(neuron: AtomicNeuron): Coordinate<"CapMemBlockOnDls"> {
  return CapMemBlockOnDls.at(neuron >> 7);
}

/** Index in the quadrant, 0..127; the CapMem column of the neuron. */
export function neuronIndexInBlock(neuron: AtomicNeuron): number {
  return neuron & (neuronsPerBlock - 1);
}

/** Neuron backend block that holds the neuron's digital part. */
export function neuronBackendBlock(neuron: AtomicNeuron): Coordinate<"NeuronBackendBlockOnDls"> {
  return NeuronBackendBlockOnDls.at((neuron >> 7) & 1);
}

/** Index in the backend block, 0..255: top row first. */
export function neuronIndexInBackendBlock(neuron: AtomicNeuron): number {
  return neuronsPerBlock * neuronRow(neuron) + neuronIndexInBlock(neuron);
}
