/** `hxloop diff A B`: do two captures say the same? */
import { Command } from "commander";
import type { Difference } from "../../protocol/explain/compare.js";
import type { ProgramRecord } from "../../protocol/explain/program-record.js";
import type { Context } from "../context.js";
import { exitCodes } from "../exit-codes.js";
import { nonEmpty } from "../options.js";

interface DiffFlags {
  readonly json?: true;
}

/** As diff(1) has it: not an error, but an answer that a script can ask for. */
export const exitCodeOfDifference = 1;

export function diffCommand(context: Context): Command {
  return new Command("diff")
    .description("Compare two captures by what they mean: programs and answers, not times and resends.")
    .argument("<A>", "capture", nonEmpty)
    .argument("<B>", "capture", nonEmpty)
    .option("--json", "print one JSON object on stdout instead of text")
    .addHelpText(
      "after",
      `
Shows the first difference, with what came before it, and counts the rest. Programs that only one side has are told as
such, and what follows is compared all the same. Numbers of MADC samples and spikes are noted
where they differ, and decide nothing unless one side has none.

Exit code 0: the same. 1: different. Others as in hxloop --help.

Example:
  $ hxloop diff good.pcapng bad.pcapng`,
    )
    .action(async (a: string, b: string, flags: DiffFlags) => {
      process.exitCode = await diff(context, a, b, flags);
    });
}

/** @throws FileUnreadable, CaptureInvalid */
async function diff(context: Context, a: string, b: string, flags: DiffFlags): Promise<number> {
  const { terminal } = context;
  const { differenceText } = await import("../difference-text.js");
  const differences: Difference[] = [];
  let programs = 0;
  for (let board = 0; ; board++) {
    const compared = await compareBoard(context, a, b, board);
    if (compared === undefined) break;
    programs += compared.programs;
    differences.push(...compared.differences);
  }
  const found = differences.filter(({ isNote }) => !isNote);
  const notes = differences.filter(({ isNote }) => isNote);
  const code = found.length === 0 ? exitCodes.ok : exitCodeOfDifference;
  if (flags.json) {
    terminal.result(JSON.stringify({ schema: "hxloop.diff/1", same: found.length === 0, programs, differences }));
    return code;
  }
  const [first] = found;
  if (first !== undefined) terminal.result(differenceText(first, [a, b]));
  const noted = notes.length === 0 ? "" : `; samples or spikes differ in number or value in ${notes.length} places`;
  const verdict =
    found.length === 0 ? "the same" : `${found.length} ${found.length === 1 ? "difference" : "differences"}`;
  terminal.result(`${verdict} in ${programs} programs${noted}`);
  return code;
}

interface Compared {
  readonly programs: number;
  readonly differences: readonly Difference[];
}

/** @returns undefined when neither capture has this board */
async function compareBoard(context: Context, a: string, b: string, board: number): Promise<Compared | undefined> {
  const { comparePrograms, hasSameWords, missingProgram } = await import("../../protocol/explain/compare.js");
  const { eachProgram } = await import("../captured-programs.js");
  const { Pairing } = await import("../pairing.js");
  const pairing = new Pairing<ProgramRecord>(hasSameWords);
  const differences: Difference[] = [];
  let programs = 0;
  const [inA, inB] = await Promise.all([
    eachProgram(context, a, board, (program) => pairing.offer("a", program)).finally(() => pairing.end("a")),
    eachProgram(context, b, board, (program) => pairing.offer("b", program)).finally(() => pairing.end("b")),
    pairing.each((one, other) => {
      programs++;
      if (one !== undefined && other !== undefined) differences.push(...comparePrograms(one, other));
      else if (one !== undefined) differences.push(missingProgram(one, "b"));
      else if (other !== undefined) differences.push(missingProgram(other, "a"));
    }),
  ]);
  if (board === 0)
    for (const { cut } of [inA, inB])
      if (cut !== undefined) context.terminal.say(`${context.terminal.paint("yellow", "warning:")} ${cut.message}`);
  return board < Math.max(inA.boards, inB.boards) ? { programs, differences } : undefined;
}
