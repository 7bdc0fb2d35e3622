/**
 * A growing buffer of big-endian words for the stream encoders. `reserve` before writing; then write through `bytes` and
 * `view` at `length` and advance it: the encoders inline the stores, for speed.
 */

const firstCapacity = 4096;

export class ByteWriter {
  bytes = new Uint8Array(firstCapacity);
  view = new DataView(this.bytes.buffer);
  length = 0;

  /** Make room for `count` more bytes. */
  reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }

  /** A copy of the first `count` bytes, which leave the buffer. */
  take(count: number): Uint8Array {
    const taken = this.bytes.slice(0, count);
    this.bytes.copyWithin(0, count, this.length);
    this.length -= count;
    return taken;
  }
}
