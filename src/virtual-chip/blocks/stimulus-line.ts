/**
 * The current DAC's way onto membranes: one stimulus line for the neurons of each row. A neuron takes part in its row's
 * line while its unbuffered access is on; those that do share the current evenly (docs/chip-model.md, "Current DAC").
 */
import { type AtomicNeuron, CurrentDac, NeuronConfig, neuronRow, theChip } from "../../protocol/index.js";
import type { Registers } from "../registers.js";

/** Bits of a stimulus word that say among how many neurons a current is shared. */
const sharedAt = 16;

export class StimulusLines {
  readonly #registers: Registers;
  readonly #joined = new Set<AtomicNeuron>();

  constructor(registers: Registers) {
    this.#registers = registers;
  }

  /** A neuron's configuration has changed. @returns whether its row's line has one neuron more or less */
  noteConfig(neuron: AtomicNeuron): boolean {
    const { enableUnbufferedAccess } = this.#registers.fields(NeuronConfig, neuron);
    if (enableUnbufferedAccess === this.#joined.has(neuron)) return false;
    if (enableUnbufferedAccess) this.#joined.add(neuron);
    else this.#joined.delete(neuron);
    return true;
  }

  isJoined(neuron: AtomicNeuron): boolean {
    return this.#joined.has(neuron);
  }

  /** What a neuron gets, as `stimulusOf` reads it. */
  word(neuron: AtomicNeuron): number {
    if (!this.#joined.has(neuron)) return 0;
    const row = neuronRow(neuron);
    const shared = [...this.#joined].filter((other) => neuronRow(other) === row).length;
    const dac = this.#registers.words(CurrentDac, theChip)[0] as number;
    const { connectNeuronStimulusTop: top, connectNeuronStimulusBottom: bottom } = CurrentDac.decode([dac]);
    return (row === 0 ? top : bottom) ? dac | (shared << sharedAt) : 0;
  }

  reset(): void {
    this.#joined.clear();
  }
}

/** Signed codes of current that a neuron gets. @param word as `StimulusLines.word` gives it */
export function stimulusOf(word: number): number {
  const shared = word >>> sharedAt;
  const { current, sign, enableCurrent } = CurrentDac.decode([word & 0xffff]);
  return enableCurrent && shared > 0 ? ((sign === 1 ? -1 : 1) * current) / shared : 0;
}
