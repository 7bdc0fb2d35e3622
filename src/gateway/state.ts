/**
 * What a gateway knows: the ledger with its journal, and what lives beside it. Every change is in the journal before
 * anybody hears of it. Both halves of a gateway work on it: the one that users talk to, and the one that boards do.
 */
import type { Clock } from "../base/clock.js";
import type { BoardJob } from "./board.js";
import type { Journal } from "./journal.js";
import { type Entry, noWords, type RunRecord, type SessionRecord } from "./ledger.js";
import { LiveSessions } from "./live-sessions.js";
import type { Turn } from "./turns.js";

/** Reason of a run's end on its user's wish. */
export const cancelled = new Error("cancelled");
export const cancellation = { code: "Cancelled", message: "the run was cancelled" };

export class GatewayState {
  readonly journal: Journal;
  readonly live: LiveSessions;
  readonly counters = { runs: 0, repeatedRequests: 0, expiredLeases: 0, unknownOutcomes: 0, failedRuns: 0 };

  /** @param onExpired nothing was heard of a session's user for the time of its lease */
  constructor(journal: Journal, clock: Clock, onExpired: (session: string) => void) {
    this.journal = journal;
    this.live = new LiveSessions(clock, onExpired);
  }

  get sessions(): Map<string, SessionRecord> {
    return this.journal.ledger.sessions;
  }

  /** Resolves when it is on the disk; it is in the ledger at once. @throws StateUnusable */
  append(entry: Entry, payload = noWords): Promise<void> {
    return this.journal.append({ entry, payload });
  }

  /** A run is over: on the disk first, then to those who wait. */
  async end(
    { session, run }: RunRecord,
    state: "answered" | "failed" | "cancelled" | "unknown",
    error: { code: string; message: string } | null,
    about = { continues: false, fpgaTime: 0, strayBytes: 0, executeMs: 0 },
    words = noWords,
  ): Promise<void> {
    await this.append({ t: "end", session, run, state, error, ...about }, words);
    this.live.release(session, run);
    this.live.tell(session, { type: "run", run, state });
  }

  /** The run of a job, unless its session ended meanwhile; it is not on the board from here on. */
  takeRunning({ session, signal }: BoardJob): RunRecord | undefined {
    const running = this.live.running(session);
    if (running === undefined || running.abort.signal !== signal) return undefined;
    this.live.setRunning(session, undefined);
    return this.sessions.get(session)?.runs.get(running.run);
  }
}

/** Enough of an id for a log: the whole would let its reader into the session. */
export function id8(id: string): string {
  return id.slice(0, 8);
}

export function turnOf({ session, sharing, queue }: SessionRecord): Turn {
  return { session, sharing, waiting: queue.length, isFresh: queue[0]?.fresh ?? false };
}
