/**
 * Ctrl-C. The first one aborts the signal that every layer listens to and gives the work a moment to end in order; the
 * second one, or the moment being over, ends the process at once. Either way the run folder is left unfinished.
 */
import { type Clock, elapsedMs, type Instant } from "../base/clock.js";

/** Reason of the abort. Not an error of ours: somebody wished it. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";

  constructor(message = "interrupted") {
    super(message);
  }
}

/** How long the work may take to end in order. Two seconds are promised; the rest is for the process to go. */
const graceMs = 1500;
/** `npm start` passes on a Ctrl-C that the terminal has already sent to everybody: one press arrives twice. */
const samePressMs = 300;

/** The process as far as it is needed here, so that a test can stand in for it. */
export interface SignalSource {
  on(name: "SIGINT" | "SIGTERM", listener: () => void): unknown;
  off(name: "SIGINT" | "SIGTERM", listener: () => void): unknown;
}

export interface InterruptOptions {
  readonly clock: Clock;
  readonly source: SignalSource;
  /** Say something to the person. */
  readonly say: (text: string) => void;
  /** End the process without further ado. */
  readonly exit: () => void;
}

export class InterruptGuard {
  readonly #abort = new AbortController();
  readonly #options: InterruptOptions;
  #firstAt: Instant | undefined;
  /** What to say when the work could not end in order. */
  lastWords: (() => string) | undefined;
  readonly #onSignal = (): void => this.#signalled();

  constructor(options: InterruptOptions) {
    this.#options = options;
    options.source.on("SIGINT", this.#onSignal);
    options.source.on("SIGTERM", this.#onSignal);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  #signalled(): void {
    const { clock, say } = this.#options;
    const now = clock.now();
    if (this.#firstAt === undefined) {
      this.#firstAt = now;
      say("hxloop: stopping; Ctrl-C again to stop at once");
      this.#abort.abort(new Interrupted());
      clock.after(graceMs, () => this.#leave());
    } else if (elapsedMs(this.#firstAt, now) >= samePressMs) {
      this.#leave();
    }
  }

  #leave(): void {
    const words = this.lastWords?.();
    if (words !== undefined) this.#options.say(words);
    this.#options.exit();
  }

  dispose(): void {
    this.#options.source.off("SIGINT", this.#onSignal);
    this.#options.source.off("SIGTERM", this.#onSignal);
  }
}
