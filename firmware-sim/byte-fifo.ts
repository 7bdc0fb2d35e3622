/** First-in first-out queue of bytes: a ring that grows, so that what passes through costs a copy and no memory. */

const firstCapacity = 1 << 14;

export class ByteFifo {
  #ring = new Uint8Array(firstCapacity);
  /** Where the next byte lies. */
  #head = 0;
  #length = 0;

  /** Bytes held. */
  get length(): number {
    return this.#length;
  }

  /** Append a copy. */
  push(bytes: Uint8Array): void {
    if (this.#length + bytes.length > this.#ring.length) this.#grow(this.#length + bytes.length);
    const size = this.#ring.length;
    const tail = (this.#head + this.#length) % size;
    const first = Math.min(bytes.length, size - tail);
    this.#ring.set(first === bytes.length ? bytes : bytes.subarray(0, first), tail);
    if (first < bytes.length) this.#ring.set(bytes.subarray(first), 0);
    this.#length += bytes.length;
  }

  /** Fill `target` with the next bytes. @returns false, and takes nothing, when there are fewer */
  readInto(target: Uint8Array): boolean {
    const count = target.length;
    if (this.#length < count) return false;
    const ring = this.#ring;
    const head = this.#head;
    // A word is copied faster than a view of it is made.
    if (count <= 8 && head + count <= ring.length) for (let i = 0; i < count; i++) target[i] = ring[head + i] as number;
    else this.#copy(target);
    this.#drop(count);
    return true;
  }

  /** The next bytes, at most `max`: as a rule a view, good until the next `push`. Not to be written to. */
  take(max: number): Uint8Array {
    const count = Math.min(max, this.#length);
    let taken = this.#ring.subarray(this.#head, this.#head + count);
    if (taken.length < count) {
      taken = new Uint8Array(count);
      this.#copy(taken);
    }
    this.#drop(count);
    return taken;
  }

  clear(): void {
    this.#head = 0;
    this.#length = 0;
  }

  #copy(target: Uint8Array): void {
    const first = this.#ring.subarray(this.#head, this.#head + target.length);
    target.set(first);
    if (first.length < target.length) target.set(this.#ring.subarray(0, target.length - first.length), first.length);
  }

  #drop(count: number): void {
    this.#length -= count;
    this.#head = this.#length === 0 ? 0 : (this.#head + count) % this.#ring.length;
  }

  #grow(atLeast: number): void {
    let size = this.#ring.length;
    while (size < atLeast) size *= 2;
    const ring = new Uint8Array(size);
    this.#copy(ring.subarray(0, this.#length));
    this.#ring = ring;
    this.#head = 0;
  }
}
