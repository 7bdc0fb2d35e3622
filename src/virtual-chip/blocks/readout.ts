/**
 * The analog path from the neurons to the two readout buffers: which neurons drive a line, with what gain and bandwidth.
 * Four lines (hemisphere by column parity), joined with each buffer by ReadoutSourceSelection.
 */
import type { Rng } from "../../base/rng.js";
import {
  type AtomicNeuron,
  AtomicNeuronOnDls,
  CapMemBlockOnDls,
  NeuronConfig,
  neuronBlock,
  neuronColumn,
  neuronRow,
  ReadoutSourceSelection,
  sharedCapMemCell,
  theChip,
} from "../../protocol/index.js";
import { readoutSpread } from "../physics/mismatch.js";
import type { Registers } from "../registers.js";
import type { CapMem } from "./capmem.js";

/** One neuron on a line. */
export interface LineDriver {
  readonly neuron: AtomicNeuron;
  /** Which voltage it shows: 0 membrane, 1 and 2 synaptic inputs, 3 adaptation. */
  readonly source: number;
  readonly gain: number;
  /** V */
  readonly shift: number;
}

/** What a readout buffer is joined with. */
export interface BufferInput {
  /** Several drivers share the line: it shows their mean. None: it floats. */
  readonly drivers: readonly LineDriver[];
  /** Pole of the path, MHz; 0 when an amplifier has no bias and the output lies at the lower rail. */
  readonly poleMHz: number;
}

/** Bias at which the neuron's readout amplifier has its full bandwidth, codes, and that bandwidth. */
const fullAmplifierBias = 110;
const fullPoleMHz = 8;
/** An amplifier with less bias than this, codes, does not work. */
const leastBias = 10;

const block0 = CapMemBlockOnDls.at(0);
const muxBiasCell = sharedCapMemCell(block0, "readout_ac_mux_i_bias");
const madcBiasCell = sharedCapMemCell(block0, "readout_madc_in_500na");
const amplifierBiasCells = Array.from({ length: CapMemBlockOnDls.size }, (_, block) =>
  sharedCapMemCell(CapMemBlockOnDls.at(block), "neuron_i_bias_readout_amp"),
);

export class Readout {
  readonly #registers: Registers;
  readonly #capMem: CapMem;
  readonly #rng: Rng;
  readonly #spread: number;
  /** Neurons with their readout enabled; looked up when a route is asked for. */
  readonly #enabled = new Set<AtomicNeuron>();

  constructor(registers: Registers, capMem: CapMem, rng: Rng, spread: number) {
    this.#registers = registers;
    this.#capMem = capMem;
    this.#rng = rng.fork("readout");
    this.#spread = spread;
  }

  /** A neuron's configuration has changed. */
  noteConfig(neuron: AtomicNeuron): void {
    const config = NeuronConfig.decode(this.#registers.words(NeuronConfig, neuron));
    if (config.enableReadout && config.enableReadoutAmplifier) this.#enabled.add(neuron);
    else this.#enabled.delete(neuron);
  }

  reset(): void {
    this.#enabled.clear();
  }

  /** What buffer 0 or 1 sees with the registers as they are and the levels of a time in units of 4 ns. */
  input(buffer: number, time: number): BufferInput {
    const selection = ReadoutSourceSelection.decode(this.#registers.words(ReadoutSourceSelection, theChip));
    const lines =
      buffer === 0
        ? [
            [selection.neuronEvenTop0, selection.neuronOddTop0],
            [selection.neuronEvenBottom0, selection.neuronOddBottom0],
          ]
        : [
            [selection.neuronEvenTop1, selection.neuronOddTop1],
            [selection.neuronEvenBottom1, selection.neuronOddBottom1],
          ];
    const neurons = [...this.#enabled]
      .filter((neuron) => lines[neuronRow(neuron)]?.[neuronColumn(neuron) % 2])
      .sort((a, b) => a - b);
    let bias = fullAmplifierBias;
    for (const neuron of neurons) {
      const cell = amplifierBiasCells[neuronBlock(neuron)];
      if (cell !== undefined) bias = Math.min(bias, this.#capMem.level(cell, time));
    }
    const isPowered = [muxBiasCell, madcBiasCell].every((cell) => this.#capMem.level(cell, time) >= leastBias);
    return {
      drivers: neurons.map((neuron) => this.#driver(neuron)),
      poleMHz: isPowered && bias >= leastBias ? (fullPoleMHz * bias) / fullAmplifierBias : 0,
    };
  }

  #driver(neuron: AtomicNeuron): LineDriver {
    const { readoutSource } = NeuronConfig.decode(this.#registers.words(NeuronConfig, neuron));
    const rng = this.#rng.fork(`neuron ${AtomicNeuronOnDls.format(neuron)}`);
    const gain = Math.exp(readoutSpread.gain * this.#spread * rng.normal());
    return { neuron, source: readoutSource, gain, shift: readoutSpread.shift * this.#spread * rng.normal() };
  }
}
