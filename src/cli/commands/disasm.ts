/** `hxloop disasm FILE`: from the words of a playback program to its text, or to records for other programs. */
import { Command } from "commander";
import type { Context } from "../context.js";
import { standard, writePieces } from "../files.js";
import { nonEmpty } from "../options.js";
import { readProgramWords } from "../program-file.js";

interface DisasmFlags {
  readonly out?: string;
  readonly json?: true;
}

export function disasmCommand(context: Context): Command {
  return new Command("disasm")
    .description("Print the text of a playback program's instruction words.")
    .argument("<FILE>", "words, 8 bytes each, big-endian; - for standard input", nonEmpty)
    .option("-o, --out <OUT>", "where the text goes (default: standard output)", nonEmpty)
    .option("--json", "a list of {index, instruction, container, coordinate, fields, address, word}")
    .addHelpText("after", "\nExample:\n  $ hxloop disasm record.bin")
    .action((file: string, flags: DisasmFlags) => disasm(context, file, flags));
}

/** @throws FileUnreadable, ProgramFileInvalid, FileUnwritable */
async function disasm({ interrupts }: Context, file: string, flags: DisasmFlags): Promise<void> {
  const words = await readProgramWords(file, interrupts.signal);
  const { disassembleLines, disassembleRecords } = await import("../../protocol/text/index.js");
  const pieces = flags.json ? jsonList(disassembleRecords(words)) : lines(disassembleLines(words));
  await writePieces(flags.out ?? standard, pieces);
}

function* lines(texts: Iterable<string>): Generator<string> {
  for (const text of texts) yield `${text}\n`;
}

/** A JSON list with one element per line. */
function* jsonList(elements: Iterable<unknown>): Generator<string> {
  let separator = "[\n";
  for (const element of elements) {
    yield separator + JSON.stringify(element);
    separator = ",\n";
  }
  yield separator === "[\n" ? "[]\n" : "\n]\n";
}
