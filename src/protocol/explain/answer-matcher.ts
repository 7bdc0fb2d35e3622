/**
 * Which answer belongs to which question. Answers of one kind come in the order of the questions; a halt closes its
 * program, so what is open then has no answer; a timeout names a question that will have none.
 */
import type { MessagePlace } from "./host-words.js";

export type AnswerKind = "omnibus" | "jtag" | "tick" | "halt";

/** A question that waits. */
export interface Expectation {
  readonly kind: AnswerKind;
  readonly program: number;
  /** Of its first instruction, and how many it takes. */
  readonly index: number;
  readonly length: number;
  /** Words that are to come; 0 for ticks and halts, which are answered by their message alone. */
  readonly words: number;
  /** All is there; or `words` are missing, when it was given up. */
  settle(words: readonly number[], place: MessagePlace | undefined): void;
}

interface Waiting {
  readonly expectation: Expectation;
  missing: number;
  readonly words: number[];
}

/** Questions of one kind that may wait. Our choice: bounds what a capture of one direction makes us remember. */
const maxWaiting = 1 << 16;

class Queue {
  #items: Waiting[] = [];
  #first = 0;

  get head(): Waiting | undefined {
    return this.#items[this.#first];
  }
  get length(): number {
    return this.#items.length - this.#first;
  }
  push(item: Waiting): void {
    this.#items.push(item);
  }
  shift(): void {
    this.#first++;
    if (this.#first > 1024 && 2 * this.#first > this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
  }
  find(test: (item: Waiting) => boolean): Waiting | undefined {
    return this.#items.slice(this.#first).find(test);
  }
  remove(item: Waiting): void {
    const at = this.#items.indexOf(item, this.#first);
    if (at >= 0) this.#items.splice(at, 1);
  }
}

export class AnswerMatcher {
  readonly #queues: Readonly<Record<AnswerKind, Queue>> = {
    omnibus: new Queue(),
    jtag: new Queue(),
    tick: new Queue(),
    halt: new Queue(),
  };
  readonly #demand: () => void;

  /** @param demand called when an answer comes that nothing waits for: questions may still be on their way */
  constructor(demand: () => void) {
    this.#demand = demand;
  }

  /** The oldest program that has no halt. */
  get program(): number | undefined {
    return this.#queues.halt.head?.expectation.program;
  }

  expect(expectation: Expectation): void {
    const queue = this.#queues[expectation.kind];
    if (queue.length === maxWaiting) this.#giveUp(queue);
    queue.push({ expectation, missing: expectation.words, words: [] });
  }

  /** @returns false when nobody has asked */
  answer(kind: AnswerKind, word: number, place: MessagePlace): boolean {
    const queue = this.#queues[kind];
    if (queue.head === undefined) this.#demand();
    const head = queue.head;
    if (head === undefined) return false;
    if (head.missing > 0) {
      head.missing--;
      head.words.push(word);
    }
    if (head.missing > 0) return true;
    if (kind === "halt") this.#closeUpTo(head.expectation.program, false);
    queue.shift();
    head.expectation.settle(head.words, place);
    return true;
  }

  /** The board gave up waiting for an instruction of the running program. */
  timeout(instruction: number): void {
    const program = this.program;
    for (const kind of ["omnibus", "jtag"] as const) {
      const stuck = this.#queues[kind].find(({ expectation: { program: of, index, length } }) => {
        return (program === undefined || of === program) && instruction >= index && instruction < index + length;
      });
      if (stuck === undefined) continue;
      stuck.missing--;
      if (stuck.missing > 0) return;
      this.#queues[kind].remove(stuck);
      stuck.expectation.settle(stuck.words, undefined);
      return;
    }
  }

  /** Nothing that was asked will be answered: the link was reset, or the capture ends. */
  giveUpAll(): void {
    this.#closeUpTo(Number.POSITIVE_INFINITY, true);
  }

  #closeUpTo(program: number, withHalts: boolean): void {
    for (const kind of ["omnibus", "jtag", "tick", "halt"] as const) {
      if (kind === "halt" && !withHalts) continue;
      const queue = this.#queues[kind];
      while (queue.head !== undefined && queue.head.expectation.program <= program) this.#giveUp(queue);
    }
  }

  #giveUp(queue: Queue): void {
    const head = queue.head;
    queue.shift();
    head?.expectation.settle(head.words, undefined);
  }
}
