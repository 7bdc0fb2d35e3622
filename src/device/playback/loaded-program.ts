/**
 * A playback program from words that somebody else has made: a file, a capture. The words go out as they are; here it is
 * found out which answers they ask for, so that each has a ticket. Does not know where the words come from.
 */
import type { FieldValue } from "../../protocol/containers/container.js";
import { ReservedValue } from "../../protocol/errors.js";
import { type MessageValue, messagesOf } from "../../protocol/messages/define-message.js";
import { toFpgaMessages } from "../../protocol/messages/dictionary.js";
import { createToFpgaEncoder } from "../../protocol/messages/to-fpga.js";
import { formatStuck } from "../../protocol/text/disassemble.js";
import { type Recognised, recognise } from "../../protocol/text/recognise.js";
import type { Statement } from "../../protocol/text/statement.js";
import { ProgramInvalid, ProgramTooLong } from "../errors.js";
import type { PlaybackProgram, Ticket } from "../interface/index.js";
import { InstructionIndex } from "./instruction-index.js";
import { createProgram, maxInstructions } from "./program.js";
import { PlainTicket, ProgramAnswers, ReadTicket, TickTicket } from "./ticket.js";

type ReadStatement = Extract<Statement, { kind: "read" }>;

/** What a statement of the program will be answered; `index` is the number of its first instruction. */
export type ExpectedAnswer = { readonly index: number } & (
  | {
      readonly kind: "container";
      readonly statement: ReadStatement;
      readonly ticket: Ticket<Record<string, FieldValue>>;
    }
  /** A word from a plain omnibus address. */
  | { readonly kind: "word"; readonly address: number; readonly ticket: Ticket<number> }
  /** 33 bits. */
  | { readonly kind: "jtag"; readonly ticket: Ticket<number> }
  | { readonly kind: "tick"; readonly ticket: Ticket<void> }
);

export interface LoadedProgram {
  readonly program: PlaybackProgram;
  /** In the order of the program. */
  readonly expected: readonly ExpectedAnswer[];
}

interface Instruction {
  readonly name: string;
  readonly values: Readonly<Record<string, MessageValue>>;
}

const messages = messagesOf(toFpgaMessages);

/** The instruction that a board sees: it ignores bits that the instruction does not have. */
function instructionOf(statement: Statement): Instruction | undefined {
  if (statement.kind === "instruction") return { name: statement.message.name, values: statement.values };
  if (statement.kind !== "word") return undefined;
  const message = messages[statement.high >>> 24];
  // Shifts of an illegal length have no answer that could be known.
  if (!message || message.name === "jtagData") return undefined;
  const word = (BigInt(statement.high) << 32n) | BigInt(statement.low);
  return { name: message.name, values: message.decode(word) };
}

class Loader {
  readonly answers = new ProgramAnswers();
  readonly index = new InstructionIndex();
  readonly expected: ExpectedAnswer[] = [];

  add({ statement, index, length }: Recognised, wordCount: number): void {
    if (statement.kind === "write" || statement.kind === "read")
      this.index.add(index, statement.kind, statement.container, statement.at);
    if (statement.kind === "read") {
      const ticket = new ReadTicket(this.answers, statement.container, statement.at);
      this.expected.push({ kind: "container", index, statement, ticket });
    }
    if (statement.kind === "write" || statement.kind === "read") return;
    const instruction = instructionOf(statement);
    const isRead = instruction?.name === "omnibusAddress" && instruction.values.read === true;
    this.index.add(index, isRead ? "plain read" : "instruction", { toString: () => formatStuck(statement) });
    if (instruction) this.#addInstruction(instruction, index, index + length === wordCount);
  }

  #addInstruction({ name, values }: Instruction, index: number, isLast: boolean): void {
    if (name === "omnibusAddress" && values.read === true)
      this.expected.push({
        kind: "word",
        index,
        address: Number(values.address),
        ticket: new PlainTicket(this.answers, "omnibus"),
      });
    if (name === "jtagData" && values.keepResponse === true)
      this.expected.push({ kind: "jtag", index, ticket: new PlainTicket(this.answers, "jtag") });
    if (name === "loopback" && values.tick === true)
      this.expected.push({ kind: "tick", index, ticket: new TickTicket(this.answers) });
    if (name === "loopback" && values.tick === false && !isLast)
      throw new ProgramInvalid(index, "a halt ends the program, but instructions follow it");
  }
}

function endsWithHalt(words: Uint8Array): boolean {
  const last = words.length - 8;
  return last >= 0 && words[last] === toFpgaMessages.loopback.opcode && ((words[last + 7] as number) & 1) === 0;
}

function withHalt(words: Uint8Array): Uint8Array {
  if (endsWithHalt(words)) return words.slice();
  const encoder = createToFpgaEncoder();
  encoder.loopback(false);
  const halt = encoder.take();
  const whole = new Uint8Array(words.length + halt.length);
  whole.set(words);
  whole.set(halt, words.length);
  return whole;
}

/** Why a board would take a word for no instruction; undefined when it would take it for one. */
function refusal({ high, low }: Extract<Statement, { kind: "word" }>): string | undefined {
  const opcode = high >>> 24;
  const word = `0x${high.toString(16).padStart(8, "0")}${low.toString(16).padStart(8, "0")}`;
  if (opcode >= 0x80) return `${word} is an idle word, which the board drops`;
  const message = messages[opcode];
  if (message === undefined) return `${word} is no instruction: opcode ${opcode} is outside 0..${messages.length - 1}`;
  try {
    message.decode((BigInt(high) << 32n) | BigInt(low));
    return undefined;
  } catch (error) {
    if (error instanceof ReservedValue) return `${word} is no instruction: ${error.message}`;
    throw error;
  }
}

export interface LoadOptions {
  /** Take words that are no instruction, too: a recording is sent as it is. Default: refuse them. */
  readonly anyWords?: boolean;
}

/**
 * Make a program of instruction words, 8 bytes each, big-endian. A halt is appended when it is not there.
 * @throws FrameTruncated, ProgramInvalid, ProgramTooLong
 */
export function loadProgram(words: Uint8Array, { anyWords = false }: LoadOptions = {}): LoadedProgram {
  const loader = new Loader();
  const wordCount = words.length / 8;
  for (const found of recognise(words)) {
    const { statement, index } = found;
    const why = statement.kind === "word" && !anyWords ? refusal(statement) : undefined;
    if (why !== undefined) throw new ProgramInvalid(index, why);
    loader.add(found, wordCount);
  }
  const whole = withHalt(words);
  if (whole.length / 8 > maxInstructions) throw new ProgramTooLong(whole.length / 8, maxInstructions);
  const { answers, index, expected } = loader;
  return { program: createProgram({ words: whole, answers, index, encodeMs: 0 }), expected };
}
