/** Errors of the virtual board's listeners. */
import { taggedError } from "../src/base/errors.js";

/** The address, port or path cannot be had: choose another, or end who has it. */
export class AddressTaken extends taggedError("AddressTaken", "usage") {
  constructor(what: string, why: string, options?: ErrorOptions) {
    super(`${what}: ${why}`, options);
  }
}

/** Nothing on this machine makes pseudo-terminals: install one of the two. */
export class PseudoTerminalMissing extends taggedError("PseudoTerminalMissing", "device") {
  constructor(why: string) {
    super(`no pseudo-terminal: the package @lydell/node-pty is not installed, and socat cannot be run (${why})`);
  }
}
