/**
 * Exclusive use of a connected device: orders programs and gives each its turn. A program holds its turn until the link
 * is quiet again, also when it was aborted; the queue therefore gets neither a timeout nor a signal of its own, which
 * would free the turn too early.
 */
import PQueue from "p-queue";
import { type Deferred, deferred } from "../base/async.js";
import type { Clock } from "../base/clock.js";
import { LinkClosed } from "./errors.js";
import { initProgram } from "./init-program.js";
import type {
  DeviceIdentity,
  PlaybackProgram,
  ReinitOptions,
  RunOptions,
  RunResult,
  Session,
} from "./interface/index.js";
import { Builder } from "./playback/builder.js";
import { takeProgram } from "./playback/program.js";
import type { ProgramRunner } from "./playback/runner.js";

export interface SessionOptions {
  readonly identity: DeviceIdentity;
  readonly runner: ProgramRunner;
  readonly clock: Clock;
  /** Called once, when the last program has settled. */
  readonly onClosed: () => void;
}

export class ProgramSession implements Session {
  readonly identity: DeviceIdentity;
  readonly #runner: ProgramRunner;
  readonly #clock: Clock;
  readonly #onClosed: () => void;
  readonly #queue = new PQueue({ concurrency: 1 });
  /** Runs whose turn has not come. */
  readonly #waiting = new Set<Deferred<RunResult>>();
  #closing: Promise<void> | undefined;

  constructor(options: SessionOptions) {
    this.identity = options.identity;
    this.#runner = options.runner;
    this.#clock = options.clock;
    this.#onClosed = options.onClosed;
  }

  program(): Builder {
    return new Builder(this.#clock);
  }

  async reinit({ systimeBase = 0, ...options }: ReinitOptions = {}): Promise<void> {
    await this.run(initProgram(this.program(), systimeBase), options);
  }

  async run(program: PlaybackProgram, options: RunOptions = {}): Promise<RunResult> {
    const { signal } = options;
    if (this.#closing !== undefined) throw new LinkClosed(this.identity.url, "session");
    signal?.throwIfAborted();
    const content = takeProgram(program);
    const result = deferred<RunResult>();
    const leaveQueue = (): void => {
      if (this.#waiting.delete(result)) result.reject(signal?.reason);
    };
    this.#waiting.add(result);
    signal?.addEventListener("abort", leaveQueue, { once: true });
    this.#queue
      .add(async () => {
        signal?.removeEventListener("abort", leaveQueue);
        if (!this.#waiting.delete(result)) return;
        await this.#runner.run(content, options).then(result.resolve, result.reject);
      })
      .catch(result.reject);
    return await result.promise;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const error = new LinkClosed(this.identity.url, "session");
    for (const waiting of this.#waiting) waiting.reject(error);
    this.#waiting.clear();
    this.#runner.stop(error);
    await this.#queue.onIdle();
    this.#onClosed();
  }
}
