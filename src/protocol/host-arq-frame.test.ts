import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeAckFrame, encodeDataFrame, parseFrame } from "./host-arq-frame.js";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const unhex = (text: string) => Uint8Array.from(Buffer.from(text, "hex"));
const byte = fc.nat(255);

test("what is encoded is parsed", () => {
  const words = fc.nat(180).chain((n) => fc.uint8Array({ minLength: 8 * n, maxLength: 8 * n }));
  fc.assert(
    fc.property(byte, byte, fc.nat(0xffff), words, (ack, seq, type, payload) => {
      const frame = encodeDataFrame({ ack, seq, type, payload });
      expect(frame).toHaveLength(12 + payload.length);
      expect(parseFrame(frame)).toEqual({ kind: "data", ack, seq, type, payload });
      expect(parseFrame(encodeAckFrame(ack))).toEqual({ kind: "ack", ack });
    }),
    { seed: 8, numRuns: 100 },
  );
});

test("numbers are big-endian", () => {
  const frame = encodeDataFrame({ ack: 1, seq: 2, type: 0x8001, payload: unhex("0102030405060708") });
  expect(hex(frame)).toBe("0000000100000002800100010102030405060708");
  expect(hex(encodeAckFrame(0xfe))).toBe("000000fe");
});

test.each([
  ["", "truncated"],
  ["000000", "truncated"],
  ["0000000100000002800100", "truncated"],
  ["000000010000000280010001", "length"],
  ["000000010000000280010000ff", "length"],
  ["abababab", "sequence"],
  ["000001000000000280010000", "sequence"],
  ["000000010000010080010000", "sequence"],
])("%s is refused: %s", (text, reason) => {
  expect(parseFrame(unhex(text))).toEqual({ kind: "invalid", reason });
});

test("random datagrams never throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (datagram) => {
      expect(["data", "ack", "invalid"]).toContain(parseFrame(datagram).kind);
    }),
    { seed: 9, numRuns: 500 },
  );
});

test("payloads that are not whole words or too long are refused", () => {
  const frame = (length: number) => encodeDataFrame({ ack: 0, seq: 0, type: 0x10, payload: new Uint8Array(length) });
  expect(() => frame(7)).toThrow("whole words");
  expect(() => frame(1448)).toThrow("outside 0..1440");
});
