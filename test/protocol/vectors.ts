// The golden vectors as typed data; see test/vectors/README.md.
import { readFileSync } from "node:fs";

export type Fields = Record<string, number | boolean>;
export interface MessageVector {
  readonly direction: "toFpga" | "fromFpga";
  readonly name: string;
  readonly fields: Fields;
  readonly message: string;
  readonly words: readonly string[];
}
export interface StreamVector {
  readonly direction: "toFpga" | "fromFpga";
  readonly name: string;
  readonly messages: readonly (readonly [string] | readonly [string, Fields])[];
  readonly words: readonly string[];
}
export interface RegisterVector {
  readonly container: string;
  readonly at: string;
  readonly fields: Fields;
  readonly writes?: readonly (readonly [string, string])[];
  readonly reads?: readonly string[];
}
/** One message of a run; times in FPGA cycles, where the decoder states them. */
interface TimedVector {
  readonly message: string;
  readonly value?: number;
  readonly label?: number;
  readonly stamp?: number;
  readonly spikes?: readonly (readonly [label: number, stamp: number])[];
  readonly fpgaTime?: number;
  readonly chipTime?: number;
  readonly chipTimes?: readonly number[];
}

function load<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), "utf8")) as T;
}

export const instructionVectors = load<{
  readonly messages: readonly MessageVector[];
  readonly streams: readonly StreamVector[];
  readonly hostArqFrames: readonly { readonly what: string; readonly hex: string }[];
  readonly initProgram: readonly string[];
  readonly timeAnnotation: readonly TimedVector[];
}>("instructions.json");

export const registerVectors = load<{ readonly vectors: readonly RegisterVector[] }>("registers.json").vectors;
