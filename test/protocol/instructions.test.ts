import { expect, test } from "vitest";
import {
  createFromFpgaDecoder,
  createFromFpgaEncoder,
  createToFpgaDecoder,
  createToFpgaEncoder,
  encodeAckFrame,
  encodeDataFrame,
  type FromFpgaSink,
  fromFpgaMessages,
  hostArq,
  type MessageType,
  messagesOf,
  packetType,
  parseFrame,
  type ToFpgaSink,
  toFpgaMessages,
} from "../../src/protocol/index.js";
import { type Fields, instructionVectors } from "./vectors.js";

const { messages, streams, hostArqFrames, initProgram } = instructionVectors;
const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));
const wordsOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex").match(/.{16}/g) ?? [];
type Direction = "toFpga" | "fromFpga";
type AnySink = ToFpgaSink & FromFpgaSink;
const typeOf = (direction: Direction, name: string): MessageType =>
  messagesOf(direction === "toFpga" ? toFpgaMessages : fromFpgaMessages).find((m) => m.name === name)!;

/** Send a message to a sink: reference encoding, cut into words, decoded into the sink's call. */
function emit(direction: Direction, name: string, fields: Fields, sink: AnySink): void {
  const type = typeOf(direction, name);
  const hex = type
    .encode(fields)
    .toString(16)
    .padStart(type.messageBits / 4, "0");
  const flushed = hex.length % 16 === 0 ? hex : `${hex}8`.padEnd(32, "0");
  const decoder = direction === "toFpga" ? createToFpgaDecoder(sink) : createFromFpgaDecoder(sink);
  decoder.push(bytesOf(flushed));
}
const encoderOf = (direction: Direction) =>
  (direction === "toFpga" ? createToFpgaEncoder() : createFromFpgaEncoder()) as unknown as AnySink & {
    take(): Uint8Array;
  };

test("the set is whole", () => {
  expect([messages.length, streams.length, initProgram.length]).toEqual([40, 6, 348]);
});

test.each(messages.map((m) => [`${m.direction} ${m.name} ${JSON.stringify(m.fields)}`, m] as const))("%s", (_, v) => {
  const type = typeOf(v.direction, v.name);
  expect(
    type
      .encode(v.fields)
      .toString(16)
      .padStart(type.messageBits / 4, "0"),
  ).toBe(v.message);
  expect(type.decode(BigInt(`0x${v.message}`))).toEqual(v.fields);
  const encoder = encoderOf(v.direction);
  emit(v.direction, v.name, v.fields, encoder);
  expect(wordsOf(encoder.take())).toEqual(v.words);
});

test.each(streams.map((s) => [`${s.direction} ${s.name}`, s] as const))("stream %s", (_, stream) => {
  const encoder = encoderOf(stream.direction);
  const parts: Uint8Array[] = [];
  for (const [name, fields] of stream.messages) {
    if (name === "flush") parts.push(encoder.take());
    else emit(stream.direction, name, fields!, encoder);
  }
  expect(parts.flatMap(wordsOf)).toEqual(stream.words);
  const again = encoderOf(stream.direction);
  const decoder = stream.direction === "toFpga" ? createToFpgaDecoder(again) : createFromFpgaDecoder(again);
  for (const word of stream.words) decoder.push(bytesOf(word));
  expect(decoder.messageCount).toBe(stream.messages.filter(([name]) => name !== "flush").length);
});

test("the init program decodes and encodes to itself", () => {
  const bytes = bytesOf(initProgram.join(""));
  const encoder = createToFpgaEncoder();
  const decoder = createToFpgaDecoder(encoder);
  decoder.push(bytes);
  expect(decoder.messageCount).toBe(348);
  expect(encoder.messageCount).toBe(348);
  expect(wordsOf(encoder.take())).toEqual(initProgram);
});

test.each(hostArqFrames.filter((f) => !f.what.startsWith("reset,") && f.what !== "reset").map((f) => [f.what, f.hex]))(
  "frame: %s",
  (what, hex) => {
    const frame = parseFrame(bytesOf(hex));
    if (frame.kind === "invalid") throw new Error(frame.reason);
    const encoded = frame.kind === "ack" ? encodeAckFrame(frame.ack) : encodeDataFrame(frame);
    expect(Buffer.from(encoded).toString("hex")).toBe(hex);
    if (what.startsWith("reset answer"))
      expect(frame).toMatchObject({ kind: "data", ack: 255, seq: 0, type: packetType.config });
    if (what.startsWith("pure ack")) expect(frame).toEqual({ kind: "ack", ack: 0 });
    if (what.startsWith("UT frame")) expect(frame).toMatchObject({ ack: 1, seq: 1, type: packetType.utMessages });
  },
);

test("the reset frame", () => {
  expect(hostArqFrames[0]).toMatchObject({ what: "reset", hex: Buffer.from(hostArq.resetBytes).toString("hex") });
});
