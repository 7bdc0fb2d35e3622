/**
 * Declares the messages of one direction as a table: names, bit positions, legal ranges. The opcode is the position in
 * the table. Encode and decode here work on whole messages as big integers: they are the reference that documents and
 * checks the stream codecs, which are written for speed. Bit 0 is the least significant of the message.
 */
import { FieldOutOfRange } from "../../base/errors.js";
import type { Rng } from "../../base/rng.js";
import { ReservedValue, UnknownHeader } from "../errors.js";

export type MessageDirection = "toFpga" | "fromFpga";
export type MessageValue = number | boolean;

/** One field of a payload. */
export interface MessageField<Kind extends "bool" | "uint" = "bool" | "uint"> {
  readonly kind: Kind;
  readonly low: number;
  /** At most 43 bits, so that a value is exact as a double. */
  readonly width: number;
  readonly min: number;
  readonly max: number;
  /** Names of values. */
  readonly labels?: Readonly<Record<number, string>>;
  readonly hex?: boolean;
  readonly doc: string;
}

type Fields = Readonly<Record<string, MessageField>>;
type ValuesOf<F extends Fields> = { [Name in keyof F]: F[Name]["kind"] extends "bool" ? boolean : number };
export interface MessageSpec<F extends Fields = Fields> {
  readonly payloadBits: number;
  readonly doc: string;
  readonly fields: F;
}

export interface MessageType<Values extends object = Record<string, MessageValue>> {
  readonly direction: MessageDirection;
  readonly name: string;
  readonly opcode: number;
  readonly payloadBits: number;
  /** Length on the wire with header and padding: 64 or 80. */
  readonly messageBits: number;
  readonly doc: string;
  readonly fields: Fields;
  /** The message as a number of `messageBits` bits. @throws FieldOutOfRange */
  encode(values: Values): bigint;
  /** Values of a message of this type; unused bits are ignored. @throws UnknownHeader, ReservedValue */
  decode(message: bigint): Values;
  /** One line: name and every field by name. */
  describe(values: Values): string;
  /** Values drawn evenly from the legal ranges. */
  random(rng: Rng): Values;
}

/** A flag. */
export function bit(low: number, doc: string, labels?: Readonly<Record<number, string>>): MessageField<"bool"> {
  return { kind: "bool", low, width: 1, min: 0, max: 1, doc, ...(labels ? { labels } : {}) };
}

/** An unsigned number. */
export function number(
  low: number,
  width: number,
  doc: string,
  options: Partial<Pick<MessageField, "min" | "max" | "labels" | "hex">> = {},
): MessageField<"uint"> {
  return { kind: "uint", low, width, min: 0, max: 2 ** width - 1, doc, ...options };
}

/** All messages of a direction by name, in the order of their opcodes. */
export type Dictionary<Specs extends Readonly<Record<string, MessageSpec>>> = {
  readonly [Name in keyof Specs]: MessageType<ValuesOf<Specs[Name]["fields"]>>;
};

/** Bits of a from-FPGA message: header and payload in whole bytes, at least one word. */
function messageBitsOf(payloadBits: number): number {
  return Math.max(64, Math.ceil((8 + payloadBits) / 8) * 8);
}

function format(field: MessageField, value: MessageValue): string {
  const label = field.labels?.[Number(value)];
  if (label !== undefined) return `${label}(${Number(value)})`;
  return field.hex && typeof value === "number" ? `0x${value.toString(16)}` : String(value);
}

function toBits(object: string, field: MessageField, value: unknown): bigint {
  if (field.kind === "bool") {
    if (typeof value === "boolean") return BigInt(value);
    throw new FieldOutOfRange(object, value, "true, false");
  }
  if (typeof value === "number" && Number.isInteger(value) && value >= field.min && value <= field.max)
    return BigInt(value);
  throw new FieldOutOfRange(object, value, `${field.min}..${field.max}`);
}

function randomInteger(rng: Rng, min: number, max: number): number {
  const span = max - min + 1;
  return span <= 2 ** 32 ? min + rng.int(span) : min + Math.floor(rng.uniform() * span);
}

function defineMessage(
  direction: MessageDirection,
  name: string,
  opcode: number,
  count: number,
  spec: MessageSpec,
): MessageType {
  const messageBits = messageBitsOf(spec.payloadBits);
  const headerShift = BigInt(messageBits - 8);
  const entries = Object.entries(spec.fields);
  const collect = (make: (field: MessageField, key: string) => MessageValue): Record<string, MessageValue> =>
    Object.fromEntries(entries.map(([key, field]) => [key, make(field, key)]));
  return {
    direction,
    name,
    opcode,
    payloadBits: spec.payloadBits,
    messageBits,
    doc: spec.doc,
    fields: spec.fields,
    encode(values) {
      let message = BigInt(opcode) << headerShift;
      for (const [key, field] of entries) message |= toBits(`${name}.${key}`, field, values[key]) << BigInt(field.low);
      return message;
    },
    decode(message) {
      const header = Number(message >> headerShift);
      if (header !== opcode) throw new UnknownHeader(`${direction} ${name}`, 0, header, count);
      return collect((field, key) => {
        const value = Number(BigInt.asUintN(field.width, message >> BigInt(field.low)));
        if (value < field.min || value > field.max)
          throw new ReservedValue(`${name}.${key}`, value, `${field.min}..${field.max}`);
        return field.kind === "bool" ? value === 1 : value;
      });
    },
    describe: (values) =>
      [name, ...entries.map(([key, field]) => `${key}=${format(field, values[key] as MessageValue)}`)].join(" "),
    random: (rng) =>
      collect((field) => {
        const value = randomInteger(rng, field.min, field.max);
        return field.kind === "bool" ? value === 1 : value;
      }),
  };
}

export function defineDictionary<const Specs extends Readonly<Record<string, MessageSpec>>>(
  direction: MessageDirection,
  specs: Specs,
): Dictionary<Specs> {
  const entries = Object.entries(specs);
  return Object.fromEntries(
    entries.map(([name, spec], opcode) => [name, defineMessage(direction, name, opcode, entries.length, spec)]),
  ) as Dictionary<Specs>;
}

/** The messages of a dictionary in the order of their opcodes. */
export function messagesOf(dictionary: Readonly<Record<string, unknown>>): readonly MessageType[] {
  return Object.values(dictionary) as MessageType[];
}
