/** The half of a gateway that a board talks to: whose run is next, what restores a session, and how a run ended. */
import type { Logger } from "../base/log.js";
import type { BoardJob, BoardWork } from "./board.js";
import { noWords, type RunRecord, type SessionRecord } from "./ledger.js";
import { failureOf } from "./problem.js";
import { cancellation, cancelled, type GatewayState, id8, turnOf } from "./state.js";

/** @param board its number, for the log */
export function boardWork(state: GatewayState, board: number, logger: Logger): BoardWork {
  const session = (id: string): SessionRecord | undefined => state.sessions.get(id);
  return {
    turnOf: (id) => {
      const record = session(id);
      return record && turnOf(record);
    },
    reinitOf: (id) => {
      const record = session(id);
      return [record?.reinit ?? noWords, record?.restore ?? noWords].filter(({ length }) => length > 0);
    },
    snapshotOf: (id) => {
      const words = session(id)?.snapshot;
      return words === undefined || words.length === 0 ? undefined : words;
    },
    putRestore: async (id, words) => {
      if (session(id) !== undefined) await state.append({ t: "restore", session: id }, words);
    },
    start: async (id) => await start(state, id),
    answered: async (job, { words, ...about }, continues) => {
      const record = state.takeRunning(job);
      if (record !== undefined) await state.end(record, "answered", null, { ...about, continues }, words);
    },
    failed: async (job, error) => {
      const record = state.takeRunning(job);
      if (record === undefined) return;
      state.counters.failedRuns++;
      if (error === cancelled) await state.end(record, "cancelled", cancellation);
      else await state.end(record, "failed", failureOf(error));
      logger.info({ board, session: id8(job.session), run: record.run, err: error }, "a run failed");
    },
    unrestorable: async (id, why) => {
      const error = { code: "LinkReset", message: why };
      // A chain that begins anew does not need what is lost.
      while (session(id)?.queue[0]?.fresh === false)
        await state.end(session(id)?.queue[0] as RunRecord, "failed", error);
    },
    hasRun: (id) => [...(session(id)?.runs.values() ?? [])].some((run) => run.state !== "queued"),
    onTurn: (id, hasTurn) => state.live.setTurn(id, hasTurn),
  };
}

async function start(state: GatewayState, id: string): Promise<BoardJob | undefined> {
  const record = state.sessions.get(id)?.queue[0];
  if (record === undefined) return undefined;
  const { run, program: words, timeoutMs } = record;
  const abort = new AbortController();
  if (!state.live.setRunning(id, { run, abort })) return undefined;
  // On the disk before a word is on the wire: what may have run never runs again.
  await state.append({ t: "start", session: id, run });
  state.live.tell(id, { type: "run", run, state: "running" });
  state.counters.runs++;
  return { session: id, words, timeoutMs, signal: abort.signal };
}
