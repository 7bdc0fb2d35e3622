/**
 * Runs one program at a time on an open link: sends its words with back-pressure, waits for the halt, and leaves the
 * link quiet whatever happens. A run that must end early sends no further words but a halt; when even that is not
 * answered, the link is reset, and the session with it. Ordering the callers is not done here.
 */
import { type Deferred, deferred } from "../../base/async.js";
import { type Clock, type DurationMs, elapsedMs } from "../../base/clock.js";
import { type HxError, isHxError } from "../../base/errors.js";
import type { Logger } from "../../base/log.js";
import { createFromFpgaDecoder } from "../../protocol/messages/from-fpga.js";
import type { StreamDecoder } from "../../protocol/messages/streams.js";
import { createToFpgaEncoder } from "../../protocol/messages/to-fpga.js";
import { AnswerTooLong, LinkReset, LinkTimeout } from "../errors.js";
import type { RunOptions, RunResult } from "../interface/index.js";
import type { ArqLink, LinkOpenOptions } from "../link/arq-link.js";
import { mismatch, stuck } from "./answer-errors.js";
import { AnswerDecoder, type DecoderCounters } from "./decoder.js";
import { InstructionIndex } from "./instruction-index.js";
import type { ProgramContent } from "./program.js";
import { type RawAnswer, type RawRunOptions, WordTap } from "./raw-answer.js";
import { ProgramAnswers } from "./ticket.js";

export interface RunnerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long a stopped program may take to its halt before the link is reset, ms. */
  readonly quietMs?: DurationMs;
}

/** Our choice: with the reset below, an abort is over within two seconds even when the board is dead. */
export const defaultQuietMs = 800;
/** Times that long when the board still takes words: it is slow, not dead, and the halt is among them. Our choice. */
const maxQuietFactor = 5;
/** Looks in that time. Several, since a process that was held up finds time passed before it has read what has come. */
const looksPerQuiet = 8;
export const defaultTimeoutMs = 60_000;

/** How long a board that ignored the halt may take to answer a reset, ms. Our choice: the user is waiting. */
const resetAfterStopMs = 800;
/** Bytes handed to the link at a time: 64 full frames. */
const sliceBytes = 64 * 180 * 8;
/** Opcode of an omnibus data word, which must not be parted from its address word. */
const omnibusDataOpcode = 0x0c;

interface Run {
  /** Resolves with the FPGA time of the halt; rejects when the link ends. */
  readonly halt: Deferred<number>;
  /** Resolves when the run is to end early. */
  readonly stop: Deferred<void>;
  /** Why it ends early. */
  stopReason?: { readonly error: unknown };
}

export class ProgramRunner {
  readonly #link: ArqLink;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #quietMs: DurationMs;
  #answers = new AnswerDecoder();
  #words: StreamDecoder = createFromFpgaDecoder(this.#answers);
  #current: Run | undefined;
  #tap: WordTap | undefined;
  #decodeMs = 0;
  #lost: HxError | undefined = undefined;

  constructor(link: ArqLink, options: RunnerOptions) {
    this.#link = link;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#quietMs = options.quietMs ?? defaultQuietMs;
    link.setListener({
      onWords: (words) => {
        const start = this.#clock.now();
        this.#tap?.push(words);
        this.#words.push(words);
        this.#decodeMs += elapsedMs(start, this.#clock.now());
      },
      onEnd: (error) => {
        this.#lost = error;
        this.#current?.halt.reject(error);
      },
    });
  }

  get counters(): Readonly<DecoderCounters> {
    return this.#answers.counters;
  }

  /** Why no program can run until the link is opened anew. */
  get lost(): HxError | undefined {
    return this.#lost;
  }

  /** Open the link, or open it anew; time starts at zero. @returns the bitfile's info text */
  async open(options: LinkOpenOptions = {}): Promise<string> {
    this.#answers = new AnswerDecoder();
    this.#words = createFromFpgaDecoder(this.#answers);
    this.#tap = undefined;
    const infoText = await this.#link.open(options);
    this.#lost = undefined;
    return infoText;
  }

  /** Make the running program end early with this error. */
  stop(error: unknown): void {
    if (this.#current !== undefined) stopRun(this.#current, error);
  }

  /**
   * @throws LinkTimeout, LinkReset, LinkClosed, Disconnected, NotificationReceived, AnswerMismatch, signal.reason
   */
  async run(program: ProgramContent, options: RunOptions = {}): Promise<RunResult> {
    const { signal, timeoutMs = defaultTimeoutMs, spent } = options;
    signal?.throwIfAborted();
    if (this.#lost !== undefined) throw this.#lost;
    if (spent !== undefined) this.#answers.recycle(spent);
    const run: Run = { halt: deferred<number>(), stop: deferred<void>() };
    run.halt.promise.catch(() => {});
    const onAbort = (): void => stopRun(run, signal?.reason);
    const limit = `${timeoutMs} ms`;
    const alarm =
      timeoutMs > 0
        ? this.#clock.after(timeoutMs, () => stopRun(run, new LinkTimeout(this.#link.url, "program", limit)))
        : undefined;
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#current = run;
    this.#decodeMs = 0;
    this.#answers.begin(program.answers, {
      onHalt: (fpgaTime) => run.halt.resolve(fpgaTime),
      onTimeoutNotification: (notification) => stopRun(run, stuck(this.#link.url, program, notification)),
    });
    try {
      this.#link.await(true);
      return await this.#conduct(program, run);
    } finally {
      this.#link.await(false);
      alarm?.cancel();
      signal?.removeEventListener("abort", onAbort);
      this.#current = undefined;
      this.#answers.end();
    }
  }

  /**
   * Run words that somebody else has made, and give back the board's words up to the halt as they came. A board that
   * reports a stuck instruction has answered: what that means, whoever made the program finds in the words.
   * @param words whole instruction words with one halt, the last
   * @throws AnswerTooLong, and what `run` throws except NotificationReceived and AnswerMismatch
   */
  async runRaw(words: Uint8Array, { maxAnswerBytes, ...options }: RawRunOptions): Promise<RawAnswer> {
    this.#tap ??= new WordTap(this.#answers.fpgaTime);
    const tap = this.#tap;
    tap.begin(maxAnswerBytes, () => this.stop(new AnswerTooLong(this.#link.url, maxAnswerBytes)));
    const program = { words, answers: new ProgramAnswers(), index: new InstructionIndex(), encodeMs: 0 };
    let executeMs = 0;
    try {
      executeMs = (await this.run(program, options)).timeInfo.executeMs;
    } catch (error) {
      if (!isHxError(error, "NotificationReceived")) {
        tap.take(this.#answers.fpgaTime);
        throw error;
      }
    }
    return { ...tap.take(this.#answers.fpgaTime), executeMs };
  }

  async #conduct(program: ProgramContent, run: Run): Promise<RunResult> {
    const start = this.#clock.now();
    const isWhole = await this.#sendWords(program.words, run);
    const sent = this.#clock.now();
    if (isWhole) await Promise.race([run.halt.promise, run.stop.promise]);
    if (run.stopReason !== undefined) {
      await this.#quieten(run, isWhole);
      throw run.stopReason.error;
    }
    const endFpgaTime = await run.halt.promise;
    const executed = this.#clock.now();
    if (!program.answers.isFull) throw mismatch(this.#link.url, program);
    program.answers.isComplete = true;
    const events = this.#answers.end();
    const decodeMs = this.#decodeMs + elapsedMs(executed, this.#clock.now());
    return {
      ...events,
      endFpgaTime,
      timeInfo: {
        encodeMs: program.encodeMs + elapsedMs(start, sent),
        executeMs: Math.max(0, elapsedMs(sent, executed) - this.#decodeMs),
        decodeMs,
      },
    };
  }

  /** @returns false when the program was cut short */
  async #sendWords(words: Uint8Array, run: Run): Promise<boolean> {
    for (let offset = 0; offset < words.byteLength; offset += sliceBytes) {
      if (run.stopReason !== undefined) {
        this.#link.send(closingWords(words, offset));
        return false;
      }
      this.#link.send(words.subarray(offset, offset + sliceBytes));
      if (offset + sliceBytes < words.byteLength) await Promise.race([this.#link.drained(), run.stop.promise]);
    }
    return true;
  }

  /** Wait until the stopped program's halt is answered; reset the link when it is not. */
  async #quieten(run: Run, isWhole: boolean): Promise<void> {
    if (await this.#halts(run)) return;
    this.#logger.warn({ url: this.#link.url, isWhole }, "a stopped program did not halt; resetting the link");
    try {
      await this.open({ resetLimitMs: resetAfterStopMs });
    } catch (err) {
      this.#logger.warn({ url: this.#link.url, err }, "the link did not come back");
    }
    this.#lost = new LinkReset(this.#link.url, "a stopped program did not come to its halt");
  }

  /** @returns false when the board has taken no word and not halted for the quiet time, or goes on for too long */
  async #halts(run: Run): Promise<boolean> {
    const halts = deferred<boolean>();
    const end = (): void => halts.resolve(true);
    run.halt.promise.then(end, end);
    let looks = 0;
    let idleLooks = 0;
    let taken = this.#link.counters.framesAcknowledged;
    const look = (): void => {
      const { framesAcknowledged } = this.#link.counters;
      idleLooks = framesAcknowledged === taken ? idleLooks + 1 : 0;
      taken = framesAcknowledged;
      if (idleLooks >= looksPerQuiet || ++looks >= looksPerQuiet * maxQuietFactor) halts.resolve(false);
      else alarm = wait();
    };
    const wait = () => this.#clock.after(this.#quietMs / looksPerQuiet, look);
    let alarm = wait();
    const hasHalted = await halts.promise;
    alarm.cancel();
    return hasHalted;
  }
}

function stopRun(run: Run, error: unknown): void {
  run.stopReason ??= { error };
  run.stop.resolve();
}

/** A halt; before it the data word of a write whose address word has gone out. */
function closingWords(words: Uint8Array, offset: number): Uint8Array {
  const encoder = createToFpgaEncoder();
  if (words[offset] === omnibusDataOpcode) {
    const low = new DataView(words.buffer, words.byteOffset + offset).getUint32(4);
    encoder.omnibusData(low);
  }
  encoder.loopback(false);
  return encoder.take();
}
