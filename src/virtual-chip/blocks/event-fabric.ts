/**
 * The event crossbar: events of neurons, host and background sources through their nodes to the PADI buses and to the
 * lanes to the host, with output counters.
 */
import {
  type AtomicNeuron,
  CommonNeuronBackendConfig,
  CrossbarNode,
  CrossbarNodeOnDls,
  CrossbarOutputConfig,
  CrossbarOutputEventCounter,
  crossbarNodePlace,
  neuronBackendBlock,
  neuronColumn,
  theChip,
} from "../../protocol/index.js";
import type { EventBuffer } from "../event-buffer.js";
import type { Registers } from "../registers.js";
import type { SynapticPath } from "./synaptic-path.js";

const firstHostOutput = 8;
const firstHostInput = 8;
const firstBackgroundInput = 12;
const neuronLabelBits = 0x3fff;

/** Nodes of each input, with the output that each leads to. */
const nodesOfInput = new Map<number, { readonly node: number; readonly output: number }[]>();
for (let node = 0; node < CrossbarNodeOnDls.size; node++) {
  const { input, output } = crossbarNodePlace(CrossbarNodeOnDls.at(node));
  const nodes = nodesOfInput.get(input) ?? [];
  nodes.push({ node, output });
  nodesOfInput.set(input, nodes);
}

/** Event output that a neuron's spikes leave by, 0..7: four per backend block, 32 columns each. */
function eventOutput(neuron: AtomicNeuron): number {
  return 4 * neuronBackendBlock(neuron) + ((neuronColumn(neuron) % 128) >> 5);
}

/** Label of a neuron's spike: event output and backend address. */
const labelOf = (neuron: AtomicNeuron, addressOut: number): number => (eventOutput(neuron) << 8) | addressOut;

export class EventFabric {
  readonly #registers: Registers;
  readonly #toHost: EventBuffer;
  readonly #toSynapses: Pick<SynapticPath, "fromCrossbar" | "reaches">;
  readonly #counters = new Float64Array(CrossbarOutputEventCounter.coordinate.size);

  /** @param toHost receives what leaves the chip: time in units of 4 ns, 16-bit label */
  constructor(registers: Registers, toHost: EventBuffer, toSynapses: Pick<SynapticPath, "fromCrossbar" | "reaches">) {
    this.#registers = registers;
    this.#toHost = toHost;
    this.#toSynapses = toSynapses;
    registers.hook(CrossbarOutputEventCounter, {
      onRead: (output) => this.#counters[output] as number,
      onWrite: (output) => {
        this.#counters[output] = 0;
      },
    });
  }

  /** @param addressOut the backend's 8-bit address */
  fromNeuron(neuron: AtomicNeuron, addressOut: number, time: number): void {
    // Without its block's event registers a spike resets the neuron and is counted, but makes no event.
    const common = this.#registers.words(CommonNeuronBackendConfig, neuronBackendBlock(neuron));
    if (!CommonNeuronBackendConfig.decode(common).enableEventRegisters) return;
    this.#pass(eventOutput(neuron), labelOf(neuron, addressOut), time);
  }

  /** @param source 0..7 @param label 14 bits */
  fromBackground(source: number, label: number, time: number): void {
    this.#pass(firstBackgroundInput + source, label, time);
  }

  /** Whether a neuron's spikes would reach a synaptic input, as things stand. */
  reachesSynapses(neuron: AtomicNeuron, addressOut: number): boolean {
    const label = labelOf(neuron, addressOut);
    const nodes = nodesOfInput.get(eventOutput(neuron)) ?? [];
    return nodes.some(
      ({ node, output }) =>
        output < firstHostOutput && this.#passes(node, label) && this.#toSynapses.reaches(output, label),
    );
  }

  /** @param label 16 bits; the upper two name the lane */
  fromHost(label: number, time: number): void {
    this.#pass(firstHostInput + (label >> 14), label & neuronLabelBits, time);
  }

  reset(): void {
    this.#counters.fill(0);
  }

  #pass(input: number, label: number, time: number): void {
    for (const { node, output } of nodesOfInput.get(input) ?? []) {
      if (!this.#passes(node, label)) continue;
      const config = this.#registers.words(CrossbarOutputConfig, theChip)[0] as number;
      // Bits 15..4: event counters of outputs 11..0.
      if ((config >> (4 + output)) & 1) this.#counters[output] = (this.#counters[output] as number) + 1;
      if (output >= firstHostOutput) this.#toHost.push(time, ((output - firstHostOutput) << 14) | label);
      else this.#toSynapses.fromCrossbar(output, label, time);
    }
  }

  #passes(node: number, label: number): boolean {
    const { mask, target } = this.#registers.fields(CrossbarNode, node);
    return (label & mask) === target;
  }
}
