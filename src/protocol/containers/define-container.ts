/**
 * Declares a container once, as a table of fields. The TypeScript type of the fields, encode, decode, the text form and
 * the register documentation all come from that table; no second place knows a bit position. Does not know how words
 * travel.
 */
import { FieldOutOfRange } from "../../base/errors.js";
import type { Coordinate, CoordinateType } from "../coordinates/coordinate.js";
import type { BitRun, ContainerBus, ContainerType, FieldSpec, FieldValue } from "./container.js";
import type { Field } from "./field.js";

type FieldTable = Readonly<Record<string, Field>>;
/** The fields' values as an object type: flags are booleans, all else numbers. */
export type FieldsOf<Table extends FieldTable> = {
  [Name in keyof Table]: Table[Name]["kind"] extends "bool" ? boolean : number;
};

export interface ContainerSpec<Coord extends string, Table extends FieldTable> {
  readonly name: string;
  readonly doc: string;
  readonly coordinate: CoordinateType<Coord>;
  /** Default `rw`. */
  readonly access?: "rw" | "w" | "r";
  /** Default `omnibus`. */
  readonly bus?: ContainerBus;
  /** Address of the first word; or of every word, where they do not stand in a fixed pattern. */
  readonly address: (at: Coordinate<Coord>) => number | readonly number[];
  /** Addresses of all words relative to the first (for the first coordinate); default: one word. */
  readonly offsets?: readonly number[];
  /** Bits that are always set, per word; default none. */
  readonly constantBits?: readonly number[];
  /** Word indices in the order of writing; default ascending. */
  readonly writeOrder?: readonly number[];
  readonly fields: Table;
  /** A word that stands for a field being false, whatever the other fields say; decoded, they have their minimum. */
  readonly offWord?: { readonly field: keyof Table & string; readonly word: number };
}

function mask(width: number): number {
  return 0xffff_ffff >>> (32 - width);
}

function reverse(value: number, width: number): number {
  let result = 0;
  for (let i = 0; i < width; i++) result |= ((value >>> i) & 1) << (width - 1 - i);
  return result >>> 0;
}

/** Bits of the stored word that hold this part of the value. */
function pack(run: BitRun, value: number): number {
  // Values may have more than 32 bits; `>>>` takes them modulo 2^32.
  let part = ((run.valueLow === 0 ? value : Math.floor(value / 2 ** run.valueLow)) >>> 0) & mask(run.width);
  if (run.thermometer) part = part === 0 ? 0 : mask(part);
  if (run.reversed) part = reverse(part, run.width);
  if (run.inverted) part = (part ^ mask(run.width)) >>> 0;
  return (part << run.low) >>> 0;
}

function unpack(run: BitRun, word: number): number {
  let part = ((word >>> run.low) & mask(run.width)) >>> 0;
  if (run.inverted) part = (part ^ mask(run.width)) >>> 0;
  if (run.reversed) part = reverse(part, run.width);
  if (run.thermometer) part = 32 - Math.clz32(part);
  return part * 2 ** run.valueLow;
}

function stored(container: string, field: FieldSpec, value: unknown): number {
  if (field.kind === "bool") {
    if (typeof value === "boolean") return Number(value);
    throw new FieldOutOfRange(`${container}.${field.name}`, value, "true, false");
  }
  if (typeof value === "number" && Number.isInteger(value) && value >= field.min && value <= field.max)
    return value + field.storedOffset;
  throw new FieldOutOfRange(`${container}.${field.name}`, value, `${field.min}..${field.max}`);
}

/** Text of one field's value: names for enumerations, hexadecimal for masks and addresses. */
export function formatFieldValue(field: FieldSpec, value: FieldValue): string {
  if (typeof value === "boolean") return String(value);
  const label = field.labels?.[value];
  if (label !== undefined) return `${label}(${value})`;
  return field.hex ? `0x${value.toString(16)}` : String(value);
}

export function defineContainer<Coord extends string, const Table extends FieldTable>(
  spec: ContainerSpec<Coord, Table>,
): ContainerType<Coord, FieldsOf<Table>> {
  type Fields = FieldsOf<Table>;
  const { name, coordinate, offWord } = spec;
  const offsets = spec.offsets ?? [0];
  const fields: readonly FieldSpec[] = Object.entries(spec.fields).map(([key, field]) => ({ name: key, ...field }));
  const byName = new Map(fields.map((field) => [field.name, field]));
  const usedBits = new Uint32Array(offsets.length);
  for (const run of fields.flatMap((field) => field.runs))
    usedBits[run.word] = ((usedBits[run.word] ?? 0) | (mask(run.width) << run.low)) >>> 0;

  const write = (words: Uint32Array, field: FieldSpec, value: FieldValue | undefined): void => {
    const number = stored(name, field, value);
    for (const run of field.runs) {
      const kept = (words[run.word] as number) & ~(mask(run.width) << run.low);
      words[run.word] = kept | pack(run, number);
    }
  };
  const defaultWords = Uint32Array.from(offsets, (_, word) => spec.constantBits?.[word] ?? 0);
  for (const field of fields) write(defaultWords, field, field.default);

  const read = (words: ArrayLike<number>, field: FieldSpec): FieldValue => {
    let number = 0;
    for (const run of field.runs) number += unpack(run, words[run.word] ?? 0);
    return field.kind === "bool" ? number !== 0 : number - field.storedOffset;
  };
  const decode = (words: ArrayLike<number>): Fields => {
    const isOff = offWord !== undefined && ((words[0] ?? 0) & (usedBits[0] ?? 0)) >>> 0 === offWord.word;
    const values: Record<string, FieldValue> = {};
    for (const field of fields) {
      if (field.name === offWord?.field) values[field.name] = !isOff;
      else values[field.name] = isOff ? field.min : read(words, field);
    }
    return values as Fields;
  };

  return {
    name,
    doc: spec.doc,
    coordinate,
    bus: spec.bus ?? "omnibus",
    access: spec.access ?? "rw",
    wordCount: offsets.length,
    fields,
    usedBits,
    defaults: Object.freeze(Object.fromEntries(fields.map((field) => [field.name, field.default]))) as Readonly<Fields>,
    writeOrder: spec.writeOrder ?? offsets.map((_, index) => index),
    addresses(at) {
      const base = spec.address(at);
      return typeof base === "number" ? offsets.map((offset) => base + offset) : base;
    },
    encode(values) {
      const words = defaultWords.slice();
      for (const key in values) {
        const value = values[key] as FieldValue | undefined;
        const field = byName.get(key);
        if (!field) throw new FieldOutOfRange(`${name} field`, key, [...byName.keys()].join(", "));
        if (value !== undefined) write(words, field, value);
      }
      if (offWord && (values as Record<string, FieldValue>)[offWord.field] === false) words[0] = offWord.word;
      return words;
    },
    decode,
    describe(at, values) {
      const texts = fields.map((field) => {
        const value = (values as Record<string, FieldValue>)[field.name] ?? field.default;
        return `${field.name}=${formatFieldValue(field, value)}`;
      });
      return [name, coordinate.format(at), ...texts].join(" ");
    },
  };
}
