/**
 * The one harness of all benchmarks: named benches give rows; a row may stand beside a peer that was measured in the
 * same run. Times are printed, never asserted.
 */
import { cpus, totalmem } from "node:os";

/** What is asked for cannot be: the message says what can. */
export class BadOption extends Error {
  override readonly name = "BadOption";
}

export interface BenchRow {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it is compared with, measured in this run; null when no peer could be run. */
  readonly peer: string | null;
  readonly peerValue: number | null;
  /** Above 1 means that we are better. */
  readonly ratio: number | null;
  /** More about the measurement, for `--json`. */
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface Bench {
  readonly name: string;
  readonly about: string;
  /** @param note prints a line for people, for example why a peer is absent @param args what stands behind the name */
  run(note: (line: string) => void, args: readonly string[]): Promise<BenchRow[]>;
}

/** A row for which more is better (rates) or less is better (times). */
export function row(
  name: string,
  value: number,
  unit: string,
  better: "more" | "less",
  peer?: { name: string; value: number },
): BenchRow {
  const ratio = peer === undefined ? null : better === "more" ? value / peer.value : peer.value / value;
  return { name, value, unit, peer: peer?.name ?? null, peerValue: peer?.value ?? null, ratio };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Milliseconds of wall time that a call takes. */
export async function timeMs(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

export function machine(): string {
  const cores = cpus();
  return `${cores.length} x ${cores[0]?.model ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}, ${process.platform}-${process.arch}`;
}

const digits = (x: number): string => (Math.abs(x) >= 100 ? x.toFixed(0) : x.toPrecision(3));

export function printRows(rows: readonly BenchRow[]): string {
  return rows
    .map((r) => {
      const own = `${r.name.padEnd(44)} ${digits(r.value).padStart(10)} ${r.unit.padEnd(16)}`;
      if (r.peer === null || r.peerValue === null || r.ratio === null) return own.trimEnd();
      return `${own} ${r.peer}: ${digits(r.peerValue)} ${r.unit}   ratio ${r.ratio.toFixed(2)}`;
    })
    .join("\n");
}
