/**
 * The programs in a capture as plain data: the words that were sent and everything that came back, without the times of
 * the link. What replay sends again, and what two captures are compared by.
 */
import { messagesOf } from "../messages/define-message.js";
import { toFpgaMessages } from "../messages/dictionary.js";
import { concatenate } from "./board-words.js";
import { EventSummary } from "./event-summary.js";
import type { MessagePlace } from "./host-words.js";
import type { Origin } from "./item.js";
import { legalWords, type View, type ViewTools } from "./view.js";

export interface ProgramRecord {
  readonly board: number;
  /** Programs of the board, from 0. */
  readonly number: number;
  /** Of the first word. */
  readonly origin: Origin;
  /** The halt included, when it was sent. */
  readonly words: Uint8Array;
  /** The halt was sent. */
  readonly isComplete: boolean;
  /** The board has answered the halt. */
  readonly isAnswered: boolean;
  readonly omnibus: readonly number[];
  readonly jtag: readonly number[];
  readonly ticks: number;
  /** Instructions that were stuck. */
  readonly timeouts: readonly number[];
  readonly madc: EventSummary;
  readonly spikes: EventSummary;
}

interface OpenProgram extends ProgramRecord {
  readonly parts: Uint8Array[];
  isComplete: boolean;
  isAnswered: boolean;
  readonly omnibus: number[];
  readonly jtag: number[];
  ticks: number;
  readonly timeouts: number[];
}

const opcodes = messagesOf(toFpgaMessages).length;
/** Programs that may wait for their halt. Our choice: bounds what a capture of one direction makes us remember. */
const maxOpen = 1024;

/** Collects the programs of one board; each is handed over when its halt is answered, or will not be. */
export class ProgramCollector implements View {
  readonly #tools: Pick<ViewTools, "complain">;
  readonly #onProgram: (program: ProgramRecord) => void;
  #open: OpenProgram[] = [];
  #count = 0;

  constructor(tools: Pick<ViewTools, "complain">, onProgram: (program: ProgramRecord) => void) {
    this.#tools = tools;
    this.#onProgram = onProgram;
  }

  toBoard(payload: Uint8Array, origin: Origin): void {
    let start = 0;
    for (let at = 0; at + 8 <= payload.length; at += 8) {
      const opcode = payload[at] as number;
      if (opcode >= opcodes && opcode < 0x80) {
        const what = `to-FPGA word: opcode ${opcode} is outside 0..${opcodes - 1}`;
        this.#tools.complain({ ...origin, offset: origin.offset + at }, what, legalWords);
      }
      const isHalt = opcode === toFpgaMessages.loopback.opcode && ((payload[at + 7] as number) & 1) === 0;
      if (!isHalt) continue;
      const program = this.#writing(origin);
      program.parts.push(payload.slice(start, at + 8));
      program.isComplete = true;
      start = at + 8;
    }
    if (start < payload.length) this.#writing(origin).parts.push(payload.slice(start));
  }

  /** The program whose halt was not sent yet. */
  #writing(origin: Origin): OpenProgram {
    const last = this.#open.at(-1);
    if (last !== undefined && !last.isComplete) return last;
    if (this.#open.length === maxOpen) this.#hand();
    const program: OpenProgram = {
      board: origin.board,
      number: this.#count++,
      origin,
      parts: [],
      words: new Uint8Array(0),
      isComplete: false,
      isAnswered: false,
      omnibus: [],
      jtag: [],
      ticks: 0,
      timeouts: [],
      madc: new EventSummary("madc"),
      spikes: new EventSummary("spikes"),
    };
    this.#open.push(program);
    return program;
  }

  #hand(): void {
    const program = this.#open.shift();
    if (program === undefined) return;
    const { parts, ...record } = program;
    this.#onProgram({ ...record, words: concatenate(parts) });
  }

  // Answers belong to the oldest program that has no halt; answers to nothing belong to nobody.
  answer(kind: "omnibus" | "jtag", data: number): void {
    this.#open[0]?.[kind].push(data);
  }
  loopback(tick: boolean): void {
    const program = this.#open[0];
    if (program === undefined) return;
    if (tick) program.ticks++;
    else {
      program.isAnswered = true;
      this.#hand();
    }
  }
  timeout(instruction: number): void {
    this.#open[0]?.timeouts.push(instruction);
  }
  linkNotification(): void {}
  events(kind: "madc" | "spikes", events: readonly number[], place: MessagePlace): void {
    this.#open[0]?.[kind].add(events, place);
  }

  broken(): void {
    this.end();
  }
  end(): void {
    while (this.#open.length > 0) this.#hand();
  }
}
