import { expect, test } from "vitest";
import { Rng } from "../../base/rng.js";
import { CapMemCell } from "./capmem.js";
import { allContainers } from "./dictionary.js";
import { randomFields } from "./random-fields.js";

test("names are unique", () => {
  expect(new Set(allContainers.map((c) => c.name)).size).toBe(allContainers.length);
});

test.each(allContainers.map((c) => [c.name, c] as const))("%s", (_, container) => {
  const { coordinate, wordCount, usedBits, fields } = container;
  const rng = Rng.fromSeed(11).fork(container.name);
  for (const index of new Set([0, coordinate.size - 1, rng.int(coordinate.size)])) {
    const at = coordinate.at(index);
    const addresses = container.addresses(at);
    expect(addresses).toHaveLength(wordCount);
    for (const address of addresses) expect(Number.isInteger(address) && address >= 0 && address < 2 ** 32).toBe(true);
    expect(coordinate.parse(coordinate.format(at))).toBe(at);
  }
  expect([...container.writeOrder].sort((a, b) => a - b)).toEqual(Array.from({ length: wordCount }, (_, i) => i));
  expect(container.decode(container.encode({}))).toEqual(container.defaults);

  const constant = container.encode({}).map((word, i) => word & ~(usedBits[i] as number));
  for (let i = 0; i < 30; i++) {
    const values = randomFields(container, rng);
    const words = container.encode(values);
    const decoded = container.decode(words);
    if (values.refresh !== false) expect(decoded).toEqual(values);
    expect(container.encode(decoded)).toEqual(words);
    // Unused bits keep their constant value and are ignored when read.
    expect(words.map((word, w) => word & ~(usedBits[w] as number))).toEqual(constant);
    expect(container.decode(words.map((word, w) => word | ~(usedBits[w] as number)))).toEqual(decoded);
    const text = container.describe(coordinate.at(0), values);
    for (const field of fields) expect(text).toContain(` ${field.name}=`);
  }

  for (const field of fields) {
    const outside =
      field.kind === "bool" ? [1, undefined] : [field.min - 1, field.max + 1, field.min + 0.5, true, Number.NaN];
    for (const value of outside.filter((v) => v !== undefined)) {
      expect(() => container.encode({ [field.name]: value })).toThrow(
        expect.objectContaining({
          _tag: "FieldOutOfRange",
          object: `${container.name}.${field.name}`,
          value,
          range: field.kind === "bool" ? "true, false" : `${field.min}..${field.max}`,
        }),
      );
    }
  }
  expect(() => container.encode({ noSuchField: 1 })).toThrow(expect.objectContaining({ _tag: "FieldOutOfRange" }));
  expect(() => coordinate.at(coordinate.size)).toThrow(expect.objectContaining({ _tag: "FieldOutOfRange" }));
});

test("no two fields of a container share a bit", () => {
  for (const { name, fields, usedBits } of allContainers) {
    const runs = fields.flatMap((field) => field.runs);
    const width = runs.reduce((sum, run) => sum + run.width, 0);
    const used = usedBits.reduce((sum, bits) => sum + bits.toString(2).replaceAll("0", "").length, 0);
    expect([name, width]).toEqual([name, used]);
  }
});

test("no two containers of one bus share an address, but for the commands that share an SPI port", () => {
  const shared = new Set(["DacChannel", "DacControl"]);
  const owner = new Map<string, string>();
  for (const container of allContainers) {
    const { coordinate, bus, name } = container;
    const step = Math.max(1, Math.floor(coordinate.size / 997));
    for (let i = 0; i < coordinate.size; i += step) {
      for (const address of container.addresses(coordinate.at(i))) {
        const key = `${bus} ${address.toString(16)}`;
        const other = owner.get(key);
        if (other !== undefined && other !== name && !(shared.has(other) && shared.has(name)))
          expect.fail(`${key} belongs to ${other} and ${name}`);
        owner.set(key, name);
      }
    }
  }
  expect(owner.size).toBeGreaterThan(10_000);
});

test("a CapMem cell without refresh is the word 1023", () => {
  expect([...CapMemCell.encode({ value: 512 })]).toEqual([512]);
  expect([...CapMemCell.encode({ value: 512, refresh: false })]).toEqual([1023]);
  expect(CapMemCell.decode([1023])).toEqual({ value: 0, refresh: false });
  expect(CapMemCell.decode([1022])).toEqual({ value: 1022, refresh: true });
  expect(() => CapMemCell.encode({ value: 1023 })).toThrow("CapMemCell.value = 1023 is outside 0..1022");
});
