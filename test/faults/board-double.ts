/**
 * A small peer for the host's link: answers resets, returns loopback words, takes frames strictly in order, acknowledges
 * each at once and resends after 2 ms. Written for these tests alone, from the wire's description, byte by byte.
 */
import type { Clock } from "../../src/base/clock.js";

const space = 256;
const maxWords = 180;

export interface BoardBehaviour {
  /** UT words from the host, in order. Call `answer` now or later to send words back. */
  onWords?(words: Uint8Array, answer: (words: Uint8Array) => void): void;
  /** A flush frame came. */
  onFlush?(): void;
  onReset?(): void;
  /** Text of the reset answer; zero-padded to whole words. */
  readonly info?: string;
}

export class BoardDouble {
  /** When true, nothing comes in or goes out: the cable is cut. */
  isDead = false;
  received: number[] = [];
  readonly #clock: Clock;
  readonly #behaviour: BoardBehaviour;
  readonly #send: (datagram: Uint8Array) => void;
  #expected = 0;
  #nextSeq = 0;
  #queue: { type: number; words: Uint8Array }[] = [];
  #inFlight: { seq: number; bytes: Uint8Array }[] = [];
  #isArmed = false;
  #epoch = 0;

  constructor(clock: Clock, behaviour: BoardBehaviour, send: (datagram: Uint8Array) => void) {
    this.#clock = clock;
    this.#behaviour = behaviour;
    this.#send = send;
  }

  datagram(port: "data" | "reset", bytes: Uint8Array): void {
    if (this.isDead) return;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (port === "reset") {
      if (bytes.byteLength === 4 && view.getUint32(0) === 0xabababab) this.#reset();
      return;
    }
    if (bytes.byteLength < 4) return;
    if (bytes.byteLength >= 12 && bytes.byteLength !== 12 + 8 * view.getUint16(10)) return;
    this.#onAck(view.getUint32(0));
    if (bytes.byteLength < 12) return;
    if (view.getUint32(4) === this.#expected) {
      this.#expected = (this.#expected + 1) % space;
      this.#onFrame(view.getUint16(8), bytes.slice(12));
    }
    const ack = new Uint8Array(4);
    new DataView(ack.buffer).setUint32(0, this.#lastInOrder);
    this.#out(ack);
  }

  /** Send UT words to the host. */
  answer(words: Uint8Array): void {
    for (let offset = 0; offset < words.byteLength; offset += maxWords * 8)
      this.#queue.push({ type: 0x10, words: words.slice(offset, offset + maxWords * 8) });
    this.#fill();
  }

  get isIdle(): boolean {
    return this.#queue.length === 0 && this.#inFlight.length === 0;
  }

  get #lastInOrder(): number {
    return (this.#expected + space - 1) % space;
  }

  #reset(): void {
    this.#epoch++;
    this.#expected = 0;
    this.#nextSeq = 0;
    this.#inFlight = [];
    this.#isArmed = false;
    this.#behaviour.onReset?.();
    const info = new TextEncoder().encode(`${this.#behaviour.info ?? ""}\0`);
    const infoWords = this.#behaviour.info === undefined ? 0 : Math.ceil(info.byteLength / 8);
    const words = new Uint8Array(32 + 8 * infoWords);
    const view = new DataView(words.buffer);
    for (const [i, value] of [space, 128, maxWords, infoWords].entries()) view.setUint32(8 * i + 4, value);
    if (infoWords > 0) words.set(info, 32);
    this.#queue = [{ type: 0x8002, words }];
    this.#fill();
  }

  #onFrame(type: number, payload: Uint8Array): void {
    if (type === 0x8001) {
      this.#queue.push({ type: 0x8001, words: payload });
      this.#fill();
    } else if (type === 0x8000) this.#behaviour.onFlush?.();
    else if (type === 0x10) this.#behaviour.onWords?.(payload, (words) => this.answer(words));
  }

  #onAck(ack: number): void {
    const index = this.#inFlight.findIndex((frame) => frame.seq === ack);
    if (index >= 0) this.#inFlight.splice(0, index + 1);
    this.#fill();
  }

  #fill(): void {
    while (this.#inFlight.length < 128) {
      const next = this.#queue.shift();
      if (next === undefined) break;
      const bytes = new Uint8Array(12 + next.words.byteLength);
      const view = new DataView(bytes.buffer);
      view.setUint32(0, this.#lastInOrder);
      view.setUint32(4, this.#nextSeq);
      view.setUint16(8, next.type);
      view.setUint16(10, next.words.byteLength / 8);
      bytes.set(next.words, 12);
      this.#inFlight.push({ seq: this.#nextSeq, bytes });
      this.#nextSeq = (this.#nextSeq + 1) % space;
      this.#out(bytes.slice());
    }
    this.#arm();
  }

  /** While frames are unacknowledged, send the oldest few again every 2 ms. */
  #arm(): void {
    if (this.#isArmed || this.#inFlight.length === 0) return;
    this.#isArmed = true;
    const epoch = this.#epoch;
    this.#clock.after(2, () => {
      if (epoch !== this.#epoch) return;
      this.#isArmed = false;
      if (this.isDead) return;
      for (const { bytes } of this.#inFlight.slice(0, 8)) {
        new DataView(bytes.buffer).setUint32(0, this.#lastInOrder);
        this.#out(bytes.slice());
      }
      this.#arm();
    });
  }

  #out(datagram: Uint8Array): void {
    if (!this.isDead) this.#send(datagram);
  }
}
