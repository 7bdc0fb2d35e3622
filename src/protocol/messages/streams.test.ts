import fc from "fast-check";
import { expect, test } from "vitest";
import { Rng } from "../../base/rng.js";
import { type MessageType, messagesOf } from "./define-message.js";
import { fromFpgaMessages, toFpgaMessages } from "./dictionary.js";
import { createFromFpgaDecoder, createFromFpgaEncoder } from "./from-fpga.js";
import type { FromFpgaSink, ToFpgaSink } from "./streams.js";
import { createToFpgaDecoder, createToFpgaEncoder } from "./to-fpga.js";

type Call = readonly [string, ...(number | boolean)[]];

/** A sink that notes the calls it gets. */
function recorder<Sink extends object>(names: readonly string[]): { sink: Sink; calls: Call[] } {
  const calls: Call[] = [];
  const sink = Object.fromEntries(
    names.map((name) => [name, (...args: (number | boolean)[]) => calls.push([name, ...args])]),
  ) as Sink;
  return { sink, calls };
}
const toFpgaNames = messagesOf(toFpgaMessages).map((m) => m.name);
const fromFpgaNames = messagesOf(fromFpgaMessages).map((m) => m.name);
const toFpgaRecorder = () => recorder<ToFpgaSink>(toFpgaNames);
const fromFpgaRecorder = () => recorder<FromFpgaSink>(fromFpgaNames);

function replay<Sink extends object>(sink: Sink, calls: readonly Call[]): void {
  for (const [name, ...args] of calls) (sink as Record<string, (...args: unknown[]) => void>)[name]?.(...args);
}

/** Bytes of messages by the reference codec: messages end to end, then the comma rule. */
function pack(messages: readonly bigint[], types: readonly MessageType[]): Uint8Array {
  let text = messages.map((m, i) => m.toString(2).padStart(types[i]?.messageBits ?? 64, "0")).join("");
  if (text.length % 64 !== 0) text = `${text}1`.padEnd(Math.ceil(text.length / 64) * 64, "0");
  return Uint8Array.from({ length: text.length / 8 }, (_, i) => Number.parseInt(text.slice(8 * i, 8 * i + 8), 2));
}

const directions = [
  ["to FPGA", messagesOf(toFpgaMessages), createToFpgaEncoder, createToFpgaDecoder, toFpgaRecorder],
  ["from FPGA", messagesOf(fromFpgaMessages), createFromFpgaEncoder, createFromFpgaDecoder, fromFpgaRecorder],
] as const;

for (const [direction, types, createEncoder, createDecoder, record] of directions) {
  const decodeWith = createDecoder as (sink: ToFpgaSink & FromFpgaSink) => ReturnType<typeof createToFpgaDecoder>;

  test.each(types.map((type) => [type.name, type] as const))(`${direction}: %s agrees with its table`, (_, type) => {
    const rng = Rng.fromSeed(7).fork(`${direction}.${type.name}`);
    for (let i = 0; i < 50; i++) {
      const values = type.random(rng);
      const message = type.encode(values);
      expect(type.decode(message)).toEqual(values);
      const bytes = pack([message], [type]);
      const { sink, calls } = record() as { sink: ToFpgaSink & FromFpgaSink; calls: Call[] };
      const decoder = decodeWith(sink);
      decoder.push(bytes);
      expect(decoder.messageCount).toBe(1);
      expect(calls.map((call) => call[0])).toEqual([type.name]);
      const encoder = createEncoder();
      replay(encoder, calls);
      expect(encoder.take()).toEqual(bytes);
      const text = type.describe(values);
      for (const field of Object.keys(type.fields)) expect(text).toContain(`${field}=`);
    }
  });

  test(`${direction}: a random program survives any cuts at word boundaries`, () => {
    fc.assert(
      fc.property(fc.integer({ min: 0 }), fc.array(fc.nat(types.length - 1), { maxLength: 60 }), (seed, picks) => {
        const rng = Rng.fromSeed(seed);
        const chosen = picks.map((pick) => types[pick] as MessageType);
        const bytes = pack(
          chosen.map((type) => type.encode(type.random(rng))),
          chosen,
        );
        const whole = record() as { sink: ToFpgaSink & FromFpgaSink; calls: Call[] };
        decodeWith(whole.sink).push(bytes);
        const cut = record() as { sink: ToFpgaSink & FromFpgaSink; calls: Call[] };
        const decoder = decodeWith(cut.sink);
        for (let at = 0; at < bytes.length; ) {
          const words = 1 + rng.int(3);
          decoder.push(bytes.subarray(at, at + 8 * words));
          at += 8 * words;
        }
        expect(decoder.messageCount).toBe(chosen.length);
        expect(cut.calls).toEqual(whole.calls);
        const encoder = createEncoder();
        replay(encoder, whole.calls);
        expect(encoder.take()).toEqual(bytes);
      }),
      { seed: 3, numRuns: 60 },
    );
  });

  test(`${direction}: random words never throw untyped`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const { sink } = record() as { sink: ToFpgaSink & FromFpgaSink; calls: Call[] };
        try {
          decodeWith(sink).push(bytes);
        } catch (error) {
          expect(["FrameTruncated", "UnknownHeader", "ReservedValue"]).toContain((error as { _tag: string })._tag);
        }
      }),
      { seed: 4, numRuns: 300 },
    );
  });
}

test("the order of the dictionaries is the FPGA's", () => {
  expect(toFpgaNames).toEqual([
    "jtagInit",
    "jtagScaler",
    "jtagIns",
    "jtagData",
    "timingSetup",
    "waitUntil",
    "systimeInit",
    "barrier",
    "pollingOmnibusBlock",
    "systemReset",
    "loopback",
    "omnibusAddress",
    "omnibusData",
    "spikePack1",
    "spikePack2",
    "spikePack3",
  ]);
  expect(fromFpgaNames).toEqual([
    "jtagData",
    "omnibusData",
    "loopback",
    "highspeedLinkNotification",
    "timeoutNotification",
    "systime",
    "sysdelta",
    "madcPack1",
    "madcPack2",
    "madcPack3",
    "spikePack1",
    "spikePack2",
    "spikePack3",
  ]);
});

test("takeComplete keeps a partly filled word, take ends it with a comma", () => {
  const encoder = createFromFpgaEncoder();
  encoder.spikePack3(1, 2, 3);
  expect(encoder.byteLength).toBe(8);
  expect(encoder.takeComplete()).toHaveLength(8);
  expect(encoder.takeComplete()).toHaveLength(0);
  expect([...encoder.take()]).toEqual([0, 3, 0x80, 0, 0, 0, 0, 0]);
  expect(encoder.take()).toHaveLength(0);
});

test("idle words are skipped, opcodes outside the dictionary and cut words are refused", () => {
  const { sink, calls } = fromFpgaRecorder();
  const decoder = createFromFpgaDecoder(sink);
  decoder.push(Uint8Array.of(0x80, 1, 2, 3, 4, 5, 6, 7, 6, 0, 0, 0, 0, 0, 0, 9));
  expect(calls).toEqual([["sysdelta", 9]]);
  expect(() => decoder.push(Uint8Array.of(13, 0, 0, 0, 0, 0, 0, 0))).toThrow(/opcode 13 .* 0\.\.12/);
  expect(() => decoder.push(Uint8Array.of(1, 2, 3))).toThrow(expect.objectContaining({ _tag: "FrameTruncated" }));
  const board = createToFpgaDecoder(toFpgaRecorder().sink);
  expect(() => board.push(Uint8Array.of(16, 0, 0, 0, 0, 0, 0, 0))).toThrow(/opcode 16 .* 0\.\.15/);
  expect(() => board.push(Uint8Array.of(3, 0, 34, 0, 0, 0, 0, 0))).toThrow(
    expect.objectContaining({ _tag: "ReservedValue" }),
  );
});

test("values outside their range are refused by name", () => {
  const { waitUntil, jtagData, systimeInit } = toFpgaMessages;
  expect(() => waitUntil.encode({ cycles: 2 ** 32 })).toThrow("waitUntil.cycles = 4294967296 is outside 0..4294967295");
  expect(() => jtagData.encode({ data: 0, bits: 2, keepResponse: false })).toThrow("outside 3..33");
  expect(() => systimeInit.encode({ on: 1 as unknown as boolean })).toThrow("outside true, false");
});
