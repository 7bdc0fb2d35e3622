/** What a figure was measured on, for the head of every table. */
import { cpus, loadavg, totalmem } from "node:os";
import { wallTime } from "../../base/clock.js";
import { ownVersion } from "../versions.js";

export interface Conditions {
  /** Day, ISO 8601. */
  readonly date: string;
  readonly machine: string;
  readonly node: string;
  readonly hxloop: string;
  /** Load average of the last minute; on a quiet machine it is what the study itself takes. */
  readonly load: number;
}

export function conditions(): Conditions {
  const machine = `${cpus().length} x ${cpus()[0]?.model.trim() ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
  const date = wallTime().slice(0, 10);
  return {
    date,
    machine,
    node: process.version,
    hxloop: ownVersion(),
    load: Math.round(10 * (loadavg()[0] ?? 0)) / 10,
  };
}

/** One line for the head of a page of results. */
export function conditionsLine(command: string, { date, machine, node, hxloop, load }: Conditions): string {
  return `Command: \`${command}\`, ${date}, ${machine}, Node ${node}, hxloop ${hxloop}; load average ${load}.`;
}

/** A table in Markdown. */
export function markdownTable(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}
