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
import { toFpgaMessages } from "./dictionary.js";
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

/** Numbers are cut to the width of their field: whoever calls checks ranges where values come from outside. */
class ToFpgaEncoder implements ToFpgaSink, StreamEncoder {
  readonly #out = new ByteWriter();
  #taken = 0;

  get byteLength(): number {
    return this.#out.length;
  }
  /** Messages encoded since the encoder was made. */
  get messageCount(): number {
    return (this.#taken + this.#out.length) / 8;
  }
  take(): Uint8Array {
    this.#taken += this.#out.length;
    return this.#out.take(this.#out.length);
  }
  /** Messages are whole words, so nothing is ever left. */
  takeComplete(): Uint8Array {
    return this.take();
  }

  word(high: number, low: number): void {
    this.#word(high, low);
  }

  #word(high: number, low: number): void {
    const out = this.#out;
    out.reserve(8);
    out.view.setUint32(out.length, high);
    out.view.setUint32(out.length + 4, low);
    out.length += 8;
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
  /** Any 64 bits, upper and lower half, whether they are a message or not. */
  word(high: number, low: number): void;
}

/** The driver's end: instructions in, words out. */
export function createToFpgaEncoder(): InstructionEncoder {
  return new ToFpgaEncoder();
}

type Handler = (sink: ToFpgaSink, high: number, low: number) => void;

/** What each message does to the sink; `high` still has its header. */
const handlers: Readonly<Record<keyof ToFpgaSink, Handler>> = {
  jtagInit: (sink) => sink.jtagInit(),
  jtagScaler: (sink, _, low) => sink.jtagScaler(low & 0xff),
  jtagIns: (sink, _, low) => sink.jtagIns(low & 0x7f),
  jtagData(sink, high, low) {
    const bits = (high >>> 8) & 0xff;
    if (bits < 3 || bits > 33) throw new ReservedValue("jtagData.bits", bits, "3..33");
    sink.jtagData(high & 1, low, bits, (high & 0x10000) !== 0);
  },
  timingSetup: (sink) => sink.timingSetup(),
  waitUntil: (sink, _, low) => sink.waitUntil(low),
  systimeInit: (sink, _, low) => sink.systimeInit((low & 1) === 1),
  barrier: (sink, _, low) => sink.barrier(low & 0x1f),
  pollingOmnibusBlock: (sink, _, low) => sink.pollingOmnibusBlock((low & 1) === 1),
  systemReset: (sink, _, low) => sink.systemReset((low & 1) === 1),
  loopback: (sink, _, low) => sink.loopback((low & 1) === 1),
  omnibusAddress: (sink, high, low) => sink.omnibusAddress(low, (high & 0x10) !== 0, high & 0xf),
  omnibusData: (sink, _, low) => sink.omnibusData(low),
  spikePack1: (sink, _, low) => sink.spikePack1(low & 0xffff),
  spikePack2: (sink, _, low) => sink.spikePack2(low >>> 16, low & 0xffff),
  spikePack3: (sink, high, low) => sink.spikePack3(high & 0xffff, low >>> 16, low & 0xffff),
};
const messages = messagesOf(toFpgaMessages);
const byOpcode: readonly Handler[] = messages.map((message) => handlers[message.name as keyof ToFpgaSink]);

class ToFpgaDecoder implements StreamDecoder {
  readonly #sink: ToFpgaSink;
  #messageCount = 0;

  constructor(sink: ToFpgaSink) {
    this.#sink = sink;
  }
  get messageCount(): number {
    return this.#messageCount;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length % 8 !== 0) throw new FrameTruncated("instruction words", bytes.length, "a multiple of 8");
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const sink = this.#sink;
    for (let at = 0; at < bytes.length; at += 8) {
      const high = view.getUint32(at);
      if (high >= 0x8000_0000) continue;
      const low = view.getUint32(at + 4);
      const masked = (high & 0xff00_0000) >>> 0;
      if (masked === omnibusData) sink.omnibusData(low);
      else if (masked === omnibusAddress) sink.omnibusAddress(low, (high & 0x10) !== 0, high & 0xf);
      else {
        const handler = byOpcode[high >>> 24];
        if (!handler) throw new UnknownHeader("to-FPGA", this.#messageCount, high >>> 24, messages.length);
        handler(sink, high, low);
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
