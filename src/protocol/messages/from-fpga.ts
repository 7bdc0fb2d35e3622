/**
 * Words from the FPGA. A message has 64 or 80 bits: header in its highest byte, payload right-aligned. Messages follow
 * each other without gaps through the 64-bit words; a set bit where a header should start (the comma) says that the rest
 * of the word is empty. As every message is whole bytes and words are big-endian, the stream is simply the messages'
 * bytes one after the other. Source: hxcomm `vx/instruction/*.h`, `common/{encoder,decoder}.tcc`.
 */
import { FrameTruncated, UnknownHeader } from "../errors.js";
import { ByteWriter } from "./byte-writer.js";
import { type MessageType, messagesOf } from "./define-message.js";
import { fromFpgaMessages } from "./dictionary.js";
import type { FromFpgaSink, StreamDecoder, StreamEncoder } from "./streams.js";

function header(message: Pick<MessageType, "opcode">): number {
  return (message.opcode << 24) >>> 0;
}

const jtagData = header(fromFpgaMessages.jtagData);
const omnibusData = header(fromFpgaMessages.omnibusData);
const loopback = header(fromFpgaMessages.loopback);
const highspeedLinkNotification = header(fromFpgaMessages.highspeedLinkNotification);
const timeoutNotification = header(fromFpgaMessages.timeoutNotification);
const systime = header(fromFpgaMessages.systime);
const sysdelta = header(fromFpgaMessages.sysdelta);
const madcPack1 = header(fromFpgaMessages.madcPack1);
const madcPack2 = header(fromFpgaMessages.madcPack2);
const madcPack3 = header(fromFpgaMessages.madcPack3);
const spikePack1 = header(fromFpgaMessages.spikePack1);
const spikePack2 = header(fromFpgaMessages.spikePack2);
const spikePack3 = header(fromFpgaMessages.spikePack3);

/** Numbers are cut to the width of their field: whoever calls checks ranges where values come from outside. */
class FromFpgaEncoder implements FromFpgaSink, StreamEncoder {
  readonly #out = new ByteWriter();

  get byteLength(): number {
    return this.#out.length - (this.#out.length % 8);
  }
  take(): Uint8Array {
    const out = this.#out;
    const rest = out.length % 8;
    if (rest > 0) {
      out.reserve(8);
      out.bytes.fill(0, out.length, out.length + 8 - rest);
      out.bytes[out.length] = 0x80;
      out.length += 8 - rest;
    }
    return out.take(out.length);
  }
  takeComplete(): Uint8Array {
    return this.#out.take(this.byteLength);
  }

  #message64(high: number, low: number): void {
    const out = this.#out;
    out.reserve(8);
    out.view.setUint32(out.length, high);
    out.view.setUint32(out.length + 4, low);
    out.length += 8;
  }
  /** Header and three times 24 bits. */
  #message80(head: number, first: number, second: number, third: number): void {
    const out = this.#out;
    out.reserve(10);
    out.view.setUint32(out.length, head | (first & 0xff_ffff));
    out.view.setUint32(out.length + 4, (second << 8) | ((third >>> 16) & 0xff));
    out.view.setUint16(out.length + 8, third);
    out.length += 10;
  }
  #two(head: number, first: number, second: number): void {
    this.#message64(head | ((first >>> 8) & 0xffff), (first << 24) | (second & 0xff_ffff));
  }

  jtagData(high: number, low: number): void {
    this.#message64(jtagData | (high & 1), low);
  }
  omnibusData(data: number): void {
    this.#message64(omnibusData, data);
  }
  loopback(tick: boolean): void {
    this.#message64(loopback, Number(tick));
  }
  highspeedLinkNotification(bits: number): void {
    this.#message64(highspeedLinkNotification, bits & 0xff);
  }
  timeoutNotification(instruction: number, stallCount: number, readsInFlight: number): void {
    this.#message64(timeoutNotification | ((readsInFlight & 0x3f) << 7) | (stallCount & 0x7f), instruction);
  }
  systime(fpgaCycles: number): void {
    this.#message64(systime | (Math.floor(fpgaCycles / 2 ** 32) & 0x7ff), fpgaCycles >>> 0);
  }
  sysdelta(increment: number): void {
    this.#message64(sysdelta, increment & 0xff);
  }
  madcPack1(sample0: number): void {
    this.#message64(madcPack1, sample0 & 0xff_ffff);
  }
  madcPack2(sample0: number, sample1: number): void {
    this.#two(madcPack2, sample0, sample1);
  }
  madcPack3(sample0: number, sample1: number, sample2: number): void {
    this.#message80(madcPack3, sample0, sample1, sample2);
  }
  spikePack1(spike0: number): void {
    this.#message64(spikePack1, spike0 & 0xff_ffff);
  }
  spikePack2(spike0: number, spike1: number): void {
    this.#two(spikePack2, spike0, spike1);
  }
  spikePack3(spike0: number, spike1: number, spike2: number): void {
    this.#message80(spikePack3, spike0, spike1, spike2);
  }
}

/** The board's end: answers and events in, words out. */
export function createFromFpgaEncoder(): FromFpgaSink & StreamEncoder {
  return new FromFpgaEncoder();
}

/** `high` still has its header; `tail` is the last 16 bits of an 80-bit message. */
type Handler = (sink: FromFpgaSink, high: number, low: number, tail: number) => void;

const first = (high: number, low: number): number => ((high & 0xffff) << 8) | (low >>> 24);
const handlers: Readonly<Record<keyof FromFpgaSink, Handler>> = {
  jtagData: (sink, high, low) => sink.jtagData(high & 1, low),
  omnibusData: (sink, _, low) => sink.omnibusData(low),
  loopback: (sink, _, low) => sink.loopback((low & 1) === 1),
  highspeedLinkNotification: (sink, _, low) => sink.highspeedLinkNotification(low & 0xff),
  timeoutNotification: (sink, high, low) => sink.timeoutNotification(low, high & 0x7f, (high >>> 7) & 0x3f),
  systime: (sink, high, low) => sink.systime((high & 0x7ff) * 2 ** 32 + low),
  sysdelta: (sink, _, low) => sink.sysdelta(low & 0xff),
  madcPack1: (sink, _, low) => sink.madcPack1(low & 0xff_ffff),
  madcPack2: (sink, high, low) => sink.madcPack2(first(high, low), low & 0xff_ffff),
  madcPack3: (sink, high, low, tail) => sink.madcPack3(high & 0xff_ffff, low >>> 8, ((low & 0xff) << 16) | tail),
  spikePack1: (sink, _, low) => sink.spikePack1(low & 0xff_ffff),
  spikePack2: (sink, high, low) => sink.spikePack2(first(high, low), low & 0xff_ffff),
  spikePack3: (sink, high, low, tail) => sink.spikePack3(high & 0xff_ffff, low >>> 8, ((low & 0xff) << 16) | tail),
};
const messages = messagesOf(fromFpgaMessages);
const byOpcode: readonly Handler[] = messages.map((message) => handlers[message.name as keyof FromFpgaSink]);
const bytesByOpcode: readonly number[] = messages.map((message) => message.messageBits / 8);

/** Room before the seam for a message cut at the end of a push (at most 9 bytes), kept word-aligned. */
const seam = 16;

class FromFpgaDecoder implements StreamDecoder {
  readonly #sink: FromFpgaSink;
  /** Ends at `seam`: the start of a message whose rest has not come yet; after it, the first word of the next push. */
  readonly #carry = new Uint8Array(seam + 8);
  readonly #carryView = new DataView(this.#carry.buffer);
  #carried = 0;
  #messageCount = 0;

  constructor(sink: FromFpgaSink) {
    this.#sink = sink;
  }
  get messageCount(): number {
    return this.#messageCount;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length % 8 !== 0) throw new FrameTruncated("words from the FPGA", bytes.length, "a multiple of 8");
    if (bytes.length === 0) return;
    let at = 0;
    if (this.#carried > 0) {
      // One word always completes a message: what is missing of it is at most 8 bytes.
      this.#carry.set(bytes.subarray(0, 8), seam);
      const from = seam - this.#carried;
      this.#carried = 0;
      at = this.#decode(this.#carryView, from, seam + 8, seam) - seam;
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const rest = this.#decode(view, at, bytes.length, bytes.length);
    if (rest < bytes.length) {
      this.#carry.set(bytes.subarray(rest), seam - (bytes.length - rest));
      this.#carried = bytes.length - rest;
    }
  }

  /**
   * Decode messages that start before `stop` and lie within `end`; word boundaries are at multiples of 8.
   * @returns where the first message starts that was not decoded
   */
  #decode(view: DataView, start: number, end: number, stop: number): number {
    const sink = this.#sink;
    let at = start;
    while (at < stop) {
      const opcode = view.getUint8(at);
      if (opcode >= 0x80) {
        at = (at + 8) & ~7;
        continue;
      }
      const length = bytesByOpcode[opcode];
      const handler = byOpcode[opcode];
      if (!handler || !length) throw new UnknownHeader("from-FPGA", this.#messageCount, opcode, messages.length);
      if (at + length > end) return at;
      const tail = length > 8 ? view.getUint16(at + 8) : 0;
      handler(sink, view.getUint32(at), view.getUint32(at + 4), tail);
      at += length;
      this.#messageCount++;
    }
    return at;
  }
}

/**
 * The driver's end: words in, answers and events out.
 * After an error the rest of that push is lost; the next push starts with a new message.
 */
export function createFromFpgaDecoder(sink: FromFpgaSink): StreamDecoder {
  return new FromFpgaDecoder(sink);
}
