/**
 * The gateway without HTTP: sessions with leases, runs that happen at most once, answers that are kept until they are
 * forgotten. Every change is in the journal before anybody hears of it. Who may see a session is decided here.
 */
import { createHash, randomBytes } from "node:crypto";
import type { Clock } from "../base/clock.js";
import type { Logger } from "../base/log.js";
import type { BoardInfo, RunInfo, SessionInfo, Sharing } from "../protocol/gateway-api.js";
import type { GatewayBoard } from "./board.js";
import { boardWork } from "./board-work.js";
import type { Journal } from "./journal.js";
import type { RunRecord, SessionRecord } from "./ledger.js";
import type { GatewayLimits } from "./limits.js";
import type { SessionEvent } from "./live-sessions.js";
import { RequestProblem } from "./problem.js";
import { checkProgram } from "./program-check.js";
import { cancellation, cancelled, GatewayState, id8, turnOf } from "./state.js";
import type { Turn } from "./turns.js";

export interface GatewayOptions {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: GatewayLimits;
}

const over: readonly string[] = ["answered", "failed", "cancelled", "unknown", "forgotten"];

export class Gateway {
  readonly boards: GatewayBoard[] = [];
  readonly limits: GatewayLimits;
  readonly #logger: Logger;
  readonly #state: GatewayState;

  constructor({ journal, clock, logger, limits }: GatewayOptions) {
    this.#logger = logger;
    this.#state = new GatewayState(journal, clock, (session) => {
      this.counters.expiredLeases++;
      this.#close(session, "its lease expired").catch(() => undefined);
    });
    this.limits = limits;
  }

  get counters(): GatewayState["counters"] {
    return this.#state.counters;
  }
  get #sessions(): Map<string, SessionRecord> {
    return this.#state.sessions;
  }
  /** Why nothing can be kept any more, when it is so. */
  get failure(): Error | undefined {
    return this.#state.journal.failure;
  }
  get sessionCount(): number {
    return this.#sessions.size;
  }
  get journalBytes(): number {
    return this.#state.journal.byteLength;
  }

  /** Go on where the process before ended: what the board had then has an outcome that nobody knows. */
  async restore(): Promise<void> {
    for (const record of [...this.#sessions.values()]) {
      if (record.board >= this.boards.length) await this.#state.append({ t: "close", session: record.session });
      else this.#enliven(record);
      for (const run of record.runs.values()) {
        if (run.state !== "running") continue;
        this.counters.unknownOutcomes++;
        const message = "the gateway ended while the board had the run";
        await this.#state.end(run, "unknown", { code: "OutcomeUnknown", message });
      }
    }
    for (const board of this.boards) board.wake();
  }

  boardInfo(number: number): BoardInfo {
    const board = this.#board(number);
    const sessions = [...this.#sessions.values()].filter((session) => session.board === number);
    const { boardId, bitfileInfo } = board.identity;
    const waitingRuns = sessions.reduce((sum, { queue }) => sum + queue.length, 0);
    return { board: number, boardId, bitfileInfo, state: board.state, sessions: sessions.length, waitingRuns };
  }

  async openSession(user: string, board: number, request: { leaseMs: number; sharing: Sharing }): Promise<SessionInfo> {
    this.#board(board);
    const own = [...this.#sessions.values()].filter((session) => session.user === user).length;
    if (own >= this.limits.maxSessionsPerUser || this.#sessions.size >= this.limits.maxSessions)
      throw new RequestProblem(429, "TooManySessions", `${own} sessions of ${user} are open; close one, or wait`, {
        retryAfterS: 5,
        limit: this.limits.maxSessionsPerUser,
      });
    const session = randomBytes(16).toString("hex");
    const durable = this.#state.append({ t: "session", session, user, board, ...request });
    this.#enliven(this.#sessions.get(session) as SessionRecord);
    await durable;
    return this.sessionInfo(user, session);
  }

  /** Also keeps the session alive. @throws RequestProblem 404 when it is gone, or another user's */
  sessionInfo(user: string, id: string): SessionInfo {
    const { session, board, leaseMs, sharing, queue } = this.#own(user, id);
    const { sliceMs, maxProgramBytes, maxAnswerBytes } = this.limits;
    return {
      session,
      board,
      leaseMs,
      sharing,
      sliceMs,
      hasTurn: this.#state.live.hasTurn(id),
      queuedRuns: queue.length,
      sessionsAhead: this.#ahead(id, board),
      maxProgramBytes,
      maxAnswerBytes,
    };
  }

  async closeSession(user: string, id: string): Promise<void> {
    this.#own(user, id);
    await this.#close(id, "it was closed");
  }

  /** @param words none takes the program back */
  async putProgram(user: string, id: string, kind: "reinit" | "snapshot", words: Uint8Array): Promise<void> {
    this.#own(user, id);
    if (words.length > 0) checkProgram(words, this.limits.maxProgramBytes);
    this.#requireRoom(user, words.length);
    await this.#state.append({ t: kind, session: id }, words);
  }

  /**
   * Take a run, or find that it was taken before. Resolves when it cannot be lost any more.
   * @throws RequestProblem 404, 409, 413, 422, 429
   */
  async putRun(
    user: string,
    id: string,
    run: string,
    words: Uint8Array,
    { timeoutMs, fresh }: { readonly timeoutMs: number; readonly fresh: boolean },
  ): Promise<RunInfo> {
    const session = this.#own(user, id);
    const digest = createHash("sha256").update(words).digest("hex");
    const known = session.runs.get(run);
    if (known !== undefined) {
      if (known.digest !== digest)
        throw new RequestProblem(409, "RunIdTaken", `run ${run} is another program; draw a new id`);
      this.counters.repeatedRequests++;
      await this.#state.journal.settled();
      return this.runInfo(user, id, run);
    }
    checkProgram(words, this.limits.maxProgramBytes);
    const { maxQueuedRuns, maxRunsPerSession } = this.limits;
    if (session.queue.length >= maxQueuedRuns)
      throw new RequestProblem(429, "QueueFull", `${maxQueuedRuns} runs of this session wait already`, {
        retryAfterS: 1,
        limit: maxQueuedRuns,
      });
    if (session.runs.size >= maxRunsPerSession)
      throw new RequestProblem(409, "SessionSpent", `the session has had ${maxRunsPerSession} runs; open a new one`, {
        limit: maxRunsPerSession,
      });
    this.#requireRoom(user, words.length);
    const durable = this.#state.append({ t: "run", session: id, run, digest, timeoutMs, fresh }, words);
    this.boards[session.board]?.wake();
    await durable;
    return this.runInfo(user, id, run);
  }

  /** @throws RequestProblem 404 */
  runInfo(user: string, id: string, run: string): RunInfo {
    const session = this.#own(user, id);
    const record = ownRun(session, run);
    const isQueued = record.state === "queued";
    return {
      run,
      state: record.state,
      runsAhead: isQueued ? session.queue.indexOf(record) : 0,
      sessionsAhead: isQueued ? this.#ahead(id, session.board) : 0,
      error: record.end?.error ?? null,
    };
  }

  /** The record of a run that is over, or undefined after `waitMs`. */
  async waitFor(
    user: string,
    id: string,
    run: string,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<RunRecord | undefined> {
    const record = ownRun(this.#own(user, id), run);
    if (!over.includes(record.state)) await this.#state.live.waitFor(id, run, waitMs, signal);
    // The end is in the ledger a moment before it is on the disk.
    if (!over.includes(record.state)) return undefined;
    await this.#state.journal.settled();
    return record;
  }

  /** Let go of a run: stop it when it is not over, drop its answer when it is. Its id stays taken. */
  async forgetRun(user: string, id: string, run: string): Promise<void> {
    const session = this.#own(user, id);
    const record = ownRun(session, run);
    const running = this.#state.live.running(id);
    if (record.state === "running" && running?.run === run) running.abort.abort(cancelled);
    else if (record.state === "queued") await this.#state.end(record, "cancelled", cancellation);
    else if (record.state !== "running" && record.state !== "forgotten")
      await this.#state.append({ t: "forget", session: id, run });
  }

  /** Drop answers that their user has. Does not wait for the disk: a run that is forgotten late is only kept for longer. */
  forgetAnswers(user: string, id: string, runs: readonly string[]): void {
    const session = this.#own(user, id);
    for (const run of runs) {
      const record = session.runs.get(run);
      if (record !== undefined && over.includes(record.state) && record.state !== "forgotten")
        this.#state.append({ t: "forget", session: id, run }).catch(() => undefined);
    }
  }

  /** @returns how to stop listening @throws RequestProblem 404 */
  listen(user: string, id: string, listener: (event: SessionEvent) => void): () => void {
    this.#own(user, id);
    return this.#state.live.listen(id, listener);
  }

  /** The half that board `number` talks to. */
  workOf(number: number): ReturnType<typeof boardWork> {
    return boardWork(this.#state, number, this.#logger);
  }

  async close(): Promise<void> {
    this.#state.live.removeAll("the gateway is stopping");
    await Promise.all(this.boards.map((board) => board.close()));
    await this.#state.journal.close();
  }

  #enliven({ session, board, leaseMs }: SessionRecord): void {
    this.#state.live.add(session, leaseMs);
    this.boards[board]?.turns.add(session);
  }

  async #close(id: string, why: string): Promise<void> {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    this.#logger.info({ session: id8(id), user: session.user, why }, "session closed");
    this.#state.live.remove(id, why)?.abort.abort(cancelled);
    this.boards[session.board]?.turns.remove(id);
    await this.#state.append({ t: "close", session: id });
    this.boards[session.board]?.wake();
  }

  #board(number: number): GatewayBoard {
    const board = this.boards[number];
    if (board === undefined)
      throw new RequestProblem(404, "NoSuchBoard", `board ${number} is outside 0..${this.boards.length - 1}`);
    return board;
  }

  /** The session, kept alive by being asked for. Another user's is as if it were not there. */
  #own(user: string, id: string): SessionRecord {
    const session = this.#sessions.get(id);
    if (session === undefined || session.user !== user)
      throw new RequestProblem(404, "NoSuchSession", "no such session; it was closed, or its lease expired");
    this.#state.live.renew(id);
    return session;
  }

  #ahead(id: string, board: number): number {
    const wants = (other: string): Turn | undefined => {
      const session = this.#sessions.get(other);
      return session && turnOf(session);
    };
    return this.boards[board]?.turns.ahead(id, wants) ?? 0;
  }

  #requireRoom(user: string, bytes: number): void {
    const { maxKeptBytesPerUser } = this.limits;
    let kept = 0;
    for (const session of this.#sessions.values()) if (session.user === user) kept += session.keptBytes;
    if (kept + bytes <= maxKeptBytesPerUser) return;
    const why = `${kept} bytes of programs and answers are kept for ${user}; forget runs whose answers you have`;
    throw new RequestProblem(429, "TooMuchKept", why, { retryAfterS: 1, limit: maxKeptBytesPerUser });
  }
}

function ownRun(session: SessionRecord, run: string): RunRecord {
  const record = session.runs.get(run);
  if (record === undefined) throw new RequestProblem(404, "NoSuchRun", `no run ${run} in this session`);
  return record;
}
