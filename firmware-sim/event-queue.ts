/** Timed events that wait for their place in the trace: typed arrays, no object per event, in order of time. */

export class EventQueue {
  #time = new Float64Array(1024);
  #value = new Uint16Array(1024);
  #head = 0;
  #tail = 0;

  get length(): number {
    return this.#tail - this.#head;
  }

  /**
   * Append events that are no older than those held.
   * @param time units of 4 ns; `shift` is added @param value 16 bits
   */
  append(count: number, time: Float64Array, value: Uint16Array, shift: number): void {
    this.#reserve(count);
    const tail = this.#tail;
    for (let i = 0; i < count; i++) this.#time[tail + i] = Math.floor(time[i] as number) + shift;
    this.#value.set(value.subarray(0, count), tail);
    this.#tail = tail + count;
  }

  /** Time of the event at a place from the front, FPGA cycles. */
  cycleAt(index: number): number {
    return Math.floor((this.#time[this.#head + index] as number) / 2);
  }

  /** The event as it stands in a pack: 23..16 time stamp in 4 ns, 15..0 value. */
  bitsAt(index: number): number {
    const time = this.#time[this.#head + index] as number;
    const stamp = time - 256 * Math.floor(time / 256);
    return stamp * 0x1_0000 + (this.#value[this.#head + index] as number);
  }

  drop(count: number): void {
    this.#head += count;
  }

  clear(): void {
    this.#head = 0;
    this.#tail = 0;
  }

  #reserve(count: number): void {
    if (this.#tail + count <= this.#time.length) return;
    const held = this.length;
    const capacity = Math.max(this.#time.length, 2 * (held + count));
    const isLarger = capacity > this.#time.length;
    const time = isLarger ? new Float64Array(capacity) : this.#time;
    const value = isLarger ? new Uint16Array(capacity) : this.#value;
    // `set` copes with overlap, so the arrays may be the same.
    time.set(this.#time.subarray(this.#head, this.#tail));
    value.set(this.#value.subarray(this.#head, this.#tail));
    this.#time = time;
    this.#value = value;
    this.#head = 0;
    this.#tail = held;
  }
}
