/**
 * What the process tells its caller. One code per class of failure, so that a script can choose between trying again
 * (device), other data (input) and other arguments (usage). Also in `hxloop --help`.
 */
import { type FailureClass, isHxError } from "../base/errors.js";
import { Interrupted } from "./interrupt.js";

export const exitCodes = {
  ok: 0,
  internal: 1,
  usage: 2,
  input: 3,
  device: 4,
  method: 5,
  interrupted: 130,
} as const satisfies Record<FailureClass | "ok" | "interrupted", number>;

export const exitCodeHelp = `Exit codes:
  0    done
  1    internal error, a defect of hxloop
  2    usage: an argument is missing, unknown or out of range
  3    input: a file or a recording is not what it must be
  4    device: no device, or the link to it failed
  5    method: it could not be done so; other options or another target
  130  interrupted (Ctrl-C)`;

export function exitCodeOf(error: unknown): number {
  if (error instanceof Interrupted) return exitCodes.interrupted;
  return isHxError(error) ? exitCodes[error.failure] : exitCodes.internal;
}

/** The one line that a person reads; with `debug`, the stack and its causes too. */
export function messageOf(error: unknown, debug: boolean): string {
  const text = error instanceof Error ? error.message : String(error);
  const head = isHxError(error) || error instanceof Interrupted ? text : `internal error: ${text}`;
  if (debug && error instanceof Error) return `hxloop: ${head}\n${stacks(error)}`;
  const hint = head === text ? "" : " (HXLOOP_DEBUG=1 shows where)";
  // A file's own text may be quoted: it must not steer the terminal.
  const line = head.replaceAll(/\s*\n\s*/g, "; ").replaceAll(/(?!\t)\p{Cc}/gu, "\ufffd");
  return `hxloop: ${line}${hint}`;
}

function stacks(error: Error): string {
  const own = error.stack ?? error.message;
  return error.cause instanceof Error ? `${own}\ncaused by ${stacks(error.cause)}` : own;
}
