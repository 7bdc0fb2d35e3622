/** One thing that `hxloop doctor` looks at, and how it prints. */
import { exitCodeOf, messageOf } from "../exit-codes.js";
import type { Colour, Terminal } from "../terminal.js";

export interface Check {
  readonly name: string;
  /** `skip`: could not be looked at, because something before it failed. */
  readonly status: "ok" | "warn" | "fail" | "skip";
  readonly detail: string;
  /** What was measured, by name with its unit. */
  readonly measured?: Readonly<Record<string, number | string | boolean>>;
  /** How long it took, ms. */
  readonly ms?: number;
  /** What to do, when there is something to do. */
  readonly advice?: string;
  /** Exit code of a failure. */
  readonly code?: number;
}

const colours = { ok: "green", warn: "yellow", fail: "red", skip: "dim" } as const satisfies Record<
  Check["status"],
  Colour
>;

export function linesOf(check: Check, terminal: Terminal): string[] {
  const status = terminal.paint(colours[check.status], check.status.padEnd(4));
  const time =
    check.ms === undefined || check.ms === 0
      ? ""
      : ` (${check.ms < 10 ? check.ms.toFixed(1) : check.ms.toFixed(0)} ms)`;
  const line = `${status}  ${check.name.padEnd(15)} ${check.detail}${time}`;
  return check.advice === undefined ? [line] : [line, `      ${" ".repeat(15)} -> ${check.advice}`];
}

export function failed(error: unknown): Pick<Check, "status" | "detail" | "code"> {
  return { status: "fail", detail: messageOf(error, false).replace(/^hxloop: /, ""), code: exitCodeOf(error) };
}
