/**
 * The vocabulary of register tables: how one field lies in the words of a container. Bit 0 is the least significant.
 */
import type { BitRun, FieldSpec } from "./container.js";

export type FieldKind = FieldSpec["kind"];
/** A field before it has its name, which is its key in the table. */
export type Field<Kind extends FieldKind = FieldKind> = Omit<FieldSpec, "name" | "kind"> & { readonly kind: Kind };

interface RunOptions {
  readonly valueLow?: number;
  readonly inverted?: boolean;
  readonly reversed?: boolean;
}

export interface NumberOptions {
  readonly default?: number;
  /** Smallest and largest legal value; by default what the bits can hold. */
  readonly min?: number;
  readonly max?: number;
  readonly unit?: string;
  readonly hex?: boolean;
  readonly inverted?: boolean;
  readonly reversed?: boolean;
}

/** `width` bits of word `word` from bit `low` upwards. */
export function bits(word: number, low: number, width: number, options: RunOptions = {}): BitRun {
  const { valueLow = 0, inverted = false, reversed = false } = options;
  return { word, low, width, valueLow, inverted, reversed };
}

/** One bit. */
export function flag(
  word: number,
  bit: number,
  doc: string,
  options: { readonly default?: boolean; readonly inverted?: boolean } = {},
): Field<"bool"> {
  const run = bits(word, bit, 1, { inverted: options.inverted ?? false });
  return { kind: "bool", runs: [run], min: 0, max: 1, storedOffset: 0, default: options.default ?? false, doc };
}

/** An unsigned number in one run of bits. */
export function uint(
  word: number,
  low: number,
  width: number,
  doc: string,
  options: NumberOptions = {},
): Field<"uint"> {
  return scattered([bits(word, low, width, options)], doc, options);
}

/** An unsigned number in several runs of bits. */
export function scattered(runs: readonly BitRun[], doc: string, options: NumberOptions = {}): Field<"uint"> {
  const width = runs.reduce((sum, run) => sum + run.width, 0);
  return {
    kind: "uint",
    runs,
    min: options.min ?? 0,
    max: options.max ?? 2 ** width - 1,
    storedOffset: 0,
    default: options.default ?? options.min ?? 0,
    doc,
    ...(options.unit === undefined ? {} : { unit: options.unit }),
    ...(options.hex === undefined ? {} : { hex: options.hex }),
  };
}

/** A signed number stored as value + 2^(width-1). */
export function offsetBinary(word: number, low: number, width: number, doc: string, unit: string): Field<"int"> {
  const half = 2 ** (width - 1);
  const run = bits(word, low, width);
  return { kind: "int", runs: [run], min: -half, max: half - 1, storedOffset: half, default: 0, unit, doc };
}

/** A number that stands for one of a list of names; index is the value. */
export function choice(
  word: number,
  low: number,
  width: number,
  labels: readonly string[],
  doc: string,
  defaultValue = 0,
): Field<"uint"> {
  return { ...uint(word, low, width, doc, { default: defaultValue, max: labels.length - 1 }), labels };
}

/** One field for each index from one rule; keys are the stem and the index. */
export function series<Stem extends string, const Index extends readonly number[], Kind extends FieldKind>(
  stem: Stem,
  indices: Index,
  make: (index: Index[number]) => Field<Kind>,
): Record<`${Stem}${Index[number]}`, Field<Kind>> {
  return Object.fromEntries(indices.map((index) => [`${stem}${index}`, make(index)])) as Record<
    `${Stem}${Index[number]}`,
    Field<Kind>
  >;
}
