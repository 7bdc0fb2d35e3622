/**
 * Rings once for all datagrams that are written in one go: a reader that is woken for the first of many is through before
 * the second is there, and must be woken again, which costs more than the datagram.
 */
import type { DatagramRing } from "./datagram-ring.js";

export class Bell {
  readonly #ring: DatagramRing;
  readonly #wake: () => void;
  #isDue = false;

  constructor(ring: DatagramRing, wake: () => void) {
    this.#ring = ring;
    this.#wake = wake;
  }

  /** Something was written: ring when the work at hand is done. */
  soon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => this.now());
  }

  now(): void {
    this.#isDue = false;
    if (this.#ring.mustWake()) this.#wake();
  }
}
