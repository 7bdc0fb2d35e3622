import { describe, expect, it, test } from "vitest";
import { isHxError } from "../../src/base/errors.js";
import { Rng } from "../../src/base/rng.js";
import { allContainers } from "../../src/protocol/index.js";
import { type AssemblyInvalid, assemble, disassemble } from "../../src/protocol/text/index.js";
import { randomWords } from "./support.js";

function errorOf(text: string): AssemblyInvalid {
  try {
    assemble(text, { source: "p.hxasm" });
  } catch (error) {
    if (isHxError(error, "AssemblyInvalid")) return error as AssemblyInvalid;
    throw error;
  }
  return expect.fail(`${text} is taken`);
}

// text, line, column, offending token, what the message says
const table: readonly (readonly [string, number, number, string, RegExp])[] = [
  [
    "wirte CapMemCell n0.v_leak = 1",
    1,
    1,
    "wirte",
    /unknown instruction "wirte", did you mean write\?; legal: write, read/,
  ],
  ["# ok\n\n  hlat", 3, 3, "hlat", /did you mean halt\?/],
  ["write", 1, 6, "", /the line ends too early; legal: the name of a container/],
  ["write CapmemCel n0.v_leak = 1", 1, 7, "CapmemCel", /unknown container "CapmemCel", did you mean CapMemCell\?/],
  ["write Nonsense n0", 1, 7, "Nonsense", /unknown container "Nonsense"; legal/],
  ["write CapMemCell", 1, 17, "", /too early; legal: n0\.v_leak to .* \(12480 of CapMemCellOnDls\)/],
  [
    "write CapMemCell n17.v_rest = 5",
    1,
    18,
    "n17.v_rest",
    /unknown coordinate "n17\.v_rest", did you mean n17\.v_reset\?/,
  ],
  ["write NeuronConfig n512", 1, 20, "n512", /unknown coordinate "n512".*legal: n0 to n511/],
  ["write CadcConfig middle", 1, 18, "middle", /legal: top, bottom/],
  [
    "write CapMemCell n0.v_leak = 1023",
    1,
    30,
    "1023",
    /CapMemCell\.value = 1023 is outside its range; legal: 0\.\.1022/,
  ],
  ["write CapMemCell n0.v_leak = -1", 1, 30, "-1", /outside its range; legal: 0\.\.1022/],
  ["write CapMemCell n0.v_leak =", 1, 29, "", /too early; legal: CapMemCell\.value: 0\.\.1022/],
  ["write CapMemCell n0.v_leak = 12.5", 1, 30, "12.5", /"12\.5" is no number/],
  ["write CapMemCell n0.v_leak = 4us", 1, 30, "4us", /"4us" is no number/],
  ["write CapMemCell n0.v_leak = x", 1, 30, "x", /unknown name "x"; legal: 0\.\.1022, or a constant/],
  ["write CapMemCell n0.v_leak valu=5", 1, 28, "valu", /unknown field of CapMemCell "valu", did you mean value\?/],
  ["write CapMemCell n0.v_leak value", 1, 33, "", /too early; legal: "="/],
  ["write CapMemCell n0.v_leak value=1 value=2", 1, 36, "value", /value is given twice/],
  ["write CapMemCell n0.v_leak refresh=0", 1, 36, "0", /CapMemCell\.refresh = 0 is no flag; legal: true, false/],
  ["write NeuronConfig n0 = 5", 1, 23, "=", /NeuronConfig has \d+ fields: which one\?/],
  ["write NeuronConfig n0 readoutSource=membran", 1, 37, "membran", /legal: membrane, excitatoryInput, .* or 0\.\.3/],
  ["write Timer fpga = 5", 1, 7, "Timer", /Timer cannot be written; legal: read Timer/],
  ["read MadcControl chip", 1, 6, "MadcControl", /MadcControl cannot be read/],
  ["read NeuronConfig n3 = 5", 1, 22, "=", /"=" after the end of the instruction/],
  ["wait", 1, 5, "", /legal: waitUntil\.cycles, 0\.\.4294967295/],
  ["wait 4294967296", 1, 6, "4294967296", /outside its range/],
  ["wait 40s", 1, 6, "40s", /waitUntil\.cycles = 40s is outside/],
  ["wait 10ns", 1, 6, "10ns", /10ns is not a multiple of 8 ns/],
  ["wait 1.3.5us", 1, 6, "1.3.5us", /is no number/],
  [`wait ${"9".repeat(100_000)}`, 1, 6, "9".repeat(100_000), /"9{60}\.\.\." is no number/],
  ["timer start", 1, 7, "start", /"start" where "reset" must stand/],
  ["barrier", 1, 8, "", /legal: barrier: omnibus, jtag, systime/],
  ["barrier omnibus none", 1, 17, "none", /none stands alone/],
  ["barrier omnibsu", 1, 9, "omnibsu", /unknown barrier "omnibsu", did you mean omnibus\?/],
  ["poll", 1, 5, "", /equal, unequal/],
  ["reset maybe", 1, 7, "maybe", /unknown switch position "maybe".*legal: on, off/],
  ["spike", 1, 6, "", /spikePack1\.label0, 0\.\.65535/],
  ["spike 0x10000", 1, 7, "0x10000", /outside its range; legal: 0\.\.65535/],
  ["spike 1 2 3 4", 1, 13, "4", /"4" after the end/],
  ["jtag ins BYPAS", 1, 10, "BYPAS", /unknown JTAG register "BYPAS", did you mean BYPASS\?; legal: 0\.\.127, EXTEST/],
  ["jtag data 0 bits=34", 1, 18, "34", /jtagData\.bits = 34 is outside its range; legal: 3\.\.33/],
  ["omnibus write 0x10 0x5", 1, 20, "0x5", /"0x5" where "=" must stand/],
  ["omnibus read 0x100000000", 1, 14, "0x100000000", /outside its range/],
  ["omnibus data 5 bytes=3", 1, 16, "bytes", /after the end/],
  ["word 0x10000000000000000", 1, 6, "0x10000000000000000", /legal: 0\.\.18446744073709551615/],
  ["halt now", 1, 6, "now", /"now" after the end of the instruction; legal: end of line or # comment/],
  ["let 5 = 5", 1, 5, "5", /"5" cannot be a name/],
  ["let a = 1\nlet a = 2", 2, 5, "a", /a has a value already/],
  ["let gain = 1\nwait gian", 2, 6, "gian", /unknown name "gian", did you mean gain\?/],
  ["}", 1, 1, "}", /"}" closes nothing/],
  ["halt\nrepeat 3 {\ntick", 2, 1, "repeat", /the block is not closed/],
  ["repeat 3\n", 1, 9, "", /legal: "{"/],
  ["repeat 3 { tick }", 1, 12, "tick", /"tick" after the end/],
  [
    "repeat 16777216 {\ntick\ntick\n}",
    1,
    1,
    "repeat",
    /the repeated program is too long; legal: at most 16777216 words/,
  ],
  ["repeat 1 {\n".repeat(17), 17, 1, "repeat", /nested too deeply/],
  ["constructor", 1, 1, "constructor", /unknown instruction/],
  ["write __proto__ n0", 1, 7, "__proto__", /unknown container/],
  ["write CapMemCell n0.v_leak toString=1", 1, 28, "toString", /unknown field/],
  ["wait 5\twait 6", 1, 8, "wait", /after the end/],
  ["\twait five\r\n", 1, 7, "five", /unknown name "five"/],
];

describe("errors say where, what and what would be legal", () => {
  test.each(table)("%j", (text, line, column, token, message) => {
    const error = errorOf(text);
    expect(error.message).toMatch(message);
    expect({ ...error.place, token: error.token }).toEqual({ source: "p.hxasm", line, column, token });
    expect(error.message.startsWith(`p.hxasm:${line}:${column}: `)).toBe(true);
    expect(error.legal).not.toBe("");
    expect(error.failure).toBe("input");
  });

  it("suggests the right container for any name with one letter lost", () => {
    const rng = Rng.fromSeed(1);
    for (const { name } of allContainers) {
      const at = rng.int(name.length);
      const misspelt = name.slice(0, at) + name.slice(at + 1);
      expect(errorOf(`write ${misspelt} x`).message).toMatch(/did you mean \w+\?/);
    }
  });
});

describe("any text", () => {
  const vocabulary =
    "write read wait timer reset on off barrier omnibus jtag systime init none poll equal spike tick halt word let repeat { } = # \n 0x12 7 -1 0b1 1_0 5us 1.5ms NeuronConfig CapMemCell n3 n17.v_reset value enableFire true data bits keep ins scaler bytes x y".split(
      " ",
    );

  /** Assembled or refused with a place; nothing else. */
  function take(text: string): boolean {
    try {
      const words = assemble(text);
      expect(words.length % 8).toBe(0);
      return true;
    } catch (error) {
      if (!isHxError(error, "AssemblyInvalid")) throw error;
      const { line, column } = (error as AssemblyInvalid).place;
      expect(line).toBeGreaterThan(0);
      expect(column).toBeGreaterThan(0);
      return false;
    }
  }

  it("of words of the language is assembled or refused", () => {
    const rng = Rng.fromSeed(2);
    let taken = 0;
    for (let round = 0; round < 4000; round++) {
      const pieces = Array.from({ length: rng.int(12) }, () => vocabulary[rng.int(vocabulary.length)]);
      taken += Number(take(pieces.join(rng.int(4) === 0 ? "\n" : " ")));
    }
    expect(taken).toBeGreaterThan(100);
    expect(taken).toBeLessThan(3900);
  });

  it("of any characters is assembled or refused", () => {
    const rng = Rng.fromSeed(3);
    for (let round = 0; round < 2000; round++) {
      const codes = Array.from({ length: rng.int(60) }, () => rng.int(rng.int(3) === 0 ? 0x10000 : 0x80));
      take(String.fromCharCode(...codes));
    }
  });

  it("of a program with characters lost, doubled and changed is assembled or refused", () => {
    const rng = Rng.fromSeed(4);
    let taken = 0;
    for (let round = 0; round < 1500; round++) {
      const letters = [...disassemble(randomWords(round))];
      for (let faults = 1 + rng.int(3); faults > 0; faults--) {
        const at = rng.int(letters.length + 1);
        if (rng.int(2) === 0) letters.splice(at, 1);
        else letters.splice(at, rng.int(2), String.fromCharCode(32 + rng.int(95)));
      }
      taken += Number(take(letters.join("")));
    }
    expect(taken).toBeGreaterThan(50);
  });

  it("of nested repeats of nothing ends at once", () => {
    const depth = 16;
    expect(assemble(`${"repeat 16777216 {\n".repeat(depth)}${"}\n".repeat(depth)}`)).toHaveLength(0);
  });
});
