/**
 * The simplest host that the link allows: keeps early frames, resends everything at each tick. It is here so that tests
 * of the board need no driver.
 */
import {
  type DatagramPort,
  encodeAckFrame,
  encodeDataFrame,
  hostArq,
  packetType,
  parseFrame,
} from "../../../src/protocol/index.js";
import { concatenate } from "./words.js";

export class HostDouble {
  readonly received: Uint8Array[] = [];
  readonly config: Uint8Array[] = [];
  echoes = 0;
  readonly #transmit: (port: DatagramPort, datagram: Uint8Array) => void;
  #waiting: { type: number; payload: Uint8Array }[] = [];
  #onTheWay: { seq: number; type: number; payload: Uint8Array }[] = [];
  #nextSeq = 0;
  #expected = 0;
  readonly #early = new Map<number, { type: number; payload: Uint8Array }>();
  #isOpen = false;

  constructor(transmit: (port: DatagramPort, datagram: Uint8Array) => void) {
    this.#transmit = transmit;
  }

  get isIdle(): boolean {
    return this.#waiting.length + this.#onTheWay.length === 0;
  }
  get isOpen(): boolean {
    return this.#isOpen;
  }
  /** All words received so far. */
  get words(): Uint8Array {
    return concatenate(this.received);
  }

  /** Ask for a reset; repeat until `isOpen`. */
  reset(): void {
    this.#waiting = [];
    this.#onTheWay = [];
    this.#nextSeq = 0;
    this.#expected = 0;
    this.#early.clear();
    this.#isOpen = false;
    this.received.length = 0;
    this.config.length = 0;
    this.#transmit("reset", hostArq.resetBytes.slice());
  }

  /** Queue words, `frameWords` per frame. */
  send(words: Uint8Array, frameWords: number = hostArq.maxWords, type: number = packetType.utMessages): void {
    for (let at = 0; at < words.length; at += 8 * frameWords)
      this.#waiting.push({ type, payload: words.slice(at, at + 8 * frameWords) });
    this.#fill();
  }

  receive(datagram: Uint8Array): void {
    const frame = parseFrame(datagram);
    if (frame.kind === "invalid") return;
    const acknowledged = this.#onTheWay.findIndex(({ seq }) => seq === frame.ack);
    this.#onTheWay.splice(0, acknowledged + 1);
    if (frame.kind === "data") {
      const ahead = (frame.seq - this.#expected + hostArq.sequenceSpace) % hostArq.sequenceSpace;
      const isForUs = this.#isOpen || frame.type === packetType.config;
      if (isForUs && ahead < hostArq.windowSize) this.#early.set(frame.seq, frame);
      for (let next = this.#early.get(this.#expected); next; next = this.#early.get(this.#expected)) {
        this.#early.delete(this.#expected);
        this.#expected = (this.#expected + 1) % hostArq.sequenceSpace;
        this.#take(next.type, next.payload);
      }
      if (this.#isOpen) this.#transmit("data", encodeAckFrame(this.#ack));
    }
    this.#fill();
  }

  /** Time has passed: send everything again. */
  tick(): void {
    for (const frame of this.#onTheWay) this.#sendFrame(frame);
  }

  #take(type: number, payload: Uint8Array): void {
    this.#isOpen = true;
    if (type === packetType.config) this.config.push(payload);
    else if (type === packetType.loopback) this.echoes++;
    else this.received.push(payload);
  }

  get #ack(): number {
    return (this.#expected + hostArq.sequenceSpace - 1) % hostArq.sequenceSpace;
  }

  #fill(): void {
    while (this.#isOpen && this.#waiting.length > 0 && this.#onTheWay.length < 32) {
      const frame = { seq: this.#nextSeq, ...this.#waiting.shift()! };
      this.#nextSeq = (this.#nextSeq + 1) % hostArq.sequenceSpace;
      this.#onTheWay.push(frame);
      this.#sendFrame(frame);
    }
  }

  #sendFrame({ seq, type, payload }: { seq: number; type: number; payload: Uint8Array }): void {
    this.#transmit("data", encodeDataFrame({ ack: this.#ack, seq, type, payload }));
  }
}
