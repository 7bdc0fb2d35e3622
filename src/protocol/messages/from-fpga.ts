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
import { type MessageColumns, packFromFpga } from "./message-columns.js";
import type { FromFpgaSink, MessageRun, StreamDecoder, StreamEncoder } from "./streams.js";

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
const packOpcode = fromFpgaMessages.madcPack3.opcode;
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
    this.#completeWord();
    return this.#out.take();
  }
  moveTo(sink: (bytes: Uint8Array) => void): void {
    this.#completeWord();
    this.#out.moveTo(sink);
  }
  takeComplete(): Uint8Array {
    return this.#out.take(this.#out.length % 8);
  }

  encoded(bytes: Uint8Array): void {
    this.#out.append(bytes);
  }
  messages(columns: MessageColumns, first = 0, end = columns.op.length): void {
    this.#out.pack(packFromFpga, columns, first, end);
  }
  #completeWord(): void {
    const rest = this.#out.length % 8;
    if (rest === 0) return;
    const at = this.#out.place(8 - rest);
    const { view } = this.#out;
    for (let i = 0; i < 8 - rest; i++) view.setUint8(at + i, i === 0 ? 0x80 : 0);
  }
  #message64(high: number, low: number): void {
    const at = this.#out.place(8);
    const { view } = this.#out;
    view.setUint32(at, high);
    view.setUint32(at + 4, low);
  }
  /** Header and three times 24 bits. */
  #message80(head: number, first: number, second: number, third: number): void {
    const at = this.#out.place(10);
    const { view } = this.#out;
    view.setUint32(at, head | (first & 0xff_ffff));
    view.setUint32(at + 4, (second << 8) | ((third >>> 16) & 0xff));
    view.setUint16(at + 8, third);
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

export interface AnswerEncoder extends FromFpgaSink, StreamEncoder {
  /** Messages `first` .. `end - 1` of the columns; numbers are cut to the width of their field. */
  messages(columns: MessageColumns, first?: number, end?: number): void;
  /** Like `take`, but without new memory: the bytes come in views that are good until the next message. */
  moveTo(sink: (bytes: Uint8Array) => void): void;
  /** Whole messages that somebody else has encoded. */
  encoded(bytes: Uint8Array): void;
}

/** The board's end: answers and events in, words out. */
export function createFromFpgaEncoder(): AnswerEncoder {
  return new FromFpgaEncoder();
}

const messages = messagesOf(fromFpgaMessages);
const bytesByOpcode: readonly number[] = messages.map((message) => message.messageBits / 8);

function firstOfTwo(high: number, low: number): number {
  return ((high & 0xffff) << 8) | (low >>> 24);
}

/** Room before the seam for a message cut at the end of a push (at most 9 bytes), kept word-aligned. */
const seam = 16;

class FromFpgaDecoder implements StreamDecoder {
  readonly #sink: FromFpgaSink;
  /** Ends at `seam`: the start of a message whose rest has not come yet; after it, the first word of the next push. */
  readonly #carry = new Uint8Array(seam + 8);
  readonly #carryView = new DataView(this.#carry.buffer);
  readonly #run: MessageRun = { at: 0, count: 0 };
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
    this.#sink.expect?.(bytes.length);
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
      if (!length) throw new UnknownHeader("from-FPGA", this.#messageCount, opcode, messages.length);
      // A message cut at a seam is taken alone.
      if (opcode === packOpcode && stop === end && sink.madcRun !== undefined) {
        const run = this.#run;
        run.at = at;
        run.count = 0;
        sink.madcRun(view, end, run);
        if (run.at > at) {
          at = run.at;
          this.#messageCount += run.count;
          continue;
        }
      }
      if (at + length > end) return at;
      const high = view.getUint32(at);
      const low = view.getUint32(at + 4);
      switch ((high & 0xff00_0000) >>> 0) {
        case madcPack3:
          sink.madcPack3(high & 0xff_ffff, low >>> 8, ((low & 0xff) << 16) | view.getUint16(at + 8));
          break;
        case madcPack2:
          sink.madcPack2(firstOfTwo(high, low), low & 0xff_ffff);
          break;
        case madcPack1:
          sink.madcPack1(low & 0xff_ffff);
          break;
        case sysdelta:
          sink.sysdelta(low & 0xff);
          break;
        case systime:
          sink.systime((high & 0x7ff) * 2 ** 32 + low);
          break;
        case omnibusData:
          sink.omnibusData(low);
          break;
        case spikePack1:
          sink.spikePack1(low & 0xff_ffff);
          break;
        case spikePack2:
          sink.spikePack2(firstOfTwo(high, low), low & 0xff_ffff);
          break;
        case spikePack3:
          sink.spikePack3(high & 0xff_ffff, low >>> 8, ((low & 0xff) << 16) | view.getUint16(at + 8));
          break;
        case jtagData:
          sink.jtagData(high & 1, low);
          break;
        case loopback:
          sink.loopback((low & 1) === 1);
          break;
        case highspeedLinkNotification:
          sink.highspeedLinkNotification(low & 0xff);
          break;
        case timeoutNotification:
          sink.timeoutNotification(low, high & 0x7f, (high >>> 7) & 0x3f);
          break;
      }
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
