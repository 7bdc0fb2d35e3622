// The examples of docs/assembly.md are programs: each assembles, and its text comes back from its words.
import { readFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import { assemble, disassemble } from "../../src/protocol/text/index.js";
import { instructionParsers, instructionTexts } from "../../src/protocol/text/instruction-forms.js";
import { hexOf, instructions } from "./support.js";

const page = readFileSync(new URL("../../docs/assembly.md", import.meta.url), "utf8");
const examples = Array.from(page.matchAll(/```hxasm\n(.*?)```/gs), (match) => match[1]!);
const code = (text: string) =>
  text
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((line) => line !== "");

test("there are examples", () => {
  expect(examples.length).toBeGreaterThan(3);
});

describe.each(examples.map((text, i) => [i + 1, text] as const))("example %i", (_, text) => {
  it("assembles, and its words give a text with the same words", () => {
    const words = assemble(text, { source: "docs/assembly.md" });
    expect(words.length).toBeGreaterThan(0);
    expect(hexOf(assemble(disassemble(words)))).toEqual(hexOf(words));
  });
});

it("uses every keyword and every kind of line", () => {
  const first = new Set(examples.flatMap(code).map((line) => line.split(" ")[0]));
  for (const word of ["write", "read", "let", "repeat", "word", ...Object.keys(instructionParsers)])
    expect([...first]).toContain(word);
});

it("names every instruction", () => {
  expect(Object.keys(instructionTexts)).toEqual(instructions.map((message) => message.name));
  for (const { name } of instructions.filter((m) => m.name !== "spikePack2")) expect(page).toContain(`\`${name}\``);
});

it("prints what the page says the disassembler prints", () => {
  const shown = /```\n(write CapMemCell n17.*?)```/s.exec(page)?.[1];
  expect(disassemble(assemble(shown!))).toBe(shown);
});
