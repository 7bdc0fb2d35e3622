/**
 * A recording on disk. Blocks are handed to the system at the end of each turn of the event loop, so that a process that
 * is killed leaves a file that is whole up to the last turn; writing is synchronous, so that no backlog can grow. When
 * the disk refuses, the recording ends and says so; the work goes on.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { type Clock, elapsedMs, type Instant } from "../../base/clock.js";
import { taggedError } from "../../base/errors.js";
import { CaptureWriter } from "../../protocol/capture/capture-writer.js";
import type { CaptureSink, DatagramRecorder } from "./record.js";

/** The capture cannot be written there: another place, or remove what is in the way. */
export class CaptureUnwritable extends taggedError("CaptureUnwritable", "input") {}

export interface CaptureFileOptions {
  readonly clock: Clock;
  /** Calendar time of now, ms since 1970. */
  readonly nowMs: number;
  /** Name and version of who records. */
  readonly application: string;
}

/** Bytes that wait for the end of the turn at most. */
const maxPending = 1 << 18;

export class CaptureFile implements CaptureSink {
  readonly path: string;
  readonly #clock: Clock;
  readonly #origin: Instant;
  readonly #originNs: bigint;
  readonly #writer: CaptureWriter;
  readonly #pending = new Uint8Array(maxPending);
  #pendingBytes = 0;
  #file: number | undefined;
  #isFlushDue = false;
  #failure: Error | undefined;
  #datagrams = 0;

  /** Make the file; one that is there is left alone. @throws CaptureUnwritable */
  constructor(path: string, { clock, nowMs, application }: CaptureFileOptions) {
    this.path = path;
    this.#clock = clock;
    this.#origin = clock.now();
    this.#originNs = BigInt(Math.round(nowMs)) * 1_000_000n;
    try {
      this.#file = openSync(path, "wx");
    } catch (cause) {
      const isThere = (cause as NodeJS.ErrnoException).code === "EEXIST";
      const why = isThere ? "it exists; a capture never overwrites a file" : (cause as Error).message;
      throw new CaptureUnwritable(`cannot write capture ${path}: ${why}`, { cause });
    }
    this.#writer = new CaptureWriter(application, (block) => this.#append(block));
    this.#flush();
  }

  /** Why the recording ended early, when it did. */
  get failure(): Error | undefined {
    return this.#failure;
  }
  /** Datagrams recorded. */
  get datagrams(): number {
    return this.#datagrams;
  }

  board(url: string): DatagramRecorder {
    const board = this.#writer.board(url);
    return {
      datagram: (direction, port, bytes) => {
        if (this.#file === undefined) return;
        this.#datagrams++;
        board.datagram(direction, port, bytes, this.#nowNs());
      },
      identify: (text) => board.comment(text),
      end: () => {
        board.end(this.#nowNs());
        this.#flush();
      },
    };
  }

  /** Idempotent. @throws CaptureUnwritable when the recording ended early */
  close(): void {
    this.#flush();
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    if (this.#failure === undefined) return;
    const why = `after ${this.#datagrams} datagrams: ${this.#failure.message}`;
    throw new CaptureUnwritable(`capture ${this.path} is incomplete, it ended ${why}`, { cause: this.#failure });
  }

  #nowNs(): bigint {
    return this.#originNs + BigInt(Math.round(elapsedMs(this.#origin, this.#clock.now()) * 1e6));
  }

  #append(block: Uint8Array): void {
    if (this.#pendingBytes + block.length > maxPending) this.#flush();
    this.#pending.set(block, this.#pendingBytes);
    this.#pendingBytes += block.length;
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    setImmediate(() => {
      this.#isFlushDue = false;
      this.#flush();
    });
  }

  #flush(): void {
    const length = this.#pendingBytes;
    this.#pendingBytes = 0;
    if (this.#file === undefined) return;
    try {
      for (let at = 0; at < length; ) at += writeSync(this.#file, this.#pending, at, length - at);
    } catch (error) {
      this.#failure = error as Error;
      closeSync(this.#file);
      this.#file = undefined;
    }
  }
}
