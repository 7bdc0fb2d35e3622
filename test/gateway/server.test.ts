/** What the gateway promises its users, over real HTTP on a virtual board. Words and resources are written out by hand. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningGateway } from "../../src/gateway/start.js";
import {
  Client,
  cell,
  halt,
  long,
  omnibusAnswers,
  omnibusRead,
  omnibusWrite,
  startTestGateway,
  temporaryFolder,
  tick,
  words,
} from "./support.js";

let running: RunningGateway;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let client: Client;
beforeAll(async () => {
  folder = await temporaryFolder();
  running = await startTestGateway(folder.path, {
    sliceMs: 50,
    maxSessionsPerUser: 6,
    maxQueuedRuns: 4,
    maxProgramBytes: 4096,
    maxAnswerBytes: 2048,
  });
  client = new Client(running.url);
});
afterAll(async () => {
  await running?.close();
  await folder?.remove();
});

const nothing = words(halt);
const barrier = 0x0700_0000_0000_0001n;
const readCell = words(omnibusRead(cell), barrier, halt);
const writeCell = (value: number): Uint8Array => words(...omnibusWrite(cell, value), barrier, halt);

describe("a run", () => {
  it("gives back the board's words", async () => {
    const session = await client.session();
    const reply = await client.send("PUT", `${session}/runs/a?waitMs=20000`, words(tick, halt));
    expect(reply.status).toBe(200);
    expect(reply.headers.get("content-type")).toBe("application/octet-stream");
    const answer = new Uint8Array(await reply.arrayBuffer());
    expect(answer.length % 8).toBe(0);
    // Loopback answers: opcode 2, tick 1, then halt 0 at the end.
    expect([...answer.slice(-16)]).toEqual([2, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0]);
    await client.send("DELETE", session);
  });

  it("happens once, however often it is asked for", async () => {
    const session = await client.session();
    const before = running.gateway.counters.runs;
    const replies = await Promise.all(
      Array.from({ length: 8 }, () => client.send("PUT", `${session}/runs/same?waitMs=20000`, words(tick, halt))),
    );
    const bodies = await Promise.all(
      replies.map(async (reply) => Buffer.from(await reply.arrayBuffer()).toString("hex")),
    );
    expect(new Set(bodies).size).toBe(1);
    expect(running.gateway.counters.runs).toBe(before + 1);
    const other = await client.send("PUT", `${session}/runs/same`, nothing);
    expect(other.status).toBe(409);
    expect(await other.json()).toMatchObject({ code: "RunIdTaken" });
    await client.send("DELETE", session);
  });

  it("is forgotten on request, and its id stays taken", async () => {
    const session = await client.session();
    await client.run(session, "a", nothing);
    expect((await client.send("DELETE", `${session}/runs/a`)).status).toBe(204);
    expect((await client.send("PUT", `${session}/runs/a`, nothing)).status).toBe(410);
    await client.send("DELETE", session);
  });

  it("is refused when it is no program, naming the instruction", async () => {
    const session = await client.session();
    const cases: [Uint8Array, number, string][] = [
      [words(tick), 422, "ProgramInvalid"],
      [words(halt, halt), 422, "ProgramInvalid"],
      [words(0x7700_0000_0000_0000n, halt), 422, "ProgramInvalid"],
      [new Uint8Array(12), 422, "ProgramInvalid"],
      [new Uint8Array(0), 422, "ProgramInvalid"],
      [new Uint8Array(8192), 413, "TooLong"],
    ];
    for (const [i, [program, status, code]] of cases.entries()) {
      const reply = await client.send("PUT", `${session}/runs/bad${i}`, program);
      expect(reply.status).toBe(status);
      expect(reply.headers.get("content-type")).toMatch(/^application\/problem\+json/);
      expect(await reply.json()).toMatchObject({ status, code });
    }
    await client.send("DELETE", session);
  });

  it("is stopped when its user lets go of it; the next one runs", async () => {
    const session = await client.session();
    expect((await client.send("PUT", `${session}/runs/long`, long)).status).toBe(202);
    await client.send("PUT", `${session}/runs/next`, nothing);
    expect(await client.json("GET", `${session}/runs/next`)).toMatchObject({ state: "queued" });
    await expect.poll(async () => (await client.json("GET", `${session}/runs/long`)).state).toBe("running");
    await client.send("DELETE", `${session}/runs/long`);
    await client.run(session, "next", nothing);
    expect(await client.json("GET", `${session}/runs/long`)).toMatchObject({ state: "cancelled" });
    await client.send("DELETE", session);
  });

  it("ends with a typed failure when its time is up", async () => {
    const session = await client.session();
    const reply = await client.send("PUT", `${session}/runs/long?timeoutMs=50&waitMs=20000`, long);
    expect(reply.status).toBe(424);
    expect(await reply.json()).toMatchObject({ code: "ProgramTimeout" });
    await client.send("DELETE", session);
  });
});

describe("sessions", () => {
  it("find the state that their reinit program makes, whoever had the board in between", async () => {
    const [a, b] = [await client.session(), await client.session()];
    await client.send("PUT", `${a}/reinit`, writeCell(111));
    await client.send("PUT", `${b}/reinit`, writeCell(222));
    for (let round = 0; round < 3; round++) {
      const [ofA, ofB] = await Promise.all([
        client.run(a, `r${round}`, readCell),
        client.run(b, `r${round}`, readCell),
      ]);
      expect([omnibusAnswers(ofA), omnibusAnswers(ofB)]).toEqual([[111], [222]]);
    }
    await Promise.all([client.send("DELETE", a), client.send("DELETE", b)]);
  });

  it("get back what their snapshot read when they lost the board", async () => {
    const [a, b] = [await client.session(), await client.session()];
    await client.send("PUT", `${a}/snapshot`, readCell);
    await client.run(a, "write", writeCell(333));
    await client.run(b, "other", writeCell(5));
    expect(omnibusAnswers(await client.run(a, "read", readCell))).toEqual([333]);
    await Promise.all([client.send("DELETE", a), client.send("DELETE", b)]);
  });

  it("do not find what another user left on the board", async () => {
    const [a, b] = [await client.session(), await client.session()];
    await client.run(a, "write", writeCell(444));
    const [found] = omnibusAnswers(await client.run(b, "read", readCell));
    expect(found).not.toBe(444);
    await Promise.all([client.send("DELETE", a), client.send("DELETE", b)]);
  });

  it("that hold the board keep it until they end", async () => {
    const [a, b] = [await client.session({ sharing: "hold" }), await client.session()];
    await client.run(a, "write", writeCell(555));
    await client.send("PUT", `${b}/runs/waits`, nothing);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await client.json("GET", `${b}/runs/waits`)).toMatchObject({ state: "queued", sessionsAhead: 1 });
    expect(omnibusAnswers(await client.run(a, "read", readCell))).toEqual([555]);
    await client.send("DELETE", a);
    await client.run(b, "waits", nothing);
    await client.send("DELETE", b);
  });

  it("of chains are told when what they rely on is gone", async () => {
    const [a, b] = [await client.session({ sharing: "chains" }), await client.session()];
    await client.run(a, "first", writeCell(1), "&fresh=1");
    await client.run(b, "other", nothing);
    const late = await client.send("PUT", `${a}/runs/late?waitMs=20000`, readCell);
    expect([late.status, await late.json()]).toEqual([424, expect.objectContaining({ code: "LinkReset" })]);
    await client.run(a, "again", nothing, "&fresh=1");
    await Promise.all([client.send("DELETE", a), client.send("DELETE", b)]);
  });

  it("end when nothing is heard of their user for the time of the lease", async () => {
    const session = await client.session({ leaseMs: 1000 });
    const before = running.gateway.counters.expiredLeases;
    await expect.poll(() => running.gateway.counters.expiredLeases, { timeout: 5000 }).toBe(before + 1);
    expect((await client.send("GET", session)).status).toBe(404);
  });

  it("tell what happens as server-sent events", async () => {
    const session = await client.session();
    const reply = await client.send("GET", `${session}/events`);
    expect(reply.headers.get("content-type")).toBe("text/event-stream");
    const reader = reply.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    const seen = async (what: string): Promise<void> => {
      while (!text.includes(what)) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`ended without ${what}: ${text}`);
        text += value;
      }
    };
    await client.run(session, "a", nothing);
    await seen('event: run\ndata: {"run":"a","state":"answered"}');
    expect(text).toContain('event: turn\ndata: {"hasTurn":true}');
    await client.send("DELETE", session);
    await seen("event: closed");
  });
});

describe("limits", () => {
  it("refuse more sessions and runs than allowed, and say when to come again", async () => {
    const sessions: string[] = [];
    for (let i = 0; i < 6; i++) sessions.push(await client.session());
    const seventh = await client.send("POST", "/boards/0/sessions", {});
    expect([seventh.status, Number(seventh.headers.get("retry-after")) > 0]).toEqual([429, true]);
    const [first] = sessions as [string];
    await client.send("PUT", `${first}/runs/long`, long);
    const statuses: number[] = [];
    for (let i = 0; i < 6; i++) statuses.push((await client.send("PUT", `${first}/runs/r${i}`, nothing)).status);
    expect(statuses).toContain(429);
    for (const session of sessions) expect((await client.send("DELETE", session)).status).toBe(204);
  });

  it("end a program whose answer grows too long", async () => {
    const session = await client.session();
    const reads = words(...Array.from({ length: 500 }, () => omnibusRead(cell)), halt);
    const reply = await client.send("PUT", `${session}/runs/chatty?waitMs=20000`, reads);
    expect([reply.status, await reply.json()]).toEqual([424, expect.objectContaining({ code: "AnswerTooLong" })]);
    await client.run(session, "next", nothing);
    await client.send("DELETE", session);
  });
});

describe("documents", () => {
  it("name every resource, in valid OpenAPI", async () => {
    const document = await client.json("GET", "/openapi.json");
    expect(document.openapi).toBe("3.1.0");
    expect(Object.keys(document.paths as object).sort()).toEqual([
      "/boards",
      "/boards/{board}",
      "/boards/{board}/sessions",
      "/sessions/{session}",
      "/sessions/{session}/events",
      "/sessions/{session}/reinit",
      "/sessions/{session}/runs/{run}",
      "/sessions/{session}/runs/{run}/answer",
      "/sessions/{session}/snapshot",
    ]);
  });

  it("measure what was done", async () => {
    const text = await (await client.send("GET", "/metrics")).text();
    expect(text).toMatch(/^hxloop_gateway_runs_total [1-9]/m);
    expect(text).toMatch(/^hxloop_gateway_board_up\{board="0"\} 1$/m);
    expect(await client.json("GET", "/health")).toMatchObject({ status: "ok" });
  });
});
