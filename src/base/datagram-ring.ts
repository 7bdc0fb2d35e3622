/**
 * Datagrams from one thread to another through shared memory: one writer, one reader, no lock, no copy but the writer's.
 * A reader that has found nothing says that it sleeps; the writer that finds it asleep is told to ring, by whatever bell
 * the two threads have. Knows no threads and no bells.
 *
 * A record is a header of 8 bytes (length, tag) and the datagram, filled up to a multiple of 8. It never runs over the
 * end of the ring: where it would, a header of length `skip` sends the reader back to the start.
 */

const head = 0;
const tail = 1;
const asleep = 2;
const controlBytes = 64;
const headerBytes = 8;
const skip = 0xffff_ffff;
const aligned = (bytes: number): number => (bytes + 7) & ~7;

export class DatagramRing {
  readonly #control: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #headers: Uint32Array;
  readonly #capacity: number;

  /** @param memory of `DatagramRing.allocate`, shared by both threads */
  constructor(memory: SharedArrayBuffer) {
    this.#control = new Int32Array(memory, 0, controlBytes / 4);
    this.#bytes = new Uint8Array(memory, controlBytes);
    this.#headers = new Uint32Array(memory, controlBytes);
    this.#capacity = this.#bytes.length;
  }

  /** Memory for a ring. @param capacity bytes, a power of two */
  static allocate(capacity: number): SharedArrayBuffer {
    return new SharedArrayBuffer(controlBytes + capacity);
  }

  /** Bytes written and not read, headers included. */
  get used(): number {
    return (Atomics.load(this.#control, tail) - Atomics.load(this.#control, head)) >>> 0;
  }

  /** Copy a datagram into the ring. @param tag any 32 bits @returns false, and does nothing, when there is no room */
  write(tag: number, datagram: Uint8Array): boolean {
    const end = Atomics.load(this.#control, tail);
    const size = headerBytes + aligned(datagram.length);
    let at = (end >>> 0) % this.#capacity;
    const rest = this.#capacity - at;
    const skipped = size > rest ? rest : 0;
    if (this.used + skipped + size > this.#capacity) return false;
    if (skipped > 0) {
      this.#headers[at >> 2] = skip;
      at = 0;
    }
    this.#headers[at >> 2] = datagram.length;
    this.#headers[(at >> 2) + 1] = tag;
    this.#bytes.set(datagram, at + headerBytes);
    Atomics.store(this.#control, tail, (end + skipped + size) | 0);
    return true;
  }

  /** Whether the reader sleeps and must be woken; asked once, it counts as awake. */
  mustWake(): boolean {
    return Atomics.load(this.#control, asleep) === 1 && Atomics.compareExchange(this.#control, asleep, 1, 0) === 1;
  }

  /**
   * Hand out datagrams in order.
   * @param take the bytes are a view into shared memory and only good during the call @param most datagrams at a time
   * @returns how many there were
   */
  read(take: (tag: number, datagram: Uint8Array) => void, most: number): number {
    let count = 0;
    while (count < most) {
      const from = Atomics.load(this.#control, head);
      if (from === Atomics.load(this.#control, tail)) break;
      const at = (from >>> 0) % this.#capacity;
      const length = this.#headers[at >> 2] as number;
      if (length === skip) {
        Atomics.store(this.#control, head, (from + this.#capacity - at) | 0);
        continue;
      }
      count++;
      try {
        take(this.#headers[(at >> 2) + 1] as number, this.#bytes.subarray(at + headerBytes, at + headerBytes + length));
      } finally {
        Atomics.store(this.#control, head, (from + headerBytes + aligned(length)) | 0);
      }
    }
    return count;
  }

  /** The reader is about to wait. @returns false when something has come meanwhile: then it must read first */
  sleep(): boolean {
    Atomics.store(this.#control, asleep, 1);
    if (this.used === 0) return true;
    Atomics.store(this.#control, asleep, 0);
    return false;
  }
}
