/**
 * The board's side of HostARQ as a machine without timers and sockets: datagrams and the time go in, datagrams and words
 * in order come out through `PeerActions`. It acknowledges every data frame, resends until it is acknowledged, and takes
 * a reset from any host at any time. Written from the description of the wire (docs/protocol.md, "HostARQ"); the host's
 * side of the link is a separate machine on purpose. Resend times of the real FPGA are unknown: ours are our choice.
 */
import {
  type ArqDataFrame,
  type DatagramPort,
  encodeAckFrame,
  hostArq,
  packetType,
  parseFrame,
  writeDataHeader,
} from "../src/protocol/index.js";
import { type FrameOnTheWay, ReceiveWindow, SendWindow } from "./peer-windows.js";
import { resetAnswer } from "./reset-answer.js";

/** What the machine does to its surroundings. */
export interface PeerActions {
  /** The bytes are only good during the call. */
  transmit(datagram: Uint8Array): void;
  /** Words of UT messages, in order, each once. A view into the datagram that brought them. */
  deliver(words: Uint8Array): void;
  /** Whether there is room for so many bytes of UT messages; a frame without room is dropped, and comes again. */
  hasRoomFor(bytes: number): boolean;
  /** A host has taken the board: forget everything of the one before. */
  restart(): void;
  /** The host is gone: it has acknowledged nothing for too long. */
  abandon(): void;
}

export interface PeerOptions {
  /** Info text of the reset answer, ASCII YAML. */
  readonly info: string;
  /** First resend after this long, ms; each further one after twice as long. Default 4. */
  readonly resendMs?: number;
  /** Longest time between resends of a frame, ms. Default 500. */
  readonly slowestResendMs?: number;
  /** Transmissions of one frame after which the host counts as gone. Default 1200: about ten minutes. */
  readonly maxTransmissions?: number;
}

const noCounters = {
  resets: 0,
  /** Datagrams on the reset port that are no reset. */
  badResets: 0,
  /** Datagrams on the data port before any reset, or after the host was given up. */
  withoutHost: 0,
  framesReceived: 0,
  framesSent: 0,
  framesResent: 0,
  acksSent: 0,
  /** Received again, or outside the window. */
  duplicates: 0,
  /** Received before an earlier one. */
  early: 0,
  /** Not a frame: shorter than a header, length field wrong, sequence number above 255. */
  invalid: 0,
  /** Acknowledgements of frames that are not on the way. */
  badAcks: 0,
  /** Dropped because the playback memory was full. */
  refused: 0,
  /** Frames of a type that a host has no reason to send. */
  unexpectedType: 0,
  flushes: 0,
  echoes: 0,
  /** Echoes dropped because too many were waiting. */
  droppedEchoes: 0,
  hostsLost: 0,
};
export type PeerCounters = typeof noCounters;

/** Frames received before an acknowledgement goes out without waiting for the end of the batch. */
const ackEvery = 32;
/** Frames resent at one time: a host that is slow, not lossy, must not drown. */
const resendAtOnce = 16;
const maxWaitingEchoes = 128;

export class ArqPeer {
  readonly counters: PeerCounters = { ...noCounters };
  readonly #actions: PeerActions;
  readonly #answer: readonly Uint8Array[];
  readonly #resendMs: number;
  readonly #slowestResendMs: number;
  readonly #maxTransmissions: number;
  readonly #sending = new SendWindow();
  readonly #receiving = new ReceiveWindow();
  /** Frames that are not UT messages and wait for room in the window. */
  readonly #waiting: { readonly type: number; readonly payload: Uint8Array }[] = [];
  #hasHost = false;
  /** Data frames since the last acknowledgement in any form. */
  #unacknowledged = 0;

  constructor(actions: PeerActions, options: PeerOptions) {
    this.#actions = actions;
    this.#answer = resetAnswer(options.info);
    this.#resendMs = options.resendMs ?? 4;
    this.#slowestResendMs = options.slowestResendMs ?? 500;
    this.#maxTransmissions = options.maxTransmissions ?? 1200;
  }

  /** Frames of UT messages that `send` takes now. */
  get room(): number {
    return this.#hasHost && this.#waiting.length === 0 ? this.#sending.free : 0;
  }

  /** A datagram has come. Call `endBatch` when no more are at hand. @param now ms */
  receive(port: DatagramPort, datagram: Uint8Array, now: number): void {
    if (port === "reset") this.#reset(datagram, now);
    else if (this.#hasHost) this.#data(datagram, now);
    else this.counters.withoutHost++;
  }

  /** Send UT messages: at most 180 words, which are copied, and only while there is `room`. */
  send(words: Uint8Array, now: number): void {
    this.#sendFrame(packetType.utMessages, words, now);
  }

  /** Acknowledge what no data frame has acknowledged. */
  endBatch(): void {
    if (this.#unacknowledged === 0) return;
    this.#unacknowledged = 0;
    this.counters.acksSent++;
    this.#actions.transmit(encodeAckFrame(this.#receiving.lastInOrder));
  }

  /** When `resend` has work next, ms; undefined while nothing is on the way. */
  get nextResend(): number | undefined {
    let next: number | undefined;
    for (const frame of this.#sending.frames) {
      const due = this.#dueAt(frame);
      if (next === undefined || due < next) next = due;
    }
    return next;
  }

  /** Send again what has waited too long for its acknowledgement. */
  resend(now: number): void {
    let count = 0;
    for (const frame of this.#sending.frames) {
      if (this.#dueAt(frame) > now) continue;
      if (frame.transmissions >= this.#maxTransmissions) {
        this.#abandon();
        return;
      }
      if (count++ === resendAtOnce) return;
      this.counters.framesResent++;
      this.#transmit(frame, now);
    }
  }

  #dueAt(frame: FrameOnTheWay): number {
    const wait = this.#resendMs * 2 ** Math.min(frame.transmissions - 1, 30);
    return frame.sentAt + Math.min(wait, this.#slowestResendMs);
  }

  #reset(datagram: Uint8Array, now: number): void {
    const { resetBytes } = hostArq;
    if (datagram.length !== resetBytes.length || !resetBytes.every((byte, i) => byte === datagram[i])) {
      this.counters.badResets++;
      return;
    }
    this.counters.resets++;
    this.#clear();
    this.#hasHost = true;
    this.#actions.restart();
    for (const payload of this.#answer) this.#enqueue(packetType.config, payload, now);
  }

  #data(datagram: Uint8Array, now: number): void {
    const frame = parseFrame(datagram);
    if (frame.kind === "invalid") {
      this.counters.invalid++;
      return;
    }
    if (this.#sending.acknowledge(frame.ack) === undefined) this.counters.badAcks++;
    if (frame.kind === "data") this.#dataFrame(frame, now);
    this.#sendWaiting(now);
    if (this.#unacknowledged >= ackEvery) this.endBatch();
  }

  #dataFrame(frame: ArqDataFrame, now: number): void {
    const { seq, type, payload } = frame;
    const place = this.#receiving.classify(seq);
    if (place !== "duplicate" && type === packetType.utMessages && !this.#actions.hasRoomFor(payload.length)) {
      this.counters.refused++;
      return;
    }
    // A duplicate, too, is acknowledged: the host repeats it because it has missed the acknowledgement.
    this.#unacknowledged++;
    if (place === "duplicate") {
      this.counters.duplicates++;
      return;
    }
    if (place === "early") {
      this.counters.early++;
      this.#receiving.keep(seq, { type, payload });
      return;
    }
    this.#receiving.advance();
    this.counters.framesReceived++;
    this.#take(type, payload, now);
    for (let next = this.#receiving.shift(); next; next = this.#receiving.shift()) {
      this.counters.framesReceived++;
      this.#take(next.type, next.payload, now);
    }
  }

  #take(type: number, payload: Uint8Array, now: number): void {
    switch (type) {
      case packetType.utMessages:
        this.#actions.deliver(payload);
        return;
      case packetType.loopback:
        if (this.#waiting.length >= maxWaitingEchoes) this.counters.droppedEchoes++;
        else {
          this.counters.echoes++;
          this.#enqueue(packetType.loopback, payload, now);
        }
        return;
      case packetType.flush:
        this.counters.flushes++;
        return;
      case packetType.dummyData:
        return;
      default:
        this.counters.unexpectedType++;
    }
  }

  #enqueue(type: number, payload: Uint8Array, now: number): void {
    this.#waiting.push({ type, payload });
    this.#sendWaiting(now);
  }

  #sendWaiting(now: number): void {
    while (this.#sending.free > 0) {
      const frame = this.#waiting.shift();
      if (!frame) return;
      this.#sendFrame(frame.type, frame.payload, now);
    }
  }

  #sendFrame(type: number, payload: Uint8Array, now: number): void {
    const datagram = this.#sending.room(hostArq.headerBytes + payload.length);
    datagram.set(payload, hostArq.headerBytes);
    writeDataHeader(datagram, { ack: this.#receiving.lastInOrder, seq: this.#sending.nextSeq, type });
    this.counters.framesSent++;
    this.#transmit(this.#sending.add(datagram, now), now);
  }

  #transmit(frame: FrameOnTheWay, now: number): void {
    frame.sentAt = now;
    frame.transmissions++;
    this.#unacknowledged = 0;
    // Each transmission carries the newest acknowledgement: the last byte of the field.
    frame.datagram[3] = this.#receiving.lastInOrder;
    this.#actions.transmit(frame.datagram);
  }

  #abandon(): void {
    this.counters.hostsLost++;
    this.#clear();
    this.#hasHost = false;
    this.#actions.abandon();
  }

  #clear(): void {
    this.#sending.clear();
    this.#receiving.clear();
    this.#waiting.length = 0;
    this.#unacknowledged = 0;
  }
}
