/** What every command is given: where to write, when to stop, what time it is. Made once in `main`. */
import type { Command } from "commander";
import type { Clock } from "../base/clock.js";
import type { Logger } from "../base/log.js";
import type { InterruptGuard } from "./interrupt.js";
import type { Terminal } from "./terminal.js";

/** The command line as a value: for what shows or checks it. */
export interface CommandTree {
  /** Names of the commands, in the order in which they are listed. */
  readonly names: readonly string[];
  /** The program with the command of this name alone, or with all when there is none. */
  build(name?: string): Promise<Command>;
}

export interface Context {
  readonly tree: CommandTree;
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly interrupts: InterruptGuard;
  readonly env: NodeJS.ProcessEnv;
}

/** The device when none is named: board and chip in a worker thread. */
export const defaultDevice = "virtual:?chip=1";

/** Folder under the working directory that holds runs without an --out of their own. */
export const runsFolder = "runs";
