/**
 * Tickets and the answers behind them. All answers of a program lie in two columns (omnibus words with their times,
 * times of ticks); a ticket is a place in a column and decodes when it is asked.
 */
import type { ContainerType } from "../../protocol/containers/container.js";
import type { Coordinate } from "../../protocol/coordinates/coordinate.js";
import { TicketNotReady } from "../errors.js";
import type { Ticket } from "../interface/index.js";

export class ProgramAnswers {
  /** Number of answers that the program's reads and ticks will have. */
  expectedWords = 0;
  expectedTicks = 0;
  words = new Uint32Array(0);
  /** FPGA cycles. */
  wordTimes = new Float64Array(0);
  tickTimes = new Float64Array(0);
  /** Answers so far. */
  wordCount = 0;
  tickCount = 0;
  /** The run is over and every answer is there. */
  isComplete = false;

  /** Make room; called when the run begins. */
  allocate(): void {
    this.words = new Uint32Array(this.expectedWords);
    this.wordTimes = new Float64Array(this.expectedWords);
    this.tickTimes = new Float64Array(this.expectedTicks);
  }

  get isFull(): boolean {
    return this.wordCount === this.expectedWords && this.tickCount === this.expectedTicks;
  }
}

/** Ticket of a container read: `count` words from `first` on. */
export class ReadTicket<C extends string, F extends object> implements Ticket<F> {
  readonly #answers: ProgramAnswers;
  readonly #first: number;
  readonly #container: ContainerType<C, F>;
  readonly #at: Coordinate<C>;

  constructor(answers: ProgramAnswers, container: ContainerType<C, F>, at: Coordinate<C>) {
    this.#answers = answers;
    this.#first = answers.expectedWords;
    this.#container = container;
    this.#at = at;
    answers.expectedWords += container.wordCount;
  }

  get isReady(): boolean {
    return this.#answers.isComplete;
  }

  get(): F {
    this.#assertReady();
    return this.#container.decode(this.#answers.words.subarray(this.#first, this.#first + this.#container.wordCount));
  }

  /** Time of the last word. */
  fpgaTime(): number {
    this.#assertReady();
    return this.#answers.wordTimes[this.#first + this.#container.wordCount - 1] as number;
  }

  #assertReady(): void {
    const { name, coordinate } = this.#container;
    if (!this.isReady) throw new TicketNotReady(`read of ${name} at ${coordinate.format(this.#at)}`);
  }
}

export class TickTicket implements Ticket<void> {
  readonly #answers: ProgramAnswers;
  readonly #index: number;

  constructor(answers: ProgramAnswers) {
    this.#answers = answers;
    this.#index = answers.expectedTicks++;
  }

  get isReady(): boolean {
    return this.#answers.isComplete;
  }

  get(): void {
    this.fpgaTime();
  }

  fpgaTime(): number {
    if (!this.isReady) throw new TicketNotReady("tick");
    return this.#answers.tickTimes[this.#index] as number;
  }
}
