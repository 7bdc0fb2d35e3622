/**
 * Everything that a gateway must not forget: sessions, their programs of restoration, runs and answers. The state is what
 * the entries made of it, one by one, so that a journal of the entries is the state. Knows no board, no HTTP, no time.
 */
import { z } from "zod";
import { runStates, type Sharing, sharing } from "../protocol/gateway-api.js";

const id = z.string();
/** How a run ended. */
const endEntry = z.object({
  t: z.literal("end"),
  session: id,
  run: id,
  state: z.enum(runStates).extract(["answered", "failed", "cancelled", "unknown"]),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  continues: z.boolean(),
  fpgaTime: z.number(),
  strayBytes: z.number().int(),
  executeMs: z.number(),
});
export const entrySchema = z.discriminatedUnion("t", [
  z.object({
    t: z.literal("session"),
    session: id,
    user: z.string(),
    board: z.number().int(),
    leaseMs: z.number(),
    sharing,
  }),
  /** Payload: words of a program; none takes it back. `restore` is made of a snapshot's answers. */
  z.object({ t: z.enum(["reinit", "snapshot", "restore"]), session: id }),
  /** Payload: words of the program. */
  z.object({
    t: z.literal("run"),
    session: id,
    run: id,
    digest: z.string(),
    timeoutMs: z.number(),
    fresh: z.boolean(),
  }),
  z.object({ t: z.literal("start"), session: id, run: id }),
  /** Payload: words of the answer. */
  endEntry,
  z.object({ t: z.literal("forget"), session: id, run: id }),
  z.object({ t: z.literal("close"), session: id }),
]);

export type Entry = z.infer<typeof entrySchema>;
type EndEntry = z.infer<typeof endEntry>;
export interface LedgerRecord {
  readonly entry: Entry;
  readonly payload: Uint8Array;
}
export const noWords: Uint8Array = new Uint8Array(0);

export interface RunRecord {
  readonly session: string;
  readonly run: string;
  readonly digest: string;
  readonly timeoutMs: number;
  readonly fresh: boolean;
  state: (typeof runStates)[number];
  /** Until it is over. */
  program: Uint8Array;
  end: EndEntry | undefined;
  answer: Uint8Array;
}

export interface SessionRecord {
  readonly session: string;
  readonly user: string;
  readonly board: number;
  readonly leaseMs: number;
  readonly sharing: Sharing;
  reinit: Uint8Array;
  snapshot: Uint8Array;
  restore: Uint8Array;
  readonly runs: Map<string, RunRecord>;
  /** Runs that wait, in the order in which they came. */
  readonly queue: RunRecord[];
  /** Bytes of all its programs and answers that are kept. */
  keptBytes: number;
}

export class Ledger {
  readonly sessions = new Map<string, SessionRecord>();

  /** @throws Error when the entry refers to what is not there: the journal is not one of ours */
  apply({ entry, payload }: LedgerRecord): void {
    if (entry.t === "session") {
      const { session, user, board, leaseMs, sharing } = entry;
      const programs = { reinit: noWords, snapshot: noWords, restore: noWords };
      this.sessions.set(session, {
        session,
        user,
        board,
        leaseMs,
        sharing,
        ...programs,
        runs: new Map(),
        queue: [],
        keptBytes: 0,
      });
      return;
    }
    const session = this.#session(entry.session);
    switch (entry.t) {
      case "reinit":
      case "snapshot":
      case "restore":
        session.keptBytes += payload.length - session[entry.t].length;
        session[entry.t] = payload;
        break;
      case "run": {
        const { run, digest, timeoutMs, fresh } = entry;
        const shared = { session: session.session, run, digest, timeoutMs, fresh };
        const record: RunRecord = { ...shared, state: "queued", program: payload, end: undefined, answer: noWords };
        session.runs.set(run, record);
        session.queue.push(record);
        session.keptBytes += payload.length;
        break;
      }
      case "start": {
        const run = this.#run(session, entry.run);
        run.state = "running";
        leave(session, run);
        break;
      }
      case "end": {
        const run = this.#run(session, entry.run);
        session.keptBytes += payload.length - run.program.length - run.answer.length;
        Object.assign(run, { state: entry.state, end: entry, answer: payload, program: noWords });
        leave(session, run);
        break;
      }
      case "forget": {
        const run = this.#run(session, entry.run);
        session.keptBytes -= run.answer.length;
        Object.assign(run, { state: "forgotten", answer: noWords });
        break;
      }
      case "close":
        this.sessions.delete(entry.session);
        break;
    }
  }

  /** The shortest way to this state. */
  *records(): Generator<LedgerRecord> {
    for (const session of this.sessions.values()) {
      const { session: id, user, board, leaseMs, sharing } = session;
      yield { entry: { t: "session", session: id, user, board, leaseMs, sharing }, payload: noWords };
      for (const t of ["reinit", "snapshot", "restore"] as const) {
        if (session[t].length > 0) yield { entry: { t, session: id }, payload: session[t] };
      }
      for (const record of session.runs.values()) yield* runRecords(record);
    }
  }

  #session(id: string): SessionRecord {
    const session = this.sessions.get(id);
    if (session === undefined) throw new Error(`no session ${id}`);
    return session;
  }
  #run(session: SessionRecord, id: string): RunRecord {
    const run = session.runs.get(id);
    if (run === undefined) throw new Error(`no run ${id} in session ${session.session}`);
    return run;
  }
}

function* runRecords(record: RunRecord): Generator<LedgerRecord> {
  const { session, run, digest, timeoutMs, fresh, state, program, end, answer } = record;
  yield { entry: { t: "run", session, run, digest, timeoutMs, fresh }, payload: program };
  if (state === "running") yield { entry: { t: "start", session, run }, payload: noWords };
  if (end !== undefined) yield { entry: end, payload: answer };
  if (state === "forgotten") yield { entry: { t: "forget", session, run }, payload: noWords };
}

function leave(session: SessionRecord, run: RunRecord): void {
  const at = session.queue.indexOf(run);
  if (at >= 0) session.queue.splice(at, 1);
}
