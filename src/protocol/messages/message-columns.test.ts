import { expect, test } from "vitest";
import { Rng } from "../../base/rng.js";
import { messagesOf } from "./define-message.js";
import { fromFpgaMessages, toFpgaMessages } from "./dictionary.js";
import { createFromFpgaDecoder, createFromFpgaEncoder } from "./from-fpga.js";
import { type MessageColumns, makeMessageColumns, unpackFromFpga, unpackToFpga } from "./message-columns.js";
import type { FromFpgaSink, ToFpgaSink } from "./streams.js";
import { createToFpgaDecoder, createToFpgaEncoder } from "./to-fpga.js";

const count = 40_000;
const opcode = { from: fromFpgaMessages.systime.opcode, to: toFpgaMessages.jtagData.opcode };

/** A sink that puts what it is called with into columns, as the format's description says. */
function collector(dictionary: Readonly<Record<string, unknown>>, columns: MessageColumns, isTo: boolean) {
  let n = 0;
  const methods = messagesOf(dictionary).map((message) => {
    const take = (...args: (number | boolean)[]): void => {
      let [a = 0, b = 0, c = 0] = args.map(Number);
      if (isTo && message.opcode === opcode.to) c += 256 * Number(args[3]);
      if (!isTo && message.opcode === opcode.from) [a, b] = [a % 2 ** 32, Math.floor(a / 2 ** 32)];
      columns.op[n] = message.opcode;
      columns.a[n] = a;
      columns.b[n] = b;
      columns.c[n++] = c;
    };
    return [message.name, take] as const;
  });
  return Object.fromEntries(methods) as unknown as ToFpgaSink & FromFpgaSink;
}

function randomColumns(kinds: number, isTo: boolean): MessageColumns {
  const rng = Rng.fromSeed(11);
  const columns = makeMessageColumns(count);
  for (let i = 0; i < count; i++) {
    columns.op[i] = rng.int(kinds);
    columns.a[i] = rng.nextUint32();
    columns.b[i] = rng.nextUint32();
    columns.c[i] = isTo && columns.op[i] === opcode.to ? 3 + rng.int(31) + 256 * rng.int(2) : rng.nextUint32();
  }
  return columns;
}

/** Large arrays, compared as bytes. */
function expectSame(a: Uint8Array | Uint32Array, b: Uint8Array | Uint32Array): void {
  const bytes = (array: Uint8Array | Uint32Array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  expect(Buffer.compare(bytes(a), bytes(b))).toBe(0);
}

test("columns to the FPGA are what the sinks are called with", () => {
  const encoder = createToFpgaEncoder();
  encoder.messages(randomColumns(16, true), 0, 30_000);
  encoder.messages(randomColumns(16, true), 30_000);
  expect(encoder.messageCount).toBe(count);
  const words = encoder.take();
  const [unpacked, called] = [makeMessageColumns(count), makeMessageColumns(count)];
  createToFpgaDecoder(collector(toFpgaMessages, called, true)).push(words);
  expect(unpackToFpga(words, unpacked)).toBe(count);
  for (const column of ["op", "a", "b", "c"] as const) expectSame(unpacked[column], called[column]);
  const again = createToFpgaEncoder();
  createToFpgaDecoder(again).push(words);
  expectSame(again.take(), words);
});

test("columns from the FPGA are what the sinks are called with", () => {
  const encoder = createFromFpgaEncoder();
  encoder.messages(randomColumns(13, false), 0, 7);
  encoder.messages(randomColumns(13, false), 7);
  const words = encoder.take();
  const [unpacked, called] = [makeMessageColumns(count), makeMessageColumns(count)];
  createFromFpgaDecoder(collector(fromFpgaMessages, called, false)).push(words);
  expect(unpackFromFpga(words, unpacked)).toBe(count);
  for (const column of ["op", "a", "b", "c"] as const) expectSame(unpacked[column], called[column]);
  const again = createFromFpgaEncoder();
  createFromFpgaDecoder(again).push(words);
  expectSame(again.take(), words);
});

test("writes in bulk are writes one by one", () => {
  const rng = Rng.fromSeed(5);
  const [bulk, single] = [createToFpgaEncoder(), createToFpgaEncoder()];
  for (const length of [0, 1, 300, 20_000, 3]) {
    const addresses = Uint32Array.from({ length }, () => rng.nextUint32());
    const words = Uint32Array.from({ length }, () => rng.nextUint32());
    bulk.omnibusWrites(addresses, words);
    addresses.forEach((address, i) => {
      single.omnibusAddress(address, false, 0xf);
      single.omnibusData(words[i]!);
    });
    expect(bulk.byteLength).toBe(single.byteLength);
    if (length === 300) expectSame(bulk.take(), single.take());
  }
  expectSame(bulk.take(), single.take());
  bulk.omnibusWrites(Uint32Array.of(1), Uint32Array.of(2));
  expect(bulk.take()).toHaveLength(16);
});

test("words that are no messages are refused", () => {
  const out = makeMessageColumns(8);
  expect(() => unpackToFpga(Uint8Array.of(1, 2, 3), out)).toThrow("multiple of 8");
  expect(() => unpackToFpga(Uint8Array.of(16, 0, 0, 0, 0, 0, 0, 0), out)).toThrow("opcode 16");
  expect(() => unpackToFpga(Uint8Array.of(3, 0, 34, 0, 0, 0, 0, 0), out)).toThrow("3..33");
  expect(() => unpackFromFpga(Uint8Array.of(1), out)).toThrow("multiple of 8");
  expect(() => unpackFromFpga(Uint8Array.of(13, 0, 0, 0, 0, 0, 0, 0), out)).toThrow("opcode 13");
  expect(() => unpackFromFpga(Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0), out)).toThrow("from-FPGA message 0");
  expect(unpackFromFpga(Uint8Array.of(0x80, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 1), out)).toBe(1);
});
