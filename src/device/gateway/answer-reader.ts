/**
 * Reads the answers of a session's runs, in the order of the runs. As long as nobody else has the board in between, they
 * are one stream, and one decoder follows it; after that a new one starts with the time that the gateway states.
 */
import { type Clock, elapsedMs } from "../../base/clock.js";
import { createFromFpgaDecoder } from "../../protocol/messages/from-fpga.js";
import type { StreamDecoder } from "../../protocol/messages/streams.js";
import type { RunResult } from "../interface/index.js";
import { mismatch, stuck } from "../playback/answer-errors.js";
import { AnswerDecoder, type TimeoutNotification } from "../playback/decoder.js";
import type { ProgramContent } from "../playback/program.js";

export interface GatewayAnswer {
  readonly words: Uint8Array;
  readonly continues: boolean;
  readonly fpgaTime: number;
  readonly strayBytes: number;
  readonly executeMs: number;
}

export class AnswerReader {
  readonly #url: string;
  readonly #clock: Clock;
  #stream: { readonly answers: AnswerDecoder; readonly words: StreamDecoder } | undefined;

  constructor(url: string, clock: Clock) {
    this.#url = url;
    this.#clock = clock;
  }

  /** An answer is missing: what follows continues nothing. */
  interrupt(): void {
    this.#stream = undefined;
  }

  /** @throws NotificationReceived, AnswerMismatch, those of the stream's decoder */
  read(program: ProgramContent, answer: GatewayAnswer, encodeMs: number): RunResult {
    const from = this.#clock.now();
    const { answers, words } = this.#streamFor(answer);
    words.push(answer.words.subarray(0, answer.strayBytes));
    let end: number | undefined;
    let notification: TimeoutNotification | undefined;
    answers.begin(program.answers, {
      onHalt: (fpgaTime) => {
        end = fpgaTime;
      },
      onTimeoutNotification: (told) => {
        notification ??= told;
      },
    });
    try {
      words.push(answer.words.subarray(answer.strayBytes));
      if (notification !== undefined) throw stuck(this.#url, program, notification);
      if (end === undefined || !program.answers.isFull) throw mismatch(this.#url, program);
      program.answers.isComplete = true;
      const events = answers.end();
      const decodeMs = elapsedMs(from, this.#clock.now());
      return { ...events, endFpgaTime: end, timeInfo: { encodeMs, executeMs: answer.executeMs, decodeMs } };
    } finally {
      answers.end();
    }
  }

  #streamFor({ continues, fpgaTime }: GatewayAnswer): { answers: AnswerDecoder; words: StreamDecoder } {
    if (continues && this.#stream !== undefined) return this.#stream;
    const answers = new AnswerDecoder();
    answers.systime(fpgaTime);
    const stream = { answers, words: createFromFpgaDecoder(answers) };
    this.#stream = stream;
    return stream;
  }
}
