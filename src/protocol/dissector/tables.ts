/**
 * The dictionaries and the containers as Lua tables: what the dissector knows of messages and registers. Everything here
 * comes from the declarations; nothing is written twice.
 */
import type { BitRun, ContainerType, FieldSpec } from "../containers/container.js";
import { allContainers } from "../containers/dictionary.js";
import { runsOf } from "../containers/register-map.js";
import { type MessageField, messagesOf } from "../messages/define-message.js";
import { fromFpgaMessages, toFpgaMessages } from "../messages/dictionary.js";
import { type LuaValue, luaLines, toLua } from "./lua.js";
import { type NameTree, nameTree } from "./name-tree.js";

function messageField(name: string, field: MessageField): LuaValue {
  const { kind, low, width, min, max, doc } = field;
  return { name, kind, low, width, min, max, hex: field.hex, labels: field.labels, doc };
}

function messageTable(dictionary: Readonly<Record<string, unknown>>): string {
  return luaLines(
    messagesOf(dictionary).map(({ name, messageBits, doc, fields }) => {
      const list = Object.entries(fields).map(([key, field]) => messageField(key, field));
      return { name, bytes: messageBits / 8, doc, fields: list };
    }),
  );
}

function bitRun(run: BitRun): LuaValue {
  const { word, low, width, valueLow } = run;
  const flags = { inverted: run.inverted || undefined, reversed: run.reversed || undefined };
  return { word, low, width, valueLow, ...flags, thermometer: run.thermometer };
}

/** A flag without bits of its own stands for a word that switches everything off. */
function offWordOf(container: ContainerType, field: FieldSpec): number | undefined {
  return field.runs.length > 0 ? undefined : container.encode({ [field.name]: false })[0];
}

function registerField(container: ContainerType, field: FieldSpec): LuaValue {
  const { name, kind, min, max, storedOffset, labels, hex, unit, doc } = field;
  const runs = field.runs.map(bitRun);
  const off = offWordOf(container, field);
  const isWide = max >= 2 ** 32 || undefined;
  const named = labels && Object.fromEntries(labels.map((label, value) => [value, label]));
  return { name, kind, min, storedOffset, isWide, labels: named, hex, unit, off, doc, runs };
}

function containerTable(places: Places): string {
  return luaLines(
    allContainers.map((container) => ({
      name: container.name,
      bus: container.bus,
      words: container.wordCount,
      used: [...container.usedBits],
      coordinate: places.coordinate(container),
      doc: container.doc,
      fields: container.fields.map((field) => registerField(container, field)),
    })),
  );
}

/** Coordinates are numbered, because containers share them. */
class Places {
  readonly #names: string[] = [];
  readonly trees: NameTree[] = [];

  /** Index from 1. */
  coordinate({ coordinate }: ContainerType): number {
    const known = this.#names.indexOf(coordinate.name);
    if (known >= 0) return known + 1;
    const texts = Array.from({ length: coordinate.size }, (_, i) => coordinate.format(coordinate.at(i)));
    this.trees.push(nameTree(texts));
    return this.#names.push(coordinate.name);
  }
}

/** Lua source that defines the tables `to_fpga`, `from_fpga`, `containers`, `coordinates` and `runs`. */
export function dissectorTables(): string {
  const places = new Places();
  const containers = containerTable(places);
  const runs = allContainers.flatMap((container, i) =>
    runsOf(container).map(({ word, first, count, address, step }) => toLua([i + 1, word, first, count, address, step])),
  );
  return [
    `local to_fpga = ${messageTable(toFpgaMessages)}`,
    `local from_fpga = ${messageTable(fromFpgaMessages)}`,
    `local containers = ${containers}`,
    `local coordinates = ${luaLines(places.trees as unknown as LuaValue[])}`,
    "-- container, word, first coordinate, number of coordinates, address of the first, step",
    `local runs = {\n${runs.join(",\n")}\n}`,
  ].join("\n\n");
}
