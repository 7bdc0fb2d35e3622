/** `hxloop settings`: which settings hold besides flags, and where they come from. */
import { existsSync } from "node:fs";
import { Command } from "commander";
import { align } from "../../report/format.js";
import type { Context } from "../context.js";
import { UsageError } from "../errors.js";
import { allCommands, pathOf, settingsFiles, settingsFor } from "../settings.js";

const example = `# Settings of hxloop. In the working directory as hxloop.toml, or for all of a user's work as
# ~/.config/hxloop/config.toml. Flags and HXLOOP_OPTION in the environment come before it.

# For every command that has such an option: device, task, neuron, seed, backend, json, quiet.
device = "virtual:?chip=1"
# device = ["udp://192.168.4.2", "udp://192.168.4.3"]
# seed = 7

# For one command: its long options.
[calibrate]
# simulations = 2500
# rounds = 5
# scheme = "tsnpe"

[study.resume]
# kills = 50
`;

export function settingsCommand(context: Context): Command {
  return new Command("settings")
    .description("Show which settings hold besides flags, and where they come from.")
    .argument("[COMMAND...]", "the command that is asked about, for example: study resume (default: calibrate)")
    .option("--example", "print a commented file to start from")
    .option("--json", "print one JSON object on stdout instead of text")
    .addHelpText("after", "\nExamples:\n  $ hxloop settings calibrate\n  $ hxloop settings --example")
    .action((path: string[], flags: SettingsFlags) => settings(context, path, flags));
}

interface SettingsFlags {
  readonly example?: true;
  readonly json?: true;
}

/** @throws UsageError, SettingInvalid, FileUnreadable */
async function settings(context: Context, asked: string[], flags: SettingsFlags): Promise<void> {
  const { terminal, env, tree } = context;
  if (flags.example) return terminal.result(example.trimEnd());
  const path = asked.length === 0 ? ["calibrate"] : asked;
  const program = await tree.build(path[0]);
  const command = allCommands(program).find((candidate) => pathOf(candidate).join(" ") === path.join(" "));
  if (command === undefined) throw new UsageError(`no command ${path.join(" ")}; see: hxloop --help`);
  const files = settingsFiles(env).map((file) => ({ file, found: existsSync(file) }));
  // The strongest of each.
  const settings = [
    ...new Map((await settingsFor(command, context)).map((setting) => [setting.option, setting])).values(),
  ];
  if (flags.json)
    return terminal.result(JSON.stringify({ schema: "hxloop.settings/1", command: path, files, settings }));
  const lines = files.map(({ file, found }) => `${found ? "read" : "absent"}  ${file}`);
  const rows = settings.map(({ option, value, source }) => [`--${option}`, String(value), source]);
  terminal.result([...lines, ...(rows.length === 0 ? ["nothing is set"] : align(rows))].join("\n"));
}
