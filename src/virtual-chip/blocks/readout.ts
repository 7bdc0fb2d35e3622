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

/** A neuron's readout amplifier: the same one feeds the shared line and the CADC. */
export interface ReadoutAmplifier {
  readonly gain: number;
  /** V */
  readonly shift: number;
}

/** Voltages of a neuron that its readout can show, V: membrane, adaptation, and the inputs' distance from rest. */
export interface NeuronVoltages {
  readonly v: number;
  readonly w: number;
  readonly excitatory: number;
  readonly inhibitory: number;
}
/** Voltages of some neurons at the present, in their order. */
export type NeuronProbe = (neurons: readonly AtomicNeuron[]) => readonly NeuronVoltages[];

/** What a synaptic input shows at rest, V; events pull it down. */
export const idleSynapticInput = 1.0;

/** The voltage that a readout source selects. @param source 0 membrane, 1 and 2 synaptic inputs, 3 adaptation */
function sourceVoltage({ v, w, excitatory, inhibitory }: NeuronVoltages, source: number): number {
  if (source === 0) return v;
  if (source === 3) return w;
  return Math.max(0, idleSynapticInput - (source === 1 ? excitatory : inhibitory));
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

export interface ReadoutEnvironment {
  readonly registers: Registers;
  readonly capMem: CapMem;
  readonly rng: Rng;
  /** Factor of the imperfection knob. */
  readonly spread: number;
  /** Whether a neuron's amplifier is broken: it holds the lower rail. */
  readonly isMute: (neuron: AtomicNeuron) => boolean;
}

export class Readout {
  readonly #registers: Registers;
  readonly #capMem: CapMem;
  readonly #rng: Rng;
  readonly #spread: number;
  readonly #isMute: ReadoutEnvironment["isMute"];
  /** Neurons with their readout enabled; looked up when a route is asked for. */
  readonly #enabled = new Set<AtomicNeuron>();
  readonly #amplifiers = new Map<AtomicNeuron, ReadoutAmplifier>();

  constructor({ registers, capMem, rng, spread, isMute }: ReadoutEnvironment) {
    this.#registers = registers;
    this.#capMem = capMem;
    this.#rng = rng.fork("readout");
    this.#spread = spread;
    this.#isMute = isMute;
  }

  /** A neuron's configuration has changed. */
  noteConfig(neuron: AtomicNeuron): void {
    const config = this.#registers.fields(NeuronConfig, neuron);
    if (config.enableReadout && config.enableReadoutAmplifier) this.#enabled.add(neuron);
    else this.#enabled.delete(neuron);
  }

  reset(): void {
    this.#enabled.clear();
  }

  /** What buffer 0 or 1 sees with the registers as they are and the levels of a time in units of 4 ns. */
  input(buffer: number, time: number): BufferInput {
    const selection = this.#registers.fields(ReadoutSourceSelection, theChip);
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

  /** Gain and shift of a neuron's amplifier, fixed for a chip. */
  amplifier(neuron: AtomicNeuron): ReadoutAmplifier {
    let amplifier = this.#amplifiers.get(neuron);
    if (!amplifier) {
      const rng = this.#rng.fork(`neuron ${AtomicNeuronOnDls.format(neuron)}`);
      const gain = Math.exp(readoutSpread.gain * this.#spread * rng.normal());
      const shift = readoutSpread.shift * this.#spread * rng.normal();
      amplifier = this.#isMute(neuron) ? { gain: 0, shift: 0 } : { gain, shift };
      this.#amplifiers.set(neuron, amplifier);
    }
    return amplifier;
  }

  /**
   * What the amplifiers of some neurons show at one instant, V; undefined where an amplifier is off. Neurons of one row
   * and parity that have their readout enabled are joined through their shared line: each shows their mean.
   * @param time units of 4 ns @param probe voltages of the neurons asked for, at that time
   */
  voltages(neurons: readonly AtomicNeuron[], time: number, probe: NeuronProbe): (number | undefined)[] {
    const groups = neurons.map((neuron) => (this.#isPowered(neuron) ? this.#joined(neuron) : []));
    const asked = [...new Set(groups.flat())].filter((neuron) => this.#isBiased(neuron, time));
    const states = probe(asked);
    const shown = new Map(
      asked.map((neuron, i) => {
        const { source, gain, shift } = this.#driver(neuron);
        return [neuron, gain * sourceVoltage(states[i] as NeuronVoltages, source) + shift] as const;
      }),
    );
    // An amplifier without bias holds the lower rail.
    return groups.map((group) =>
      group.length === 0 ? undefined : group.reduce((sum, neuron) => sum + (shown.get(neuron) ?? 0), 0) / group.length,
    );
  }

  #isPowered(neuron: AtomicNeuron): boolean {
    return this.#registers.fields(NeuronConfig, neuron).enableReadoutAmplifier;
  }

  #isBiased(neuron: AtomicNeuron, time: number): boolean {
    return this.#capMem.level(amplifierBiasCells[neuronBlock(neuron)] as number, time) >= leastBias;
  }

  #joined(neuron: AtomicNeuron): readonly AtomicNeuron[] {
    if (!this.#enabled.has(neuron)) return [neuron];
    const [row, parity] = [neuronRow(neuron), neuronColumn(neuron) % 2];
    return [...this.#enabled].filter((other) => neuronRow(other) === row && neuronColumn(other) % 2 === parity);
  }

  #driver(neuron: AtomicNeuron): LineDriver {
    const { readoutSource } = this.#registers.fields(NeuronConfig, neuron);
    return { neuron, source: readoutSource, ...this.amplifier(neuron) };
  }
}
