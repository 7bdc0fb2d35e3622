import { expect, test } from "vitest";
import { crc32c } from "./crc32c.js";

const text = (s: string) => new TextEncoder().encode(s);

// RFC 3720, appendix B.4; the first is the check value of the CRC catalogue.
test.each([
  ["123456789", text("123456789"), 0xe3069283],
  ["32 zeros", new Uint8Array(32), 0x8a9136aa],
  ["32 bytes of ones", new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ["32 ascending", Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ["32 descending", Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
  ["nothing", new Uint8Array(0), 0],
])("CRC-32C of %s", (_, bytes, checksum) => {
  expect(crc32c(bytes)).toBe(checksum);
});

test("covers the given part only", () => {
  expect(crc32c(text("xx123456789yyy"), 2, 11)).toBe(0xe3069283);
});
