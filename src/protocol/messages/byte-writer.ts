/**
 * A growing store of big-endian words for the stream encoders: a list of blocks, so that growing copies nothing. `place`
 * before writing; then write through `view` at the offset it gave. The last block is used again after a `take`.
 */

import type { MessageColumns } from "./message-columns.js";

const firstBytes = 4096;
const blockBytes = 1 << 18;
/** Room that one message of columns may take: 80 bits, and what is written beyond a shorter one. */
const longest = 12;

/** Writes messages of columns at an offset. @returns where they end */
type Pack = (columns: MessageColumns, first: number, end: number, view: DataView, at: number) => number;

interface Block {
  readonly bytes: Uint8Array;
  readonly length: number;
}

export class ByteWriter {
  #bytes = new Uint8Array(firstBytes);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  readonly #full: Block[] = [];
  #fullLength = 0;

  get length(): number {
    return this.#fullLength + this.#length;
  }

  /** The block that `place` has made room in. */
  get view(): DataView {
    return this.#view;
  }

  /** Advance by `count` bytes. @returns where they start in `view` */
  place(count: number): number {
    let at = this.#length;
    if (at + count > this.#bytes.length) {
      this.#next(count);
      at = 0;
    }
    this.#length = at + count;
    return at;
  }

  /** Make room for `count` more bytes in one block, at the price of one as large as that. */
  reserve(count: number): void {
    if (this.#length + count > this.#bytes.length) this.#next(count);
  }

  /** Append a copy of bytes. */
  append(bytes: Uint8Array): void {
    const at = this.place(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** Write the messages `first` .. `end - 1` of the columns with `pack`. */
  pack(pack: Pack, columns: MessageColumns, first: number, end: number): void {
    for (let i = first; i < end; ) {
      this.reserve(longest);
      const stop = Math.min(end, i + Math.floor((this.#bytes.length - this.#length) / longest));
      this.#length = pack(columns, i, stop, this.#view, this.#length);
      i = stop;
    }
  }

  /** A copy of all bytes but the last `keep` (fewer than 8), which stay. */
  take(keep = 0): Uint8Array {
    if (keep === 0 && this.#fullLength === 0 && this.#length === this.#bytes.length) return this.#handOver();
    const taken = new Uint8Array(this.length - keep);
    let at = 0;
    for (const { bytes, length } of this.#full) {
      taken.set(bytes.subarray(0, length), at);
      at += length;
    }
    // What is placed is never cut between blocks, so the last block holds all that is kept.
    const own = this.#length - keep;
    taken.set(this.#bytes.subarray(0, own), at);
    this.#bytes.copyWithin(0, own, this.#length);
    this.#full.length = 0;
    this.#fullLength = 0;
    this.#length = keep;
    return taken;
  }

  /** Give all bytes away, in order, as views that are good until the next is written; what memory there is stays. */
  moveTo(sink: (bytes: Uint8Array) => void): void {
    for (const { bytes, length } of this.#full) sink(bytes.subarray(0, length));
    sink(this.#bytes.subarray(0, this.#length));
    this.#full.length = 0;
    this.#fullLength = 0;
    this.#length = 0;
  }

  /** The only block, which is full to the last byte, without a copy. */
  #handOver(): Uint8Array {
    const bytes = this.#bytes;
    this.#begin(firstBytes);
    return bytes;
  }

  #next(atLeast: number): void {
    if (this.#length > 0) this.#full.push({ bytes: this.#bytes, length: this.#length });
    this.#fullLength += this.#length;
    this.#begin(Math.max(blockBytes, atLeast));
  }

  #begin(size: number): void {
    this.#bytes = new Uint8Array(size);
    this.#view = new DataView(this.#bytes.buffer);
    this.#length = 0;
  }
}
