/**
 * Tickets and the answers behind them. All answers of a program lie in columns, one per kind (omnibus words and JTAG data
 * with their times, times of ticks); a ticket is a place in a column and decodes when it is asked.
 */
import type { ContainerType } from "../../protocol/containers/container.js";
import type { Coordinate } from "../../protocol/coordinates/coordinate.js";
import { TicketNotReady } from "../errors.js";
import type { Ticket } from "../interface/index.js";

export class ProgramAnswers {
  /** Number of answers that the program's reads and ticks will have. */
  expectedWords = 0;
  expectedJtag = 0;
  expectedTicks = 0;
  words = new Uint32Array(0);
  /** FPGA cycles. */
  wordTimes = new Float64Array(0);
  /** 33 bits each. */
  jtagData = new Float64Array(0);
  jtagTimes = new Float64Array(0);
  tickTimes = new Float64Array(0);
  /** Answers so far. */
  wordCount = 0;
  jtagCount = 0;
  tickCount = 0;
  /** The run is over and every answer is there. */
  isComplete = false;

  /** Make room; called when the run begins. */
  allocate(): void {
    this.words = new Uint32Array(this.expectedWords);
    this.wordTimes = new Float64Array(this.expectedWords);
    this.jtagData = new Float64Array(this.expectedJtag);
    this.jtagTimes = new Float64Array(this.expectedJtag);
    this.tickTimes = new Float64Array(this.expectedTicks);
  }

  get isFull(): boolean {
    return (
      this.wordCount === this.expectedWords &&
      this.jtagCount === this.expectedJtag &&
      this.tickCount === this.expectedTicks
    );
  }
}

/** Which answers a ticket waits for. */
export type AnswerKind = "omnibus" | "jtag";

/** `count` answers of one kind, from the next one on. */
class AnswerSpan {
  readonly #answers: ProgramAnswers;
  readonly #kind: AnswerKind;
  readonly #first: number;
  readonly #end: number;

  constructor(answers: ProgramAnswers, kind: AnswerKind, count: number) {
    this.#answers = answers;
    this.#kind = kind;
    this.#first = kind === "omnibus" ? answers.expectedWords : answers.expectedJtag;
    this.#end = this.#first + count;
    if (kind === "omnibus") answers.expectedWords = this.#end;
    else answers.expectedJtag = this.#end;
  }

  get isReady(): boolean {
    return this.#answers.isComplete;
  }
  get values(): Uint32Array | Float64Array {
    const { words, jtagData } = this.#answers;
    return (this.#kind === "omnibus" ? words : jtagData).subarray(this.#first, this.#end);
  }
  /** Time of the last answer. */
  get time(): number {
    const { wordTimes, jtagTimes } = this.#answers;
    return (this.#kind === "omnibus" ? wordTimes : jtagTimes)[this.#end - 1] as number;
  }
}

/** Ticket of a container read: one answer per word. */
export class ReadTicket<C extends string, F extends object> implements Ticket<F> {
  readonly #span: AnswerSpan;
  readonly #container: ContainerType<C, F>;
  readonly #at: Coordinate<C>;

  constructor(answers: ProgramAnswers, container: ContainerType<C, F>, at: Coordinate<C>) {
    this.#span = new AnswerSpan(answers, container.bus === "omnibus" ? "omnibus" : "jtag", container.wordCount);
    this.#container = container;
    this.#at = at;
  }

  get isReady(): boolean {
    return this.#span.isReady;
  }

  get(): F {
    this.#assertReady();
    return this.#container.decode(this.#span.values);
  }

  /** Time of the last word. */
  fpgaTime(): number {
    this.#assertReady();
    return this.#span.time;
  }

  #assertReady(): void {
    const { name, coordinate } = this.#container;
    if (!this.isReady) throw new TicketNotReady(`read of ${name} at ${coordinate.format(this.#at)}`);
  }
}

/** Ticket of one answer as it comes: an omnibus word or JTAG data. */
export class PlainTicket implements Ticket<number> {
  readonly #span: AnswerSpan;

  constructor(answers: ProgramAnswers, kind: AnswerKind) {
    this.#span = new AnswerSpan(answers, kind, 1);
  }

  get isReady(): boolean {
    return this.#span.isReady;
  }

  get(): number {
    this.#assertReady();
    return this.#span.values[0] as number;
  }

  fpgaTime(): number {
    this.#assertReady();
    return this.#span.time;
  }

  #assertReady(): void {
    if (!this.isReady) throw new TicketNotReady("read");
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
