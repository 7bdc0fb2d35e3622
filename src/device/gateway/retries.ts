/**
 * Which failures of a chain of programs a session behind a gateway gets over by itself: those that the gateway tells of
 * while the session goes on there. A chain begins from cold, so that running it again from its start gives what the first
 * time would have given. Not silent: every one is a notice in the results.
 */
import { isHxError } from "../../base/errors.js";
import { LinkTimeout } from "../errors.js";

/** A program that does not come to its halt will not the next time either. */
const isOwnFault = (error: Error): boolean => error instanceof LinkTimeout && error.stage === "program";
/** The board died, its link was reset, the gateway was started anew. */
const passing = ["LinkTimeout", "LinkReset", "Disconnected", "OutcomeUnknown"] as const;
/** Failures in a row that are got over. Our choice: more is not an accident. */
const mostInARow = 3;

export class Retries {
  readonly #told = new WeakSet<object>();
  readonly #notices: string[] = [];
  #inARow = 0;

  /** For the readers of the results. */
  get notices(): readonly string[] {
    return this.#notices;
  }

  /** The gateway told of this failure, and the session is still there. */
  told(error: Error): void {
    this.#told.add(error);
  }

  /** A program has been answered. */
  answered(): void {
    this.#inARow = 0;
  }

  /** Whether the chain whose program failed so may be run again. */
  mayRetry(error: unknown): boolean {
    if (!(error instanceof Error) || !this.#told.has(error)) return false;
    if (isOwnFault(error)) return false;
    if (!passing.some((tag) => isHxError(error, tag)) || ++this.#inARow > mostInARow) return false;
    this.#notices.push(`programs were run again from a cold start, because: ${error.message}`);
    return true;
  }
}
