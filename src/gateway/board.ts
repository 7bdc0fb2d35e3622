/**
 * One board: gives sessions their turns, sets the board up for whoever has it, and runs one program at a time. What was
 * on the board when the link failed has failed; what waits goes on when the board is back. Knows neither HTTP nor users.
 */
import PQueue from "p-queue";
import { sleep } from "../base/async.js";
import { type Clock, elapsedMs } from "../base/clock.js";
import { isHxError } from "../base/errors.js";
import type { Logger } from "../base/log.js";
import { Disconnected } from "../device/errors.js";
import type { DeviceIdentity } from "../device/interface/index.js";
import type { RawAnswer, RawDevice } from "../device/playback/raw-answer.js";
import { restoreProgram } from "./program-check.js";
import type { Turn } from "./turns.js";
import { Turns } from "./turns.js";

/** A program of a session that has its turn. */
export interface BoardJob {
  readonly session: string;
  readonly words: Uint8Array;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What the board asks of those who keep the runs. */
export interface BoardWork {
  turnOf(session: string): Turn | undefined;
  /** Programs that restore a session's state, in order. */
  reinitOf(session: string): readonly Uint8Array[];
  snapshotOf(session: string): Uint8Array | undefined;
  putRestore(session: string, words: Uint8Array): Promise<void>;
  /** Take the session's next run; it counts as running from here on, also after a crash. */
  start(session: string): Promise<BoardJob | undefined>;
  /** @param continues whether nobody else had the board since the session's last run */
  answered(job: BoardJob, answer: RawAnswer, continues: boolean): Promise<void>;
  failed(job: BoardJob, error: unknown): Promise<void>;
  /** What the session's waiting runs rely on is gone. */
  unrestorable(session: string, why: string): Promise<void>;
  /** Whether a run of the session has been on the board. */
  hasRun(session: string): boolean;
  onTurn(session: string, has: boolean): void;
}

export interface BoardOptions {
  /** Opens the device; called again when it is lost. */
  readonly open: (signal: AbortSignal) => Promise<RawDevice>;
  readonly work: BoardWork;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sliceMs: number;
  readonly maxHoldMs: number;
  readonly maxAnswerBytes: number;
  /** Time that one program of restoration may take, ms. */
  readonly reinitLimitMs: number;
}

export interface BoardCounters {
  switches: number;
  reconnects: number;
  /** ms of wall time with a program on the board. */
  busyMs: number;
}

/** Pauses between attempts to reach a lost board, ms; the last is repeated. Our choice. */
const reopenPausesMs = [0, 250, 1000, 5000] as const;

export class GatewayBoard {
  readonly turns: Turns;
  readonly counters: BoardCounters = { switches: 0, reconnects: 0, busyMs: 0 };
  readonly #options: BoardOptions;
  readonly #queue = new PQueue({ concurrency: 1 });
  readonly #ending = new AbortController();
  #device: RawDevice;
  readonly identity: DeviceIdentity;
  #isLost = false;
  #isBusy = false;
  /** Session whose state stands on the board; none after the board was reset. */
  #setUpFor: string | undefined;
  /** Whether that session has had a run since. */
  #continues = false;

  private constructor(options: BoardOptions, device: RawDevice) {
    this.#options = options;
    this.#device = device;
    this.identity = device.identity;
    this.turns = new Turns(options.sliceMs, options.maxHoldMs);
  }

  /** @throws what opening the device throws */
  static async open(options: BoardOptions, signal: AbortSignal): Promise<GatewayBoard> {
    return new GatewayBoard(options, await options.open(signal));
  }

  get state(): "ready" | "busy" | "lost" {
    return this.#isLost ? "lost" : this.#isBusy ? "busy" : "ready";
  }

  /** A run waits, or a turn has become free. */
  wake(): void {
    if (this.#ending.signal.aborted || this.#queue.size > 0) return;
    // The queue has one place: a round serves everything that waits. It gets no signal, which would free the place early.
    this.#queue.add(() => this.#round()).catch((error: unknown) => this.#broken(error));
  }

  /** Ends the running program and closes the device. What waits stays in the journal. */
  async close(): Promise<void> {
    this.#ending.abort(new Disconnected(this.identity.url, "the gateway is stopping"));
    await this.#queue.onIdle();
    await this.#device.close();
  }

  async #round(): Promise<void> {
    const { work, clock } = this.#options;
    while (!this.#ending.signal.aborted) {
      const next = this.turns.next(clock.now(), work.turnOf);
      if (next === undefined) return;
      if ("waitMs" in next) {
        // A request may come earlier: it wakes the board itself.
        clock.after(next.waitMs, () => this.wake());
        return;
      }
      const { session } = next;
      this.#isBusy = true;
      try {
        if ((await this.#reach()) && (await this.#setUp(session))) await this.#serve(session);
      } finally {
        this.#isBusy = false;
        this.turns.served(clock.now());
      }
    }
  }

  /** Open the device anew when it is gone. @returns false when the gateway is stopping */
  async #reach(): Promise<boolean> {
    const { open, clock, logger } = this.#options;
    const { signal } = this.#ending;
    for (let attempt = 0; this.#isLost; attempt++) {
      this.#setUpFor = undefined;
      const pause = reopenPausesMs[Math.min(attempt, reopenPausesMs.length - 1)] as number;
      try {
        await sleep(clock, pause, signal);
        const device = await open(signal);
        if (device.identity.boardId !== this.identity.boardId) {
          await device.close();
          throw new Disconnected(this.identity.url, `another board answers: ${device.identity.boardId}`);
        }
        this.#device = device;
        this.#isLost = false;
        this.counters.reconnects++;
        logger.info({ board: this.identity.boardId, attempt }, "the board is back");
      } catch (err) {
        if (signal.aborted) return false;
        logger.warn({ board: this.identity.boardId, attempt, err }, "the board cannot be reached");
      }
    }
    return true;
  }

  /** Bring the board to the session's state. @returns false when that failed */
  async #setUp(session: string): Promise<boolean> {
    const { work, logger, reinitLimitMs, maxAnswerBytes } = this.#options;
    if (this.#device.lost !== undefined) this.#setUpFor = undefined;
    if (this.#setUpFor === session) return true;
    const options = { timeoutMs: reinitLimitMs, maxAnswerBytes, signal: this.#ending.signal };
    const before = this.#setUpFor;
    if (before !== undefined) await this.#snapshot(before);
    this.#setUpFor = undefined;
    const turn = work.turnOf(session);
    const isRestored = turn?.sharing === "restored" || turn?.isFresh || !work.hasRun(session);
    if (!isRestored) {
      await work.unrestorable(session, "others had the board, or it was lost, since this session's last run; reinit");
      return false;
    }
    this.counters.switches++;
    let isOwn = false;
    try {
      await this.#run(this.#device.initWords, options);
      isOwn = true;
      for (const words of work.reinitOf(session)) await this.#run(words, options);
      this.#setUpFor = session;
      this.#continues = false;
      work.onTurn(session, true);
      return true;
    } catch (error) {
      if (this.#ending.signal.aborted) return false;
      logger.warn({ board: this.identity.boardId, err: error }, "the board could not be set up");
      await this.#afterFailure(error);
      // A program of the session's own that does not end is its fault; all else is the board's, and is tried again.
      if (isOwn && isHxError(error, "LinkTimeout"))
        await work.unrestorable(session, `the reinit program failed: ${error.message}`);
      return false;
    }
  }

  /** Keep what the session that loses the board wants to have back. */
  async #snapshot(session: string): Promise<void> {
    const { work, logger, reinitLimitMs: timeoutMs, maxAnswerBytes } = this.#options;
    work.onTurn(session, false);
    const words = work.snapshotOf(session);
    if (words === undefined) return;
    try {
      const { words: answer } = await this.#run(words, { timeoutMs, maxAnswerBytes, signal: this.#ending.signal });
      await work.putRestore(session, restoreProgram(words, answer));
    } catch (err) {
      logger.warn({ board: this.identity.boardId, err }, "a snapshot failed; the one before stays");
      await this.#afterFailure(err);
    }
  }

  async #serve(session: string): Promise<void> {
    const { work, maxAnswerBytes } = this.#options;
    const job = await work.start(session);
    if (job === undefined) return;
    const signal = AbortSignal.any([job.signal, this.#ending.signal]);
    try {
      const answer = await this.#run(job.words, { timeoutMs: job.timeoutMs, maxAnswerBytes, signal });
      await work.answered(job, answer, this.#continues);
      this.#continues = true;
    } catch (error) {
      this.#continues = false;
      await this.#afterFailure(error);
      // A gateway that stops leaves the run as one whose outcome nobody knows, as when it is killed.
      if (!this.#ending.signal.aborted) await work.failed(job, error);
    }
  }

  async #run(words: Uint8Array, options: Parameters<RawDevice["runRaw"]>[1]): Promise<RawAnswer> {
    const from = this.#options.clock.now();
    try {
      return await this.#device.runRaw(words, options);
    } finally {
      this.counters.busyMs += elapsedMs(from, this.#options.clock.now());
    }
  }

  /** A link that was lost needs a new device; one that was reset opens itself, but the board has forgotten everything. */
  async #afterFailure(error: unknown): Promise<void> {
    const { lost } = this.#device;
    if (lost === undefined) return;
    this.#setUpFor = undefined;
    if (isHxError(lost, "LinkReset") && !isHxError(error, "Disconnected")) return;
    this.#isLost = true;
    await this.#device.close();
  }

  /** The state cannot be kept, or a defect: nothing may run that could be run twice. */
  #broken(error: unknown): void {
    this.#options.logger.error({ board: this.identity.boardId, err: error }, "the board is out of service");
    this.#isLost = true;
    this.#ending.abort(error);
  }
}
