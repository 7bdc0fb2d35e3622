import { describe, expect, it, test } from "vitest";
import { Rng } from "../../src/base/rng.js";
import { randomFields } from "../../src/protocol/containers/random-fields.js";
import { allContainers, toFpgaMessages } from "../../src/protocol/index.js";
import { assemble, disassemble, formatStatement, recognise, type Statement } from "../../src/protocol/text/index.js";
import { instructionVectors } from "../protocol/vectors.js";
import { fromHex, hexOf, instructions, randomWords, wordsOf } from "./support.js";

/** One statement to its line, to words, to the statement's line again. */
function check(statement: Statement): void {
  const line = formatStatement(statement);
  const words = wordsOf([statement]);
  expect(hexOf(assemble(line)), line).toEqual(hexOf(words));
  expect(disassemble(words).replace(/ {2}#.*/, "")).toBe(`${line}\n`);
}

describe("every container", () => {
  const rng = Rng.fromSeed(1);
  test.each(allContainers.map((c) => [c.name, c] as const))("%s", (_, container) => {
    const { coordinate } = container;
    const ends = [0, coordinate.size - 1, rng.int(coordinate.size), rng.int(coordinate.size)];
    for (const index of ends) {
      const at = coordinate.at(index);
      if (container.access !== "w") check({ kind: "read", container, at });
      if (container.access === "r") continue;
      const drawn = randomFields(container, rng);
      for (const fields of [{}, drawn]) {
        const statement: Statement = { kind: "write", container, at, fields };
        expect(hexOf(assemble(formatStatement(statement)))).toEqual(hexOf(wordsOf([statement])));
        const [found, ...more] = recognise(wordsOf([statement]));
        expect(more).toEqual([]);
        expect(found?.statement).toMatchObject({ kind: "write", container: { name: container.name }, at });
      }
    }
  });
});

describe("every instruction", () => {
  test.each(instructions.map((message) => [message.name, message] as const))("%s", (_, message) => {
    const rng = Rng.fromSeed(2).fork(message.name);
    for (let i = 0; i < 40; i++) check({ kind: "instruction", message, values: message.random(rng) });
  });

  it("keeps each single value of the small fields", () => {
    for (const [name, field] of [
      ["barrier", "mask"],
      ["jtagIns", "value"],
      ["jtagScaler", "value"],
    ] as const) {
      const message = instructions.find((m) => m.name === name)!;
      for (let value = 0; value <= message.fields[field]!.max; value++)
        check({ kind: "instruction", message, values: { [field]: value } });
    }
  });
});

describe("every stream of words", () => {
  it("comes back from its text: programs with words lost, doubled, swapped and damaged", () => {
    let kinds = "";
    for (let seed = 0; seed < 3000; seed++) {
      const words = randomWords(seed);
      const text = disassemble(words);
      if (seed < 200) kinds += text;
      if (Buffer.compare(assemble(text), words) !== 0) expect.fail(`seed ${seed}:\n${text}`);
    }
    // All kinds of lines have taken part.
    for (const start of ["write ", "read ", "omnibus write ", "omnibus data ", "jtag data ", "word 0x"])
      expect(kinds).toContain(`\n${start}`);
  });

  it("comes back from its text: noise, with opcodes more often than chance", () => {
    const rng = Rng.fromSeed(4);
    for (let round = 0; round < 500; round++) {
      const words = Uint8Array.from({ length: 8 * rng.int(40) }, (_, i) =>
        i % 8 === 0 ? rng.int(instructions.length + 2) : i % 8 < 4 && rng.int(2) === 0 ? 0 : rng.int(256),
      );
      expect(Buffer.compare(assemble(disassemble(words)), words), `round ${round}`).toBe(0);
    }
  });

  it("comes back from its text: the vectors", () => {
    const messages = instructionVectors.messages.filter((m) => m.direction === "toFpga").flatMap((m) => m.words);
    const streams = instructionVectors.streams.filter((s) => s.direction === "toFpga").flatMap((s) => s.words);
    for (const words of [messages, streams, instructionVectors.initProgram])
      expect(hexOf(assemble(disassemble(fromHex(...words))))).toEqual(words);
  });

  it("is refused when it ends within a word", () => {
    expect(() => disassemble(new Uint8Array(12))).toThrow("must be a multiple of 8");
  });
});

describe("grouping", () => {
  const whole = hexOf(assemble("write BackgroundSpikeSource s2 period=7 enable=true seed=0x55"));

  it("follows the order of writing, the enable bit last", () => {
    expect(whole.filter((word) => word.startsWith("0b"))).toEqual([
      "0b00000f00130008",
      "0b00000f00130009",
      "0b00000f00130007",
    ]);
    expect(disassemble(fromHex(...whole))).toBe("write BackgroundSpikeSource s2 seed=0x55 enable=true period=7\n");
  });

  it("leaves writes in another order, writes in between and unused bits as they are, and says what they touch", () => {
    const [a, A, b, B, c, C] = whole as [string, string, string, string, string, string];
    const hint = (word: number) => `# BackgroundSpikeSource s2 word ${word}`;
    expect(
      disassemble(fromHex(c, C, a, A, b, B))
        .split("\n")
        .slice(0, 3),
    ).toEqual([
      `omnibus write 0x130007 = 0x70001  ${hint(2)}`,
      `omnibus write 0x130008 = 0x55  ${hint(0)}`,
      `omnibus write 0x130009 = 0x0  ${hint(1)}`,
    ]);
    expect(disassemble(fromHex(a, A, b, B, "0400000000000000", c, C))).toContain("timer reset\nomnibus write 0x130007");
    expect(disassemble(fromHex("0b00000f00140000", "0c00000000000400"))).toBe(
      "omnibus write 0x140000 = 0x400  # CapMemCell n0.v_leak\n",
    );
    expect(disassemble(fromHex("0b00000300140000", "0c00000000000005"))).toBe(
      "omnibus write 0x140000 = 0x5 bytes=0x3  # CapMemCell n0.v_leak\n",
    );
  });

  it("knows the word that switches a CapMem cell off", () => {
    expect(disassemble(fromHex("0b00000f00140000", "0c000000000003ff"))).toBe(
      "write CapMemCell n0.v_leak refresh=false\n",
    );
  });

  it("keeps words with bits that the instruction does not have", () => {
    const words = ["0400000000000001", "0900000000000002", "8000000000000000", "0b00002f00140000", "0300020000000000"];
    expect(disassemble(fromHex(...words))).toBe(words.map((word) => `word 0x${word}\n`).join(""));
  });
});

test("the vocabulary covers the dictionary", () => {
  expect(instructions.map((m) => m.name)).toEqual(Object.keys(toFpgaMessages));
  expect(instructions).toHaveLength(16);
});
