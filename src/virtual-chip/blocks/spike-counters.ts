/**
 * The neurons' spike counters. A neuron counts from the first reset of its counter on, and is brought to the present only
 * before something acts on it and before its count is read: what it would have done before a new reset is never computed.
 */
import { type AtomicNeuron, AtomicNeuronOnDls, SpikeCounterRead, SpikeCounterReset } from "../../protocol/index.js";
import type { Population } from "../population.js";
import type { Registers } from "../registers.js";

/** Largest count; beyond it the overflow bit stands. */
const largestCount = 255;
const overflowBit = 0x100;

export class SpikeCounters {
  readonly #population: Population;
  readonly #step: () => number;
  readonly #counts = new Map<AtomicNeuron, number>();

  /** @param step the present, grid steps */
  constructor(registers: Registers, population: Population, step: () => number) {
    this.#population = population;
    this.#step = step;
    registers.hook(SpikeCounterReset, { onWrite: (at) => this.#resetCounter(AtomicNeuronOnDls.at(at)) });
    registers.hook(SpikeCounterRead, { onRead: (at) => this.#read(AtomicNeuronOnDls.at(at)) });
  }

  /** Bring counting neurons to the present: before anything acts on them. @param neurons default all */
  settle(neurons: Iterable<AtomicNeuron> = this.#counts.keys()): void {
    if (this.#counts.size > 0) this.#population.advance(neurons, this.#step());
  }

  count(neuron: AtomicNeuron): void {
    const count = this.#counts.get(neuron);
    if (count !== undefined) this.#counts.set(neuron, count + 1);
  }

  /** Time has begun anew, and the population has forgotten who is observed; counts stay. */
  restart(): void {
    this.#population.observe(this.#counts.keys(), this.#step());
  }

  reset(): void {
    this.#counts.clear();
  }

  #read(neuron: AtomicNeuron): number {
    this.settle([neuron]);
    const count = this.#counts.get(neuron) ?? 0;
    return (count & largestCount) | (count > largestCount ? overflowBit : 0);
  }

  /** Counting begins anew, with the circuit as a new observation finds it. */
  #resetCounter(neuron: AtomicNeuron): void {
    if (this.#counts.has(neuron)) this.#population.unobserve([neuron]);
    this.#population.observe([neuron], this.#step());
    this.#counts.set(neuron, 0);
  }
}
