/** The lines of a conversation: one kind of question each, which grows while alike questions follow. */
import type { Asked } from "./board-words.js";
import type { MessagePlace } from "./host-words.js";
import { duration, fpgaTimeText, type Item, plural } from "./item.js";
import { askedText, type Question, questionOf } from "./question.js";
import { contentsData, contentsText, type ReadTarget, targetName } from "./register-text.js";

export interface Step {
  /** Nothing more can change. */
  readonly isComplete: boolean;
  /** No alike question follows. */
  close(): void;
  items(): readonly Item[];
}

/** Something that is complete at once. */
export class NoteStep implements Step {
  readonly isComplete = true;
  readonly #item: Item;

  constructor(item: Item) {
    this.#item = item;
  }
  close(): void {}
  items(): readonly Item[] {
    return [this.#item];
  }
}

/** Writes to registers of one kind. */
export class WritesStep implements Step {
  readonly #first: Asked;
  readonly #container: string;
  #last: Asked;
  #count = 1;
  isComplete = false;

  constructor(first: Asked) {
    this.#first = first;
    this.#last = first;
    this.#container = containerOf(first);
  }
  /** @returns false when it is another kind of register */
  join(asked: Asked): boolean {
    if (this.isComplete || containerOf(asked) !== this.#container || asked.program !== this.#first.program)
      return false;
    this.#last = asked;
    this.#count++;
    return true;
  }
  close(): void {
    this.isComplete = true;
  }
  items(): readonly Item[] {
    const { origin, program, index } = this.#first;
    const question = questionOf(this.#first);
    const base = { kind: "write", origin, direction: "toBoard" } as const;
    const data = { program, index, count: this.#count, container: this.#container };
    if (this.#count === 1 && question.kind === "write")
      return [
        {
          ...base,
          text: `  ${askedText(this.#first)}`,
          register: this.#names(),
          data: { ...data, fields: question.fields },
        },
      ];
    const text = `  write ${this.#count} x ${this.#names()}`;
    return [{ ...base, text, register: this.#names(), data }];
  }
  #names(): string {
    const first = placeOf(this.#first);
    const last = placeOf(this.#last);
    return `${this.#container} ${first}${this.#count > 1 ? ` .. ${last}` : ""}`;
  }
}

/** Reads of one kind of register that are shown one by one before the rest is only counted. */
const shownReads = 8;

/** Reads of registers of one kind, with their answers. */
export class ReadsStep implements Step {
  readonly #container: string;
  readonly #shown: Item[] = [];
  readonly #first: Asked;
  #count = 0;
  #waiting = 0;
  #unanswered = 0;
  #isClosed = false;
  #longestNs = 0;
  #lastName = "";

  constructor(first: Asked) {
    this.#first = first;
    this.#container = containerOf(first);
  }
  get isComplete(): boolean {
    return this.#isClosed && this.#waiting === 0;
  }
  takes(target: ReadTarget): boolean {
    return !this.#isClosed && containerName(target) === this.#container;
  }
  close(): void {
    this.#isClosed = true;
  }

  /** @returns what to call when the answer is there, or will not come */
  expect(target: ReadTarget, asked: Asked): (words: readonly number[], place: MessagePlace | undefined) => void {
    const number = this.#count++;
    this.#waiting++;
    this.#lastName = targetName(target);
    return (words, place) => {
      this.#waiting--;
      const afterNs = place === undefined ? 0 : place.origin.timeNs - asked.origin.timeNs;
      this.#longestNs = Math.max(this.#longestNs, afterNs);
      if (place === undefined) this.#unanswered++;
      if (number < shownReads || place === undefined) this.#shown.push(readItem(target, asked, words, place));
    };
  }

  items(): readonly Item[] {
    const rest = this.#count - this.#shown.length;
    if (rest <= 0) return this.#shown;
    const { origin, program, index } = this.#first;
    const register = `${targetName(targetOf(this.#first))} .. ${this.#lastName}`;
    const text = `  read ${rest} more of ${this.#count} x ${register}, answered within ${duration(this.#longestNs)}`;
    const data = { program, index, count: this.#count, unanswered: this.#unanswered, longestNs: this.#longestNs };
    return [...this.#shown, { kind: "read", origin, direction: "toBoard", text, register, data }];
  }
}

function readItem(target: ReadTarget, asked: Asked, words: readonly number[], place: MessagePlace | undefined): Item {
  const { origin, program, index } = asked;
  const register = targetName(target);
  const base = { kind: "read", origin, direction: "toBoard", register } as const;
  if (place === undefined) {
    const problem = "no answer";
    return { ...base, text: `  read ${register}`, problem, data: { program, index } };
  }
  const afterNs = place.origin.timeNs - origin.timeNs;
  return {
    ...base,
    text: `  read ${contentsText(target, words)}, after ${duration(afterNs)} @ ${fpgaTimeText(place.fpgaTime)}`,
    data: { program, index, fields: contentsData(target, words), afterNs, fpgaCycles: place.fpgaTime },
  };
}

/** Ticks in a row. */
export class TickStep implements Step {
  readonly #first: Asked;
  #waiting = 1;
  #count = 1;
  #isClosed = false;
  #answered: MessagePlace | undefined;
  #unanswered = 0;

  constructor(first: Asked) {
    this.#first = first;
  }
  get isComplete(): boolean {
    return this.#isClosed && this.#waiting === 0;
  }
  join(): boolean {
    if (this.#isClosed) return false;
    this.#count++;
    this.#waiting++;
    return true;
  }
  close(): void {
    this.#isClosed = true;
  }
  settle(place: MessagePlace | undefined): void {
    this.#waiting--;
    if (place === undefined) this.#unanswered++;
    else this.#answered = place;
  }
  items(): readonly Item[] {
    const { origin, program, index } = this.#first;
    const answered = this.#answered;
    const afterNs = answered === undefined ? null : answered.origin.timeNs - origin.timeNs;
    const came = answered === undefined ? "" : `, after ${duration(afterNs ?? 0)} @ ${fpgaTimeText(answered.fpgaTime)}`;
    return [
      {
        kind: "instruction",
        origin,
        direction: "toBoard",
        text: `  ${plural(this.#count, "tick")}${came}`,
        ...(this.#unanswered > 0 ? { problem: `${this.#unanswered} without an answer` } : {}),
        data: { program, index, name: "tick", count: this.#count, afterNs, fpgaCycles: answered?.fpgaTime ?? null },
      },
    ];
  }
}

/** The timer set to zero, and a wait for it. */
export class WaitStep implements Step {
  readonly #asked: Asked;
  readonly #isReset: boolean;
  #cycles: number | undefined;
  isComplete = false;

  constructor(asked: Asked, question: Question) {
    this.#asked = asked;
    this.#isReset = question.kind === "timer";
    if (question.kind === "wait") this.#cycles = question.cycles;
  }
  join(question: Question): boolean {
    if (this.isComplete || question.kind !== "wait" || this.#cycles !== undefined) return false;
    this.#cycles = question.cycles;
    return true;
  }
  close(): void {
    this.isComplete = true;
  }
  items(): readonly Item[] {
    const { origin, program, index } = this.#asked;
    const until =
      this.#cycles === undefined ? [] : [`wait until ${this.#cycles} cycles (${fpgaTimeText(this.#cycles)})`];
    const text = [...(this.#isReset ? ["timer reset"] : []), ...until].join(", ");
    const data = { program, index, name: "wait", resetsTimer: this.#isReset, cycles: this.#cycles ?? null };
    return [{ kind: "instruction", origin, direction: "toBoard", text: `  ${text}`, data }];
  }
}

/** The end of a program. */
export class HaltStep implements Step {
  readonly #asked: Asked;
  readonly #began: Item["origin"];
  #item: Item | undefined;

  constructor(asked: Asked, began: Item["origin"]) {
    this.#asked = asked;
    this.#began = began;
  }
  get isComplete(): boolean {
    return this.#item !== undefined;
  }
  close(): void {}
  /** @param resends frames that came again meanwhile */
  settle(place: MessagePlace | undefined, resends: number): void {
    const { program, index, origin } = this.#asked;
    const data = { event: "ends", program, instructions: index + 1, resends };
    const head = `program ${program}: ${plural(index + 1, "instruction")}`;
    const again = resends === 0 ? "" : `, ${plural(resends, "frame")} sent again`;
    if (place === undefined) {
      const problem = "its halt has no answer";
      this.#item = { kind: "program", origin, direction: "toHost", text: `${head}${again}`, problem, data };
      return;
    }
    const afterNs = place.origin.timeNs - this.#began.timeNs;
    this.#item = {
      kind: "program",
      origin: place.origin,
      direction: "toHost",
      text: `${head}, halted ${duration(afterNs)} after its first word @ ${fpgaTimeText(place.fpgaTime)}${again}`,
      data: { ...data, afterNs, fpgaCycles: place.fpgaTime },
    };
  }
  items(): readonly Item[] {
    return this.#item === undefined ? [] : [this.#item];
  }
}

function targetOf(asked: Asked): ReadTarget {
  const question = questionOf(asked);
  return question.kind === "read" ? question.target : { kind: "jtag" };
}

function containerName(target: ReadTarget): string {
  return target.kind === "container" ? target.container.name : target.kind;
}

function containerOf(asked: Asked): string {
  const question = questionOf(asked);
  if (question.kind === "write") return question.name;
  return question.kind === "read" ? containerName(question.target) : "";
}

function placeOf({ statement }: Asked): string {
  if (statement.kind === "omnibusWrite") return `0x${statement.address.toString(16)}`;
  return statement.kind === "write" ? statement.container.coordinate.format(statement.at) : "";
}
