/**
 * The two windows of the board's link peer: frames on their way to the host, and frames from the host that came early.
 * Sequence numbers count modulo 256, windows hold 128. Pure bookkeeping: knows nothing of time and datagram types.
 */
import { hostArq } from "../src/protocol/index.js";

const space = hostArq.sequenceSpace;
const size = hostArq.windowSize;
const fullFrameBytes = hostArq.headerBytes + 8 * hostArq.maxWords;

/** Steps from one sequence number forward to another, 0..255. */
function distance(from: number, to: number): number {
  return (to - from + space) % space;
}

/** A frame that the host has not acknowledged. */
export interface FrameOnTheWay {
  readonly seq: number;
  /** The whole frame; its ACK field is rewritten at each transmission. */
  readonly datagram: Uint8Array;
  /** ms */
  sentAt: number;
  /** Since the host has last acknowledged anything. */
  transmissions: number;
}

export class SendWindow {
  readonly #frames: FrameOnTheWay[] = [];
  /** Memory of full frames that were acknowledged, for those to come. */
  readonly #spare: Uint8Array[] = [];
  #next = 0;

  get nextSeq(): number {
    return this.#next;
  }
  get free(): number {
    return size - this.#frames.length;
  }
  /** Oldest first. */
  get frames(): readonly FrameOnTheWay[] {
    return this.#frames;
  }

  /** Memory for a datagram that is added next. @param bytes 12..1452 */
  room(bytes: number): Uint8Array {
    return (bytes === fullFrameBytes ? this.#spare.pop() : undefined) ?? new Uint8Array(bytes);
  }

  add(datagram: Uint8Array, now: number): FrameOnTheWay {
    const frame = { seq: this.#next, datagram, sentAt: now, transmissions: 0 };
    this.#frames.push(frame);
    this.#next = (this.#next + 1) % space;
    return frame;
  }

  /** The host has everything up to `ack`. @returns how many frames that frees, or undefined outside the window */
  acknowledge(ack: number): number | undefined {
    const before = distance(this.#frames.length, this.#next) - 1;
    const count = distance((before + space) % space, ack);
    if (count === 0) return 0;
    if (count > this.#frames.length) return undefined;
    for (const { datagram } of this.#frames.splice(0, count))
      if (datagram.length === fullFrameBytes) this.#spare.push(datagram);
    // The host is alive: what is left waits no longer than at first.
    for (const frame of this.#frames) frame.transmissions = 1;
    return count;
  }

  clear(): void {
    this.#frames.length = 0;
    this.#next = 0;
  }
}

/** A frame from the host, without its numbers. */
export interface ReceivedFrame {
  readonly type: number;
  readonly payload: Uint8Array;
}

export class ReceiveWindow {
  readonly #early = new Map<number, ReceivedFrame>();
  #next = 0;

  /** Number of the last frame received in order; 255 before the first. */
  get lastInOrder(): number {
    return (this.#next + space - 1) % space;
  }

  /** What a frame with this number would be. */
  classify(seq: number): "next" | "early" | "duplicate" {
    const ahead = distance(this.#next, seq);
    if (ahead === 0) return "next";
    return ahead >= size || this.#early.has(seq) ? "duplicate" : "early";
  }

  /** Keep a frame that is early. */
  keep(seq: number, frame: ReceivedFrame): void {
    this.#early.set(seq, frame);
  }

  /** The frame that was next is taken. */
  advance(): void {
    this.#next = (this.#next + 1) % space;
  }

  /** The frame that is next now, if it was kept; it is taken. */
  shift(): ReceivedFrame | undefined {
    const frame = this.#early.get(this.#next);
    if (!frame) return undefined;
    this.#early.delete(this.#next);
    this.advance();
    return frame;
  }

  clear(): void {
    this.#early.clear();
    this.#next = 0;
  }
}
