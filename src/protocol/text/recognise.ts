/**
 * From words to statements: runs of accesses that are a whole container in its order of writing become that container,
 * all else its instructions, and what is no instruction stays a word. A statement is given only when it encodes to
 * exactly the words that it stands for; so text made of statements gives back every stream of words.
 */
import { FieldOutOfRange } from "../../base/errors.js";
import { allBytes, jtagBits, jtagRegister, phyStep, type ReadableBus } from "../containers/bus-access.js";
import type { ContainerBus, ContainerType } from "../containers/container.js";
import { type RegisterPlace, registersOf } from "../containers/register-map.js";
import { FrameTruncated, ReservedValue } from "../errors.js";
import { type MessageType, messagesOf } from "../messages/define-message.js";
import { toFpgaMessages } from "../messages/dictionary.js";
import type { Statement } from "./statement.js";

const messages = messagesOf(toFpgaMessages);
const header = (message: Pick<MessageType, "opcode">): number => message.opcode * 2 ** 24;
const address = header(toFpgaMessages.omnibusAddress);
const data = header(toFpgaMessages.omnibusData);
const jtagIns = header(toFpgaMessages.jtagIns);
const jtagData = header(toFpgaMessages.jtagData);
const readBit = 0x10;
const keepBit = 0x10000;

/** The words of a program, read by halves. Beyond the end there is a word that nothing matches. */
class Words {
  readonly count: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    if (bytes.length % 8 !== 0) throw new FrameTruncated("instruction words", bytes.length, "a multiple of 8");
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.count = bytes.length / 8;
  }
  high(index: number): number {
    return index < this.count ? this.#view.getUint32(8 * index) : 0xffff_ffff;
  }
  low(index: number): number {
    return index < this.count ? this.#view.getUint32(8 * index + 4) : 0xffff_ffff;
  }
}

/** A JTAG shift at an index: the lower 32 bits of its data, when register, length and highest bits are these. */
function shiftAt(words: Words, index: number, register: number, bits: number, highest = 0): number | undefined {
  const isShift =
    words.high(index) === jtagIns &&
    words.low(index) === register &&
    words.high(index + 1) === (jtagData | (bits << 8) | highest);
  return isShift ? words.low(index + 1) : undefined;
}

interface WordWrite {
  readonly address: number;
  readonly word: number;
  /** Instructions that it takes. */
  readonly length: number;
}

/** The write of one word that starts at an index, in the exact form of `writeWord`. */
const wordWrites: Readonly<Record<ContainerBus, (words: Words, index: number) => WordWrite | undefined>> = {
  omnibus(words, index) {
    if (words.high(index) !== address + allBytes || words.high(index + 1) !== data) return undefined;
    return { address: words.low(index), word: words.low(index + 1), length: 2 };
  },
  omnibusOverJtag(words, index) {
    const at = shiftAt(words, index, jtagRegister.omnibusAddress, jtagBits.omnibusAddress);
    const word = shiftAt(words, index + 2, jtagRegister.omnibusData, jtagBits.omnibusData);
    const request = shiftAt(words, index + 4, jtagRegister.omnibusRequest, jtagBits.omnibusRequest);
    return at === undefined || word === undefined || request !== 0 ? undefined : { address: at, word, length: 6 };
  },
  jtagPll(words, index) {
    const register = shiftAt(words, index, jtagRegister.pllTarget, jtagBits.pllTarget);
    const word = shiftAt(words, index + 2, jtagRegister.pllShift, jtagBits.pllShift);
    return register === undefined || word === undefined ? undefined : { address: register, word, length: 4 };
  },
  jtagPhy(words, index) {
    const instruction = words.low(index);
    const word = shiftAt(words, index, instruction, jtagBits.phy);
    const phy = (instruction - jtagRegister.phy) / phyStep;
    return word === undefined ? undefined : { address: phy, word, length: 2 };
  },
};

/** The request for one word that starts at an index, in the exact form of `readWord`. */
const wordReads: Readonly<Record<ReadableBus, (words: Words, index: number) => Omit<WordWrite, "word"> | undefined>> = {
  omnibus(words, index) {
    return words.high(index) === address + readBit + allBytes ? { address: words.low(index), length: 1 } : undefined;
  },
  omnibusOverJtag(words, index) {
    const at = shiftAt(words, index, jtagRegister.omnibusAddress, jtagBits.omnibusAddress, 1);
    const request = shiftAt(words, index + 2, jtagRegister.omnibusRequest, jtagBits.omnibusRequest);
    const zero = shiftAt(words, index + 4, jtagRegister.omnibusData, jtagBits.omnibusData, keepBit);
    return at === undefined || request !== 0 || zero !== 0 ? undefined : { address: at, length: 6 };
  },
};

export interface Recognised {
  readonly statement: Statement;
  /** Number of its first word in the program. */
  readonly index: number;
  /** Words that it stands for. */
  readonly length: number;
}

function equal(a: Uint32Array, b: Uint32Array): boolean {
  return a.every((word, i) => word === b[i]);
}

/** Fields that encode to exactly these words; undefined when there are none. */
function exactFields(
  container: ContainerType,
  registers: Uint32Array,
): ReturnType<ContainerType["decode"]> | undefined {
  const fields = container.decode(registers);
  try {
    return equal(container.encode(fields), registers) ? fields : undefined;
  } catch (error) {
    if (error instanceof FieldOutOfRange) return undefined;
    throw error;
  }
}

function wholeWrite(words: Words, index: number, { container, at, word }: RegisterPlace): Recognised | undefined {
  if (container.access === "r" || word !== container.writeOrder[0]) return undefined;
  const addresses = container.addresses(at);
  const registers = new Uint32Array(container.wordCount);
  let next = index;
  for (const register of container.writeOrder) {
    const write = wordWrites[container.bus](words, next);
    if (write === undefined || write.address !== addresses[register]) return undefined;
    registers[register] = write.word;
    next += write.length;
  }
  const fields = exactFields(container, registers);
  return fields && { statement: { kind: "write", container, at, fields }, index, length: next - index };
}

function wholeRead(words: Words, bus: ReadableBus, index: number, place: RegisterPlace): Recognised | undefined {
  const { container, at, word } = place;
  if (container.access === "w" || word !== 0) return undefined;
  let next = index;
  for (const expected of container.addresses(at)) {
    const read = wordReads[bus](words, next);
    if (read?.address !== expected) return undefined;
    next += read.length;
  }
  return { statement: { kind: "read", container, at }, index, length: next - index };
}

function containerAccess(words: Words, index: number, buses: readonly ContainerBus[]): Recognised | undefined {
  for (const bus of buses) {
    const write = wordWrites[bus](words, index);
    for (const place of write ? registersOf(bus).at(write.address) : []) {
      const found = wholeWrite(words, index, place);
      if (found) return found;
    }
    if (bus !== "omnibus" && bus !== "omnibusOverJtag") continue;
    const read = wordReads[bus](words, index);
    for (const place of read ? registersOf(bus).at(read.address) : []) {
      const found = wholeRead(words, bus, index, place);
      if (found) return found;
    }
  }
  return undefined;
}

const omnibusOnly: readonly ContainerBus[] = ["omnibus"];
const jtagBuses: readonly ContainerBus[] = ["omnibusOverJtag", "jtagPll", "jtagPhy"];

/** The message that is exactly this word. */
function instructionAt(high: number, low: number): Statement | undefined {
  const message = messages[high >>> 24];
  if (!message) return undefined;
  const word = (BigInt(high) << 32n) | BigInt(low);
  try {
    const values = message.decode(word);
    return message.encode(values) === word ? { kind: "instruction", message, values } : undefined;
  } catch (error) {
    if (error instanceof ReservedValue) return undefined;
    throw error;
  }
}

function recogniseAt(words: Words, index: number): Recognised {
  const [high, low] = [words.high(index), words.low(index)];
  if (high >>> 24 === toFpgaMessages.omnibusAddress.opcode) {
    const found = containerAccess(words, index, omnibusOnly);
    if (found) return found;
    const byteEnables = high - address;
    if (byteEnables <= allBytes && words.high(index + 1) === data)
      return {
        statement: { kind: "omnibusWrite", address: low, byteEnables, data: words.low(index + 1) },
        index,
        length: 2,
      };
  } else if (high === jtagIns) {
    const found = containerAccess(words, index, jtagBuses);
    if (found) return found;
  }
  return { statement: instructionAt(high, low) ?? { kind: "word", high, low }, index, length: 1 };
}

/** What the words of a program say, in order and without a gap. @throws FrameTruncated at a length that is no words */
export function* recognise(bytes: Uint8Array): Generator<Recognised> {
  const words = new Words(bytes);
  for (let index = 0; index < words.count; ) {
    const found = recogniseAt(words, index);
    yield found;
    index += found.length;
  }
}
