import { describe, expect, it } from "vitest";
import { philox4x32 } from "./philox.js";

// Known answers of Random123 (kat_vectors, philox4x32 with 10 rounds): counter, key, result.
const knownAnswers = [
  { c: [0, 0, 0, 0], k: [0, 0], out: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8] },
  {
    c: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    k: [0xffffffff, 0xffffffff],
    out: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  },
  {
    c: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    k: [0xa4093822, 0x299f31d0],
    out: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  },
] as const;

describe("philox4x32", () => {
  it.each(knownAnswers)("gives the authors' answer for counter $c", ({ c, k, out }) => {
    const words = new Uint32Array(4);
    philox4x32(words, c[0], c[1], c[2], c[3], k[0], k[1]);
    expect([...words]).toEqual([...out]);
  });
});
