/** Arguments from text to values. Every refusal names the option, what was given, and what would be legal. */
import { InvalidArgumentError, Option } from "commander";
import { FieldOutOfRange } from "../base/errors.js";
import type { ParameterSpec } from "../calib/run-data.js";

/** A parser for a whole number in a range, both ends included. @throws FieldOutOfRange */
export function integer(option: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^[+-]?\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
    if (!Number.isSafeInteger(value) || value < min || value > max) {
      throw new FieldOutOfRange(option, text, `[${min}, ${max}] (whole numbers)`);
    }
    return value;
  };
}

/** A parser for a number in a range, both ends included. @throws FieldOutOfRange */
export function decimal(option: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text.trim()) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) throw new FieldOutOfRange(option, text, `[${min}, ${max}]`);
    return value;
  };
}

/** A parser for one word of a list. @throws FieldOutOfRange */
export function oneOf<T extends string>(option: string, words: readonly T[]): (text: string) => T {
  return (text) => {
    const found = words.find((word) => word === text);
    if (found === undefined) throw new FieldOutOfRange(option, text, `{${words.join(", ")}}`);
    return found;
  };
}

/** A parser for whole numbers and ranges of them, for example `0-3,17` or `all`; each once, in their order. @throws FieldOutOfRange */
export function integers(option: string, min: number, max: number): (text: string) => number[] {
  return (text) => {
    const found = (text.trim() === "all" ? `${min}-${max}` : text).split(",").flatMap((part) => {
      const [, from, to] = /^\s*(\d+)(?:-(\d+))?\s*$/.exec(part) ?? [];
      const [first, last] = [Number(from), Number(to ?? from)];
      if (!(first >= min && last <= max && first <= last)) {
        throw new FieldOutOfRange(
          option,
          text,
          `numbers and ranges within ${min}..${max}, for example ${min}-${min + 3},${max}`,
        );
      }
      return Array.from({ length: last - first + 1 }, (_, k) => first + k);
    });
    return [...new Set(found)].sort((a, b) => a - b);
  };
}

/** An option whose value is one word of a list, which help and completion show. */
export function choice(flags: string, text: string, words: readonly string[]): Option {
  const option = new Option(flags, text);
  return option.choices(words).argParser(oneOf(option.long ?? flags, words));
}

/** A parser that refuses the empty text, which a shell makes of an unset variable. */
export function nonEmpty(text: string): string {
  if (text.trim() === "") throw new InvalidArgumentError("It must not be empty.");
  return text;
}

/** Of every command that opens a device. */
export function captureOption(): Option {
  const text = "record every datagram of both directions, pcapng; a new file (read it with: hxloop decode FILE)";
  return new Option("--capture <FILE>", text).argParser(nonEmpty);
}

/**
 * Codes by name, for example `v_reset=400,i_bias_adapt_tau=500`: every parameter of the task once, nothing else.
 * @returns shape (numParameters), CapMem LSB, in the task's order
 * @throws FieldOutOfRange
 */
export function parseTheta(option: string, text: string, parameters: readonly ParameterSpec[]): Record<string, number> {
  const names = parameters.map((p) => p.name);
  const given = new Map<string, string>();
  for (const item of text.split(",")) {
    const [name = "", value] = item.split("=").map((part) => part.trim());
    if (!names.includes(name)) throw new FieldOutOfRange(`${option}: parameter`, name, `{${names.join(", ")}}`);
    if (value === undefined) throw new FieldOutOfRange(`${option}: ${name}`, "nothing", "NAME=CODE");
    if (given.has(name)) throw new FieldOutOfRange(`${option}: ${name}`, `${given.get(name)} and ${value}`, "one code");
    given.set(name, value);
  }
  return Object.fromEntries(
    parameters.map(({ name, min, max }) => {
      const value = given.get(name);
      if (value === undefined) throw new FieldOutOfRange(`${option}: ${name}`, "nothing", `[${min}, ${max}]`);
      return [name, integer(`${option}: ${name}`, min, max)(value)];
    }),
  );
}
