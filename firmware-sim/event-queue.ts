/**
 * Timed events that wait for their place in the trace: typed arrays of whole numbers, no object per event, in order of
 * time. Times are kept relative to a base that the queue chooses anew whenever it is empty.
 */

import type { TraceKernel } from "./trace-kernel.js";

/** Stamps count modulo this, units of 4 ns; bases are multiples of it. */
const stampSpan = 256;
/** Times further than this from the base, units of 4 ns, do not fit: 4.3 s. */
const longestSpan = 2 ** 30;

const firstCapacity = 1024;

/** Two arrays of equal length and the number of their events. */
export interface TimedValues {
  readonly count: number;
  /** What times count from, units of 4 ns: a whole number. */
  readonly origin: number;
  /** Units of 4 ns, ascending. */
  readonly time: Int32Array;
  /** 16 bits. */
  readonly value: Uint16Array;
}

export class EventQueue {
  readonly #kernel: TraceKernel | undefined;
  /** Units of 4 ns. */
  #base = 0;
  /** FPGA cycles from the base, and the event as it stands in a pack. */
  #cycle: Int32Array;
  #bits: Uint32Array;
  #head = 0;
  #tail = 0;

  /** @param kernel holds the events in its memory */
  constructor(kernel?: TraceKernel) {
    this.#kernel = kernel;
    ({ cycle: this.#cycle, bits: this.#bits } = this.#columnsOf(firstCapacity));
  }

  get length(): number {
    return this.#tail - this.#head;
  }

  /** Append events that are no older than those held. @param shift added to their times, units of 4 ns */
  append({ count, origin, time, value }: TimedValues, shift: number): void {
    this.#reserve(count);
    const start = origin + shift;
    if (this.length === 0) this.#base = stampSpan * Math.floor((start + (time[0] as number)) / stampSpan);
    const offset = start - this.#base;
    if (offset + (time[count - 1] as number) >= longestSpan)
      throw new RangeError("events wait for longer than the trace can tell");
    const tail = this.#tail;
    this.#tail = tail + count;
    if (this.#kernel) {
      this.#kernel.append(tail, count, time, value, offset);
      return;
    }
    const [cycle, bits] = [this.#cycle, this.#bits];
    for (let i = 0; i < count; i++) {
      const units = (time[i] as number) + offset;
      cycle[tail + i] = units >> 1;
      bits[tail + i] = ((units & 0xff) << 16) | (value[i] as number);
    }
  }

  /** Time of the event at a place from the front, FPGA cycles. */
  cycleAt(index: number): number {
    return this.#base / 2 + (this.#cycle[this.#head + index] as number);
  }

  /** The event as it stands in a pack: 23..16 time stamp in 4 ns, 15..0 value. */
  bitsAt(index: number): number {
    return this.#bits[this.#head + index] as number;
  }

  /** What is held, as it lies in memory: for whoever goes through much of it at a time. Good until the next `append`. */
  get columns(): {
    /** FPGA cycles that `cycle` counts from. */
    readonly baseCycle: number;
    readonly cycle: Int32Array;
    readonly bits: Uint32Array;
    readonly from: number;
    readonly to: number;
  } {
    const { length } = this.#cycle;
    const [from, to] = [Math.min(this.#head, length), Math.min(this.#tail, length)];
    return { baseCycle: this.#base / 2, cycle: this.#cycle, bits: this.#bits, from, to };
  }

  drop(count: number): void {
    this.#head += count;
  }

  clear(): void {
    this.#head = 0;
    this.#tail = 0;
  }

  #reserve(count: number): void {
    if (this.length === 0) this.clear();
    if (this.#tail + count <= this.#cycle.length) return;
    const held = this.length;
    const capacity = Math.max(this.#cycle.length, 2 * (held + count));
    const [cycle, bits] = [this.#cycle.slice(this.#head, this.#tail), this.#bits.slice(this.#head, this.#tail)];
    if (capacity > this.#cycle.length) ({ cycle: this.#cycle, bits: this.#bits } = this.#columnsOf(capacity));
    this.#cycle.set(cycle);
    this.#bits.set(bits);
    this.#head = 0;
    this.#tail = held;
  }

  #columnsOf(capacity: number): { readonly cycle: Int32Array; readonly bits: Uint32Array } {
    return this.#kernel?.columns(capacity) ?? { cycle: new Int32Array(capacity), bits: new Uint32Array(capacity) };
  }
}
