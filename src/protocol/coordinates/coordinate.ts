/**
 * Hardware coordinates: where something is. A coordinate value is its index in the coordinate's enumeration, branded
 * with the coordinate's name; composite coordinates are enumerated block by block. Names are those of the field
 * (halco); numbers come from docs/registers.md.
 */
import { FieldOutOfRange } from "../../base/errors.js";

declare const coordinateBrand: unique symbol;
/** Index of one element of the coordinate `Name`, 0 .. size-1. */
export type Coordinate<Name extends string> = number & { readonly [coordinateBrand]: Name };

export interface CoordinateType<Name extends string = string> {
  readonly name: Name;
  /** Number of elements; legal values are 0 .. size-1. */
  readonly size: number;
  /** Brand an index. @throws FieldOutOfRange when it is not an integer in 0 .. size-1 */
  at(index: number): Coordinate<Name>;
  /** Short text for listings and the assembler, for example `n17` or `b2.c5`. */
  format(value: Coordinate<Name>): string;
  /** Inverse of `format`; also accepts the plain index. @returns undefined when the text names no element */
  parse(text: string): Coordinate<Name> | undefined;
}

/** Declare a coordinate. `format` and `parse` default to the plain index. */
export function defineCoordinate<Name extends string>(spec: {
  name: Name;
  size: number;
  format?: (index: number) => string;
  parse?: (text: string) => number | undefined;
}): CoordinateType<Name> {
  const { name, size } = spec;
  const at = (index: number): Coordinate<Name> => {
    if (!Number.isInteger(index) || index < 0 || index >= size)
      throw new FieldOutOfRange(name, index, `0..${size - 1}`);
    return index as Coordinate<Name>;
  };
  return {
    name,
    size,
    at,
    format: (value) => (spec.format ? spec.format(value) : String(value)),
    parse(text) {
      const index = /^\d+$/.test(text) ? Number(text) : spec.parse?.(text);
      if (index === undefined || !Number.isInteger(index) || index < 0 || index >= size) return undefined;
      return index as Coordinate<Name>;
    },
  };
}
