/** `hxloop decode FILE`: explain a capture, one line per thing that happened. */
import { Command } from "commander";
import { FieldOutOfRange } from "../../base/errors.js";
import { type Depth, depths, type Item } from "../../protocol/explain/item.js";
import type { Context } from "../context.js";
import { UsageError } from "../errors.js";
import { standard, writePieces } from "../files.js";
import { choice, nonEmpty } from "../options.js";
import type { Terminal } from "../terminal.js";

interface DecodeFlags {
  readonly depth?: Depth;
  readonly register?: string;
  readonly errors?: true;
  readonly from?: number;
  readonly to?: number;
  readonly follow?: true;
  readonly json?: true;
}

export function decodeCommand(context: Context): Command {
  return new Command("decode")
    .description("Explain a capture: frames, instructions, registers, or who asked what and what came back.")
    .argument("<FILE>", "capture, pcapng; of --capture, or of tcpdump and Wireshark", nonEmpty)
    .addOption(choice("--depth <NAME>", "how deep (default: conversation)", depths))
    .option("--register <PATTERN>", "only registers whose name is like this: 'CapMem*', 'CapMemCell n17.*'", nonEmpty)
    .option("--errors", "only what is not as it should be")
    .option("--from <SECONDS>", "only from this time on, as printed", seconds("--from"))
    .option("--to <SECONDS>", "only up to this time", seconds("--to"))
    .option("--follow", "go on while the capture is being written, until its orderly end")
    .option("--json", "one JSON object per line")
    .addHelpText(
      "after",
      `
Columns: seconds since the first packet, packet number, direction (-> to the board, <- to the host), what it is.
A line that starts with ! has something wrong; the reason stands behind it.

Examples:
  $ hxloop doctor --capture night.pcapng && hxloop decode night.pcapng
  $ hxloop decode night.pcapng --depth registers --register 'CapMemCell n17.*'
  $ hxloop decode night.pcapng --depth frames --errors --json`,
    )
    .action((file: string, flags: DecodeFlags) => decode(context, file, flags));
}

function seconds(option: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value) || value < 0)
      throw new FieldOutOfRange(option, text, "0 or more seconds since the first packet");
    return value;
  };
}

/** @throws UsageError, FileUnreadable, CaptureInvalid */
async function decode({ terminal, clock, interrupts }: Context, file: string, flags: DecodeFlags): Promise<void> {
  const depth = flags.depth ?? (flags.register === undefined ? "conversation" : "registers");
  if (flags.register !== undefined && (depth === "frames" || depth === "instructions"))
    throw new UsageError(
      `--register needs --depth registers or conversation; at ${depth} nothing has a register's name`,
    );
  const { explainAt } = await import("../../protocol/explain/explainer.js");
  const { readCapture } = await import("../capture-source.js");
  const isWanted = filterOf(flags);
  let lines: string[] = [];
  const explainer = explainAt(depth, file, (item) => {
    if (isWanted(item)) lines.push(`${flags.json ? jsonOf(item) : lineOf(item, terminal)}\n`);
  });
  const write = async (): Promise<void> => {
    if (lines.length === 0) return;
    const text = lines;
    lines = [];
    await writePieces(standard, text);
  };
  const options = { clock, signal: interrupts.signal, follow: flags.follow === true };
  let cut: unknown;
  try {
    cut = await readCapture(file, explainer, options, write);
  } finally {
    explainer.end();
    await write();
  }
  const error = explainer.error ?? cut;
  if (error !== undefined) throw error;
}

function filterOf({ register, errors, from, to }: DecodeFlags): (item: Item) => boolean {
  const pattern = register === undefined ? undefined : globOf(register);
  const [first, last] = [(from ?? 0) * 1e9, (to ?? Number.POSITIVE_INFINITY) * 1e9];
  return ({ origin, register: name, problem }) => {
    if (origin.timeNs < first || origin.timeNs > last) return false;
    if (errors && problem === undefined) return false;
    return pattern === undefined || (name !== undefined && pattern.test(name));
  };
}

/** A pattern with * and ? for a register's name; a container's name alone stands for all its coordinates. */
function globOf(pattern: string): RegExp {
  const escaped = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${escaped}( .*)?$`, "i");
}

const arrows = { toBoard: "->", toHost: "<-" } as const;

/** One line for people. */
export function lineOf({ origin, direction, text, problem }: Item, terminal: Pick<Terminal, "paint">): string {
  const time = (origin.timeNs / 1e9).toFixed(6).padStart(11);
  const arrow = direction === undefined ? "  " : arrows[direction];
  const board = origin.board === 0 ? "" : `[board ${origin.board}] `;
  const mark = problem === undefined ? " " : "!";
  const line = `${mark}${time} #${String(origin.packet).padEnd(6)} ${arrow} ${board}${text}`;
  return problem === undefined ? line : terminal.paint("yellow", `${line}  ! ${problem}`);
}

/** One object for programs. */
function jsonOf({ kind, origin, direction, text, register, problem, data }: Item): string {
  const { timeNs, packet, board } = origin;
  const head = { kind, timeNs, packet, board, direction: direction ?? null };
  return JSON.stringify({ ...head, register: register ?? null, problem: problem ?? null, ...data, text: text.trim() });
}
