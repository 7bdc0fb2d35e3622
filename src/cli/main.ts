/** The command line: one call from its arguments to its exit code. */
import { CommanderError } from "commander";
import { systemClock } from "../base/clock.js";
import { exitCodeOf, exitCodes, messageOf } from "./exit-codes.js";
import { InterruptGuard } from "./interrupt.js";
import { makeLogger } from "./logger.js";
import { commandTree } from "./program.js";
import { makeTerminal } from "./terminal.js";

const successes = new Set(["commander.helpDisplayed", "commander.version"]);

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
    const tree = commandTree({ terminal, clock: systemClock, logger, interrupts, env });
    await (await tree.build(argv[2])).parseAsync(argv);
    code = Number(process.exitCode ?? exitCodes.ok);
  } catch (error) {
    if (error instanceof CommanderError) code = successes.has(error.code) ? exitCodes.ok : exitCodes.usage;
    else code = fail(error);
  }
  await Promise.all([flushed(stdout), flushed(stderr)]);
  process.exit(code);
}
