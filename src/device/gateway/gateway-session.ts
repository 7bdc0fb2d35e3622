/**
 * A session at a gateway, as a session of a device. Each program is a run under an id of its own, so that asking again
 * never runs it twice; the session's lease is kept alive as long as it is open.
 */
import { type Deferred, deferred } from "../../base/async.js";
import { type Alarm, type Clock, elapsedMs, type Instant } from "../../base/clock.js";
import { type HxError, isHxError } from "../../base/errors.js";
import type { Logger } from "../../base/log.js";
import {
  answerHeaders,
  gatewayLimits,
  runInfo,
  type SessionInfo,
  sessionInfo,
  wordsType,
} from "../../protocol/gateway-api.js";
import { LinkClosed, LinkReset, ProgramTooLong } from "../errors.js";
import { initProgram } from "../init-program.js";
import type {
  DeviceIdentity,
  PlaybackProgram,
  ReinitOptions,
  RunOptions,
  RunResult,
  Session,
} from "../interface/index.js";
import { Builder } from "../playback/builder.js";
import { type ProgramContent, takeProgram } from "../playback/program.js";
import type { HttpClient, HttpReply } from "../transport/http.js";
import { AnswerReader, type GatewayAnswer } from "./answer-reader.js";
import { Forgetting } from "./forgetting.js";
import type { FrameNotes } from "./frame-notes.js";
import { checkedReply, errorOf, numberOf, wordsOf } from "./replies.js";
import { Retries } from "./retries.js";

export interface GatewaySessionOptions {
  readonly identity: DeviceIdentity;
  readonly http: HttpClient;
  readonly info: SessionInfo;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Draws an id that nobody else draws. */
  readonly drawId: () => string;
  readonly notes?: FrameNotes | undefined;
  readonly onClosed: () => void;
}

/** How long the gateway is asked to wait for an answer at a time, ms. */
const waitMs = 20_000;
/** The same when a run is handed in and none comes after it: a small one then takes one request. Our choice. */
const shortWaitMs = 20;
/** A run that is stopped is waited for so long, ms. */
const stopMs = 3000;
/** Status of the answer of a run that failed. */
const failedRun = 424;

interface Run {
  readonly id: string;
  readonly content: ProgramContent;
  readonly began: Instant;
  readonly result: Deferred<RunResult>;
  /** Ends the run's requests. */
  readonly abort: AbortController;
}

export class GatewaySession implements Session {
  readonly identity: DeviceIdentity;
  readonly #options: GatewaySessionOptions;
  readonly #path: string;
  readonly #reader: AnswerReader;
  readonly #forgetting: Forgetting;
  readonly #retries = new Retries();
  readonly #runs = new Set<Run>();
  /** Runs that have not been handed in. */
  #toHandIn = 0;
  /** Runs are taken, and their answers read, one after the other. */
  #taken: Promise<unknown> = Promise.resolve();
  #read: Promise<unknown> = Promise.resolve();
  #lease: Alarm | undefined;
  #lost: HxError | undefined;
  #closing: Promise<void> | undefined;
  #sessionsAhead = 0;

  constructor(options: GatewaySessionOptions) {
    this.identity = options.identity;
    this.#options = options;
    this.#path = `/sessions/${options.info.session}`;
    this.#reader = new AnswerReader(options.identity.url, options.clock);
    this.#forgetting = new Forgetting(options.http, options.clock, this.#path);
    this.#keepAlive();
  }

  get notices(): readonly string[] {
    return this.#retries.notices;
  }

  mayRetry(error: unknown): boolean {
    return this.#lost === undefined && this.#retries.mayRetry(error);
  }

  get #url(): string {
    return this.identity.url;
  }

  program(): Builder {
    return new Builder(this.#options.clock);
  }

  /** Others may have the board before this, when the session is one of chains. */
  async reinit({ systimeBase = 0, ...options }: ReinitOptions = {}): Promise<void> {
    await this.#run(initProgram(this.program(), systimeBase), options, true);
  }

  /** @throws OutcomeUnknown when the gateway ended while the board had the program; those of `Session.run` */
  async run(program: PlaybackProgram, options: RunOptions = {}): Promise<RunResult> {
    return await this.#run(program, options, false);
  }

  async #run(program: PlaybackProgram, options: RunOptions, fresh: boolean): Promise<RunResult> {
    const { signal, timeoutMs = 60_000 } = options;
    if (this.#closing !== undefined) throw new LinkClosed(this.#url, "session");
    if (this.#lost !== undefined) throw this.#lost;
    signal?.throwIfAborted();
    const { clock, drawId } = this.#options;
    const content = takeProgram(program);
    const { maxProgramBytes } = this.#options.info;
    // The gateway would refuse it, but may close the connection before the whole has been sent.
    if (content.words.length > maxProgramBytes)
      throw new ProgramTooLong(content.words.length / 8, Math.floor(maxProgramBytes / 8));
    const abort = new AbortController();
    const run: Run = { id: drawId(), content, began: clock.now(), result: deferred<RunResult>(), abort };
    const onAbort = (): void => abort.abort(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#runs.add(run);
    const answer = this.#answerOf(run, timeoutMs, fresh);
    answer.catch(() => undefined);
    const result = this.#read.then(async () => {
      try {
        return this.#readAnswer(run, await answer);
      } catch (error) {
        this.#reader.interrupt();
        throw error;
      }
    });
    this.#read = result.catch(() => undefined);
    try {
      return await result;
    } finally {
      signal?.removeEventListener("abort", onAbort);
      this.#runs.delete(run);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#lease?.cancel();
    this.#forgetting.end();
    for (const run of this.#runs) run.abort.abort(new LinkClosed(this.#url, "session"));
    await this.#read;
    if (this.#lost === undefined) {
      await this.#options.http.send({ method: "DELETE", path: this.#path }).catch(() => undefined);
    }
    this.#options.onClosed();
  }

  /** Hand the program in when those before it are, then wait for its answer. */
  async #answerOf(run: Run, timeoutMs: number, fresh: boolean): Promise<GatewayAnswer> {
    const { http, notes } = this.#options;
    const { content, abort, id } = run;
    const path = `${this.#path}/runs/${id}`;
    const { signal } = abort;
    this.#toHandIn++;
    const taking = this.#taken.then(async () => {
      const wait = --this.#toHandIn === 0 ? shortWaitMs : 0;
      signal.throwIfAborted();
      notes?.note("toBoard", content.words);
      const body = { type: wordsType, content: content.words };
      const limit = timeoutMs > 0 ? Math.ceil(timeoutMs) : gatewayLimits.timeoutMs[1];
      const query = `timeoutMs=${limit}&fresh=${Number(fresh)}&waitMs=${wait}${this.#forgetting.takeQuery()}`;
      return await http.send({ method: "PUT", path: `${path}?${query}`, body, waitMs: wait, signal });
    });
    this.#taken = taking.catch(() => undefined);
    try {
      let reply = await taking;
      while (reply.status === 202) {
        this.#tellQueue(reply);
        reply = await http.send({ method: "GET", path: `${path}/answer?waitMs=${waitMs}`, waitMs, signal });
      }
      if (reply.status !== 200) throw this.#failure(reply, content);
      const answer = this.#answerIn(reply);
      notes?.note("toHost", answer.words);
      this.#forgetting.add(id);
      this.#retries.answered();
      return answer;
    } catch (error) {
      if (signal.aborted && this.#lost === undefined) await this.#stop(path);
      throw error;
    }
  }

  #answerIn(reply: HttpReply): GatewayAnswer {
    const number = (name: string): number => numberOf(this.#url, reply, name);
    return {
      words: wordsOf(this.#url, reply),
      continues: number(answerHeaders.continues) === 1,
      fpgaTime: number(answerHeaders.fpgaTime),
      strayBytes: number(answerHeaders.strayBytes),
      executeMs: number(answerHeaders.executeMs),
    };
  }

  #readAnswer({ content, began }: Run, answer: GatewayAnswer): RunResult {
    const elapsed = elapsedMs(began, this.#options.clock.now());
    const encodeMs = content.encodeMs + Math.max(0, elapsed - answer.executeMs);
    return this.#reader.read(content, answer, encodeMs);
  }

  /** Why there is no answer. A run that failed leaves the session as it is; a session that is not there ends here. */
  #failure(reply: HttpReply, content: ProgramContent): HxError {
    const error = errorOf(this.#url, reply, content.words.length / 8);
    if (reply.status === failedRun) this.#retries.told(error);
    else if (isHxError(error, "LinkReset")) this.#lose(error);
    return error;
  }

  /** Stop a run and wait until the board is done with it. */
  async #stop(path: string): Promise<void> {
    const { http, clock } = this.#options;
    const limit = new AbortController();
    const alarm = clock.after(stopMs, () => limit.abort());
    const { signal } = limit;
    try {
      await http.send({ method: "DELETE", path, signal });
      await http.send({ method: "GET", path: `${path}/answer?waitMs=${stopMs}`, waitMs: stopMs, signal });
    } catch (err) {
      this.#options.logger.debug({ url: this.#url, err }, "a run could not be stopped");
    } finally {
      alarm.cancel();
    }
  }

  #tellQueue(reply: HttpReply): void {
    const { sessionsAhead } = checkedReply(this.#url, reply, runInfo);
    if (sessionsAhead === this.#sessionsAhead) return;
    this.#sessionsAhead = sessionsAhead;
    this.#options.logger.info({ url: this.#url, sessionsAhead }, "waiting for the board");
  }

  #keepAlive(): void {
    const { clock, http, info } = this.#options;
    this.#lease = clock.after(info.leaseMs / 4, () => {
      http
        .send({ method: "GET", path: this.#path })
        .then((reply) => void checkedReply(this.#url, reply, sessionInfo))
        .catch((error: unknown) => {
          if (isHxError(error, "LinkReset")) this.#lose(error);
        })
        .finally(() => {
          if (this.#closing === undefined && this.#lost === undefined) this.#keepAlive();
        });
    });
  }

  /** The session is gone at the gateway. */
  #lose(error: HxError): void {
    if (this.#lost !== undefined || this.#closing !== undefined) return;
    this.#lost = error;
    this.#lease?.cancel();
    for (const run of this.#runs) run.abort.abort(new LinkReset(this.#url, "the session ended", { cause: error }));
  }
}
