/**
 * The board's side of HostARQ as a pure machine: datagrams and time in, datagrams and delivered words out. No timers, no
 * sockets. The board acknowledges every data frame, resends by itself, and takes a reset from any host at any time.
 * Written from docs/protocol.md; the host's machine is another one, on purpose.
 */
import { encodeAckFrame, encodeDataFrame, hostArq, packetType, parseFrame } from "../src/protocol/index.js";

export interface PeerOptions {
  /** Info text of the bitfile: ASCII, YAML. */
  readonly infoText: string;
  /** A frame that is not acknowledged is sent again after this long, ms. Default 4. */
  readonly resendMs?: number;
  /** Transmissions of one frame before the host is taken for gone. Default 5000. */
  readonly maxTransmissions?: number;
}

export interface PeerOutput {
  send(datagram: Uint8Array): void;
  /** Words of UT messages, in order, each exactly once. */
  deliver(words: Uint8Array): void;
  /** A host has opened the link anew: what was under way is void. */
  restarted(): void;
}

export interface PeerCounters {
  received: number;
  sent: number;
  resent: number;
  duplicates: number;
  outOfOrder: number;
  invalid: number;
  staleAcks: number;
  resets: number;
}

interface Unacknowledged {
  readonly seq: number;
  readonly type: number;
  readonly payload: Uint8Array;
  sentAt: number;
  transmissions: number;
}

const space = hostArq.sequenceSpace;
const ahead = (from: number, to: number): number => (to - from + space) % space;

export class ArqPeer {
  readonly counters: PeerCounters = {
    received: 0,
    sent: 0,
    resent: 0,
    duplicates: 0,
    outOfOrder: 0,
    invalid: 0,
    staleAcks: 0,
    resets: 0,
  };
  readonly #output: PeerOutput;
  readonly #info: Uint8Array;
  readonly #resendMs: number;
  readonly #maxTransmissions: number;
  /** Sent, not yet acknowledged; oldest first. */
  #window: Unacknowledged[] = [];
  /** Waiting for room in the window. */
  #waiting: { type: number; payload: Uint8Array }[] = [];
  #waitingBytes = 0;
  #nextSeq = 0;
  /** Next sequence number expected from the host, and frames that came early. */
  #expected = 0;
  #early = new Map<number, { type: number; payload: Uint8Array }>();
  #isOpen = false;

  constructor(output: PeerOutput, options: PeerOptions) {
    this.#output = output;
    this.#resendMs = options.resendMs ?? 4;
    this.#maxTransmissions = options.maxTransmissions ?? 5000;
    this.#info = infoWords(options.infoText);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Bytes that wait for room in the window. */
  get backlog(): number {
    return this.#waitingBytes;
  }

  /** Frames that are sent and not acknowledged. */
  get inFlight(): number {
    return this.#window.length;
  }

  /** A datagram for the reset port. */
  reset(datagram: Uint8Array, now: number): void {
    const isReset = datagram.length === 4 && datagram.every((byte, i) => byte === hostArq.resetBytes[i]);
    if (!isReset) {
      this.counters.invalid++;
      return;
    }
    this.counters.resets++;
    this.#window = [];
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#nextSeq = 0;
    this.#expected = 0;
    this.#early.clear();
    this.#isOpen = true;
    this.#output.restarted();
    for (let from = 0; from < this.#info.length; from += 8 * hostArq.maxWords) {
      this.#queue(packetType.config, this.#info.slice(from, from + 8 * hostArq.maxWords));
    }
    this.#fill(now);
  }

  /** A datagram for the data port. */
  receive(datagram: Uint8Array, now: number): void {
    const frame = parseFrame(datagram);
    if (frame.kind === "invalid" || !this.#isOpen) {
      this.counters.invalid++;
      return;
    }
    this.counters.received++;
    this.#acknowledged(frame.ack);
    if (frame.kind === "data") {
      this.#take(frame.seq, frame.type, frame.payload);
      // Every data frame is answered, also a repeated one: the host's timer waits for it.
      this.#output.send(encodeAckFrame((this.#expected + space - 1) % space));
    }
    this.#fill(now);
  }

  /** Send words of UT messages; whole words, any number. */
  send(words: Uint8Array, now: number): void {
    if (!this.#isOpen) return;
    for (let from = 0; from < words.length; from += 8 * hostArq.maxWords) {
      this.#queue(packetType.utMessages, words.slice(from, from + 8 * hostArq.maxWords));
    }
    this.#fill(now);
  }

  /** Time has passed: resend what is due. */
  tick(now: number): void {
    for (const frame of this.#window) {
      if (now - frame.sentAt < this.#resendMs) continue;
      if (frame.transmissions >= this.#maxTransmissions) {
        this.#isOpen = false;
        this.#window = [];
        return;
      }
      this.counters.resent++;
      this.#transmit(frame, now);
    }
  }

  #take(seq: number, type: number, payload: Uint8Array): void {
    const distance = ahead(this.#expected, seq);
    if (distance >= hostArq.windowSize) {
      this.counters.duplicates++;
      return;
    }
    if (distance > 0) {
      if (this.#early.has(seq)) this.counters.duplicates++;
      else this.counters.outOfOrder++;
      this.#early.set(seq, { type, payload: payload.slice() });
      return;
    }
    this.#expected = (this.#expected + 1) % space;
    this.#deliver(type, payload);
    for (let next = this.#early.get(this.#expected); next !== undefined; next = this.#early.get(this.#expected)) {
      this.#early.delete(this.#expected);
      this.#expected = (this.#expected + 1) % space;
      this.#deliver(next.type, next.payload);
    }
  }

  #deliver(type: number, payload: Uint8Array): void {
    if (type === packetType.utMessages) this.#output.deliver(payload);
    else if (type === packetType.loopback) this.#queue(packetType.loopback, payload.slice());
    // A flush, dummy data and anything else ends here.
  }

  #acknowledged(ack: number): void {
    const oldest = this.#window[0];
    if (oldest === undefined) return;
    const count = ahead(oldest.seq, ack) + 1;
    if (count <= this.#window.length) this.#window.splice(0, count);
    else if (ack !== (oldest.seq + space - 1) % space) this.counters.staleAcks++;
  }

  #queue(type: number, payload: Uint8Array): void {
    this.#waiting.push({ type, payload });
    this.#waitingBytes += payload.length;
  }

  #fill(now: number): void {
    let taken = 0;
    while (this.#window.length < hostArq.windowSize && taken < this.#waiting.length) {
      const { type, payload } = this.#waiting[taken++] as { type: number; payload: Uint8Array };
      this.#waitingBytes -= payload.length;
      const frame = { seq: this.#nextSeq, type, payload, sentAt: now, transmissions: 0 };
      this.#nextSeq = (this.#nextSeq + 1) % space;
      this.#window.push(frame);
      this.#transmit(frame, now);
    }
    if (taken > 0) this.#waiting.splice(0, taken);
  }

  #transmit(frame: Unacknowledged, now: number): void {
    frame.sentAt = now;
    frame.transmissions++;
    this.counters.sent++;
    const { seq, type, payload } = frame;
    this.#output.send(encodeDataFrame({ ack: (this.#expected + space - 1) % space, seq, type, payload }));
  }
}

/** Reset answer: sequence space, window, words per frame, length of the text in words, the text ended by a zero byte. */
function infoWords(text: string): Uint8Array {
  const ascii = new TextEncoder().encode(text);
  const textWords = Math.ceil((ascii.length + 1) / 8);
  const bytes = new Uint8Array(8 * (4 + textWords));
  const view = new DataView(bytes.buffer);
  [hostArq.sequenceSpace, hostArq.windowSize, hostArq.maxWords, textWords].forEach((value, word) => {
    view.setUint32(8 * word + 4, value);
  });
  bytes.set(ascii, 32);
  return bytes;
}
