/**
 * The sending half of the host's ARQ: a queue of words, cut into frames; the frames in flight; resends; and the
 * congestion rule of the official host: after a resend nothing new goes out until all is acknowledged, then the number
 * of frames in flight grows again from one (bss2-wire facts, "Running rules of the host"). Knows no timers: it is told
 * the time and says when it wants to be asked again.
 */
import type { Instant } from "../../base/clock.js";
import { hostArq, packetType } from "../../protocol/host-arq.js";
import { encodeDataFrame, writeAcknowledge } from "../../protocol/host-arq-frame.js";
import type { ArqCounters, ArqOptions } from "./arq-options.js";
import { RoundTrip } from "./round-trip.js";

interface Queued {
  readonly type: number;
  readonly words: Uint8Array;
  /** Bytes of `words` that are in frames already. */
  offset: number;
}

interface InFlight {
  readonly type: number;
  readonly bytes: Uint8Array;
  sentAt: number;
  transmissions: number;
  /** Resend intervals that have passed for this frame. */
  intervals: number;
}

const maxPayload = hostArq.maxWords * 8;
const fullFrame = hostArq.headerBytes + maxPayload;

export class SendWindow {
  readonly #options: ArqOptions;
  readonly #counters: ArqCounters;
  readonly #roundTrip: RoundTrip;
  readonly #queue: Queued[] = [];
  /** By sequence number. */
  readonly #inFlight: (InFlight | undefined)[] = new Array<InFlight | undefined>(hostArq.sequenceSpace).fill(undefined);
  /** Memory of full frames that were acknowledged, for those to come. */
  readonly #spare: Uint8Array[] = [];
  #oldest = 0;
  #count = 0;
  #queuedBytes = 0;
  #lastAcknowledged: Uint8Array | undefined;
  #congestionWindow: number = hostArq.windowSize;
  #recovering = false;
  /** When something new was acknowledged last. */
  #progressAt = Number.NEGATIVE_INFINITY;

  constructor(options: ArqOptions, counters: ArqCounters) {
    this.#options = options;
    this.#counters = counters;
    const { resendIntervalMs, slowestResendMs } = options;
    this.#roundTrip = new RoundTrip(resendIntervalMs, Math.max(resendIntervalMs, slowestResendMs));
  }

  /** Bytes that are not in a frame yet. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** The newest frame that the other end has acknowledged, as it was sent. */
  get lastAcknowledged(): Uint8Array | undefined {
    return this.#lastAcknowledged;
  }

  /** Nothing queued and nothing unacknowledged. */
  get isIdle(): boolean {
    return this.#count === 0 && this.#queue.length === 0;
  }

  /** @param words whole 64-bit words; kept until sent, so the caller gives them away */
  enqueue(type: number, words: Uint8Array): void {
    if (words.byteLength === 0) return;
    this.#queue.push({ type, words, offset: 0 });
    this.#queuedBytes += words.byteLength;
  }

  /** Free everything up to frame `ack`. @returns false when it names no frame in flight */
  acknowledge(ack: number, now: Instant): boolean {
    const freed = ((ack - this.#oldest + hostArq.sequenceSpace) % hostArq.sequenceSpace) + 1;
    if (freed > this.#count) return false;
    this.#reuse(this.#lastAcknowledged);
    this.#lastAcknowledged = this.#inFlight[ack]?.bytes;
    this.#progressAt = now;
    const oldest = this.#inFlight[this.#oldest];
    let isClear = true;
    for (let i = 0; i < freed; i++) {
      const seq = (this.#oldest + i) % hostArq.sequenceSpace;
      const frame = this.#inFlight[seq];
      if (frame?.transmissions !== 1) isClear = false;
      if (seq !== ack) this.#reuse(frame?.bytes);
      this.#inFlight[seq] = undefined;
    }
    // After a resend nobody knows which transmission was acknowledged, and what came after it waited for it; the frame of
    // the opening waits for a board that has just been reset.
    if (isClear && oldest?.type === packetType.utMessages) this.#roundTrip.measured(now - oldest.sentAt);
    this.#oldest = (this.#oldest + freed) % hostArq.sequenceSpace;
    this.#count -= freed;
    this.#counters.framesAcknowledged += freed;
    this.#congestionWindow = Math.min(hostArq.windowSize, this.#congestionWindow + freed);
    if (this.#count === 0 && this.#recovering) {
      this.#recovering = false;
      this.#congestionWindow = 1;
    }
    return true;
  }

  /** True when `ack` repeats the acknowledgement of the frame before the oldest in flight. */
  isRepeated(ack: number): boolean {
    return (ack + 1) % hostArq.sequenceSpace === this.#oldest;
  }

  /**
   * Emit what may go out now: due resends first, then new frames.
   * @param ack acknowledgement that every frame carries
   * @returns "sent", "nothing", or "exhausted" when a frame has waited for `giveUpAfter` intervals
   */
  emit(now: Instant, ack: number, send: (frame: Uint8Array) => void): "sent" | "nothing" | "exhausted" {
    const resent = this.#resend(now, ack, send);
    if (resent === "exhausted") return resent;
    const fresh = this.#sendNew(now, ack, send);
    return resent === "sent" || fresh ? "sent" : "nothing";
  }

  /** When `emit` wants to be called again, if nothing else happens; undefined when there is nothing in flight. */
  get deadline(): number | undefined {
    const frame = this.#inFlight[this.#oldest];
    return this.#count === 0 || frame === undefined ? undefined : this.#dueAt(frame);
  }

  /** The wire is still busy with what was sent: nothing in flight is late yet. */
  hold(now: Instant): void {
    if ((this.deadline ?? Number.POSITIVE_INFINITY) > now) return;
    for (let i = 0; i < this.#count; i++) {
      const frame = this.#inFlight[(this.#oldest + i) % hostArq.sequenceSpace];
      if (frame !== undefined) frame.sentAt = now;
    }
  }

  /** The memory of a frame that nobody sends again. */
  #reuse(bytes: Uint8Array | undefined): void {
    if (bytes?.length === fullFrame) this.#spare.push(bytes);
  }

  #dueAt(frame: InFlight): number {
    // While acknowledgements come, those that are missing are on their way; after a loss they may be lost like it.
    const since =
      frame.transmissions === 1 && !this.#recovering ? Math.max(frame.sentAt, this.#progressAt) : frame.sentAt;
    return since + this.#roundTrip.lateAfter * Math.min(frame.transmissions, this.#options.maxResendFactor);
  }

  #resend(now: Instant, ack: number, send: (frame: Uint8Array) => void): "sent" | "nothing" | "exhausted" {
    let result: "sent" | "nothing" = "nothing";
    for (let i = 0; i < Math.min(this.#count, this.#congestionWindow); i++) {
      const frame = this.#inFlight[(this.#oldest + i) % hostArq.sequenceSpace];
      if (frame === undefined || this.#dueAt(frame) > now) continue;
      const waited = this.#roundTrip.lateAfter / this.#options.resendIntervalMs;
      frame.intervals += waited * Math.min(frame.transmissions, this.#options.maxResendFactor);
      if (frame.intervals >= this.#options.giveUpAfter) return "exhausted";
      if (!this.#recovering || (i === 0 && frame.transmissions > 1)) this.#slowDown();
      frame.sentAt = now;
      frame.transmissions++;
      writeAcknowledge(frame.bytes, ack);
      this.#counters.framesResent++;
      send(frame.bytes);
      result = "sent";
    }
    return result;
  }

  /** A loss, or a resend that was lost as well: one frame at a time from here. */
  #slowDown(): void {
    if (!this.#recovering) this.#counters.congestions++;
    this.#recovering = true;
    this.#congestionWindow = 1;
  }

  #sendNew(now: Instant, ack: number, send: (frame: Uint8Array) => void): boolean {
    let sent = false;
    while (!this.#recovering && this.#count < Math.min(this.#congestionWindow, hostArq.windowSize)) {
      const head = this.#queue[0];
      if (head === undefined) break;
      const payload = head.words.subarray(head.offset, head.offset + maxPayload);
      const seq = (this.#oldest + this.#count) % hostArq.sequenceSpace;
      const memory = payload.length === maxPayload ? this.#spare.pop() : undefined;
      const bytes = encodeDataFrame({ ack, seq, type: head.type, payload }, memory);
      this.#inFlight[seq] = { type: head.type, bytes, sentAt: now, transmissions: 1, intervals: 0 };
      this.#count++;
      this.#counters.framesSent++;
      this.#queuedBytes -= payload.byteLength;
      head.offset += payload.byteLength;
      if (head.offset === head.words.byteLength) this.#queue.shift();
      send(bytes);
      sent = true;
    }
    return sent;
  }
}
