/**
 * Programs and answers as words, for those who pass them on and do not read them. What a word means is not known here.
 */
import type { HxError } from "../../base/errors.js";
import type { DeviceIdentity, RunOptions } from "../interface/index.js";

export interface TappedWords {
  /** Words from the FPGA, whole, big-endian, up to the program's halt, from where the last taking ended. */
  readonly words: Uint8Array;
  /** So many of their first bytes had come before the program began. */
  readonly strayBytes: number;
  /** What the receiver's clock showed before the first of them, FPGA cycles. */
  readonly fpgaTime: number;
}

export interface RawAnswer extends TappedWords {
  /** From the last word sent to the halt, ms of wall time. */
  readonly executeMs: number;
}

export interface RawRunOptions extends RunOptions {
  /** More answer bytes than this end the program. */
  readonly maxAnswerBytes: number;
}

/** A board for programs that come as words. One run at a time; the caller orders them. */
export interface RawDevice {
  readonly identity: DeviceIdentity;
  /** Brings board and chip up from cold; run it before another user's programs. */
  readonly initWords: Uint8Array;
  /** Opens the link anew when it was lost. @throws AnswerTooLong, LinkTimeout, LinkReset, Disconnected, signal.reason */
  runRaw(words: Uint8Array, options: RawRunOptions): Promise<RawAnswer>;
  /** Why the link must be opened anew: the board forgot what was set. */
  readonly lost: HxError | undefined;
  close(): Promise<void>;
}

/** Words that may come between two programs; more are dropped. Our choice. */
const maxStrayBytes = 1 << 20;

/** Keeps the words of one program, and those that came since the one before. */
export class WordTap {
  #fpgaTime: number;
  #limitBytes = maxStrayBytes;
  #onTooLong: () => void = () => {};
  #chunks: Uint8Array[] = [];
  #byteLength = 0;
  #strayBytes = 0;

  /** @param fpgaTime the receiver's clock now, FPGA cycles */
  constructor(fpgaTime: number) {
    this.#fpgaTime = fpgaTime;
  }

  /** What comes from here on is the program's. @param onTooLong called once */
  begin(limitBytes: number, onTooLong: () => void): void {
    this.#strayBytes = this.#byteLength;
    this.#limitBytes = this.#byteLength + limitBytes;
    this.#onTooLong = onTooLong;
  }

  /** @param words are copied */
  push(words: Uint8Array): void {
    if (this.#byteLength + words.length > this.#limitBytes) {
      this.#onTooLong();
      this.#onTooLong = () => {};
      return;
    }
    this.#byteLength += words.length;
    this.#chunks.push(words.slice());
  }

  /** @param fpgaTime the receiver's clock now, FPGA cycles */
  take(fpgaTime: number): TappedWords {
    const words = new Uint8Array(this.#byteLength);
    let at = 0;
    for (const chunk of this.#chunks) {
      words.set(chunk, at);
      at += chunk.length;
    }
    const taken = { words, strayBytes: this.#strayBytes, fpgaTime: this.#fpgaTime };
    this.#chunks = [];
    this.#byteLength = 0;
    this.#strayBytes = 0;
    this.#fpgaTime = fpgaTime;
    this.#limitBytes = maxStrayBytes;
    this.#onTooLong = () => {};
    return taken;
  }
}
