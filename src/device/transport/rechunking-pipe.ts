/**
 * Cuts and joins the chunks of a byte pipe in both directions, by seed: single bytes, cuts inside a frame, several
 * frames in one chunk. An in-process pipe would otherwise be tidier than any wire, and hide what a wire shows.
 */
import type { BytePipe } from "../../base/pipe.js";
import type { Rng } from "../../base/rng.js";

/** One cut in this many is a run of single bytes; the rest are this long at most, bytes. Our choice. */
const tinyCutOneIn = 16;
const longestTinyCut = 8;
const longestCut = 4096;

export class RechunkingPipe implements BytePipe {
  readonly #pipe: BytePipe;
  readonly #outgoing: Cutter;
  readonly #incoming: Cutter;

  constructor(pipe: BytePipe, rng: Rng) {
    this.#pipe = pipe;
    this.#outgoing = new Cutter(rng.fork("outgoing"));
    this.#incoming = new Cutter(rng.fork("incoming"));
  }

  async write(bytes: Uint8Array): Promise<void> {
    await Promise.all(this.#outgoing.push(bytes, (rest) => this.#pipe.write(rest)).map((cut) => this.#pipe.write(cut)));
  }

  onData(listener: (chunk: Uint8Array) => void): void {
    this.#pipe.onData((chunk) => {
      for (const cut of this.#incoming.push(chunk, listener)) listener(cut);
    });
  }

  onClose(listener: (error?: Error) => void): void {
    this.#pipe.onClose(listener);
  }

  async close(): Promise<void> {
    // What is held back leaves at the end of the turn, before the pipe closes.
    await Promise.resolve();
    await this.#pipe.close();
  }
}

/** Cuts a stream of chunks anew; holds some bytes back until the next chunk, or the end of the turn. */
class Cutter {
  readonly #rng: Rng;
  #held: Uint8Array | undefined;

  constructor(rng: Rng) {
    this.#rng = rng;
  }

  /** @param flush receives what was held back when nothing followed it in this turn */
  push(chunk: Uint8Array, flush: (rest: Uint8Array) => void): Uint8Array[] {
    let rest = this.#held === undefined ? chunk : concatenate(this.#held, chunk);
    this.#held = undefined;
    const cuts: Uint8Array[] = [];
    while (rest.byteLength > 0) {
      const isTiny = this.#rng.int(tinyCutOneIn) === 0;
      const size = 1 + this.#rng.int(isTiny ? longestTinyCut : longestCut);
      if (size >= rest.byteLength && this.#rng.int(2) === 0) {
        this.#hold(rest, flush);
        break;
      }
      cuts.push(rest.slice(0, size));
      rest = rest.subarray(size);
    }
    return cuts;
  }

  #hold(rest: Uint8Array, flush: (rest: Uint8Array) => void): void {
    this.#held = rest.slice();
    queueMicrotask(() => {
      const held = this.#held;
      this.#held = undefined;
      if (held !== undefined) flush(held);
    });
  }
}

function concatenate(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.byteLength + b.byteLength);
  joined.set(a);
  joined.set(b, a.byteLength);
  return joined;
}
