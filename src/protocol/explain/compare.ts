/**
 * Compares two runs of what should be the same programs: instructions by what they mean, answers by register. Times of
 * the link, resends and FPGA times do not count; samples and spikes are noisy, so their numbers are told and decide
 * nothing, unless one side has none.
 */
import { recognise } from "../text/recognise.js";
import type { Asked } from "./board-words.js";
import type { EventSummary } from "./event-summary.js";
import type { ProgramRecord } from "./program-record.js";
import { askedText, questionOf } from "./question.js";
import { answersOf, contentsData, contentsText, type ReadTarget, targetName } from "./register-text.js";

export interface Difference {
  /** In which program of the board. */
  readonly program: number;
  /** Number of the instruction; undefined when the program as a whole differs. */
  readonly index?: number;
  readonly what: string;
  readonly register?: string;
  /** Each side as text. */
  readonly a: string;
  readonly b: string;
  /** Statements before it, as text, for instructions. */
  readonly context: readonly string[];
  /** Told only, decides nothing. */
  readonly isNote: boolean;
}

/** Statements that are shown before the first that differs. */
const contextLines = 3;
/** Differences that are told of one program. */
const maxTold = 100;

interface Step {
  readonly text: string;
  readonly index: number;
  readonly target?: ReadTarget;
}

/** A program that only one side has. */
export function missingProgram(program: ProgramRecord, side: "a" | "b"): Difference {
  const has = `program of ${program.words.length / 8} words`;
  const [a, b] = side === "b" ? [has, "nothing"] : ["nothing", has];
  return { program: program.number, what: "only one side has this program", a, b, context: [], isNote: false };
}

/** Whether two programs ask the same, bit for bit. */
export function hasSameWords(a: ProgramRecord, b: ProgramRecord): boolean {
  return sameBytes(a.words, b.words);
}

/** What differs between two programs, in order. */
export function comparePrograms(a: ProgramRecord, b: ProgramRecord): readonly Difference[] {
  const base = { program: a.number, context: [], isNote: false } as const;
  if (!hasSameWords(a, b)) return [differentWords(a, b)];
  const found: Difference[] = [];
  const tell = (what: string, left: string, right: string): void => {
    if (left !== right) found.push({ ...base, what, a: left, b: right });
  };
  const yes = (is: boolean): string => (is ? "answered" : "not answered");
  tell("halt", yes(a.isAnswered), yes(b.isAnswered));
  tell("instructions that were stuck", a.timeouts.join(", ") || "none", b.timeouts.join(", ") || "none");
  found.push(...differentAnswers(a, b));
  tell("answered ticks", String(a.ticks), String(b.ticks));
  found.push(...differentEvents(a, b, "madc", "MADC samples"), ...differentEvents(a, b, "spikes", "spikes"));
  return found;
}

function* stepsOf({ words, board, number: program, origin }: ProgramRecord): Generator<Step> {
  for (const { statement, index, length } of recognise(words)) {
    const asked: Asked = { statement, program, index, length, origin: { ...origin, board } };
    const question = questionOf(asked);
    yield { text: askedText(asked), index, ...(question.kind === "read" ? { target: question.target } : {}) };
  }
}

function differentWords(a: ProgramRecord, b: ProgramRecord): Difference {
  const [left, right] = [stepsOf(a), stepsOf(b)];
  const context: string[] = [];
  for (;;) {
    const [one, other] = [left.next().value as Step | undefined, right.next().value as Step | undefined];
    if (one !== undefined && one.text === other?.text) {
      context.push(one.text);
      if (context.length > contextLines) context.shift();
      continue;
    }
    const end = "(the program ends)";
    // Programs that read alike may differ in bits that no instruction has.
    const isHidden = one === undefined && other === undefined;
    const what = isHidden ? "unused bits of an instruction" : "instruction";
    const index = one?.index ?? other?.index;
    const base = { program: a.number, ...(index === undefined ? {} : { index }), context, isNote: isHidden };
    return { ...base, what, a: one?.text ?? end, b: other?.text ?? end };
  }
}

function differentAnswers(a: ProgramRecord, b: ProgramRecord): readonly Difference[] {
  const found: Difference[] = [];
  const [left, right] = [new Answers(a), new Answers(b)];
  for (const { target, index } of stepsOf(a)) {
    if (target === undefined) continue;
    const [one, other] = [left.take(target, index), right.take(target, index)];
    if (found.length === maxTold || sameContents(target, one, other)) continue;
    const text = (words: readonly number[] | undefined): string =>
      words === undefined ? "no answer" : contentsText(target, words);
    const register = targetName(target);
    found.push({
      program: a.number,
      index,
      what: "answer",
      register,
      a: text(one),
      b: text(other),
      context: [],
      isNote: false,
    });
  }
  return found;
}

/** The answers of a program, given to its reads in order. */
class Answers {
  readonly #program: ProgramRecord;
  readonly #next = { omnibus: 0, jtag: 0 };

  constructor(program: ProgramRecord) {
    this.#program = program;
  }
  /** @returns undefined when there is none */
  take(target: ReadTarget, index: number): readonly number[] | undefined {
    const { kind, words } = answersOf(target);
    const per = kind === "jtag" ? 6 : 1;
    const isStuck = this.#program.timeouts.some((stuck) => stuck >= index && stuck < index + words * per);
    if (isStuck) return undefined;
    const from = this.#next[kind];
    this.#next[kind] += words;
    const answer = this.#program[kind].slice(from, from + words);
    return answer.length === words ? answer : undefined;
  }
}

function sameContents(target: ReadTarget, a: readonly number[] | undefined, b: readonly number[] | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.every((word, i) => word === b[i])) return true;
  // Bits that the register does not have do not count.
  return JSON.stringify(contentsData(target, a)) === JSON.stringify(contentsData(target, b));
}

function differentEvents(a: ProgramRecord, b: ProgramRecord, kind: "madc" | "spikes", what: string): Difference[] {
  const [left, right] = [a[kind], b[kind]];
  if (left.count === 0 && right.count === 0) return [];
  const isNote = left.count > 0 && right.count > 0;
  const [one, other] = [eventText(left), eventText(right)];
  return one === other ? [] : [{ program: a.number, what, a: one, b: other, context: [], isNote }];
}

function eventText(summary: EventSummary): string {
  return summary.count === 0 ? "none" : `${summary.count}, ${summary.valuesText}`;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
