/**
 * The command line: which commands there are, how their arguments look, and what becomes of an error. Commands are
 * loaded when they are called, so that `--help` and a wrong argument are answered at once and without native code.
 */
import { Command, CommanderError } from "commander";
import { systemClock } from "../base/clock.js";
import { applyCommand } from "./commands/apply.js";
import { asmCommand } from "./commands/asm.js";
import { boardCommand } from "./commands/board.js";
import { calibrateCommand } from "./commands/calibrate.js";
import { chipCommand } from "./commands/chip.js";
import { compareCommand } from "./commands/compare.js";
import { decodeCommand } from "./commands/decode.js";
import { diffCommand } from "./commands/diff.js";
import { disasmCommand } from "./commands/disasm.js";
import { dissectorCommand } from "./commands/dissector.js";
import { doctorCommand } from "./commands/doctor.js";
import { gatewayCommand } from "./commands/gateway.js";
import { initCommand } from "./commands/init.js";
import { replayCommand } from "./commands/replay.js";
import { reportCommand } from "./commands/report.js";
import { runCommand } from "./commands/run.js";
import { runsCommand } from "./commands/runs.js";
import { showCommand } from "./commands/show.js";
import { studyCommand } from "./commands/study.js";
import { tasksCommand } from "./commands/tasks.js";
import type { Context } from "./context.js";
import { exitCodeHelp, exitCodeOf, exitCodes, messageOf } from "./exit-codes.js";
import { InterruptGuard } from "./interrupt.js";
import { makeLogger } from "./logger.js";
import { makeTerminal } from "./terminal.js";
import { ownVersion } from "./versions.js";

const successes = new Set(["commander.helpDisplayed", "commander.version"]);

function buildProgram(context: Context): Command {
  const program = new Command("hxloop")
    .description("Calibrate analog AdEx neurons of BrainScaleS-2 from membrane traces, with honest posteriors.")
    .version(ownVersion())
    .addHelpText("after", `\n${exitCodeHelp}`)
    .showSuggestionAfterError()
    .enablePositionalOptions();
  const commands = [
    calibrateCommand,
    tasksCommand,
    initCommand,
    runsCommand,
    showCommand,
    compareCommand,
    applyCommand,
    reportCommand,
    doctorCommand,
    boardCommand,
    chipCommand,
    gatewayCommand,
    asmCommand,
    disasmCommand,
    runCommand,
    dissectorCommand,
    decodeCommand,
    replayCommand,
    diffCommand,
    studyCommand,
  ];
  for (const command of commands) program.addCommand(command(context));
  for (const command of [program, ...program.commands.flatMap((command) => [command, ...command.commands])]) {
    command.exitOverride().configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, "hxloop: ")),
    });
  }
  return program;
}

/** Resolves when what was written has left the process. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write("", () => resolve()));
}

/** Run one command line and end the process with its exit code. */
export async function main(argv: readonly string[]): Promise<never> {
  const { env, stdout, stderr } = process;
  const terminal = makeTerminal(stdout, stderr, env);
  const isDebug = env.HXLOOP_DEBUG !== undefined && env.HXLOOP_DEBUG !== "" && env.HXLOOP_DEBUG !== "0";
  const fail = (error: unknown): number => {
    terminal.say(messageOf(error, isDebug));
    return exitCodeOf(error);
  };
  const die = (error: unknown): never => process.exit(fail(error));
  process.on("uncaughtException", die).on("unhandledRejection", die);
  // A reader that has seen enough (`hxloop doctor | head -1`) is no failure.
  stdout.on("error", (error: NodeJS.ErrnoException) => (error.code === "EPIPE" ? process.exit(0) : die(error)));

  const exit = (): never => process.exit(exitCodes.interrupted);
  const interrupts = new InterruptGuard({ clock: systemClock, source: process, say: terminal.say, exit });
  let code: number = exitCodes.ok;
  try {
    const logger = await makeLogger(env);
    await buildProgram({ terminal, clock: systemClock, logger, interrupts, env }).parseAsync(argv);
    code = Number(process.exitCode ?? exitCodes.ok);
  } catch (error) {
    if (error instanceof CommanderError) code = successes.has(error.code) ? exitCodes.ok : exitCodes.usage;
    else code = fail(error);
  }
  await Promise.all([flushed(stdout), flushed(stderr)]);
  process.exit(code);
}
