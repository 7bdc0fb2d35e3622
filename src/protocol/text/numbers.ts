/**
 * Numbers of the text form: whole ones (decimal, 0x, 0b, with _ between digits), times with a unit, and constants that
 * stand for either. Ranges are checked here, where the place in the text is known.
 */
import { type Line, quote, type Token } from "./lines.js";

/** Values of the names that `let` has given. */
export type Constants = ReadonlyMap<string, bigint>;

export interface Range {
  /** What the number is, for errors: `CapMemCell.value`. */
  readonly what: string;
  readonly min: number | bigint;
  readonly max: number | bigint;
}

const whole = /^-?(?:0x[0-9a-f]+(?:_[0-9a-f]+)*|0b[01]+(?:_[01]+)*|\d+(?:_\d+)*)$/i;
const time = /^(\d+(?:_\d+)*)(?:\.(\d+))?(ns|us|ms|s)$/;
const name = /^[A-Za-z_]\w*$/;
const nanoseconds = { ns: 1n, us: 1_000n, ms: 1_000_000n, s: 1_000_000_000n } as const;
const nanosecondsPerCycle = 8n;
/** Longer than any number of 64 bits; a longer one would only cost time. */
const longest = 80;

/** The value of a whole number's text; undefined when it is none. */
export function parseWhole(text: string): bigint | undefined {
  if (text.length > longest || !whole.test(text)) return undefined;
  const digits = text.replaceAll("_", "");
  return digits.startsWith("-") ? -BigInt(digits.slice(1)) : BigInt(digits);
}

/** A time in FPGA cycles. @throws AssemblyInvalid when it is not a whole number of them; undefined when it is no time */
function parseTime(line: Line, token: Token): bigint | undefined {
  const match = token.text.length > longest ? null : time.exec(token.text);
  if (match === null) return undefined;
  const [, before = "", after = "", unit = "ns"] = match;
  const value = BigInt(before.replaceAll("_", "") + after) * nanoseconds[unit as keyof typeof nanoseconds];
  const scale = nanosecondsPerCycle * 10n ** BigInt(after.length);
  if (value % scale !== 0n)
    throw line.refuse(token, `${token.text} is not a multiple of 8 ns`, "whole FPGA cycles of 8 ns");
  return value / scale;
}

export function isName(text: string): boolean {
  return name.test(text);
}

/**
 * The value of a token: a whole number, a constant, and a time where times may stand.
 * @throws AssemblyInvalid
 */
export function numberOf(
  line: Line,
  token: Token,
  legal: string,
  { constants, times = false }: { readonly constants: Constants; readonly times?: boolean },
): bigint {
  const value = parseWhole(token.text) ?? constants.get(token.text) ?? (times ? parseTime(line, token) : undefined);
  if (value !== undefined) return value;
  if (isName(token.text)) throw line.unknown(token, "name", constants.keys(), `${legal}, or a constant`);
  throw line.refuse(token, `"${quote(token.text)}" is no number`, legal);
}

/** Refuse a value outside its range. @throws AssemblyInvalid */
export function inRange(line: Line, token: Token, value: bigint, { what, min, max }: Range): bigint {
  if (value >= BigInt(min) && value <= BigInt(max)) return value;
  throw line.refuse(token, `${what} = ${quote(token.text)} is outside its range`, `${min}..${max}`);
}

/** Take a number of at most 53 bits. @throws AssemblyInvalid */
export function takeNumber(line: Line, range: Range, constants: Constants, times = false): number {
  const legal = `${range.what}, ${range.min}..${range.max}`;
  const token = line.take(legal);
  return Number(inRange(line, token, numberOf(line, token, legal, { constants, times }), range));
}

export function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
