/**
 * The host's side of HostARQ as a machine: inputs are calls that carry the time, outputs are lists of actions. It owns
 * no timer, no socket and no promise, so its whole behaviour is a table. The board's side is written elsewhere, on
 * purpose without a line in common. Layout and rules: docs/protocol.md, "HostARQ".
 */
import type { Instant } from "../../base/clock.js";
import type { HxError } from "../../base/errors.js";
import { type ArqDataFrame, type DatagramPort, hostArq, packetType } from "../../protocol/host-arq.js";
import { encodeAckFrame, parseFrame, writeAcknowledge } from "../../protocol/host-arq-frame.js";
import { LinkReset, LinkTimeout } from "../errors.js";
import { type ArqCounters, type ArqOptions, defaultArqOptions, zeroCounters } from "./arq-options.js";
import { ReceiveWindow } from "./receive-window.js";
import { ResetAnswer } from "./reset-answer.js";
import { SendWindow } from "./send-window.js";
import { Silence } from "./silence.js";

export type ArqAction =
  | { readonly type: "datagram"; readonly port: DatagramPort; readonly bytes: Uint8Array }
  /** UT words in order; the payload is a view that is only good until the next input. */
  | { readonly type: "deliver"; readonly payload: Uint8Array }
  | { readonly type: "opened"; readonly infoText: string }
  /** The orderly end. `complete` is false when frames stayed unacknowledged. */
  | { readonly type: "closed"; readonly complete: boolean }
  | { readonly type: "failed"; readonly error: HxError };

export type ArqState = "closed" | "resetting" | "loopback" | "open" | "closing";

const noActions: readonly ArqAction[] = [];
const isOpening = (state: ArqState): boolean => state === "resetting" || state === "loopback";

export class ArqMachine {
  readonly counters: ArqCounters = zeroCounters();
  readonly #url: string;
  readonly #options: ArqOptions;
  #state: ArqState = "closed";
  #sending: SendWindow;
  #receiving = new ReceiveWindow();
  #answer = new ResetAnswer();
  #loopbackWord = new Uint8Array(8);
  #attempt = 0;
  #resetLimitMs = 0;
  /** End of the current stage of opening, or of closing. */
  #stageLimit = 0;
  #repeatResetAt = 0;
  #lastAckAt = Number.NEGATIVE_INFINITY;
  #unacknowledged = 0;
  readonly #silence: Silence;
  /** Somebody waits for answers. */
  #isAwaited = false;
  #actions: ArqAction[] = [];

  /** @param url only for messages */
  constructor(url: string, options: Partial<ArqOptions> = {}) {
    this.#url = url;
    this.#options = { ...defaultArqOptions, ...options };
    this.#sending = new SendWindow(this.#options, this.counters);
    this.#silence = new Silence(this.#options.silenceLimitMs);
  }

  get state(): ArqState {
    return this.#state;
  }

  /** Bytes that wait for room in the window. */
  get queuedBytes(): number {
    return this.#sending.queuedBytes;
  }

  /** Everything sent was acknowledged. */
  get isIdle(): boolean {
    return this.#sending.isIdle;
  }

  /** When `tick` is due, in the time of the inputs; undefined when nothing is. */
  get deadline(): Instant | undefined {
    if (this.#state === "closed") return undefined;
    let due = this.#sending.deadline ?? Number.POSITIVE_INFINITY;
    if (this.#unacknowledged > 0) due = Math.min(due, this.#lastAckAt + this.#options.ackIntervalMs);
    if (this.#state === "resetting" && !this.#answer.hasBegun) due = Math.min(due, this.#repeatResetAt);
    if (this.#state !== "open") due = Math.min(due, this.#stageLimit);
    else if (this.#isWatched) due = Math.min(due, this.#silence.deadline);
    return due === Number.POSITIVE_INFINITY ? undefined : (due as Instant);
  }

  /**
   * Reset the board's link and open it anew; whatever was in flight is forgotten.
   * @param loopbackWord 8 bytes
   * @param resetLimitMs how long to wait for the reset answer this time; default: the option
   */
  open(loopbackWord: Uint8Array, now: Instant, resetLimitMs = this.#options.resetLimitMs): readonly ArqAction[] {
    this.#attempt = 0;
    this.#resetLimitMs = resetLimitMs;
    this.#loopbackWord = loopbackWord.slice();
    this.#startOpening(now);
    return this.#take();
  }

  /** A datagram came from the board's data port. */
  datagram(bytes: Uint8Array, now: Instant): readonly ArqAction[] {
    if (this.#state === "closed") {
      this.counters.ignored++;
      return noActions;
    }
    const frame = parseFrame(bytes);
    if (frame.kind === "invalid") {
      this.counters.invalid++;
      return noActions;
    }
    this.#silence.broken(now);
    if (this.#state === "loopback") this.#stageLimit = now + this.#options.loopbackQuietMs;
    if (frame.kind === "ack") this.#onAck(frame.ack, now);
    else this.#onData(frame, now);
    this.#emit(now);
    return this.#take();
  }

  /** Queue UT words; only in state "open". @param words whole words; given away */
  send(words: Uint8Array, now: Instant): readonly ArqAction[] {
    if (!this.#isWatched) this.#silence.broken(now);
    this.#sending.enqueue(packetType.utMessages, words);
    this.#emit(now);
    return this.#take();
  }

  /** Whether answers are waited for: then a board that is silent is asked whether it is there. */
  await(isAwaited: boolean, now: Instant): void {
    if (!this.#isWatched) this.#silence.broken(now);
    this.#isAwaited = isAwaited;
  }

  /** The wire is busy: what is in flight waits on it, and is not late. Call it before another input. */
  hold(now: Instant): void {
    this.#silence.broken(now);
    this.#sending.hold(now);
  }

  /** Time has passed. */
  tick(now: Instant): readonly ArqAction[] {
    if (isOpening(this.#state)) this.#tickOpening(now);
    if (this.#state === "closing" && now >= this.#stageLimit) this.#end({ type: "closed", complete: false });
    if (this.#isWatched) this.#listen(now);
    this.#emit(now);
    return this.#take();
  }

  /** Say goodbye with a flush frame, once the queues are empty or the limit is reached. */
  close(now: Instant): readonly ArqAction[] {
    if (this.#state === "open") {
      this.#state = "closing";
      this.#stageLimit = now + this.#options.closeLimitMs;
      this.#sending.enqueue(packetType.flush, new Uint8Array(8));
      this.#emit(now);
    } else if (isOpening(this.#state)) {
      this.#end({ type: "closed", complete: false });
    }
    return this.#take();
  }

  /** Forget everything without a word to the board: the wire is gone, or nobody wants the link any more. */
  abandon(): readonly ArqAction[] {
    this.#state = "closed";
    return this.#take();
  }

  /** Only where something should come: an idle board is left in peace. */
  get #isWatched(): boolean {
    return this.#state === "open" && (this.#isAwaited || !this.#sending.isIdle);
  }

  #listen(now: Instant): void {
    const verdict = this.#silence.check(now);
    if (verdict === "dead") {
      const limit = `${this.#options.silenceLimitMs} ms`;
      this.#end({ type: "failed", error: new LinkTimeout(this.#url, "silence", limit) });
    } else if (verdict === "ask") {
      this.counters.probes++;
      const bytes = this.#sending.lastAcknowledged;
      if (bytes === undefined) return;
      writeAcknowledge(bytes, this.#receiving.acknowledge);
      this.#actions.push({ type: "datagram", port: "data", bytes });
    }
  }

  #startOpening(now: Instant): void {
    this.#state = "resetting";
    this.#attempt++;
    this.#sending = new SendWindow(this.#options, this.counters);
    this.#receiving = new ReceiveWindow();
    this.#answer = new ResetAnswer();
    this.#lastAckAt = Number.NEGATIVE_INFINITY;
    this.#unacknowledged = 0;
    this.#stageLimit = now + this.#resetLimitMs;
    this.#sendReset(now);
  }

  #sendReset(now: Instant): void {
    this.counters.resets++;
    this.#repeatResetAt = now + this.#options.resetRepeatMs;
    this.#actions.push({ type: "datagram", port: "reset", bytes: hostArq.resetBytes });
  }

  #tickOpening(now: Instant): void {
    if (now >= this.#stageLimit) {
      // Without any reset answer the board is not there; a lost loopback is worth another attempt.
      if (this.#state === "loopback" && this.#attempt < this.#options.openAttempts) {
        this.#startOpening(now);
        return;
      }
      const [stage, limit] =
        this.#state === "loopback"
          ? (["loopback", this.#options.loopbackQuietMs] as const)
          : (["reset", this.#resetLimitMs] as const);
      this.#end({ type: "failed", error: new LinkTimeout(this.#url, stage, `${limit} ms`) });
    } else if (this.#state === "resetting" && now >= this.#repeatResetAt && !this.#answer.hasBegun) {
      this.#sendReset(now);
    }
  }

  #onAck(ack: number, now: Instant): void {
    if (!this.#sending.acknowledge(ack, now) && !this.#sending.isRepeated(ack)) this.counters.staleAcks++;
  }

  #onData(frame: ArqDataFrame, now: Instant): void {
    if (this.#state === "resetting" && frame.type !== packetType.config) {
      this.counters.ignored++;
      return;
    }
    this.#onAck(frame.ack, now);
    const reception = this.#receiving.accept(frame.seq, frame.type, frame.payload, (type, payload) =>
      this.#onFrameInOrder(type, payload, now),
    );
    if (reception === "early") this.counters.outOfOrder++;
    if (reception === "dropped") this.counters.duplicates++;
    this.#unacknowledged++;
  }

  #onFrameInOrder(type: number, payload: Uint8Array, now: Instant): void {
    this.counters.framesDelivered++;
    switch (this.#state) {
      case "resetting":
        this.#onResetAnswer(payload, now);
        return;
      case "loopback":
        if (type === packetType.loopback && sameBytes(payload, this.#loopbackWord)) {
          this.#state = "open";
          this.#actions.push({ type: "opened", infoText: this.#answer.infoText });
        }
        return;
      case "open":
      case "closing":
        if (type === packetType.utMessages) this.#actions.push({ type: "deliver", payload });
        else if (type === packetType.config)
          this.#end({ type: "failed", error: new LinkReset(this.#url, "the board sent a reset answer unasked") });
        else this.counters.ignored++;
        return;
      case "closed":
        return;
    }
  }

  #onResetAnswer(payload: Uint8Array, now: Instant): void {
    const verdict = this.#answer.push(payload, this.#url);
    if (verdict === "incomplete") return;
    if (verdict !== "complete") {
      this.#end({ type: "failed", error: verdict });
      return;
    }
    this.#state = "loopback";
    this.#stageLimit = now + this.#options.loopbackQuietMs;
    this.#sending.enqueue(packetType.loopback, this.#loopbackWord);
  }

  /** Send what is due; a pure acknowledgement only when no frame carried it. */
  #emit(now: Instant): void {
    if (this.#state === "closed") return;
    const ack = this.#receiving.acknowledge;
    const result = this.#sending.emit(now, ack, (bytes) =>
      this.#actions.push({ type: "datagram", port: "data", bytes }),
    );
    if (result === "exhausted") {
      const limit = `${this.#options.giveUpAfter} intervals of ${this.#options.resendIntervalMs} ms`;
      this.#end({ type: "failed", error: new LinkTimeout(this.#url, "transmission", limit) });
      return;
    }
    const isLast = this.#state === "closing" && this.#sending.isIdle;
    if (result === "sent") this.#acknowledged(now);
    else if (this.#unacknowledged > 0 && (isLast || this.#isAckDue(now))) {
      this.counters.acksSent++;
      this.#actions.push({ type: "datagram", port: "data", bytes: encodeAckFrame(ack) });
      this.#acknowledged(now);
    }
    if (isLast) this.#end({ type: "closed", complete: true });
  }

  #isAckDue(now: Instant): boolean {
    return this.#unacknowledged >= this.#options.ackBatch || now >= this.#lastAckAt + this.#options.ackIntervalMs;
  }

  #acknowledged(now: Instant): void {
    this.#lastAckAt = now;
    this.#unacknowledged = 0;
  }

  #end(action: ArqAction): void {
    this.#state = "closed";
    this.#unacknowledged = 0;
    this.#actions.push(action);
  }

  #take(): readonly ArqAction[] {
    if (this.#actions.length === 0) return noActions;
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, i) => byte === b[i]);
}
