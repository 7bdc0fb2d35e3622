/**
 * Instructions by name, with packing, commas and flush: streams of words from lists of messages and back. The reference
 * codec of whole messages does it, one big integer each: for tools and tests; bulk goes through the stream codecs.
 */
import { FieldOutOfRange } from "../../base/errors.js";
import { FrameTruncated, UnknownHeader } from "../errors.js";
import type { MessageDirection, MessageType, MessageValue } from "../messages/define-message.js";
import { messagesOf } from "../messages/define-message.js";
import { fromFpgaMessages, toFpgaMessages } from "../messages/dictionary.js";
import { chipTimeOf, timeRange } from "../messages/time.js";
import { NameTable } from "./names.js";

export interface NamedMessage {
  readonly name: string;
  /** All of the message's fields. */
  readonly fields: Readonly<Record<string, MessageValue>>;
}

const types = { toFpga: messagesOf(toFpgaMessages), fromFpga: messagesOf(fromFpgaMessages) } as const;
const tables = {
  toFpga: new NameTable(
    "instruction to the FPGA",
    types.toFpga.map((type) => [type.name, type] as const),
  ),
  fromFpga: new NameTable(
    "message from the FPGA",
    types.fromFpga.map((type) => [type.name, type] as const),
  ),
} as const;

export interface DecodedMessage extends NamedMessage {
  /** From the FPGA: time of the message, cycles of 8 ns, counted from the start of these bytes. */
  readonly fpgaTime?: number;
  /** Of events: chip times of the pack's samples or spikes, units of 4 ns. */
  readonly chipTimes?: readonly number[];
}

/** @throws FieldOutOfRange */
export function messageNamed(direction: MessageDirection, name: string): MessageType {
  return tables[direction].get(name);
}

function bytesOf(type: MessageType, { fields }: NamedMessage): Uint8Array {
  for (const key of Object.keys(fields))
    if (!Object.hasOwn(type.fields, key))
      throw new FieldOutOfRange(`${type.name} field`, key, `{${Object.keys(type.fields).join(", ")}}`);
  let message = type.encode({ ...fields });
  const bytes = new Uint8Array(type.messageBits / 8);
  for (let i = bytes.length - 1; i >= 0; i--, message >>= 8n) bytes[i] = Number(message & 0xffn);
  return bytes;
}

/**
 * Words of a batch: messages one after the other, and a flush (comma) at the end.
 * @returns 8 bytes per word, big-endian; caller owns
 * @throws FieldOutOfRange
 */
export function encodeMessages(direction: MessageDirection, messages: readonly NamedMessage[]): Uint8Array {
  const parts = messages.map((message) => bytesOf(messageNamed(direction, message.name), message));
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(8 * Math.ceil(length / 8));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  if (at < bytes.length) bytes[at] = 0x80;
  return bytes;
}

/** Every message takes one cycle; time annotations set or advance the time. */
function timeAfter({ name, fields }: NamedMessage, before: number): number {
  if (name === fromFpgaMessages.systime.name) return Number(fields.time);
  const delta = name === fromFpgaMessages.sysdelta.name ? Number(fields.increment) : 0;
  return (before + 1 + delta) % timeRange;
}

function withTimes(message: NamedMessage, fpgaTime: number): DecodedMessage {
  const stamps = Object.entries(message.fields).filter(([key]) => /^time\d$/.test(key));
  if (stamps.length === 0) return { ...message, fpgaTime };
  return { ...message, fpgaTime, chipTimes: stamps.map(([, stamp]) => chipTimeOf(Number(stamp) << 16, fpgaTime)) };
}

/**
 * Messages of whole words, idle words and the rest of words behind a comma left out.
 * @param bytes 8 per word, big-endian, beginning with a message
 * @throws FrameTruncated when they end inside a word or a message, UnknownHeader, ReservedValue
 */
export function decodeMessages(direction: MessageDirection, bytes: Uint8Array): DecodedMessage[] {
  if (bytes.length % 8 !== 0) throw new FrameTruncated("instruction words", bytes.length, "a multiple of 8");
  const messages: DecodedMessage[] = [];
  let fpgaTime = 0;
  for (let at = 0; at < bytes.length; ) {
    const opcode = bytes[at] as number;
    if (opcode >= 0x80) {
      at = (at + 8) & ~7;
      continue;
    }
    const type = types[direction][opcode];
    if (type === undefined) throw new UnknownHeader(direction, messages.length, opcode, types[direction].length);
    const end = at + type.messageBits / 8;
    if (end > bytes.length) throw new FrameTruncated(`${type.name} at byte ${at}`, bytes.length - at, String(end - at));
    const value = bytes.subarray(at, end).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    const message = { name: type.name, fields: type.decode(value) };
    if (direction === "fromFpga") fpgaTime = timeAfter(message, fpgaTime);
    messages.push(direction === "fromFpga" ? withTimes(message, fpgaTime) : message);
    at = end;
  }
  return messages;
}
