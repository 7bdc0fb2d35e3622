/**
 * Byte pipes in memory. A reader of a byte pipe must not take a chunk for a
 * message; here nothing lets it: by seed, chunks of one byte, chunks that hold several writes, writes in several chunks.
 */
import { yieldToEvents } from "./async.js";
import { taggedError } from "./errors.js";
import type { BytePipe } from "./pipe.js";
import type { Rng } from "./rng.js";

/** The pipe has been closed at one of its ends. */
export class PipeClosed extends taggedError("PipeClosed", "device") {
  constructor() {
    super("the pipe is closed");
  }
}

/** Bytes on their way at which a writer has to wait. Our choice: a window of the link. */
const defaultHighWaterBytes = 256 * 1024;
/** Chunks of a batch are short this often: half of them one byte, the others this long at most. */
const shortChunkShare = 0.15;
const longestShortChunk = 40;
/** A longer chunk takes this much at least: bulk data goes in few chunks. */
const shortestLongChunk = 1024;

function concatenate(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** Length of the next chunk of a batch of `left` bytes, 1..left. */
function drawLength(rng: Rng, left: number): number {
  if (rng.uniform() < shortChunkShare) return Math.min(left, rng.int(2) === 0 ? 1 : 1 + rng.int(longestShortChunk));
  return Math.min(left, shortestLongChunk + rng.int(left));
}

/** What has been written since the last turn of the event loop, cut anew. Each chunk has a buffer of its own. */
function cut(batch: readonly Uint8Array[], rng: Rng): Uint8Array[] {
  const bytes = concatenate(batch);
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = drawLength(rng, bytes.length - at);
    chunks.push(bytes.slice(at, at + length));
    at += length;
  }
  return chunks;
}

/** One direction: from a writer to the reader at the other end. */
class Lane {
  readonly #highWaterBytes: number;
  readonly #rng: Rng | undefined;
  #batch: Uint8Array[] = [];
  #bytes = 0;
  #listener: ((chunk: Uint8Array) => void) | undefined;
  #waiting: { readonly resolve: () => void; readonly reject: (reason: unknown) => void }[] = [];
  #delivering: Promise<void> | undefined;

  constructor(highWaterBytes: number, rng: Rng | undefined) {
    this.#highWaterBytes = highWaterBytes;
    this.#rng = rng;
  }

  write(bytes: Uint8Array): Promise<void> {
    this.#batch.push(bytes);
    this.#bytes += bytes.length;
    void this.deliver();
    if (this.#bytes <= this.#highWaterBytes) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  read(listener: (chunk: Uint8Array) => void): void {
    this.#listener = listener;
    void this.deliver();
  }

  /** Hand over what is on its way, once there is a reader. */
  deliver(): Promise<void> {
    this.#delivering ??= this.#deliver();
    return this.#delivering;
  }

  fail(reason: unknown): void {
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
  }

  async #deliver(): Promise<void> {
    await yieldToEvents();
    this.#delivering = undefined;
    const listener = this.#listener;
    if (!listener) return;
    const batch = this.#batch;
    this.#batch = [];
    this.#bytes = 0;
    for (const { resolve } of this.#waiting.splice(0)) resolve();
    for (const chunk of this.#rng ? cut(batch, this.#rng) : batch) listener(chunk);
  }
}

export interface PipePairOptions {
  /** Cuts the bytes anew; without it chunks arrive as they were written. */
  readonly rng?: Rng;
  /** Bytes on their way in one direction at which a writer has to wait. Default 262144. */
  readonly highWaterBytes?: number;
}

/** Two connected ends. Bytes arrive in a later turn of the event loop; closing one end closes both. */
export function createPipePair(options: PipePairOptions = {}): readonly [BytePipe, BytePipe] {
  const { rng, highWaterBytes = defaultHighWaterBytes } = options;
  const lanes = ["there", "back"].map((name) => new Lane(highWaterBytes, rng?.fork(name))) as [Lane, Lane];
  const closeListeners: (() => void)[] = [];
  let closing: Promise<void> | undefined;
  let isClosed = false;

  /** What was written before arrives before the end is told. */
  const close = async (): Promise<void> => {
    await Promise.all(lanes.map((lane) => lane.deliver()));
    isClosed = true;
    for (const lane of lanes) lane.fail(new PipeClosed());
    for (const listener of closeListeners.splice(0)) listener();
  };
  const end = (out: Lane, into: Lane): BytePipe => ({
    write: (bytes) => (closing ? Promise.reject(new PipeClosed()) : out.write(bytes)),
    onData: (listener) => into.read(listener),
    onClose(listener) {
      if (isClosed) listener();
      else closeListeners.push(() => listener());
    },
    close() {
      closing ??= close();
      return closing;
    },
  });
  return [end(lanes[0], lanes[1]), end(lanes[1], lanes[0])];
}
