/**
 * Random legal fields of a container, for tests and fuzzing: drawn evenly from each field's range.
 */
import type { Rng } from "../../base/rng.js";
import type { ContainerType, FieldValue } from "./container.js";

export function randomFields(container: ContainerType, rng: Rng): Record<string, FieldValue> {
  const values: Record<string, FieldValue> = {};
  for (const field of container.fields) {
    const span = field.max - field.min + 1;
    const number = field.min + (span <= 2 ** 32 ? rng.int(span) : Math.floor(rng.uniform() * span));
    values[field.name] = field.kind === "bool" ? number === 1 : number;
  }
  return values;
}
