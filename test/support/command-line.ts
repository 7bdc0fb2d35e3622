/** The real command tree without its deeds: a command line is parsed as users' are, and what it asked for is given back. */
import { PassThrough } from "node:stream";
import type { Command } from "commander";
import { ManualClock } from "../../src/base/clock.js";
import { silentLogger } from "../../src/base/log.js";
import type { CommandTree } from "../../src/cli/context.js";
import { InterruptGuard } from "../../src/cli/interrupt.js";
import { allCommands, pathOf } from "../../src/cli/settings.js";
import { makeTerminal } from "../../src/cli/terminal.js";

// The build's, which Node loads as it is: transforming all commands once more takes longer than the tests.
const built = new URL("../../dist/src/cli/program.js", import.meta.url).href;
const { commandTree } = (await import(built)) as typeof import("../../src/cli/program.js");

export interface Asked {
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly options: Record<string, unknown>;
}

/** @param env HXLOOP_CONFIG is empty unless given: no settings of this machine */
export function testTree(env: Record<string, string> = {}): CommandTree {
  const clock = new ManualClock();
  const source = { on: () => undefined, off: () => undefined };
  const interrupts = new InterruptGuard({ clock, source, say: () => undefined, exit: () => undefined });
  const out = new PassThrough().resume() as unknown as Parameters<typeof makeTerminal>[0];
  const terminal = makeTerminal(out, out, {});
  return commandTree({ terminal, clock, logger: silentLogger, interrupts, env: { HXLOOP_CONFIG: "", ...env } });
}

/** @param words without `hxloop` @throws what a user would be told */
export async function asked(words: readonly string[], env: Record<string, string> = {}): Promise<Asked | undefined> {
  const program = await testTree(env).build(words[0]);
  let result: Asked | undefined;
  for (const command of allCommands(program)) {
    command.configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
    if (command.commands.length > 0) continue;
    command.action((...rest: unknown[]) => {
      const own = rest.at(-1) as Command;
      result = { command: pathOf(own), args: own.args, options: own.opts() };
    });
  }
  await program.parseAsync(words, { from: "user" });
  return result;
}
