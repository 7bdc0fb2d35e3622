/**
 * A byte pipe over a worker's message port: every message is a chunk of bytes, transferred. A port has no back-pressure
 * of its own, so a writer that has posted much in one turn is asked to wait for the next turn of the event loop; beyond
 * that, the window of the link bounds what is under way.
 */
import type { MessagePort } from "node:worker_threads";
import { yieldToEvents } from "../../base/async.js";
import type { BytePipe } from "../../base/pipe.js";

/** Bytes that may be posted in one turn, about one window of full frames. */
const bytesPerTurn = 256 * 1024;

export class MessagePortPipe implements BytePipe {
  readonly #port: MessagePort;
  readonly #early: Uint8Array[] = [];
  #listener: ((chunk: Uint8Array) => void) | undefined;
  #closeListener: ((error?: Error) => void) | undefined;
  #isClosed = false;
  #closeError: Error | undefined;
  #postedThisTurn = 0;
  #turn: Promise<void> | undefined;

  constructor(port: MessagePort) {
    this.#port = port;
    port.on("message", (chunk: Uint8Array) => {
      if (this.#listener === undefined) this.#early.push(chunk);
      else this.#listener(chunk);
    });
    port.on("close", () => this.#gone());
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#isClosed || bytes.byteLength === 0) return;
    // Transfer takes the whole buffer away: copy when somebody else may still look at the rest of it.
    const owned = bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
    this.#postedThisTurn += bytes.byteLength;
    this.#port.postMessage(owned, [owned.buffer as ArrayBuffer]);
    if (this.#turn === undefined) {
      this.#turn = yieldToEvents().then(() => {
        this.#postedThisTurn = 0;
        this.#turn = undefined;
      });
    }
    if (this.#postedThisTurn > bytesPerTurn) await this.#turn;
  }

  onData(listener: (chunk: Uint8Array) => void): void {
    this.#listener = listener;
    for (const chunk of this.#early.splice(0)) listener(chunk);
  }

  onClose(listener: (error?: Error) => void): void {
    this.#closeListener = listener;
    if (this.#isClosed) listener(this.#closeError);
  }

  async close(): Promise<void> {
    this.#port.close();
    this.#gone();
  }

  /** The other side has failed: report why, then close. */
  fail(error: Error): void {
    this.#gone(error);
    this.#port.close();
  }

  #gone(error?: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closeError = error;
    this.#closeListener?.(error);
  }
}
