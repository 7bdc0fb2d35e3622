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

/** Times from the origin lie below this; beyond it they are kept as doubles. */
const longestSpan = 2 ** 31;
/** An origin lies at least so far before the first event, and on a multiple of it: a board may send out of order. */
const leastBefore = 2 ** 20;

export type EventTimes = Int32Array | Float64Array;

export interface EventColumns {
  /** From the origin on, units of 4 ns. */
  readonly time: EventTimes;
  readonly payload: Uint16Array;
}

/** Events in order of chip time, with its origin, and the bits that any of their payloads has. */
export interface TakenEvents extends EventColumns {
  readonly origin: number;
  readonly bits: number;
}

export class EventBuffer {
  #spare: EventColumns | undefined;
  readonly #full: EventColumns[] = [];
  #fullLength = 0;
  /** Chip time that times count from; chosen by the first event. */
  #origin = 0;
  #isWide = false;
  #time: EventTimes = new Int32Array(firstCapacity);
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
  recycle({ time, payload }: EventColumns): void {
    const { buffer } = time;
    if (!(time instanceof Int32Array) || time.byteOffset !== 0 || payload.byteOffset !== 0) return;
    if (!(buffer instanceof ArrayBuffer && payload.buffer instanceof ArrayBuffer)) return;
    if (2 * payload.buffer.byteLength !== buffer.byteLength) return;
    this.#spare = { time: new Int32Array(buffer), payload: new Uint16Array(payload.buffer) };
  }

  /** No more than so many events come before the next call: the room for them is made at once. */
  expect(count: number): void {
    this.#expected = count;
  }

  push(chipTime: number, payload: number): void {
    const time = chipTime - this.originFor(chipTime);
    if (!this.#isWide && (time < 0 || time >= longestSpan)) this.#widen();
    if (this.#length === this.#payload.length) this.#next();
    const at = this.#length++;
    this.#time[at] = time;
    this.#payload[at] = payload;
    this.#bits |= payload;
    if (time < this.#last) this.#isSorted = false;
    this.#last = time;
  }

  /** What times count from, when the next event has this chip time. */
  originFor(chipTime: number): number {
    if (this.length === 0) this.#origin = Math.max(0, leastBefore * (Math.floor(chipTime / leastBefore) - 1));
    return this.#origin;
  }

  /**
   * The block at hand, with room for three events at least: for whoever writes into it himself, and then says so.
   * @returns undefined where times are kept as doubles: then `push`
   */
  open():
    | { readonly time: Int32Array; readonly payload: Uint16Array; readonly length: number; readonly last: number }
    | undefined {
    if (this.#length + 3 > this.#payload.length) this.#next();
    const time = this.#time;
    if (!(time instanceof Int32Array)) return undefined;
    // Before the first event, a time that none is before.
    const last = this.#last === Number.NEGATIVE_INFINITY ? -longestSpan : this.#last;
    return { time, payload: this.#payload, length: this.#length, last };
  }

  /**
   * The block at hand holds so many events by now.
   * @param bits of the payloads added, or-ed @param isSorted whether those added have come in order
   */
  filled(length: number, last: number, bits: number, isSorted: boolean): void {
    if (length === this.#length) return;
    this.#length = length;
    this.#last = last;
    this.#bits |= bits;
    if (!isSorted) this.#isSorted = false;
  }

  /** Hand over all events in order of chip time (equal times in order of arrival) and start anew; caller owns. */
  take(): TakenEvents {
    const [origin, bits, isSorted] = [this.#origin, this.#bits, this.#isSorted];
    this.#largest = Math.max(this.#largest, this.length);
    const taken = this.#handOver() ?? this.#copy(this.#makeBlock(this.length));
    if (this.#isWide) this.#time = new Int32Array(this.#payload.length);
    this.#isWide = false;
    this.#full.length = 0;
    this.#fullLength = 0;
    this.#length = 0;
    this.#last = Number.NEGATIVE_INFINITY;
    this.#bits = 0;
    this.#isSorted = true;
    return { ...(isSorted ? taken : sorted(taken)), origin, bits };
  }

  #makeBlock(capacity: number): EventColumns {
    const time = this.#isWide ? new Float64Array(capacity) : new Int32Array(capacity);
    return { time, payload: new Uint16Array(capacity) };
  }

  /** From here on times are doubles, and those at hand become some. */
  #widen(): void {
    this.#isWide = true;
    this.#full.forEach(({ time, payload }, k) => {
      this.#full[k] = { time: Float64Array.from(time), payload };
    });
    this.#time = Float64Array.from(this.#time);
  }

  /** The only block without a copy, when it is large and its rest is not worth one. */
  #handOver(): EventColumns | undefined {
    const length = this.#length;
    const capacity = this.#payload.length;
    if (this.#full.length > 0 || capacity <= blockCapacity || length < wellFilled * capacity) return undefined;
    const taken = this.#held();
    this.#begin({ time: new Int32Array(firstCapacity), payload: new Uint16Array(firstCapacity) });
    return taken;
  }

  /** The last block's events. */
  #held(): EventColumns {
    return { time: this.#time.subarray(0, this.#length), payload: this.#payload.subarray(0, this.#length) };
  }

  /** All events at the start of another block. */
  #copy(copied: EventColumns): EventColumns {
    let at = 0;
    for (const { time, payload } of [...this.#full, this.#held()]) {
      copied.time.set(time, at);
      copied.payload.set(payload, at);
      at += payload.length;
    }
    return copied;
  }

  #next(): void {
    const held = this.length;
    const foreseen = Math.max(this.#expected, this.#full.length === 0 ? this.#foreseen() : 0);
    const spare = this.#full.length === 0 ? this.#takeSpare(held) : undefined;
    if (spare !== undefined || (foreseen > blockCapacity && held <= foreseen / 8)) {
      // What is to come outweighs what is here: one block for all, which need not be copied at the end.
      this.#begin(this.#copy(spare ?? this.#makeBlock(held + foreseen)));
      this.#full.length = 0;
      this.#fullLength = 0;
      this.#length = held;
      return;
    }
    this.#full.push(this.#held());
    this.#fullLength = held;
    this.#begin(this.#makeBlock(Math.max(blockCapacity, this.#expected)));
  }

  /** The spare block, if a program like the largest fits into it. @param held events at hand, part of that program */
  #takeSpare(held: number): EventColumns | undefined {
    const spare = this.#spare;
    const most = held + Math.max(this.#expected, this.#foreseen());
    const least = Math.max(held + this.#expected, leastReserve * this.#largest);
    this.#spare = undefined;
    if (this.#isWide) return undefined;
    // One that is far too large for what comes now goes back to the system.
    return spare !== undefined && spare.payload.length >= least && spare.payload.length <= 2 * most ? spare : undefined;
  }

  /** Programs of a kind follow each other. Room that stays empty costs address space, no memory. */
  #foreseen(): number {
    return Math.min(Math.ceil(reserve * this.#largest), mostForeseen);
  }

  #begin({ time, payload }: EventColumns): void {
    this.#time = time;
    this.#payload = payload;
    this.#length = 0;
  }
}

function sorted({ time, payload }: EventColumns): EventColumns {
  const order = Uint32Array.from(time, (_, i) => i);
  order.sort((a, b) => (time[a] as number) - (time[b] as number) || a - b);
  return {
    time: time.map((_, i) => time[order[i] as number] as number),
    payload: payload.map((_, i) => payload[order[i] as number] as number),
  };
}
