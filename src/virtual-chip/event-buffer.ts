/** Growing list of timed 16-bit events; typed arrays, no object per event. */

export interface TimedEvents {
  readonly count: number;
  /** Chip time, units of 4 ns, ascending. */
  readonly time: Float64Array;
  readonly value: Uint16Array;
}

const none: TimedEvents = { count: 0, time: new Float64Array(0), value: new Uint16Array(0) };

export class EventBuffer {
  #count = 0;
  #time = new Float64Array(1024);
  #value = new Uint16Array(1024);
  #isSorted = true;

  push(time: number, value: number): void {
    const n = this.#count;
    if (n === this.#time.length) this.#grow();
    if (n > 0 && time < (this.#time[n - 1] as number)) this.#isSorted = false;
    this.#time[n] = time;
    this.#value[n] = value;
    this.#count = n + 1;
  }

  /**
   * Append `count` values, or-ed with `bits`, whose times are floor(origin + (first + i) * period).
   * None of them may be earlier than what was appended before.
   */
  pushRun(values: Uint16Array, count: number, bits: number, origin: number, period: number, first: number): void {
    while (this.#count + count > this.#time.length) this.#grow();
    const [time, value, n] = [this.#time, this.#value, this.#count];
    for (let i = 0; i < count; i++) {
      time[n + i] = Math.floor(origin + (first + i) * period);
      value[n + i] = (values[i] as number) | bits;
    }
    this.#count = n + count;
  }

  /** Remove and return the events up to a time. Caller owns the arrays. */
  take(upTo: number): TimedEvents {
    if (this.#count === 0) return none;
    if (!this.#isSorted) this.#sort();
    let count = this.#count;
    while (count > 0 && (this.#time[count - 1] as number) > upTo) count--;
    if (count === 0) return none;
    const taken = { count, time: this.#time.slice(0, count), value: this.#value.slice(0, count) };
    this.#time.copyWithin(0, count, this.#count);
    this.#value.copyWithin(0, count, this.#count);
    this.#count -= count;
    return taken;
  }

  clear(): void {
    this.#count = 0;
    this.#isSorted = true;
  }

  #grow(): void {
    const time = new Float64Array(2 * this.#time.length);
    const value = new Uint16Array(time.length);
    time.set(this.#time);
    value.set(this.#value);
    this.#time = time;
    this.#value = value;
  }

  /** Stable: events of equal time stay in the order in which they came. */
  #sort(): void {
    const time = this.#time.slice(0, this.#count);
    const value = this.#value.slice(0, this.#count);
    const order = Uint32Array.from(time, (_, i) => i).sort(
      (a, b) => (time[a] as number) - (time[b] as number) || a - b,
    );
    order.forEach((from, to) => {
      this.#time[to] = time[from] as number;
      this.#value[to] = value[from] as number;
    });
    this.#isSorted = true;
  }
}
