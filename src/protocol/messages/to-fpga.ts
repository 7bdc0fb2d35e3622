/**
 * Instruction words to the FPGA. Every message is one 64-bit word: header in the highest byte, payload right-aligned.
 *
 *   63        56 55                                    0
 *   | 0 opcode  | 0 ...                       payload |
 *
 * Opcodes are those of the dictionary; bit positions are written out here for speed, and a test holds them to the
 * dictionary's for every message. Source: hxcomm `vx/instruction/*.h`, `common/{encoder,decoder}.tcc`.
 */
import { FrameTruncated, ReservedValue, UnknownHeader } from "../errors.js";
import { ByteWriter } from "./byte-writer.js";
import type { MessageType } from "./define-message.js";
import { messagesOf } from "./define-message.js";
import { shiftableBits, toFpgaMessages } from "./dictionary.js";
import { type MessageColumns, packToFpga } from "./message-columns.js";
import type { StreamDecoder, StreamEncoder, ToFpgaSink } from "./streams.js";

/** Upper half of a word with nothing but the header. */
function header(message: Pick<MessageType, "opcode">): number {
  return (message.opcode << 24) >>> 0;
}

const jtagInit = header(toFpgaMessages.jtagInit);
const jtagScaler = header(toFpgaMessages.jtagScaler);
const jtagIns = header(toFpgaMessages.jtagIns);
const jtagData = header(toFpgaMessages.jtagData);
const timingSetup = header(toFpgaMessages.timingSetup);
const waitUntil = header(toFpgaMessages.waitUntil);
const systimeInit = header(toFpgaMessages.systimeInit);
const barrier = header(toFpgaMessages.barrier);
const pollingOmnibusBlock = header(toFpgaMessages.pollingOmnibusBlock);
const systemReset = header(toFpgaMessages.systemReset);
const loopback = header(toFpgaMessages.loopback);
const omnibusAddress = header(toFpgaMessages.omnibusAddress);
const omnibusData = header(toFpgaMessages.omnibusData);
const spikePack1 = header(toFpgaMessages.spikePack1);
const spikePack2 = header(toFpgaMessages.spikePack2);
const spikePack3 = header(toFpgaMessages.spikePack3);
/** Byte enables of a whole word. */
const allBytes = 0xf;

/** Numbers are cut to the width of their field: whoever calls checks ranges where values come from outside. */
class ToFpgaEncoder implements ToFpgaSink, StreamEncoder {
  readonly #out = new ByteWriter();
  #taken = 0;

  get byteLength(): number {
    return this.#out.length;
  }
  get messageCount(): number {
    return (this.#taken + this.#out.length) / 8;
  }
  take(): Uint8Array {
    this.#taken += this.#out.length;
    return this.#out.take();
  }
  /** Messages are whole words, so nothing is ever left. */
  takeComplete(): Uint8Array {
    return this.take();
  }

  word(high: number, low: number): void {
    this.#word(high, low);
  }

  #word(high: number, low: number): void {
    const at = this.#out.place(8);
    const { view } = this.#out;
    view.setUint32(at, high);
    view.setUint32(at + 4, low);
  }

  omnibusWrites(addresses: Uint32Array, words: Uint32Array): void {
    const { length } = addresses;
    const high = omnibusAddress | allBytes;
    let at = this.#out.place(16 * length);
    const { view } = this.#out;
    for (let i = 0; i < length; i++, at += 16) {
      view.setUint32(at, high);
      view.setUint32(at + 4, addresses[i] as number);
      view.setUint32(at + 8, omnibusData);
      view.setUint32(at + 12, words[i] as number);
    }
  }
  messages(columns: MessageColumns, first = 0, end = columns.op.length): void {
    this.#out.pack(packToFpga, columns, first, end);
  }

  jtagInit(): void {
    this.#word(jtagInit, 0);
  }
  jtagScaler(value: number): void {
    this.#word(jtagScaler, value & 0xff);
  }
  jtagIns(value: number): void {
    this.#word(jtagIns, value & 0x7f);
  }
  jtagData(dataHigh: number, dataLow: number, bits: number, keepResponse: boolean): void {
    this.#word(jtagData | (keepResponse ? 1 << 16 : 0) | ((bits & 0xff) << 8) | (dataHigh & 1), dataLow);
  }
  timingSetup(): void {
    this.#word(timingSetup, 0);
  }
  waitUntil(cycles: number): void {
    this.#word(waitUntil, cycles);
  }
  systimeInit(on: boolean): void {
    this.#word(systimeInit, Number(on));
  }
  barrier(mask: number): void {
    this.#word(barrier, mask & 0x1f);
  }
  pollingOmnibusBlock(equal: boolean): void {
    this.#word(pollingOmnibusBlock, Number(equal));
  }
  systemReset(on: boolean): void {
    this.#word(systemReset, Number(on));
  }
  loopback(tick: boolean): void {
    this.#word(loopback, Number(tick));
  }
  omnibusAddress(address: number, read: boolean, byteEnables: number): void {
    this.#word(omnibusAddress | (read ? 0x10 : 0) | (byteEnables & 0xf), address);
  }
  omnibusData(data: number): void {
    this.#word(omnibusData, data);
  }
  spikePack1(label0: number): void {
    this.#word(spikePack1, label0 & 0xffff);
  }
  spikePack2(label0: number, label1: number): void {
    this.#word(spikePack2, (label0 << 16) | (label1 & 0xffff));
  }
  spikePack3(label0: number, label1: number, label2: number): void {
    this.#word(spikePack3 | (label0 & 0xffff), (label1 << 16) | (label2 & 0xffff));
  }
}

export interface InstructionEncoder extends ToFpgaSink, StreamEncoder {
  /** Messages encoded since the encoder was made. */
  readonly messageCount: number;
  /** Write whole words, `words[i]` to `addresses[i]`: address and data messages in turn, without a call for each. */
  omnibusWrites(addresses: Uint32Array, words: Uint32Array): void;
  /** Messages `first` .. `end - 1` of the columns; numbers are cut to the width of their field. */
  messages(columns: MessageColumns, first?: number, end?: number): void;
  /** Any 64 bits, upper and lower half, whether they are a message or not. */
  word(high: number, low: number): void;
}

/** The driver's end: instructions in, words out. */
export function createToFpgaEncoder(): InstructionEncoder {
  return new ToFpgaEncoder();
}

const messageCount = messagesOf(toFpgaMessages).length;
const { min: fewestBits, max: mostBits } = shiftableBits;

class ToFpgaDecoder implements StreamDecoder {
  readonly #sink: ToFpgaSink;
  /** The latest push, and a view of it: whoever decodes word by word uses the same memory each time. */
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(this.#bytes.buffer);
  #messageCount = 0;

  constructor(sink: ToFpgaSink) {
    this.#sink = sink;
  }
  get messageCount(): number {
    return this.#messageCount;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length % 8 !== 0) throw new FrameTruncated("instruction words", bytes.length, "a multiple of 8");
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    const view = this.#view;
    const sink = this.#sink;
    for (let at = 0; at < bytes.length; at += 8) {
      const high = view.getUint32(at);
      if (high >= 0x8000_0000) continue;
      const low = view.getUint32(at + 4);
      switch ((high & 0xff00_0000) >>> 0) {
        case omnibusData:
          sink.omnibusData(low);
          break;
        case omnibusAddress:
          sink.omnibusAddress(low, (high & 0x10) !== 0, high & 0xf);
          break;
        case jtagInit:
          sink.jtagInit();
          break;
        case jtagScaler:
          sink.jtagScaler(low & 0xff);
          break;
        case jtagIns:
          sink.jtagIns(low & 0x7f);
          break;
        case jtagData: {
          const bits = (high >>> 8) & 0xff;
          if (bits < fewestBits || bits > mostBits)
            throw new ReservedValue("jtagData.bits", bits, `${fewestBits}..${mostBits}`);
          sink.jtagData(high & 1, low, bits, (high & 0x10000) !== 0);
          break;
        }
        case timingSetup:
          sink.timingSetup();
          break;
        case waitUntil:
          sink.waitUntil(low);
          break;
        case systimeInit:
          sink.systimeInit((low & 1) === 1);
          break;
        case barrier:
          sink.barrier(low & 0x1f);
          break;
        case pollingOmnibusBlock:
          sink.pollingOmnibusBlock((low & 1) === 1);
          break;
        case systemReset:
          sink.systemReset((low & 1) === 1);
          break;
        case loopback:
          sink.loopback((low & 1) === 1);
          break;
        case spikePack1:
          sink.spikePack1(low & 0xffff);
          break;
        case spikePack2:
          sink.spikePack2(low >>> 16, low & 0xffff);
          break;
        case spikePack3:
          sink.spikePack3(high & 0xffff, low >>> 16, low & 0xffff);
          break;
        default:
          throw new UnknownHeader("to-FPGA", this.#messageCount, high >>> 24, messageCount);
      }
      this.#messageCount++;
    }
  }
}

/**
 * The board's end: words in, instructions out. Idle words (highest bit set) are skipped.
 * After an error the rest of that push is lost; the next push starts with a new message.
 */
export function createToFpgaDecoder(sink: ToFpgaSink): StreamDecoder {
  return new ToFpgaDecoder(sink);
}
