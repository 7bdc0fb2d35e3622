import fc from "fast-check";
import { expect, test } from "vitest";
import { cobsDecode, cobsEncode, cobsMaxLength } from "./cobs.js";

function encode(bytes: Uint8Array): Uint8Array {
  const target = new Uint8Array(cobsMaxLength(bytes.length));
  return target.subarray(0, cobsEncode(bytes, bytes.length, target, 0));
}
function decode(coded: Uint8Array): Uint8Array | undefined {
  const target = new Uint8Array(coded.length + 1);
  const length = cobsDecode(coded, 0, coded.length, target);
  return length < 0 ? undefined : target.subarray(0, length);
}
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const unhex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
/** `from`, `from` + 1, ... `to`, modulo 256. */
const run = (from: number, to: number) => Uint8Array.from({ length: to - from + 1 }, (_, i) => from + i);

// Short ones worked on paper from the paper's rules; the long ones are its edge: a block of 254 bytes has no zero.
test.each([
  ["", "01"],
  ["00", "0101"],
  ["00 00", "010101"],
  ["00 11 00", "01021101"],
  ["11 22 00 33", "0311220233"],
  ["11 22 33 44", "0511223344"],
  ["11 00 00 00", "0211010101"],
])("%s is coded as %s", (plain, coded) => {
  expect(hex(encode(unhex(plain)))).toBe(coded);
  expect(decode(unhex(coded))).toEqual(unhex(plain));
});

test.each([
  ["01..fe", run(1, 254), `ff${hex(run(1, 254))}`],
  ["00 01..fe", run(0, 254), `01ff${hex(run(1, 254))}`],
  ["01..ff", run(1, 255), `ff${hex(run(1, 254))}02ff`],
  ["02..ff 00", run(2, 256), `ff${hex(run(2, 255))}0101`],
  ["03..ff 00 01", run(3, 257), `fe${hex(run(3, 255))}0201`],
])("254 bytes at the edge of a block: %s", (_, plain, coded) => {
  expect(hex(encode(plain))).toBe(coded);
  expect(decode(unhex(coded))).toEqual(plain);
});

test("a block that runs over the end is refused, and so is a zero in place of a length", () => {
  expect(decode(unhex("05112233"))).toBeUndefined();
  expect(decode(unhex("02110022"))).toBeUndefined();
});

test("any bytes come back, without a zero on the way, within the stated length", () => {
  const biased = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 255 })), { maxLength: 1500 });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 1500 }),
        biased.map((list) => Uint8Array.from(list)),
      ),
      (plain) => {
        const coded = encode(plain);
        expect(coded.includes(0)).toBe(false);
        expect(coded.length).toBeLessThanOrEqual(cobsMaxLength(plain.length));
        expect(decode(coded)).toEqual(plain);
      },
    ),
    { seed: 1, numRuns: 200 },
  );
});
