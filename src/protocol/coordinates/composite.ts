/**
 * Coordinates made of several places, like half, row and column: enumerated with the last part running fastest, written
 * with dots between the parts, `top.r5.q3`.
 */
import { FieldOutOfRange } from "../../base/errors.js";
import { type Coordinate, type CoordinateType, defineCoordinate } from "./coordinate.js";

/** One part: a number behind a letter, or one of a few names. */
export type CoordinatePart = { readonly prefix: string; readonly size: number } | readonly string[];

export interface CompositeCoordinateType<Name extends string> extends CoordinateType<Name> {
  /** From the indices of the parts. @throws FieldOutOfRange */
  of(...indices: readonly number[]): Coordinate<Name>;
  /** Indices of the parts. */
  split(value: Coordinate<Name>): readonly number[];
}

function sizeOf(part: CoordinatePart): number {
  return "prefix" in part ? part.size : part.length;
}

function formatPart(part: CoordinatePart, index: number): string {
  return "prefix" in part ? `${part.prefix}${index}` : (part[index] ?? "");
}

/** @returns -1 when the text is no element of the part */
function parsePart(part: CoordinatePart, text: string): number {
  if (!("prefix" in part)) return part.indexOf(text);
  const digits = text.startsWith(part.prefix) ? text.slice(part.prefix.length) : "";
  return /^\d+$/.test(digits) && Number(digits) < part.size ? Number(digits) : -1;
}

export function defineComposite<Name extends string>(
  name: Name,
  parts: readonly CoordinatePart[],
): CompositeCoordinateType<Name> {
  const join = (indices: readonly number[]): number =>
    parts.reduce((sum, part, i) => sum * sizeOf(part) + (indices[i] ?? 0), 0);
  const split = (value: number): readonly number[] => {
    let rest = value;
    return parts
      .toReversed()
      .map((part) => {
        const index = rest % sizeOf(part);
        rest = (rest - index) / sizeOf(part);
        return index;
      })
      .toReversed();
  };
  const type = defineCoordinate({
    name,
    size: parts.reduce((product, part) => product * sizeOf(part), 1),
    format: (value) =>
      split(value)
        .map((index, i) => formatPart(parts[i] as CoordinatePart, index))
        .join("."),
    parse: (text) => {
      const pieces = text.split(".");
      const indices = parts.map((part, i) => parsePart(part, pieces[i] ?? ""));
      return pieces.length === parts.length && !indices.includes(-1) ? join(indices) : undefined;
    },
  });
  return {
    ...type,
    split,
    of(...indices) {
      parts.forEach((part, i) => {
        const index = indices[i];
        if (index === undefined || !Number.isInteger(index) || index < 0 || index >= sizeOf(part))
          throw new FieldOutOfRange(`${name}, part ${i}`, index, `0..${sizeOf(part) - 1}`);
      });
      return type.at(join(indices));
    },
  };
}
