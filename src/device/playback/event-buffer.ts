/**
 * Columns for time-stamped events of one kind (MADC samples or spikes): chip time and the 16 bits that came with it.
 * Kept in blocks, so that growing copies nothing, and without an object per event; sorted only when the board sent
 * events out of order.
 */

const firstCapacity = 4096;
/** Events per block: more than the samples of a trace of one millisecond. */
const blockCapacity = 32_768;

export interface EventColumns {
  /** Chip time, units of 4 ns, ascending. */
  readonly chipTime: Float64Array;
  readonly payload: Uint16Array;
}

function makeBlock(capacity: number): EventColumns {
  return { chipTime: new Float64Array(capacity), payload: new Uint16Array(capacity) };
}

export class EventBuffer {
  readonly #full: EventColumns[] = [];
  #fullLength = 0;
  #chipTime: Float64Array = new Float64Array(firstCapacity);
  #payload: Uint16Array = new Uint16Array(firstCapacity);
  /** Events in the last block. */
  #length = 0;
  #last = Number.NEGATIVE_INFINITY;
  #isSorted = true;

  get length(): number {
    return this.#fullLength + this.#length;
  }

  push(chipTime: number, payload: number): void {
    if (this.#length === this.#payload.length) this.#next();
    const at = this.#length++;
    this.#chipTime[at] = chipTime;
    this.#payload[at] = payload;
    if (chipTime < this.#last) this.#isSorted = false;
    this.#last = chipTime;
  }

  /** Hand over all events in order of chip time (equal times in order of arrival) and start anew; caller owns. */
  take(): EventColumns {
    const taken = makeBlock(this.length);
    let at = 0;
    for (const block of this.#full) {
      taken.chipTime.set(block.chipTime, at);
      taken.payload.set(block.payload, at);
      at += block.payload.length;
    }
    taken.chipTime.set(this.#chipTime.subarray(0, this.#length), at);
    taken.payload.set(this.#payload.subarray(0, this.#length), at);
    const isSorted = this.#isSorted;
    this.#full.length = 0;
    this.#fullLength = 0;
    this.#length = 0;
    this.#last = Number.NEGATIVE_INFINITY;
    this.#isSorted = true;
    return isSorted ? taken : sorted(taken);
  }

  #next(): void {
    this.#full.push({ chipTime: this.#chipTime, payload: this.#payload });
    this.#fullLength += this.#length;
    const block = makeBlock(blockCapacity);
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
