/** `hxloop asm FILE -o OUT`: from the text of a playback program to its words. */
import { Command } from "commander";
import type { Context } from "../context.js";
import { UsageError } from "../errors.js";
import { nameOf, standard, writePieces } from "../files.js";
import { nonEmpty } from "../options.js";
import { readProgramText } from "../program-file.js";

export function asmCommand(context: Context): Command {
  return new Command("asm")
    .description("Make instruction words of a playback program's text.")
    .argument("<FILE>", "text of the program, see docs/assembly.md; - for standard input", nonEmpty)
    .requiredOption("-o, --out <OUT>", "words, 8 bytes each, big-endian; - for standard output", nonEmpty)
    .option("--json", "print one JSON object on stdout when it is done")
    .addHelpText("after", "\nExample:\n  $ hxloop asm record.hxasm -o record.bin")
    .action((file: string, flags: AsmFlags) => asm(context, file, flags));
}

interface AsmFlags {
  readonly out: string;
  readonly json?: true;
}

/** @throws UsageError, FileUnreadable, ProgramFileInvalid, AssemblyInvalid, FileUnwritable */
async function asm({ terminal, interrupts }: Context, file: string, { out, json }: AsmFlags): Promise<void> {
  if (json && out === standard) throw new UsageError("--json and the words cannot both go to standard output");
  const text = await readProgramText(file, interrupts.signal);
  const { assemble } = await import("../../protocol/text/index.js");
  const words = assemble(text, { source: nameOf(file, "input") });
  await writePieces(out, [words]);
  if (json) terminal.result(JSON.stringify({ schema: "hxloop.asm/1", file, out, words: words.length / 8 }));
}
