/** First-in first-out queue of bytes kept in the chunks that they came in; what is taken is copied only to be joined. */

/** Empty slots at the front of the list before it is moved up. */
const slack = 1024;

export class ByteFifo {
  readonly #chunks: Uint8Array[] = [];
  /** Index of the first chunk that still holds bytes, and where in it they begin. */
  #head = 0;
  #offset = 0;
  #length = 0;

  /** Bytes held. */
  get length(): number {
    return this.#length;
  }

  /** Append; takes ownership. */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#length += bytes.length;
  }

  /** Fill `target` with the next bytes. @returns false, and takes nothing, when there are fewer */
  readInto(target: Uint8Array): boolean {
    if (this.#length < target.length) return false;
    let filled = 0;
    while (filled < target.length) {
      const chunk = this.#chunks[this.#head] as Uint8Array;
      const count = Math.min(target.length - filled, chunk.length - this.#offset);
      // A word is copied faster than a view of it is made.
      if (count <= 8) for (let i = 0; i < count; i++) target[filled + i] = chunk[this.#offset + i] as number;
      else target.set(chunk.subarray(this.#offset, this.#offset + count), filled);
      filled += count;
      this.#offset += count;
      if (this.#offset === chunk.length) this.#next();
    }
    this.#length -= filled;
    return true;
  }

  /** The next bytes, at most `max`. Not to be written to: they may be a view of a chunk. */
  take(max: number): Uint8Array {
    const count = Math.min(max, this.#length);
    const chunk = this.#chunks[this.#head];
    if (chunk === undefined || chunk.length - this.#offset < count) {
      const joined = new Uint8Array(count);
      this.readInto(joined);
      return joined;
    }
    const taken = chunk.subarray(this.#offset, this.#offset + count);
    this.#length -= count;
    this.#offset += count;
    if (this.#offset === chunk.length) this.#next();
    return taken;
  }

  clear(): void {
    this.#chunks.length = 0;
    this.#head = 0;
    this.#offset = 0;
    this.#length = 0;
  }

  #next(): void {
    this.#head++;
    this.#offset = 0;
    if (this.#head < slack && this.#head < this.#chunks.length) return;
    this.#chunks.splice(0, this.#head);
    this.#head = 0;
  }
}
