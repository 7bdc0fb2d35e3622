/** The driver against gateways that are slow, refuse, fail, cut their answers, or are none at all (msw in their place). */
import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ManualClock, systemClock } from "../../src/base/clock.js";
import { silentLogger } from "../../src/base/log.js";
import { connectGateway } from "../../src/device/gateway/gateway-device.js";
import { HttpClient } from "../../src/device/transport/http.js";
import { halt, tick, words } from "./support.js";

const base = "http://gateway.test";
const server = setupServer();
beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

const boardReply = {
  board: 0,
  boardId: "00000000000abcd",
  bitfileInfo: "version: 2",
  state: "ready",
  sessions: 0,
  waitingRuns: 0,
};
const sessionReply = {
  session: "0123456789abcdef0123456789abcdef",
  board: 0,
  leaseMs: 60_000,
  sharing: "hold",
  sliceMs: 1000,
  hasTurn: false,
  queuedRuns: 0,
  sessionsAhead: 0,
  maxProgramBytes: 1_000_000,
  maxAnswerBytes: 1_000_000,
};
const runReply = (state: string) => ({ run: "r", state, runsAhead: 0, sessionsAhead: 0, error: null });
/** Board time 100, a tick, the halt: systime, loopback tick, loopback halt as 64-bit messages. */
const answer = words(0x0500_0000_0000_0064n, 0x0200_0000_0000_0001n, 0x0200_0000_0000_0000n);
const answerHeaders = {
  "content-type": "application/octet-stream",
  "hxloop-continues": "0",
  "hxloop-fpga-time": "7",
  "hxloop-stray-bytes": "0",
  "hxloop-execute-ms": "1.5",
};
const answered = (body: Uint8Array = answer, headers: Record<string, string> = {}) =>
  new HttpResponse(body as Uint8Array<ArrayBuffer>, { headers: { ...answerHeaders, ...headers } });
const refusal = (status: number, code: string, headers: Record<string, string> = {}) =>
  new HttpResponse(JSON.stringify({ type: "about:blank", title: code, status, code, detail: `because of ${code}` }), {
    status,
    headers: { "content-type": "application/problem+json", ...headers },
  });

const session = `${base}/sessions/${sessionReply.session}`;
const opens = () => [
  http.get(`${base}/boards/0`, () => HttpResponse.json(boardReply)),
  http.post(`${base}/boards/0/sessions`, () => HttpResponse.json(sessionReply, { status: 201 })),
  http.delete(session, () => new HttpResponse(null, { status: 204 })),
  http.delete(`${session}/runs/:run`, () => new HttpResponse(null, { status: 204 })),
];

let ids = 0;
const connect = (more: object = {}) =>
  connectGateway({
    url: `${base}/boards/0`,
    base,
    board: 0,
    clock: systemClock,
    logger: silentLogger,
    drawId: () => `run${ids++}`,
    http: { patienceMs: 300, attemptMs: 200 },
    ...more,
  });

describe("opening", () => {
  const cases: [string, () => Response | Promise<Response>, string][] = [
    ["is refused without the right token", () => refusal(401, "AccessDenied"), "AccessDenied"],
    ["is refused for a board that is not there", () => refusal(404, "NoSuchBoard"), "UnsupportedTarget"],
    ["finds a page in place of a gateway", () => HttpResponse.html("<html></html>"), "UnsupportedTarget"],
    ["finds another service's JSON", () => HttpResponse.json({ hello: 1 }), "UnsupportedTarget"],
    [
      "finds JSON that is none",
      () => new HttpResponse("{", { headers: { "content-type": "application/json" } }),
      "UnsupportedTarget",
    ],
    ["is sent elsewhere", () => HttpResponse.redirect("http://elsewhere.test/", 302), "UnsupportedTarget"],
    ["meets a gateway that fails", () => new HttpResponse("oops", { status: 500 }), "Disconnected"],
    [
      "meets a gateway that stays too busy",
      () => refusal(429, "TooManyRequests", { "retry-after": "60" }),
      "DeviceBusy",
    ],
    ["meets a connection that breaks", () => HttpResponse.error(), "Disconnected"],
    ["waits for an answer that does not come", () => new Promise<Response>(() => undefined), "LinkTimeout"],
  ];
  it.each(cases)("%s", async (_, reply, tag) => {
    server.use(http.get(`${base}/boards/0`, reply));
    await expect(connect()).rejects.toMatchObject({ _tag: tag, message: expect.stringContaining(base) });
  });

  it("sends the token, and only to the gateway", async () => {
    let seen: string | null = "";
    server.use(
      http.get(`${base}/boards/0`, ({ request }) => {
        seen = request.headers.get("authorization");
        return HttpResponse.json(boardReply);
      }),
    );
    expect((await connect({ token: "secret" })).identity.boardId).toBe(boardReply.boardId);
    expect(seen).toBe("Bearer secret");
  });

  it("ends when it is aborted", async () => {
    server.use(http.get(`${base}/boards/0`, () => new Promise<Response>(() => undefined)));
    const controller = new AbortController();
    const opening = connect({ signal: controller.signal });
    setTimeout(() => controller.abort("never mind"), 10);
    await expect(opening).rejects.toBe("never mind");
  });
});

describe("a run", () => {
  async function runWith(replies: readonly (() => Response)[], gets: readonly (() => Response)[] = []) {
    const seen: string[] = [];
    const next = (list: readonly (() => Response)[], n: number) =>
      (list[Math.min(n, list.length - 1)] as () => Response)();
    let [puts, got] = [0, 0];
    server.use(
      ...opens(),
      http.put(`${session}/runs/:run`, ({ params }) => {
        seen.push(String(params.run));
        return next(replies, puts++);
      }),
      http.get(`${session}/runs/:run/answer`, () => next(gets, got++)),
    );
    const device = await connect();
    const open = await device.openSession();
    const builder = open.program();
    const ticket = builder.tick();
    const outcome = await open.run(builder.build()).then(
      (result) => ({ result, tickAt: ticket.fpgaTime() }),
      (error: unknown) => ({ error }),
    );
    const mayRetry = "error" in outcome && open.mayRetry?.(outcome.error) === true;
    await device.close();
    return { seen, outcome, puts, got, mayRetry };
  }

  it("is decoded with the time that the board told", async () => {
    const { outcome } = await runWith([() => answered()]);
    expect(outcome).toMatchObject({ tickAt: 101, result: { endFpgaTime: 102, timeInfo: { executeMs: 1.5 } } });
  });

  it("is waited for", async () => {
    const taken = () => HttpResponse.json(runReply("queued"), { status: 202 });
    const { outcome, got } = await runWith([taken], [taken, () => answered()]);
    expect(outcome).toMatchObject({ tickAt: 101 });
    expect(got).toBe(2);
  });

  it("is asked for again under the same id when the gateway fails for a moment", async () => {
    const { seen, outcome } = await runWith([
      () => new HttpResponse(null, { status: 500 }),
      () => HttpResponse.error(),
      () => answered(),
    ]);
    expect(outcome).toMatchObject({ tickAt: 101 });
    expect(seen).toHaveLength(3);
    expect(new Set(seen).size).toBe(1);
  });

  it("comes again after the time that the gateway names", async () => {
    const { outcome, puts } = await runWith([
      () => refusal(429, "QueueFull", { "retry-after": "0.1" }),
      () => answered(),
    ]);
    expect([puts, outcome]).toEqual([2, expect.objectContaining({ tickAt: 101 })]);
  });

  const failures: [string, () => Response, string][] = [
    ["whose outcome nobody knows", () => refusal(424, "OutcomeUnknown"), "OutcomeUnknown"],
    ["whose id is another program's", () => refusal(409, "RunIdTaken"), "Disconnected"],
    ["in a session that has expired", () => refusal(404, "NoSuchSession"), "LinkReset"],
    ["that is no program", () => refusal(422, "ProgramInvalid"), "ProgramInvalid"],
    ["that is too long", () => refusal(413, "TooLong"), "ProgramTooLong"],
    ["whose board went silent", () => refusal(424, "LinkTimeout"), "LinkTimeout"],
    ["whose time was up", () => refusal(424, "ProgramTimeout"), "LinkTimeout"],
    ["whose answer was cut between words", () => answered(answer.slice(0, 16)), "AnswerMismatch"],
    ["whose answer was cut within a word", () => answered(answer.slice(0, 13)), "Disconnected"],
    ["whose answer is shorter than announced", () => answered(answer, { "content-length": "4000" }), "Disconnected"],
    ["whose answer is changed", () => answered(words(0x7f00_0000_0000_0000n)), "UnknownHeader"],
    ["whose answer is not what was sent", () => answered(answer, { "hxloop-sha256": "0".repeat(64) }), "Disconnected"],
    ["that comes as text", () => answered(answer, { "content-type": "text/plain" }), "UnsupportedTarget"],
    ["without the time", () => answered(answer, { "hxloop-fpga-time": "soon" }), "UnsupportedTarget"],
  ];
  it.each(failures)("%s fails with its own error", async (_, reply, tag) => {
    const { outcome } = await runWith([reply]);
    expect(outcome).toMatchObject({ error: { _tag: tag } });
  });

  it("may be run again when the board was at fault, not when it does not come to its halt by itself", async () => {
    const silent = await runWith([() => refusal(424, "LinkTimeout")]);
    const endless = await runWith([() => refusal(424, "ProgramTimeout")]);
    expect([silent.mayRetry, endless.mayRetry]).toEqual([true, false]);
    expect(silent.outcome).toMatchObject({ error: { _tag: "LinkTimeout", stage: "board" } });
    expect(endless.outcome).toMatchObject({ error: { _tag: "LinkTimeout", stage: "program" } });
  });
});

describe("a request", () => {
  it("is not sent again when it may have done something", async () => {
    let count = 0;
    server.use(
      http.post(`${base}/x`, () => {
        count++;
        return HttpResponse.error();
      }),
    );
    const options = { url: base, base, clock: systemClock, logger: silentLogger, patienceMs: 500, attemptMs: 500 };
    await expect(new HttpClient(options).send({ method: "POST", path: "/x" })).rejects.toMatchObject({
      _tag: "Disconnected",
    });
    expect(count).toBe(1);
  });

  it("leaves no alarm behind", async () => {
    server.use(http.get(`${base}/x`, () => HttpResponse.json({})));
    const clock = new ManualClock();
    const options = { url: base, base, clock, logger: silentLogger, patienceMs: 500, attemptMs: 500 };
    await new HttpClient(options).send({ method: "GET", path: "/x" });
    expect(clock.pendingAlarms).toBe(0);
  });
});

it("words are what the tests take them for", () => {
  expect([...words(tick, halt).slice(0, 8)]).toEqual([0x0a, 0, 0, 0, 0, 0, 0, 1]);
});
