/**
 * The resources of the gateway as a table: method, path, schemas of what comes and goes, and what is done. Server and
 * OpenAPI document are made of it, so that neither can say what the other does not do.
 */
import { z } from "zod";
import {
  answerHeaders,
  boardInfo,
  runId,
  runInfo,
  runQuery,
  sessionId,
  sessionInfo,
  sessionRequest,
  waitQuery,
  wordsType,
} from "../protocol/gateway-api.js";
import type { Gateway } from "./gateway.js";
import type { RunRecord } from "./ledger.js";
import type { SessionEvent } from "./live-sessions.js";
import { RequestProblem } from "./problem.js";

/** A request as far as its meaning goes. */
export interface Call {
  readonly gateway: Gateway;
  readonly user: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
}

export type Reply =
  | { readonly status: number; readonly json: unknown }
  | { readonly status: 200; readonly words: Uint8Array; readonly headers: Readonly<Record<string, string>> }
  | { readonly status: 204 }
  | { readonly status: 200; readonly events: (listener: (event: SessionEvent) => void) => () => void };

export interface Route {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** Parameters in braces, as in OpenAPI. */
  readonly path: string;
  readonly about: string;
  readonly params: z.ZodObject;
  readonly query?: z.ZodObject;
  /** Schema of a JSON body, or a description of words. */
  readonly body?: z.ZodObject | { readonly words: string };
  /** What the answer is, by status; a schema, or what words or nothing mean. */
  readonly answers: Readonly<Record<number, z.ZodType | { readonly words: string } | string>>;
  /** Statuses of problems that it has beside those of every route. */
  readonly problems: readonly number[];
  readonly handle: (call: Call) => Promise<Reply>;
}

const boardParam = z.object({ board: z.coerce.number().int().min(0).describe("number of the board") });
const sessionParam = z.object({ session: sessionId });
const runParam = z.object({ session: sessionId, run: runId });

/** Parameters have passed their schema; the types of the table do not say so. */
const text = (value: unknown): string => String(value);
const wordsOf = (body: unknown): Uint8Array => (body instanceof Uint8Array ? body : new Uint8Array(0));

function answerOf(record: RunRecord): Reply {
  const { state, end, answer } = record;
  if (state === "answered" && end !== undefined) {
    const headers = {
      [answerHeaders.continues]: end.continues ? "1" : "0",
      [answerHeaders.fpgaTime]: String(end.fpgaTime),
      [answerHeaders.strayBytes]: String(end.strayBytes),
      [answerHeaders.executeMs]: end.executeMs.toFixed(3),
    };
    return { status: 200, words: answer, headers };
  }
  if (state === "forgotten") throw new RequestProblem(410, "Forgotten", "the answer was forgotten at its user's wish");
  const { code, message } = end?.error ?? { code: "Internal", message: "the run has no answer" };
  throw new RequestProblem(424, code, message);
}

async function answer({ gateway, user, params, query, signal }: Call): Promise<Reply> {
  const [session, run] = [text(params.session), text(params.run)];
  const record = await gateway.waitFor(user, session, run, Number(query.waitMs), signal);
  return record === undefined ? { status: 202, json: gateway.runInfo(user, session, run) } : answerOf(record);
}

function programRoute(kind: "reinit" | "snapshot", about: string): Route {
  return {
    method: "PUT",
    path: `/sessions/{session}/${kind}`,
    about,
    params: sessionParam,
    body: { words: "the program; empty takes it back" },
    answers: { 204: "kept" },
    problems: [404, 413, 422, 429],
    handle: async ({ gateway, user, params, body }) => {
      await gateway.putProgram(user, text(params.session), kind, wordsOf(body));
      return { status: 204 };
    },
  };
}

const runAnswers = {
  200: { words: "the board's answer, up to the halt" },
  202: runInfo,
} as const;

export const routes: readonly Route[] = [
  {
    method: "GET",
    path: "/boards",
    about: "The boards of this gateway.",
    params: z.object({}),
    answers: { 200: z.array(boardInfo) },
    problems: [],
    handle: async ({ gateway }) => ({ status: 200, json: [...gateway.boards.keys()].map((n) => gateway.boardInfo(n)) }),
  },
  {
    method: "GET",
    path: "/boards/{board}",
    about: "One board.",
    params: boardParam,
    answers: { 200: boardInfo },
    problems: [404],
    handle: async ({ gateway, params }) => ({ status: 200, json: gateway.boardInfo(Number(params.board)) }),
  },
  {
    method: "POST",
    path: "/boards/{board}/sessions",
    about:
      "Open a session. It ends when it is closed, or when nothing was heard of its user for the time of its lease.",
    params: boardParam,
    body: sessionRequest,
    answers: { 201: sessionInfo },
    problems: [404, 429],
    handle: async ({ gateway, user, params, body }) => {
      const request = body as z.infer<typeof sessionRequest>;
      return { status: 201, json: await gateway.openSession(user, Number(params.board), request) };
    },
  },
  {
    method: "GET",
    path: "/sessions/{session}",
    about: "State of a session; its lease starts anew.",
    params: sessionParam,
    answers: { 200: sessionInfo },
    problems: [404],
    handle: async ({ gateway, user, params }) => ({
      status: 200,
      json: gateway.sessionInfo(user, text(params.session)),
    }),
  },
  {
    method: "DELETE",
    path: "/sessions/{session}",
    about: "Close a session: what waits is dropped, what runs is stopped, answers are forgotten.",
    params: sessionParam,
    answers: { 204: "closed" },
    problems: [404],
    handle: async ({ gateway, user, params }) => {
      await gateway.closeSession(user, text(params.session));
      return { status: 204 };
    },
  },
  programRoute("reinit", "A program that is run whenever the board comes to this session, after the initialisation."),
  programRoute(
    "snapshot",
    "A program of reads that is run when the session loses the board; what it read is written back after the reinit program.",
  ),
  {
    method: "PUT",
    path: "/sessions/{session}/runs/{run}",
    about:
      "Run a program, once: the same request again finds the same run. Answered when the run is safe on disk, or, with waitMs, when it is over.",
    params: runParam,
    query: runQuery,
    body: { words: "the program: instruction words with one halt, the last" },
    answers: runAnswers,
    problems: [404, 409, 410, 413, 422, 424, 429],
    handle: async (call) => {
      const { gateway, user, params, query, body } = call;
      const [session, run] = [text(params.session), text(params.run)];
      if (query.forget !== undefined) gateway.forgetAnswers(user, session, text(query.forget).split(","));
      const options = { timeoutMs: Number(query.timeoutMs), fresh: query.fresh === "1" };
      await gateway.putRun(user, session, run, wordsOf(body), options);
      return await answer(call);
    },
  },
  {
    method: "GET",
    path: "/sessions/{session}/runs/{run}/answer",
    about: "The answer of a run; 202 while there is none.",
    params: runParam,
    query: waitQuery,
    answers: runAnswers,
    problems: [404, 410, 424],
    handle: answer,
  },
  {
    method: "GET",
    path: "/sessions/{session}/runs/{run}",
    about: "State of a run and its place in the queue.",
    params: runParam,
    answers: { 200: runInfo },
    problems: [404],
    handle: async ({ gateway, user, params }) => ({
      status: 200,
      json: gateway.runInfo(user, text(params.session), text(params.run)),
    }),
  },
  {
    method: "DELETE",
    path: "/sessions/{session}/runs/{run}",
    about: "Let go of a run: stop it, or forget its answer when it is over. Its id stays taken.",
    params: runParam,
    answers: { 204: "done, or under way" },
    problems: [404],
    handle: async ({ gateway, user, params }) => {
      await gateway.forgetRun(user, text(params.session), text(params.run));
      return { status: 204 };
    },
  },
  {
    method: "GET",
    path: "/sessions/{session}/events",
    about: "Server-sent events: turn (the board is set up for this session, or another's), run (state), closed (why).",
    params: sessionParam,
    answers: { 200: "text/event-stream; keeps the session alive" },
    problems: [404],
    handle: async ({ gateway, user, params }) => ({
      status: 200,
      events: (listener) => gateway.listen(user, text(params.session), listener),
    }),
  },
];

export { wordsType };
