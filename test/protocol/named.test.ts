import { describe, expect, test } from "vitest";
import {
  allContainers,
  containerNamed,
  coordinateNamed,
  decodeMessages,
  decodeRegister,
  encodeMessages,
  encodeRegister,
  messageNamed,
  type NamedMessage,
} from "../../src/api/protocol.js";
import { type Fields, instructionVectors, registerVectors } from "./vectors.js";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const bytes = (words: readonly string[]) => Uint8Array.from(Buffer.from(words.join(""), "hex"));
/** As the lab's own software spells it. */
const snake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

describe("registers by name", () => {
  test("give every vector's addresses and words, and its fields back, in our spelling and in the lab's", () => {
    for (const { container, at, fields, writes } of registerVectors) {
      if (!writes) continue;
      const wanted = writes.map(([address, word]) => ({ address: Number(address), word: Number(word) }));
      const theirs = Object.fromEntries(Object.entries(fields).map(([key, value]) => [snake(key), value]));
      expect(encodeRegister(container, at, fields), `${container} ${at}`).toEqual(wanted);
      expect(encodeRegister(container.toUpperCase(), at, theirs), `${container} ${at}`).toEqual(wanted);
      const words = wanted.map(({ word }) => word);
      expect(decodeRegister(container, words)).toEqual({ ...containerNamed(container).defaults, ...fields });
    }
  });

  test("the lab's acronyms, an index as coordinate, a label as value", () => {
    expect(encodeRegister("MADCConfig", 0)).toEqual(encodeRegister("MadcConfig", "chip"));
    expect(encodeRegister("NeuronConfig", 17, { readout_source: "adaptation" })).toEqual(
      encodeRegister("NeuronConfig", "n17", { readoutSource: 3 }),
    );
  });

  test("no two containers or fields are one name in the lab's spelling", () => {
    for (const container of allContainers) {
      expect(containerNamed(snake(container.name))).toBe(container);
      expect(new Set(container.fields.map(({ name }) => name.toLowerCase())).size).toBe(container.fields.length);
    }
  });

  test.each([
    ["CapmemCel", () => containerNamed("CapmemCel"), /container = CapmemCel is outside .*did you mean CapMemCell\?/],
    ["field", () => encodeRegister("CapMemCell", "n0.v_leak", { valu: 3 }), /did you mean value\?/],
    ["value", () => encodeRegister("CapMemCell", "n0.v_leak", { value: 1023 }), /CapMemCell.value = 1023 .*0\.\.1022/],
    ["label", () => encodeRegister("NeuronConfig", 0, { readoutSource: "leak" }), /readoutSource = leak .*membrane/],
    ["coordinate", () => coordinateNamed(containerNamed("NeuronConfig"), "n512"), /n512 .*n0\.\.n511/],
    ["index", () => encodeRegister("NeuronConfig", 512), /512 .*0\.\.511/],
    ["words", () => decodeRegister("NeuronConfig", [0]), /number of words = 1 .*6/],
  ])("refuse a wrong %s", (_, call, message) => {
    expect(call).toThrow(expect.objectContaining({ _tag: "FieldOutOfRange", message: expect.stringMatching(message) }));
  });
});

describe("messages by name", () => {
  test.each(
    instructionVectors.messages.map((v) => [`${v.direction} ${v.name} ${JSON.stringify(v.fields)}`, v] as const),
  )("%s", (_, { direction, name, fields, words }) => {
    const encoded = encodeMessages(direction, [{ name, fields }]);
    expect(hex(encoded)).toBe(words.join(""));
    expect(decodeMessages(direction, encoded)).toMatchObject([{ name, fields }]);
  });

  test.each(instructionVectors.streams.map((v) => [v.name, v] as const))("stream: %s", (_, v) => {
    const batches: NamedMessage[][] = [[]];
    for (const [name, fields = {}] of v.messages) {
      if (name === "flush") batches.push([]);
      else batches.at(-1)!.push({ name, fields });
    }
    expect(batches.map((batch) => hex(encodeMessages(v.direction, batch))).join("")).toBe(v.words.join(""));
    expect(decodeMessages(v.direction, bytes(v.words))).toMatchObject(batches.flat());
  });

  test("FPGA and chip times are those of the lab's decoder", () => {
    const messages = instructionVectors.timeAnnotation.map(toMessage);
    const decoded = decodeMessages("fromFpga", encodeMessages("fromFpga", messages));
    expect(decoded).toHaveLength(instructionVectors.timeAnnotation.length);
    instructionVectors.timeAnnotation.forEach(({ fpgaTime, chipTime, chipTimes = [chipTime] }, i) => {
      if (fpgaTime === undefined) return;
      expect(decoded[i]!.fpgaTime).toBe(fpgaTime);
      // Theirs are whole FPGA cycles.
      expect(decoded[i]!.chipTimes!.map((time) => Math.floor(time / 2))).toEqual(chipTimes);
    });
  });

  test.each([
    ["name", () => messageNamed("toFpga", "omnibusAdress"), "FieldOutOfRange", /did you mean omnibusAddress\?/],
    ["field", () => encodeMessages("toFpga", [{ name: "jtagInit", fields: { on: true } }]), "FieldOutOfRange", /on/],
    ["missing field", () => encodeMessages("toFpga", [{ name: "waitUntil", fields: {} }]), "FieldOutOfRange", /cycles/],
    ["opcode", () => decodeMessages("toFpga", bytes(["1000000000000000"])), "UnknownHeader", /opcode 16/],
    ["length", () => decodeMessages("toFpga", new Uint8Array(7)), "FrameTruncated", /multiple of 8/],
    ["end", () => decodeMessages("fromFpga", bytes(["0900000000000000"])), "FrameTruncated", /madcPack3 at byte 0/],
  ])("refuse a wrong %s", (_, call, tag, message) => {
    expect(call).toThrow(expect.objectContaining({ _tag: tag, message: expect.stringMatching(message) }));
  });
});

type Timed = (typeof instructionVectors.timeAnnotation)[number];

function toMessage({ message: name, value = 0, stamp = 0, label = 0, spikes }: Timed): NamedMessage {
  const [first = [0, 0], second = [0, 0]] = spikes ?? [];
  const fields: Readonly<Record<string, Fields>> = {
    systime: { time: value },
    sysdelta: { increment: value },
    omnibusData: { data: value },
    spikePack1: { label0: label, time0: stamp },
    madcPack1: { value0: value, time0: stamp },
    spikePack2: { label0: first[0], time0: first[1], label1: second[0], time1: second[1] },
  };
  return { name, fields: fields[name]! };
}
