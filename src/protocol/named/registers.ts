/**
 * Containers by name: for scripts, tests of other implementations and everybody who has a register's name in a variable
 * rather than in the source. Names are those of docs/registers.md; the lab's spelling is taken as well.
 */
import { FieldOutOfRange } from "../../base/errors.js";
import type { ContainerType, FieldSpec, FieldValue } from "../containers/container.js";
import { allContainers } from "../containers/dictionary.js";
import type { Coordinate } from "../coordinates/coordinate.js";
import { NameTable } from "./names.js";

export interface RegisterWord {
  /** Omnibus address; number of the PLL register or of the PHY for containers behind JTAG. */
  readonly address: number;
  readonly word: number;
}

/** Values by field name; enumerations also by label. */
export type NamedFields = Readonly<Record<string, FieldValue | string>>;

const containers = new NameTable(
  "container",
  allContainers.map((container) => [container.name, container] as const),
);
const fieldTables = new Map<ContainerType, NameTable<FieldSpec>>();

function fieldsOf(container: ContainerType): NameTable<FieldSpec> {
  let table = fieldTables.get(container);
  if (table === undefined) {
    table = new NameTable(
      `${container.name} field`,
      container.fields.map((field) => [field.name, field] as const),
    );
    fieldTables.set(container, table);
  }
  return table;
}

function fieldValue(container: ContainerType, field: FieldSpec, value: FieldValue | string): FieldValue {
  if (typeof value !== "string") return value;
  const index = field.labels?.indexOf(value) ?? -1;
  if (index < 0)
    throw new FieldOutOfRange(
      `${container.name}.${field.name}`,
      value,
      field.labels ? `{${field.labels.join(", ")}}` : `${field.min}..${field.max}`,
    );
  return index;
}

/** @throws FieldOutOfRange */
export function containerNamed(name: string): ContainerType {
  return containers.get(name);
}

/**
 * A coordinate from its text (`n17.v_reset`, `b2`, `o8.i0`, `top.c5.causal`) or its index.
 * @throws FieldOutOfRange
 */
export function coordinateNamed({ coordinate }: ContainerType, at: string | number): Coordinate<string> {
  if (typeof at === "number") return coordinate.at(at);
  const found = coordinate.parse(at);
  if (found !== undefined) return found;
  const [first, last] = [0, coordinate.size - 1].map((index) => coordinate.format(coordinate.at(index)));
  throw new FieldOutOfRange(coordinate.name, at, `${first}..${last}, or an index in 0..${coordinate.size - 1}`);
}

/**
 * Addresses and words of a container, in the order of its words (`writeOrder` of the container is the order in which
 * they must be written); fields that are not given have their default.
 * @throws FieldOutOfRange
 */
export function encodeRegister(name: string, at: string | number, fields: NamedFields = {}): RegisterWord[] {
  const container = containerNamed(name);
  const addresses = container.addresses(coordinateNamed(container, at));
  const table = fieldsOf(container);
  const values: Record<string, FieldValue> = {};
  for (const [key, value] of Object.entries(fields)) {
    const field = table.get(key);
    values[field.name] = fieldValue(container, field, value);
  }
  return Array.from(container.encode(values), (word, i) => ({ address: addresses[i] as number, word }));
}

/**
 * Fields of a container's words.
 * @param words as many as the container has, in the order of its words, 32 bit
 * @throws FieldOutOfRange
 */
export function decodeRegister(name: string, words: ArrayLike<number>): Record<string, FieldValue> {
  const container = containerNamed(name);
  if (words.length !== container.wordCount)
    throw new FieldOutOfRange(`${container.name}: number of words`, words.length, String(container.wordCount));
  return container.decode(words);
}
