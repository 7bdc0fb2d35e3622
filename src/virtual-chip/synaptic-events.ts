/** Events at one neuron's synaptic inputs that wait for their step: typed arrays in order of time, no object per event. */
import type { AdexState, SynapticInput } from "./physics/adex.js";

export class SynapticEvents {
  #step = new Float64Array(16);
  /** Voltage added to the input, V. */
  #amplitude = new Float64Array(16);
  #isInhibitory = new Uint8Array(16);
  #head = 0;
  #tail = 0;

  /** Step of the earliest event; Infinity without one. */
  get next(): number {
    return this.#head < this.#tail ? (this.#step[this.#head] as number) : Infinity;
  }

  push(step: number, input: SynapticInput, amplitude: number): void {
    if (this.#tail === this.#step.length) this.#reserve();
    let i = this.#tail++;
    for (; i > this.#head && (this.#step[i - 1] as number) > step; i--) this.#move(i - 1, i);
    this.#step[i] = step;
    this.#amplitude[i] = amplitude;
    this.#isInhibitory[i] = input === "inhibitory" ? 1 : 0;
  }

  /** Add the events up to a step, this one too, to a circuit's inputs. */
  applyUpTo(step: number, state: AdexState): void {
    for (; this.next <= step; this.#head++) {
      const amplitude = this.#amplitude[this.#head] as number;
      if (this.#isInhibitory[this.#head]) state.inhibitory += amplitude;
      else state.excitatory += amplitude;
    }
  }

  /** Drop the events before a step. */
  forget(before: number): void {
    while (this.next < before) this.#head++;
  }

  clear(): void {
    this.#head = 0;
    this.#tail = 0;
  }

  #move(from: number, to: number): void {
    this.#step[to] = this.#step[from] as number;
    this.#amplitude[to] = this.#amplitude[from] as number;
    this.#isInhibitory[to] = this.#isInhibitory[from] as number;
  }

  #reserve(): void {
    const held = this.#tail - this.#head;
    const length = Math.max(this.#step.length, 4 * held);
    const grow = <T extends Float64Array | Uint8Array>(to: T, from: T): T => {
      to.set(from.subarray(this.#head, this.#tail));
      return to;
    };
    this.#step = grow(new Float64Array(length), this.#step);
    this.#amplitude = grow(new Float64Array(length), this.#amplitude);
    this.#isInhibitory = grow(new Uint8Array(length), this.#isInhibitory);
    this.#head = 0;
    this.#tail = held;
  }
}
