/**
 * The tree of commands. A command's module is loaded when it is called by its name; all of them only for the list of
 * commands, for a name that is not known, and for what is generated from the tree.
 */
import { Command } from "commander";
import type { CommandTree, Context } from "./context.js";
import { exitCodeHelp } from "./exit-codes.js";
import { allCommands, applySettings, settingsHelp } from "./settings.js";
import { ownVersion } from "./versions.js";

type Make = (context: Context) => Command;
/** What a context is made of besides its tree. */
type Surroundings = Omit<Context, "tree">;

/** In the order in which they are listed. */
const loaders: Readonly<Record<string, () => Promise<Make>>> = {
  calibrate: async () => (await import("./commands/calibrate.js")).calibrateCommand,
  tasks: async () => (await import("./commands/tasks.js")).tasksCommand,
  init: async () => (await import("./commands/init.js")).initCommand,
  runs: async () => (await import("./commands/runs.js")).runsCommand,
  show: async () => (await import("./commands/show.js")).showCommand,
  compare: async () => (await import("./commands/compare.js")).compareCommand,
  apply: async () => (await import("./commands/apply.js")).applyCommand,
  report: async () => (await import("./commands/report.js")).reportCommand,
  study: async () => (await import("./commands/study.js")).studyCommand,
  doctor: async () => (await import("./commands/doctor.js")).doctorCommand,
  board: async () => (await import("./commands/board.js")).boardCommand,
  chip: async () => (await import("./commands/chip.js")).chipCommand,
  lif: async () => (await import("./commands/lif.js")).lifCommand,
  gateway: async () => (await import("./commands/gateway.js")).gatewayCommand,
  asm: async () => (await import("./commands/asm.js")).asmCommand,
  disasm: async () => (await import("./commands/disasm.js")).disasmCommand,
  run: async () => (await import("./commands/run.js")).runCommand,
  dissector: async () => (await import("./commands/dissector.js")).dissectorCommand,
  decode: async () => (await import("./commands/decode.js")).decodeCommand,
  replay: async () => (await import("./commands/replay.js")).replayCommand,
  diff: async () => (await import("./commands/diff.js")).diffCommand,
  settings: async () => (await import("./commands/settings.js")).settingsCommand,
  completion: async () => (await import("./commands/completion.js")).completionCommand,
};

const names: readonly string[] = Object.keys(loaders);

/** @param surroundings what commands are given */
export function commandTree(surroundings: Surroundings): CommandTree {
  const tree: CommandTree = { names, build: (name) => buildProgram({ ...surroundings, tree }, name) };
  return tree;
}

async function buildProgram(context: Context, name?: string): Promise<Command> {
  const program = new Command("hxloop")
    .description("Calibrate analog AdEx neurons of BrainScaleS-2 from membrane traces, with honest posteriors.")
    .version(ownVersion())
    .addHelpText("after", `\n${exitCodeHelp}\n\n${settingsHelp}`)
    .showSuggestionAfterError()
    .enablePositionalOptions()
    .hook("preAction", (_, command) => applySettings(command, context));
  const one = name !== undefined && Object.hasOwn(loaders, name) ? loaders[name] : undefined;
  const makers = await Promise.all((one === undefined ? Object.values(loaders) : [one]).map((load) => load()));
  for (const make of makers) program.addCommand(make(context));
  for (const command of allCommands(program)) {
    command.exitOverride().configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, "hxloop: ")),
    });
  }
  return program;
}
