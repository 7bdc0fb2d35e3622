/**
 * What goes over HTTP between a gateway and those who use its boards: resources, headers, and the schemas of what is not
 * words. Programs and answers travel as plain instruction words. Behaviour is written twice, in `gateway` and in
 * `device/gateway`; the OpenAPI document is made of these schemas (docs/gateway.md).
 */
import { z } from "zod";

/** Programs and answers: 64-bit words, big-endian, nothing else. */
export const wordsType = "application/octet-stream";

export const answerHeaders = {
  /** `1`: the answer follows that of the session's run before; `0`: somebody else had the board in between. */
  continues: "hxloop-continues",
  /** The receiver's clock before the first word, FPGA cycles. */
  fpgaTime: "hxloop-fpga-time",
  /** So many of the first bytes came before the program began. */
  strayBytes: "hxloop-stray-bytes",
  /** From the last word sent to the halt, ms. */
  executeMs: "hxloop-execute-ms",
  /** SHA-256 of the body, hexadecimal. */
  digest: "hxloop-sha256",
} as const;

/** Limits that the schemas state; what a gateway allows below them is its own choice. */
export const gatewayLimits = {
  leaseMs: [1000, 3_600_000],
  timeoutMs: [1, 86_400_000],
  waitMs: [0, 60_000],
  forgetAtOnce: 16,
} as const;

const ranged = (name: "leaseMs" | "timeoutMs" | "waitMs", about: string) => {
  const [min, max] = gatewayLimits[name];
  return z.coerce.number().int().min(min).max(max).describe(`${about}, ms, ${min}..${max}`);
};

/** An id that its maker draws: unguessable where it protects something. */
export const runId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/)
  .describe("id of a run, drawn by the client: 1..64 of A-Z a-z 0-9 _ -; the run's idempotency key");
export const sessionId = z
  .string()
  .regex(/^[0-9a-f]{32}$/)
  .describe("id of a session: 128 random bits, hexadecimal");

export const boardInfo = z
  .object({
    board: z.number().int().min(0).describe("number of the board at this gateway"),
    boardId: z.string().describe("serial number of the board, hexadecimal"),
    bitfileInfo: z.string().describe("info text of the bitfile"),
    state: z.enum(["ready", "busy", "lost"]).describe("lost: the gateway is trying to reach it again"),
    sessions: z.number().int().min(0).describe("sessions that are open"),
    waitingRuns: z.number().int().min(0).describe("runs that wait for their turn"),
  })
  .meta({ id: "Board" });

export const sharing = z
  .enum(["restored", "chains", "hold"])
  .describe(
    "when others may have the board in between. restored: between any two runs; the state is restored by the session's reinit program and snapshot. chains: before a run marked fresh, which needs nothing of those before. hold: not at all, from the session's first run until it ends",
  );

export const sessionRequest = z
  .strictObject({
    leaseMs: ranged("leaseMs", "the session ends when nothing is heard of its user for this long").default(60_000),
    sharing: sharing.default("restored"),
  })
  .meta({ id: "SessionRequest" });

export const sessionInfo = z
  .object({
    session: sessionId,
    board: z.number().int().min(0),
    leaseMs: z.number().int().describe("every request of the session starts the lease anew"),
    sharing,
    sliceMs: z.number().describe("how long a session keeps the board while others wait"),
    hasTurn: z.boolean().describe("the board is set up for this session"),
    queuedRuns: z.number().int(),
    sessionsAhead: z.number().int().describe("sessions that have their turn before this one's next"),
    maxProgramBytes: z.number().int(),
    maxAnswerBytes: z.number().int(),
  })
  .meta({ id: "Session" });

export const runStates = ["queued", "running", "answered", "failed", "cancelled", "unknown", "forgotten"] as const;
export const runInfo = z
  .object({
    run: runId,
    state: z
      .enum(runStates)
      .describe("unknown: the gateway ended while the board had it, and it is never run again by the gateway"),
    runsAhead: z.number().int().min(0).describe("runs of this session that come before it"),
    sessionsAhead: z.number().int().min(0).describe("other sessions that have their turn before it"),
    error: z.object({ code: z.string(), message: z.string() }).nullable().describe("why it has no answer"),
  })
  .meta({ id: "Run" });

/** Code of a run that did not come to its halt: of all timeouts the one that the same program would meet again. */
export const programTimeout = "ProgramTimeout";

/** RFC 9457, with a code to match on. */
export const problem = z
  .object({
    type: z.literal("about:blank"),
    title: z.string(),
    status: z.number().int(),
    code: z.string().describe("what a program matches on; a run's failure has the tag of the driver's error"),
    detail: z.string(),
    limit: z.number().optional().describe("the limit that was exceeded"),
    instruction: z.number().int().optional().describe("index of the instruction at fault"),
  })
  .meta({ id: "Problem" });

export type Sharing = z.infer<typeof sharing>;
export type BoardInfo = z.infer<typeof boardInfo>;
export type SessionInfo = z.infer<typeof sessionInfo>;
export type RunInfo = z.infer<typeof runInfo>;
export type Problem = z.infer<typeof problem>;

const waitAndTimeout = z.strictObject({
  waitMs: ranged("waitMs", "answer when the run is over, or after this long").default(0),
  timeoutMs: ranged("timeoutMs", "end the run when its halt has not come after this long on the board").default(60_000),
});
export const runQuery = waitAndTimeout.extend({
  fresh: z
    .enum(["0", "1"])
    .default("0")
    .describe("1: the program brings board and chip up from cold; it needs nothing that was there before"),
  forget: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}(,[A-Za-z0-9_-]{1,64}){0,15}$/)
    .optional()
    .describe("ids of up to 16 runs of this session, with commas: their answers need not be kept any more"),
});
export const waitQuery = waitAndTimeout.pick({ waitMs: true }).strict();
