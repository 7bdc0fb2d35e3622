/**
 * What may go wrong on a wire, as text and as numbers: `drop:0.05,corrupt:0.01,restart:@5000`. A number is the chance per
 * datagram; `@N` means once, at the N-th datagram of the direction. What a fault does is written in `fault-lane.ts`.
 */
import { FieldOutOfRange } from "../errors.js";

export const faultNames = [
  /** The datagram is lost. */
  "drop",
  /** It arrives twice. */
  "duplicate",
  /** It is overtaken by the next one. */
  "reorder",
  /** Some of its bits are wrong. */
  "corrupt",
  /** Its end is missing. */
  "truncate",
  /** It takes some milliseconds longer, and what follows waits behind it. */
  "delay",
  /** The wire stands still for some hundred milliseconds. */
  "stall",
  /** The cable is pulled. */
  "disconnect",
  /** The board loses its power for a moment. */
  "restart",
] as const;

export type FaultName = (typeof faultNames)[number];
/** Chance per datagram, or the number of the one datagram that is hit, counted from 1. */
export type FaultRate = { readonly chance: number } | { readonly at: number };
export type FaultSpec = Readonly<Partial<Record<FaultName, FaultRate>>>;

export const faultsLegal = `NAME:CHANCE or NAME:@N, comma between, each once; names ${faultNames.join(", ")}`;

/** @throws FieldOutOfRange naming the fault, what was given, and what would be legal */
export function parseFaults(text: string): FaultSpec {
  const spec: Partial<Record<FaultName, FaultRate>> = {};
  for (const item of text.split(",").map((part) => part.trim())) {
    const [word = "", value, ...rest] = item.split(":").map((part) => part.trim());
    const name = faultNames.find((known) => known === word);
    if (name === undefined || value === undefined || rest.length > 0)
      throw new FieldOutOfRange("fault", item === "" ? "nothing" : item, faultsLegal);
    if (spec[name] !== undefined) throw new FieldOutOfRange(`fault ${name}`, "given twice", "each fault once");
    spec[name] = rateOf(name, value);
  }
  return spec;
}

function rateOf(name: FaultName, text: string): FaultRate {
  const count = /^@(\d{1,15})$/.exec(text)?.[1];
  if (count !== undefined && Number(count) >= 1) return { at: Number(count) };
  const chance = /^(\d+\.?\d*|\.\d+)(e-?\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(chance >= 0 && chance <= 1))
    throw new FieldOutOfRange(`fault ${name}`, text, "[0, 1], a chance per datagram, or @N, the N-th datagram from 1");
  return { chance };
}

/** The text that `parseFaults` reads. */
export function formatFaults(spec: FaultSpec): string {
  return faultNames
    .flatMap((name) => {
      const rate = spec[name];
      return rate === undefined ? [] : [`${name}:${"at" in rate ? `@${rate.at}` : rate.chance}`];
    })
    .join(",");
}
