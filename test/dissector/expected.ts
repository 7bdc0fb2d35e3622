// What our own decoders say about a conversation, frame by frame, in the dissector's words.
import { AnswerDecoder } from "../../src/device/playback/decoder.js";
import type { ContainerType } from "../../src/protocol/containers/container.js";
import { registersOf } from "../../src/protocol/containers/register-map.js";
import {
  createFromFpgaDecoder,
  createFromFpgaEncoder,
  createToFpgaDecoder,
  createToFpgaEncoder,
  type FromFpgaSink,
  fromFpgaMessages,
  type MessageType,
  messagesOf,
  packetType,
  parseFrame,
  type StreamDecoder,
  type ToFpgaSink,
  toFpgaMessages,
} from "../../src/protocol/index.js";
import type { Datagram } from "./support.js";

export type Values = Readonly<Record<string, number | boolean>>;

export interface ExpectedRegister {
  readonly access: "write" | "read" | "answer";
  readonly container: ContainerType;
  readonly at: string;
  readonly word: number;
  readonly address: number;
  /** Fields that lie in this word alone; undefined for a read, which has no value yet. */
  readonly fields: Values | undefined;
}
export interface ExpectedMessage {
  readonly name: string;
  readonly text: string;
  readonly values: Values;
  readonly registers: readonly ExpectedRegister[];
  /** FPGA time after the message; undefined to the FPGA. */
  readonly time: number | undefined;
}
export interface ExpectedFrame {
  readonly kind: "reset" | "ack" | "new" | "again" | "other";
  readonly messages: readonly ExpectedMessage[];
}

type Call = (name: string, args: unknown[]) => void;
type Encoder = { take(): Uint8Array } & Record<string, (...args: unknown[]) => void>;

function sinkOf<Sink>(types: readonly MessageType[], call: Call): Sink {
  return Object.fromEntries(types.map(({ name }) => [name, (...args: unknown[]) => call(name, args)])) as Sink;
}

/** The fields of a message that a sink was called with, by the reference codec. */
function valuesOf(type: MessageType, encoder: unknown, args: unknown[]): Values {
  (encoder as Encoder)[type.name]?.(...args);
  const hex = Buffer.from((encoder as Encoder).take()).toString("hex");
  return type.decode(BigInt(`0x${hex.slice(0, type.messageBits / 4)}`));
}

function registersAt(
  access: ExpectedRegister["access"],
  bus: ContainerType["bus"],
  address: number,
  value?: number,
): ExpectedRegister[] {
  return registersOf(bus)
    .at(address)
    .map(({ container, at, word }) => {
      let fields: Values | undefined;
      if (value !== undefined) {
        const words = new Uint32Array(container.wordCount);
        words[word] = value;
        const all = container.decode(words);
        const inWord = container.fields.filter((field) => field.runs.every((run) => run.word === word));
        fields = Object.fromEntries(inWord.map(({ name }) => [name, all[name]!]));
      }
      return { access, container, at: container.coordinate.format(at), word, address, fields };
    });
}

/** Reads in order, for the answers. */
type Asked = number[];

/** Instructions to the board: omnibus accesses, and accesses of registers over JTAG, by name. */
class Instructions {
  readonly decoder: StreamDecoder;
  messages: ExpectedMessage[] = [];
  #write: number | undefined;
  #instruction = -1;
  #pll: number | undefined;
  #address: bigint | undefined;
  #data: number | undefined;

  constructor(asked: Asked) {
    const types = messagesOf(toFpgaMessages);
    const sink = sinkOf<ToFpgaSink>(types, (name, args) => {
      const type = types.find((t) => t.name === name)!;
      const values = valuesOf(type, createToFpgaEncoder(), args);
      const registers = this.#registers(name, values, asked);
      this.messages.push({ name, text: type.describe(values), values, registers, time: undefined });
    });
    this.decoder = createToFpgaDecoder(sink);
  }

  #registers(name: string, values: Values, asked: Asked): ExpectedRegister[] {
    if (name === "omnibusAddress") {
      const address = values.address as number;
      this.#write = values.read ? undefined : address;
      if (values.read) asked.push(address);
      return values.read ? registersAt("read", "omnibus", address) : [];
    }
    if (name === "omnibusData") {
      const address = this.#write;
      this.#write = undefined;
      return address === undefined ? [] : registersAt("write", "omnibus", address, values.data as number);
    }
    // After a reset of the port IDCODE is selected, which writes nothing.
    if (name === "jtagInit") this.#instruction = 1;
    if (name === "jtagIns") this.#instruction = values.value as number;
    return name === "jtagData" ? this.#jtag(BigInt(values.data as number)) : [];
  }

  #jtag(data: bigint): ExpectedRegister[] {
    const word = Number(data & 0xffff_ffffn);
    const instruction = this.#instruction;
    if (instruction === 3) this.#pll = word & 15;
    if (instruction === 5) this.#address = data;
    if (instruction === 6) this.#data = word;
    if (instruction === 4 && this.#pll !== undefined) return registersAt("write", "jtagPll", this.#pll, word);
    if (instruction === 7 && this.#address !== undefined) {
      const address = Number(this.#address & 0xffff_ffffn);
      if (this.#address >> 32n) return registersAt("read", "omnibusOverJtag", address);
      return this.#data === undefined ? [] : registersAt("write", "omnibusOverJtag", address, this.#data);
    }
    const phy = (instruction - 68) / 8;
    return Number.isInteger(phy) && phy >= 0 && phy < 8 ? registersAt("write", "jtagPhy", phy, word) : [];
  }
}

/** Answers of the board, with FPGA time as the driver keeps it. */
class Answers {
  readonly decoder: StreamDecoder;
  readonly driver = new AnswerDecoder();
  messages: ExpectedMessage[] = [];

  constructor(asked: Asked) {
    const types = messagesOf(fromFpgaMessages);
    const driver = this.driver as unknown as Record<string, (...args: unknown[]) => void>;
    const sink = sinkOf<FromFpgaSink>(types, (name, args) => {
      const type = types.find((t) => t.name === name)!;
      driver[name]?.(...args);
      const values = valuesOf(type, createFromFpgaEncoder(), args);
      const address = name === "omnibusData" ? asked.shift() : undefined;
      const registers = address === undefined ? [] : registersAt("answer", "omnibus", address, values.data as number);
      this.messages.push({ name, text: type.describe(values), values, registers, time: this.driver.fpgaTime });
    });
    this.decoder = createFromFpgaDecoder(sink);
  }
}

/** Frames in the order of the capture; those that come again have the messages of the first time. */
export function expectedFrames(datagrams: readonly Datagram[]): ExpectedFrame[] {
  let session = newSession();
  return datagrams.map(({ toBoard, port, bytes }): ExpectedFrame => {
    if (port === "reset") {
      session = newSession();
      return { kind: "reset", messages: [] };
    }
    const frame = parseFrame(bytes);
    if (frame.kind === "invalid") throw new Error(`invalid frame: ${frame.reason}`);
    if (frame.kind === "ack") return { kind: "ack", messages: [] };
    const side = toBoard ? session.to : session.from;
    const known = side.frames.findLast((f) => f.seq === frame.seq);
    if (known !== undefined && frame.seq !== side.frames.length % 256)
      return { kind: "again", messages: known.messages };
    if (frame.seq !== side.frames.length % 256) throw new Error("the capture has a gap");
    side.stream.messages = [];
    if (frame.type === packetType.utMessages) side.stream.decoder.push(frame.payload);
    const { messages } = side.stream;
    side.frames.push({ seq: frame.seq, messages });
    return { kind: frame.type === packetType.utMessages ? "new" : "other", messages };
  });
}

function newSession() {
  const asked: Asked = [];
  const side = (stream: Instructions | Answers) => ({
    stream,
    frames: [] as { readonly seq: number; readonly messages: readonly ExpectedMessage[] }[],
  });
  return { to: side(new Instructions(asked)), from: side(new Answers(asked)) };
}
