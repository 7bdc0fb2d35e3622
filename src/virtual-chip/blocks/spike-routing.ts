/**
 * All ways of an event: from neurons, host and background sources through the crossbar to the host and to the synapses.
 * Knows whose spikes leave the neurons, and whether they come back to any.
 */
import type { Rng } from "../../base/rng.js";
import { type AtomicNeuron, CrossbarNode } from "../../protocol/index.js";
import type { EventBuffer } from "../event-buffer.js";
import { BackgroundSources } from "./background.js";
import type { CapMem } from "./capmem.js";
import { EventFabric } from "./event-fabric.js";
import { SynapseArray } from "./synapse-array.js";
import { SynapticPath, type SynapticPathEnvironment } from "./synaptic-path.js";

export interface SpikeRoutingEnvironment extends Pick<SynapticPathEnvironment, "registers" | "deliver" | "now"> {
  readonly capMem: CapMem;
  readonly rng: Rng;
  /** Factor of the imperfection knob. */
  readonly mismatch: number;
  /** Takes what leaves the chip. */
  readonly toHost: EventBuffer;
}

export class SpikeRouting {
  /** Neurons whose spikes become events, with their backend address. */
  readonly speaking = new Map<AtomicNeuron, number>();
  readonly #fabric: EventFabric;
  readonly #synapses: SynapseArray;
  readonly #path: SynapticPath;
  readonly #background: BackgroundSources;
  /** Whether spikes reach synapses, as things stand; undefined when it must be found out anew. */
  #feedsBack: boolean | undefined;

  constructor({ registers, capMem, rng, mismatch, deliver, now, toHost }: SpikeRoutingEnvironment) {
    const onChange = (): void => {
      this.#feedsBack = undefined;
    };
    this.#synapses = new SynapseArray(registers, rng, mismatch, onChange);
    this.#path = new SynapticPath({ registers, capMem, synapses: this.#synapses, deliver, onChange, now });
    this.#fabric = new EventFabric(registers, toHost, this.#path);
    const emit = (source: number, label: number, time: number): void =>
      this.#fabric.fromBackground(source, label, time);
    this.#background = new BackgroundSources(registers, emit, now);
    registers.hook(CrossbarNode, { onWrite: onChange });
  }

  /** Whether the spikes of any neuron reach a synaptic input. */
  get feedsBack(): boolean {
    this.#feedsBack ??= [...this.speaking].some(([neuron, address]) => this.#fabric.reachesSynapses(neuron, address));
    return this.#feedsBack;
  }

  /** No neuron's spikes become events, and no background source is on. */
  get isSilent(): boolean {
    return this.speaking.size === 0 && !this.#background.isOn;
  }

  /** A neuron's spikes become events with an address from here on, or no longer. */
  setSpeaking(neuron: AtomicNeuron, addressOut: number | undefined): void {
    this.#feedsBack = undefined;
    if (addressOut === undefined) this.speaking.delete(neuron);
    else this.speaking.set(neuron, addressOut);
  }

  /** A neuron's configuration has changed. */
  noteConfig(neuron: AtomicNeuron): void {
    this.#path.noteConfig(neuron);
  }

  fromNeuron(neuron: AtomicNeuron, time: number): void {
    const address = this.speaking.get(neuron);
    if (address !== undefined) this.#fabric.fromNeuron(neuron, address, time);
  }

  /** @param label 16 bits; the upper two name the lane */
  fromHost(label: number, time: number): void {
    this.#fabric.fromHost(label, time);
  }

  /** Send what the background sources owe up to a time, units of 4 ns. */
  advance(time: number): void {
    this.#background.advance(time);
  }

  /** Times are counted from another origin from here on. @param by added to them, units of 4 ns */
  shift(by: number): void {
    this.#background.shift(by);
  }

  reset(): void {
    this.speaking.clear();
    this.#fabric.reset();
    this.#synapses.reset();
    this.#path.reset();
    this.#background.reset();
    this.#feedsBack = undefined;
  }
}
