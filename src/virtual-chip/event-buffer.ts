/**
 * Growing list of timed 16-bit events; typed arrays, no object per event. Times are kept as distances from an origin that
 * is chosen anew whenever nothing is held.
 */

export interface TimedEvents {
  readonly count: number;
  /** Chip time, units of 4 ns: a whole number. */
  readonly origin: number;
  /** From the origin on, units of 4 ns, ascending. */
  readonly time: Int32Array;
  readonly value: Uint16Array;
}

const none: TimedEvents = { count: 0, origin: 0, time: new Int32Array(0), value: new Uint16Array(0) };
/** Longest time that events may be held, units of 4 ns: 4.3 s. */
const longestSpan = 2 ** 30;

export class EventBuffer {
  /** Events from `#head` on have not been taken. */
  #head = 0;
  #end = 0;
  #origin = 0;
  #time = new Int32Array(1024);
  #value = new Uint16Array(1024);
  #isSorted = true;

  get isEmpty(): boolean {
    return this.#head === this.#end;
  }

  /** @param time units of 4 ns, rounded down @throws RangeError when events are held for longer than the buffer can tell */
  push(time: number, value: number): void {
    this.#makeRoom(1);
    const n = this.#end;
    const whole = Math.floor(time);
    const after = whole - this.originFor(whole);
    if (n > this.#head && after < (this.#time[n - 1] as number)) this.#isSorted = false;
    this.#time[n] = after;
    this.#value[n] = value;
    this.#end = n + 1;
  }

  /**
   * The origin that times of a row must have which begins at a time, units of 4 ns.
   * @throws RangeError when events are held for longer than the buffer can tell
   */
  originFor(time: number): number {
    if (this.isEmpty) this.#origin = time;
    if (Math.abs(time - this.#origin) > longestSpan) throw new RangeError(`events of ${longestSpan} units have waited`);
    return this.#origin;
  }

  /**
   * Append the events `from` to `to - 1` of a row, none of which is earlier than what was appended before.
   * @param times from `originFor` the row's begin on
   */
  pushRun(times: Int32Array, values: Uint16Array, from: number, to: number): void {
    this.#makeRoom(to - from);
    this.#time.set(times.subarray(from, to), this.#end);
    this.#value.set(values.subarray(from, to), this.#end);
    this.#end += to - from;
  }

  /** Remove and return the events up to a time. The arrays are views, good until the next event is appended. */
  take(upTo: number): TimedEvents {
    if (this.isEmpty) return none;
    if (!this.#isSorted) this.#sort();
    const head = this.#head;
    const last = upTo - this.#origin;
    let end = this.#end;
    while (end > head && (this.#time[end - 1] as number) > last) end--;
    if (end === head) return none;
    this.#head = end;
    const [time, value] = [this.#time.subarray(head, end), this.#value.subarray(head, end)];
    return { count: end - head, origin: this.#origin, time, value };
  }

  clear(): void {
    this.#head = 0;
    this.#end = 0;
    this.#isSorted = true;
  }

  /** Room for `count` more at the end; what was taken may be overwritten. */
  #makeRoom(count: number): void {
    if (this.isEmpty) this.clear();
    if (this.#end + count <= this.#time.length) return;
    const held = this.#end - this.#head;
    const isLarger = 2 * (held + count) > this.#time.length;
    const time = isLarger ? new Int32Array(2 * (held + count)) : this.#time;
    const value = isLarger ? new Uint16Array(time.length) : this.#value;
    // `set` copes with overlap, so the arrays may be the same.
    time.set(this.#time.subarray(this.#head, this.#end));
    value.set(this.#value.subarray(this.#head, this.#end));
    this.#time = time;
    this.#value = value;
    this.#head = 0;
    this.#end = held;
  }

  /** Stable: events of equal time stay in the order in which they came. */
  #sort(): void {
    const time = this.#time.slice(this.#head, this.#end);
    const value = this.#value.slice(this.#head, this.#end);
    const order = Uint32Array.from(time, (_, i) => i).sort(
      (a, b) => (time[a] as number) - (time[b] as number) || a - b,
    );
    order.forEach((from, to) => {
      this.#time[this.#head + to] = time[from] as number;
      this.#value[this.#head + to] = value[from] as number;
    });
    this.#isSorted = true;
  }
}
