/**
 * A host that treats the board as the client of the field does, as far as that is known (docs/protocol.md, "HostARQ"):
 * it acknowledges seldom and never by a timer, resends early, and after a resend sends nothing new until all is
 * acknowledged. On a real socket, with a loop that never sleeps, because its resend time is below a timer's step.
 */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import {
  type ArqDataFrame,
  encodeAckFrame,
  encodeDataFrame,
  hostArq,
  packetType,
  parseFrame,
} from "../../../src/protocol/index.js";
import { concatenate } from "./words.js";

const { sequenceSpace: space, windowSize, maxWords } = hostArq;
const resendMs = 0.756;
const ackPauseMs = 0.5;
const resetLimitMs = 2000;
const loopbackQuietMs = 400;
const closeLimitMs = 500;
const giveUpAfter = 10_000;
const frameBytes = 8 * maxWords;

type Stage = "reset" | "loopback" | "open";

interface Sent {
  readonly seq: number;
  readonly bytes: Uint8Array;
  readonly firstAt: number;
  transmissions: number;
}

export class FieldClient {
  readonly counters = { frames: 0, resends: 0, slowStarts: 0, pureAcks: 0, duplicates: 0, overtaking: 0, ignored: 0 };
  readonly #socket: Socket;
  readonly #ports: { readonly dataPort: number; readonly resetPort: number };
  readonly #payloads: Uint8Array[] = [];
  readonly #config: Uint8Array[] = [];
  readonly #queue: { readonly type: number; readonly payload: Uint8Array }[] = [];
  readonly #onTheWay: Sent[] = [];
  readonly #early = new Map<number, ArqDataFrame>();
  #stage: Stage = "reset";
  #nextSeq = 0;
  #expected = 0;
  #window: number = windowSize;
  #isRecovering = false;
  #lastAckAt = Number.NEGATIVE_INFINITY;
  #lastHeardAt = 0;
  #probe = new Uint8Array(8);

  private constructor(socket: Socket, ports: { readonly dataPort: number; readonly resetPort: number }) {
    this.#socket = socket;
    this.#ports = ports;
    socket.on("message", (datagram, from) => this.#receive(datagram, from));
  }

  /** Bind, reset the board, check the way with a loopback frame. */
  static async open(ports: { readonly dataPort: number; readonly resetPort: number }): Promise<FieldClient> {
    const socket = createSocket({ type: "udp4", recvBufferSize: 10_000_000, sendBufferSize: 10_000_000 });
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    const client = new FieldClient(socket, ports);
    socket.send(hostArq.resetBytes, ports.resetPort, "127.0.0.1");
    await client.#until("the reset answer", () => client.#isIdentified(), resetLimitMs);
    client.#stage = "loopback";
    client.#probe = new Uint8Array(8).fill(0xa5);
    client.#lastHeardAt = performance.now();
    client.#queue.push({ type: packetType.loopback, payload: client.#probe });
    const isQuiet = (): boolean => performance.now() - client.#lastHeardAt > loopbackQuietMs;
    await client.#until("the loopback frame", () => client.isOpen || isQuiet(), resetLimitMs);
    if (!client.isOpen) throw new Error(`no loopback frame for ${loopbackQuietMs} ms`);
    return client;
  }

  get isOpen(): boolean {
    return this.#stage === "open";
  }

  /** Text of the reset answer up to its zero byte. */
  get info(): string {
    return new TextDecoder().decode(concatenate(this.#config).subarray(32)).split("\0")[0] ?? "";
  }
  /** Words received since the last call. */
  take(): Uint8Array {
    return concatenate(this.#payloads.splice(0));
  }

  /** Queue words as full frames. */
  send(words: Uint8Array): void {
    for (let at = 0; at < words.length; at += frameBytes)
      this.#queue.push({ type: packetType.utMessages, payload: words.subarray(at, at + frameBytes) });
  }

  /** Serve the link until a condition holds. @throws Error after the limit */
  async until(what: string, condition: () => boolean, limitMs: number): Promise<void> {
    await this.#until(what, condition, limitMs);
  }

  /** The flush frame, and half a second at most for the queues. @returns whether all was acknowledged */
  async close(): Promise<boolean> {
    this.#queue.push({ type: packetType.flush, payload: new Uint8Array(8) });
    const end = performance.now() + closeLimitMs;
    const isDone = (): boolean => this.#queue.length + this.#onTheWay.length === 0;
    await this.#until("closing", () => isDone() || performance.now() >= end, 2 * closeLimitMs);
    const isWhole = isDone();
    this.#socket.close();
    return isWhole;
  }

  async #until(what: string, condition: () => boolean, limitMs: number): Promise<void> {
    const start = performance.now();
    while (!condition()) {
      const now = performance.now();
      if (now - start > limitMs) throw new Error(`${what}: not within ${limitMs} ms; ${JSON.stringify(this.counters)}`);
      this.#resend(now);
      this.#fill(now);
      await nextTurn();
    }
  }

  #isIdentified(): boolean {
    const [first] = this.#config;
    if (first === undefined) return false;
    const view = new DataView(first.buffer, first.byteOffset, first.length);
    const bytes = this.#config.reduce((sum, { length }) => sum + length, 0);
    return bytes >= 8 * (4 + view.getUint32(28));
  }

  #receive(datagram: Uint8Array, from: RemoteInfo): void {
    // The socket of the field is connected: it hears its data port alone.
    if (from.port !== this.#ports.dataPort) return;
    const now = performance.now();
    this.#lastHeardAt = now;
    const frame = parseFrame(datagram);
    if (frame.kind === "invalid") throw new Error(`the board sent ${frame.reason}`);
    if (this.#stage === "reset" && (frame.kind === "ack" || frame.type !== packetType.config)) {
      this.counters.ignored++;
      return;
    }
    this.#acknowledged(frame.ack);
    if (frame.kind === "ack") return;
    const ahead = (frame.seq - this.#expected + space) % space;
    if (ahead >= windowSize || this.#early.has(frame.seq)) this.counters.duplicates++;
    else this.#early.set(frame.seq, { ...frame, payload: frame.payload.slice() });
    if (ahead > 0 && ahead < windowSize) this.counters.overtaking++;
    for (let next = this.#early.get(this.#expected); next; next = this.#early.get(this.#expected)) {
      this.#early.delete(this.#expected);
      this.#expected = (this.#expected + 1) % space;
      this.#deliver(next);
    }
    if (this.#stage === "reset" || now - this.#lastAckAt < ackPauseMs) return;
    this.#lastAckAt = now;
    this.counters.pureAcks++;
    this.#transmit(encodeAckFrame(this.#ack));
  }

  #deliver({ type, payload }: ArqDataFrame): void {
    if (this.#stage === "reset") this.#config.push(payload);
    else if (this.#stage === "loopback") {
      if (type === packetType.loopback && Buffer.compare(payload, this.#probe) === 0) this.#stage = "open";
    } else if (type === packetType.utMessages) this.#payloads.push(payload);
    else throw new Error(`a frame of type ${type} among the words`);
  }

  #acknowledged(ack: number): void {
    const index = this.#onTheWay.findIndex(({ seq }) => seq === ack);
    this.#onTheWay.splice(0, index + 1);
    this.#window = Math.min(windowSize, this.#window + index + 1);
    if (!this.#isRecovering || this.#onTheWay.length > 0) return;
    this.#isRecovering = false;
    this.#window = 1;
    this.counters.slowStarts++;
  }

  get #ack(): number {
    return (this.#expected + space - 1) % space;
  }

  #resend(now: number): void {
    for (const frame of this.#onTheWay) {
      if ((now - frame.firstAt) / resendMs < frame.transmissions) continue;
      if (frame.transmissions >= giveUpAfter) throw new Error("too many resends");
      frame.transmissions++;
      this.counters.resends++;
      this.#isRecovering = true;
      this.#transmit(frame.bytes);
    }
  }

  #fill(now: number): void {
    while (!this.#isRecovering && this.#onTheWay.length < this.#window) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      const seq = this.#nextSeq;
      this.#nextSeq = (seq + 1) % space;
      const bytes = encodeDataFrame({ ack: this.#ack, seq, ...next });
      this.#onTheWay.push({ seq, bytes, firstAt: now, transmissions: 1 });
      this.counters.frames++;
      this.#transmit(bytes);
    }
  }

  /** Every transmission carries the newest acknowledgement. */
  #transmit(bytes: Uint8Array): void {
    const copy = bytes.slice();
    new DataView(copy.buffer).setUint32(0, this.#ack);
    this.#socket.send(copy, this.#ports.dataPort, "127.0.0.1");
  }
}
