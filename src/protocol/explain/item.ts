/**
 * What the explainer says: one item per line, as text for people and as plain data for programs. Which items there are
 * depends on the depth.
 */
import type { DatagramDirection } from "../capture/capture-writer.js";

export const depths = ["frames", "instructions", "registers", "conversation"] as const;
export type Depth = (typeof depths)[number];

/** Where something stands in the capture. */
export interface Origin {
  /** Nanoseconds since the first packet. */
  readonly timeNs: number;
  /** Number of the packet, from 1. */
  readonly packet: number;
  readonly board: number;
  /** Place in the file, bytes: of a frame, or of its payload. */
  readonly offset: number;
}

export interface Item {
  readonly kind:
    | "frame"
    | "link"
    | "note"
    | "program"
    | "instruction"
    | "write"
    | "read"
    | "answer"
    | "events"
    | "problem";
  readonly origin: Origin;
  readonly direction?: DatagramDirection;
  /** The line, without time and direction. */
  readonly text: string;
  /** Container and coordinate, for items about one register or several of a kind. */
  readonly register?: string;
  /** What is not as it should be, when something is not. */
  readonly problem?: string;
  /** Further data, by name; numbers, flags, texts, lists and objects of them. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** A duration as people read it. */
export function duration(ns: number): string {
  if (ns < 1_000) return `${ns} ns`;
  if (ns < 1_000_000) return `${(ns / 1_000).toPrecision(3)} us`;
  return ns < 1_000_000_000 ? `${(ns / 1_000_000).toPrecision(3)} ms` : `${(ns / 1e9).toFixed(3)} s`;
}

/** FPGA cycles of 8 ns as a time. */
export function fpgaTimeText(cycles: number): string {
  return `${(cycles * 0.008).toFixed(3)} us`;
}

/** "1 word", "2 words". */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
