/** `hxloop asm FILE -o OUT`: from the text of a playback program to its words. */
import { Command } from "commander";
import type { Context } from "../context.js";
import { nameOf, writePieces } from "../files.js";
import { nonEmpty } from "../options.js";
import { readProgramText } from "../program-file.js";

export function asmCommand(context: Context): Command {
  return new Command("asm")
    .description("Make instruction words of a playback program's text.")
    .argument("<FILE>", "text of the program, see docs/assembly.md; - for standard input", nonEmpty)
    .requiredOption("-o, --out <OUT>", "words, 8 bytes each, big-endian; - for standard output", nonEmpty)
    .addHelpText("after", "\nExample:\n  $ hxloop asm record.hxasm -o record.bin")
    .action((file: string, flags: { readonly out: string }) => asm(context, file, flags.out));
}

/** @throws FileUnreadable, ProgramFileInvalid, AssemblyInvalid, FileUnwritable */
async function asm({ interrupts }: Context, file: string, out: string): Promise<void> {
  const text = await readProgramText(file, interrupts.signal);
  const { assemble } = await import("../../protocol/text/index.js");
  await writePieces(out, [assemble(text, { source: nameOf(file, "input") })]);
}
