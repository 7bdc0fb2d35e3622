/**
 * Columns for time-stamped events of one kind (MADC samples or spikes): chip time and the 16 bits that came with it.
 * Kept in blocks, so that growing copies nothing, and without an object per event; sorted only when the board sent
 * events out of order.
 */

const firstCapacity = 4096;
/** Events per block: more than the samples of a trace of one millisecond. */
const blockCapacity = 32_768;
/** Room that is made at once for a program like the largest before it, events at the most. */
const mostForeseen = 1 << 21;
/** Room beyond the largest program so far, and how much of it a spare block must have to serve again. */
const reserve = 1.1;
const leastReserve = 1.02;
/** A block that is filled to this part is handed over as it is, instead of a copy without the rest. */
const wellFilled = 0.75;

export interface EventColumns {
  /** Chip time, units of 4 ns, ascending. */
  readonly chipTime: Float64Array;
  readonly payload: Uint16Array;
}

/** Events with the bits that any of their payloads has. */
export interface TakenEvents extends EventColumns {
  readonly bits: number;
}

function makeBlock(capacity: number): EventColumns {
  return { chipTime: new Float64Array(capacity), payload: new Uint16Array(capacity) };
}

export class EventBuffer {
  #spare: EventColumns | undefined;
  readonly #full: EventColumns[] = [];
  #fullLength = 0;
  #chipTime: Float64Array = new Float64Array(firstCapacity);
  #payload: Uint16Array = new Uint16Array(firstCapacity);
  /** Events in the last block. */
  #length = 0;
  #expected = 0;
  /** Most events that were taken at once so far. */
  #largest = 0;
  #last = Number.NEGATIVE_INFINITY;
  #bits = 0;
  #isSorted = true;

  get length(): number {
    return this.#fullLength + this.#length;
  }

  /** What was handed over earlier, and is not needed any more: its memory serves again, if nothing else lies in it. */
  recycle({ chipTime, payload }: EventColumns): void {
    if (chipTime.byteOffset !== 0 || payload.byteOffset !== 0) return;
    const capacity = chipTime.buffer.byteLength / chipTime.BYTES_PER_ELEMENT;
    if (payload.buffer.byteLength !== capacity * payload.BYTES_PER_ELEMENT) return;
    this.#spare = { chipTime: new Float64Array(chipTime.buffer), payload: new Uint16Array(payload.buffer) };
  }

  /** No more than so many events come before the next call: the room for them is made at once. */
  expect(count: number): void {
    this.#expected = count;
  }

  push(chipTime: number, payload: number): void {
    if (this.#length === this.#payload.length) this.#next();
    const at = this.#length++;
    this.#chipTime[at] = chipTime;
    this.#payload[at] = payload;
    this.#bits |= payload;
    if (chipTime < this.#last) this.#isSorted = false;
    this.#last = chipTime;
  }

  /** The block at hand, with room for three events at least: for whoever writes into it himself, and then says so. */
  open(): EventColumns & { readonly length: number; readonly last: number } {
    if (this.#length + 3 > this.#payload.length) this.#next();
    return { chipTime: this.#chipTime, payload: this.#payload, length: this.#length, last: this.#last };
  }

  /**
   * The block at hand holds so many events by now.
   * @param bits of the payloads added, or-ed @param isSorted whether those added have come in order
   */
  filled(length: number, last: number, bits: number, isSorted: boolean): void {
    this.#length = length;
    this.#last = last;
    this.#bits |= bits;
    if (!isSorted) this.#isSorted = false;
  }

  /** Hand over all events in order of chip time (equal times in order of arrival) and start anew; caller owns. */
  take(): TakenEvents {
    const isSorted = this.#isSorted;
    const bits = this.#bits;
    this.#largest = Math.max(this.#largest, this.length);
    const taken = this.#handOver() ?? this.#copy(makeBlock(this.length));
    this.#full.length = 0;
    this.#fullLength = 0;
    this.#length = 0;
    this.#last = Number.NEGATIVE_INFINITY;
    this.#bits = 0;
    this.#isSorted = true;
    return { ...(isSorted ? taken : sorted(taken)), bits };
  }

  /** The only block without a copy, when it is large and its rest is not worth one. */
  #handOver(): EventColumns | undefined {
    const length = this.#length;
    const capacity = this.#payload.length;
    if (this.#full.length > 0 || capacity <= blockCapacity || length < wellFilled * capacity) return undefined;
    const taken = { chipTime: this.#chipTime.subarray(0, length), payload: this.#payload.subarray(0, length) };
    this.#begin(makeBlock(firstCapacity));
    return taken;
  }

  /** All events at the start of another block. */
  #copy(copied: EventColumns): EventColumns {
    let at = 0;
    for (const block of this.#full) {
      copied.chipTime.set(block.chipTime, at);
      copied.payload.set(block.payload, at);
      at += block.payload.length;
    }
    copied.chipTime.set(this.#chipTime.subarray(0, this.#length), at);
    copied.payload.set(this.#payload.subarray(0, this.#length), at);
    return copied;
  }

  #next(): void {
    const held = this.length;
    const foreseen = Math.max(this.#expected, this.#full.length === 0 ? this.#foreseen() : 0);
    if (foreseen > blockCapacity && held <= foreseen / 8) {
      // What is to come outweighs what is here: one block for all, which need not be copied at the end.
      this.#begin(this.#copy(this.#takeSpare(held) ?? makeBlock(held + foreseen)));
      this.#full.length = 0;
      this.#fullLength = 0;
      this.#length = held;
      return;
    }
    const length = this.#length;
    this.#full.push({ chipTime: this.#chipTime.subarray(0, length), payload: this.#payload.subarray(0, length) });
    this.#fullLength = held;
    this.#begin(makeBlock(Math.max(blockCapacity, this.#expected)));
  }

  /** The spare block, if a program like the largest fits into it. @param held events at hand */
  #takeSpare(held: number): EventColumns | undefined {
    const spare = this.#spare;
    const most = held + Math.max(this.#expected, this.#foreseen());
    const least = held + Math.max(this.#expected, leastReserve * this.#largest);
    this.#spare = undefined;
    // One that is far too large for what comes now goes back to the system.
    return spare !== undefined && spare.payload.length >= least && spare.payload.length <= 2 * most ? spare : undefined;
  }

  /** Programs of a kind follow each other. Room that stays empty costs address space, no memory. */
  #foreseen(): number {
    return Math.min(Math.ceil(reserve * this.#largest), mostForeseen);
  }

  #begin(block: EventColumns): void {
    this.#chipTime = block.chipTime;
    this.#payload = block.payload;
    this.#length = 0;
  }
}

function sorted({ chipTime, payload }: EventColumns): EventColumns {
  const order = Uint32Array.from(chipTime, (_, i) => i);
  order.sort((a, b) => (chipTime[a] as number) - (chipTime[b] as number) || a - b);
  return {
    chipTime: Float64Array.from(order, (i) => chipTime[i] as number),
    payload: Uint16Array.from(order, (i) => payload[i] as number),
  };
}
