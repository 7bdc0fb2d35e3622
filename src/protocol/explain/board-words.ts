/**
 * The instruction words that a host sent, cut into programs at their halts and recognised as statements. Words come in
 * frames, so the last few are held back until more come, an answer needs them, or the program ends: a register of
 * several words must not be cut. Keeps the words of programs that are not answered, to name any instruction of them.
 */

import { ReservedValue } from "../errors.js";
import { type MessageType, type MessageValue, messagesOf } from "../messages/define-message.js";
import { toFpgaMessages } from "../messages/dictionary.js";
import { formatStuck } from "../text/disassemble.js";
import { recognise } from "../text/recognise.js";
import type { Statement } from "../text/statement.js";
import type { Origin } from "./item.js";

/** A statement of a program. */
export interface Asked {
  readonly statement: Statement;
  /** Programs of the link since the capture's start, from 0. */
  readonly program: number;
  /** Number of its first instruction in the program. */
  readonly index: number;
  /** Instructions that it stands for. */
  readonly length: number;
  /** Of its first word. */
  readonly origin: Origin;
}

/** Longer than any register's access, words. */
const heldBack = 64;
/** Words that may wait to be recognised together. */
const batch = 512;
/** Words that are kept of unanswered programs, bytes: two programs of the longest kind. Our choice. */
const maxKeptBytes = 64 * 1024 * 1024;

const messages = messagesOf(toFpgaMessages);

interface Segment {
  /** First word of the segment among those that wait. */
  readonly first: number;
  readonly origin: Origin;
}

interface KeptProgram {
  readonly number: number;
  readonly parts: Uint8Array[];
}

export class BoardWords {
  readonly #onAsked: (asked: Asked) => void;
  #waiting = new Uint8Array(0);
  #segments: Segment[] = [];
  #program = 0;
  #index = 0;
  #kept: KeptProgram[] = [];
  #keptBytes = 0;

  constructor(onAsked: (asked: Asked) => void) {
    this.#onAsked = onAsked;
  }

  push(payload: Uint8Array, origin: Origin): void {
    this.#segments.push({ first: this.#waiting.length / 8, origin });
    const joined = new Uint8Array(this.#waiting.length + payload.length);
    joined.set(this.#waiting);
    joined.set(payload, this.#waiting.length);
    this.#waiting = joined;
    if (isHalt(joined, joined.length - 8)) this.flush();
    else if (joined.length > 8 * batch) this.#recognise(joined.length / 8 - heldBack);
  }

  /** Recognise all that waits. */
  flush(): void {
    this.#recognise(Number.POSITIVE_INFINITY);
  }

  /** A reset or a gap: what was sent so far is no program. */
  abandonProgram(): void {
    this.flush();
    if (this.#index === 0) return;
    this.#program++;
    this.#index = 0;
  }

  /** Programs up to this one are over. */
  finish(program: number): void {
    while (this.#kept[0] !== undefined && this.#kept[0].number <= program) this.#dropOldest();
  }

  /** Text of the statement that a stuck instruction belongs to; undefined when its words are not kept. */
  describe(program: number, instruction: number): string | undefined {
    const kept = this.#kept.find(({ number }) => number === program);
    if (kept === undefined) return undefined;
    let at = 0;
    for (const { statement, length } of recognise(concatenate(kept.parts))) {
      if (isIdle(statement)) continue;
      if (instruction < at + length) return formatStuck(statement);
      at += length;
    }
    return undefined;
  }

  /** @param limit statements that start before this word are recognised */
  #recognise(limit: number): void {
    const words = this.#waiting;
    let done = 0;
    let kept = 0;
    for (const { statement, index, length } of recognise(words)) {
      if (index >= limit) break;
      done = index + length;
      // An idle word is no instruction.
      if (isIdle(statement)) continue;
      const asked = { statement, program: this.#program, index: this.#index, length, origin: this.#originOf(index) };
      this.#index += length;
      if (isHalt(words, 8 * index)) {
        this.#keep(words.slice(8 * kept, 8 * done));
        kept = done;
        this.#program++;
        this.#index = 0;
      }
      this.#onAsked(asked);
    }
    if (kept < done) this.#keep(words.slice(8 * kept, 8 * done));
    this.#waiting = words.slice(8 * done);
    const last = this.#segments.findLastIndex(({ first }) => first <= done);
    this.#segments =
      this.#waiting.length === 0
        ? []
        : this.#segments.slice(last).map(({ first, origin }) => ({ first: first - done, origin }));
  }

  #originOf(word: number): Origin {
    const segment = this.#segments.findLast(({ first }) => first <= word) as Segment;
    return { ...segment.origin, offset: segment.origin.offset + 8 * (word - segment.first) };
  }

  #keep(words: Uint8Array): void {
    const newest = this.#kept.at(-1);
    if (newest?.number === this.#program) newest.parts.push(words);
    else this.#kept.push({ number: this.#program, parts: [words] });
    this.#keptBytes += words.length;
    while (this.#keptBytes > maxKeptBytes) this.#dropOldest();
  }

  #dropOldest(): void {
    for (const part of this.#kept.shift()?.parts ?? []) this.#keptBytes -= part.length;
  }
}

function isIdle(statement: Statement): boolean {
  return statement.kind === "word" && statement.high >= 0x8000_0000;
}

function isHalt(words: Uint8Array, at: number): boolean {
  return at >= 0 && words[at] === toFpgaMessages.loopback.opcode && ((words[at + 7] as number) & 1) === 0;
}

export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export type Instruction = {
  readonly message: MessageType;
  readonly values: Readonly<Record<string, MessageValue>>;
};

/** The instruction that a board takes a word for: it ignores bits that the instruction does not have. */
export function instructionOfWord(high: number, low: number): Instruction | ReservedValue | undefined {
  const message = messages[high >>> 24];
  if (message === undefined) return undefined;
  try {
    return { message, values: message.decode((BigInt(high) << 32n) | BigInt(low)) };
  } catch (error) {
    if (error instanceof ReservedValue) return error;
    throw error;
  }
}

/** The instruction of a statement that is a single one; its error when it is none. */
export function instructionOf(statement: Statement): Instruction | ReservedValue | undefined {
  if (statement.kind === "instruction") return { message: statement.message, values: statement.values };
  return statement.kind === "word" ? instructionOfWord(statement.high, statement.low) : undefined;
}
