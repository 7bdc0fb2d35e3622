/** `hxloop completion SHELL`: a script that completes commands, options and values, generated from the command tree. */
import { Argument, Command } from "commander";
import { completionModel } from "../completion/model.js";
import { completionScript, type Shell, shells } from "../completion/shells.js";
import type { Context } from "../context.js";
import { oneOf } from "../options.js";

export function completionCommand({ terminal, tree }: Context): Command {
  return new Command("completion")
    .description("Print a completion script for a shell.")
    .addArgument(new Argument("<SHELL>", shells.join(", ")).choices(shells).argParser(oneOf("SHELL", shells)))
    .option("--json", "print what can be completed as one JSON object instead")
    .addHelpText("after", "\nExample:\n  $ source <(hxloop completion bash)")
    .action(async (shell: Shell, flags: { json?: true }) => {
      const commands = completionModel(await tree.build());
      if (flags.json) terminal.result(JSON.stringify({ schema: "hxloop.completion/1", commands }));
      else terminal.result(completionScript(shell, commands).trimEnd());
    });
}
