/**
 * Columns for time-stamped events of one kind (MADC samples or spikes): chip time and the 16 bits that came with it.
 * Grows by doubling, makes no object per event, and sorts only when the board sent events out of order.
 */

const firstCapacity = 4096;

export interface EventColumns {
  /** Chip time, units of 4 ns, ascending. */
  readonly chipTime: Float64Array;
  readonly payload: Uint16Array;
}

export class EventBuffer {
  #chipTime = new Float64Array(firstCapacity);
  #payload = new Uint16Array(firstCapacity);
  #length = 0;
  #last = Number.NEGATIVE_INFINITY;
  #isSorted = true;

  get length(): number {
    return this.#length;
  }

  push(chipTime: number, payload: number): void {
    if (this.#length === this.#payload.length) this.#grow();
    this.#chipTime[this.#length] = chipTime;
    this.#payload[this.#length++] = payload;
    if (chipTime < this.#last) this.#isSorted = false;
    this.#last = chipTime;
  }

  /** Hand over all events in order of chip time (equal times in order of arrival) and start anew; caller owns. */
  take(): EventColumns {
    const chipTime = this.#chipTime.slice(0, this.#length);
    const payload = this.#payload.slice(0, this.#length);
    const isSorted = this.#isSorted;
    this.#length = 0;
    this.#last = Number.NEGATIVE_INFINITY;
    this.#isSorted = true;
    return isSorted ? { chipTime, payload } : sorted(chipTime, payload);
  }

  #grow(): void {
    const chipTime = new Float64Array(2 * this.#length);
    chipTime.set(this.#chipTime);
    this.#chipTime = chipTime;
    const payload = new Uint16Array(2 * this.#length);
    payload.set(this.#payload);
    this.#payload = payload;
  }
}

function sorted(chipTime: Float64Array, payload: Uint16Array): EventColumns {
  const order = Uint32Array.from(chipTime, (_, i) => i);
  order.sort((a, b) => (chipTime[a] as number) - (chipTime[b] as number) || a - b);
  return {
    chipTime: Float64Array.from(order, (i) => chipTime[i] as number),
    payload: Uint16Array.from(order, (i) => payload[i] as number),
  };
}
