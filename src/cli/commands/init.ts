/** `hxloop init`: write a task file with every key and a comment to each section, to be edited. */
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { Command } from "commander";
import { taskText } from "../../calib/task/task-text.js";
import { taskByName, taskNames } from "../../calib/task/tasks.js";
import type { Context } from "../context.js";
import { FileUnwritable, UsageError } from "../errors.js";
import { choice, nonEmpty } from "../options.js";

interface InitFlags {
  readonly task: string;
  readonly force?: true;
  readonly json?: true;
}

export function initCommand(context: Context): Command {
  return new Command("init")
    .description("Write a commented task file to start from.")
    .argument("[FILE]", "the file to write", nonEmpty, "task.toml")
    .addOption(choice("--task <NAME>", "the task to start from", taskNames).default("paper"))
    .option("--force", "replace a file that is there")
    .option("--json", "print one JSON object on stdout instead of text")
    .addHelpText(
      "after",
      "\nExample:\n  $ hxloop init mine.toml --task adex7 && hxloop calibrate --task mine.toml --demo-target",
    )
    .action((file: string, flags: InitFlags) => init(context, file, flags));
}

/** @throws UsageError, FileUnwritable */
async function init({ terminal }: Context, file: string, flags: InitFlags): Promise<void> {
  if (!file.endsWith(".toml")) throw new UsageError(`${file}: a task file is called *.toml`);
  if (existsSync(file) && !flags.force) throw new UsageError(`${file} is there already; --force replaces it`);
  const stem = basename(file, ".toml")
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, "-")
    .replace(/^[^a-z]+/, "");
  const name = stem === "" ? "task" : stem;
  try {
    await writeFile(file, taskText(taskByName(flags.task), name, flags.task));
  } catch (cause) {
    throw new FileUnwritable(`cannot write ${file}: ${(cause as Error).message}`, { cause });
  }
  if (flags.json)
    terminal.result(JSON.stringify({ schema: "hxloop.init/1", file, name, base: flags.task, notices: [] }));
  else
    terminal.result(
      `${file}\n\ncheck it with:  hxloop tasks ${file}\nuse it with:    hxloop calibrate --task ${file} --demo-target`,
    );
}
