/**
 * What every container (typed view of some omnibus words) offers. A container is declared once as a table of fields;
 * types, encode, decode, text and documentation all come from that table (`define-container.ts`).
 */
import type { Coordinate, CoordinateType } from "../coordinates/coordinate.js";

export type FieldValue = number | boolean;

/** One contiguous run of bits of a field inside a word. Fields that are scattered have several. */
export interface BitRun {
  /** Index of the word in the container. */
  readonly word: number;
  /** Lowest bit in the word. */
  readonly low: number;
  readonly width: number;
  /** Lowest bit of the value that this run holds. */
  readonly valueLow: number;
  /** Stored inverted. */
  readonly inverted: boolean;
  /** Stored with the order of its bits reversed. */
  readonly reversed: boolean;
  /** Value bits that `width` stored bits hold as a thermometer: n is stored as n ones from the lowest bit. */
  readonly thermometer?: true;
}

export interface FieldSpec {
  readonly name: string;
  /** `int`: may be negative; stored as value + `storedOffset` (offset binary). */
  readonly kind: "bool" | "uint" | "int";
  readonly runs: readonly BitRun[];
  readonly min: number;
  readonly max: number;
  /** Added to the value before it is stored; 0 unless `kind` is `int`. */
  readonly storedOffset: number;
  readonly default: FieldValue;
  /** Value names, for enumerations: index is the value. */
  readonly labels?: readonly string[];
  readonly unit?: string;
  /** Show in hexadecimal: masks, addresses, seeds. */
  readonly hex?: boolean;
  readonly doc: string;
}

/** Which bus the addresses of a container belong to. */
export type ContainerBus =
  /** The omnibus, through omnibus instructions. */
  | "omnibus"
  /** The omnibus of the chip, reached through JTAG (works before the high-speed links are up). */
  | "omnibusOverJtag"
  /** Register of the PLL, written through JTAG. */
  | "jtagPll"
  /** Register of a chip-side PHY, written through JTAG. */
  | "jtagPhy";

export interface ContainerType<Coord extends string = string, Fields extends object = Record<string, FieldValue>> {
  readonly name: string;
  readonly coordinate: CoordinateType<Coord>;
  readonly bus: ContainerBus;
  /** What it is, one sentence. */
  readonly doc: string;
  /** What the hardware allows: read and write, write only, read only. */
  readonly access: "rw" | "w" | "r";
  readonly wordCount: number;
  readonly fields: readonly FieldSpec[];
  /** All fields at their defaults. */
  readonly defaults: Readonly<Fields>;
  /** Omnibus addresses of the words, in word order. */
  addresses(at: Coordinate<Coord>): readonly number[];
  /** Word indices in the order in which they must be written (enable bits last). */
  readonly writeOrder: readonly number[];
  /** Words for the given fields; what is not given has its default. @throws FieldOutOfRange */
  encode(fields: Partial<Fields>): Uint32Array;
  /** Fields of the given words; unused bits are ignored. */
  decode(words: ArrayLike<number>): Fields;
  /** Mask of the used bits, per word. */
  readonly usedBits: Uint32Array;
  /** One line: name, coordinate, every field by name. */
  describe(at: Coordinate<Coord>, fields: Fields): string;
}
