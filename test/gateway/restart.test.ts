/** A gateway that is killed and started again: what was acknowledged is not lost, and nothing is run twice. */
import { type ChildProcess, spawn } from "node:child_process";
import { getEventListeners, once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDevice } from "../../src/api/index.js";
import { busyProgram } from "../support/busy-program.js";
import {
  board,
  Client,
  cell,
  halt,
  long,
  omnibusAnswers,
  omnibusRead,
  omnibusWrite,
  temporaryFolder,
  words,
} from "./support.js";

const binary = fileURLToPath(new URL("../../bin/hxloop.mjs", import.meta.url));
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let child: ChildProcess | undefined;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  await kill();
  await folder.remove();
});

/** Start a gateway of its own. @param port 0: any */
async function start(port = 0): Promise<string> {
  const args = ["gateway", "--device", board, "--listen", `127.0.0.1:${port}`, "--state", folder.path, "--json"];
  child = spawn(process.execPath, [binary, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout!, "data")) as [Buffer];
  return (JSON.parse(line.toString()) as { url: string }).url;
}

async function kill(): Promise<void> {
  if (child?.exitCode !== null || child.killed) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

const barrier = 0x0700_0000_0000_0001n;

describe("after kill -9", { timeout: 60_000 }, () => {
  it("sessions, queued runs and answers are there; the run on the board has an unknown outcome", async () => {
    const client = new Client(await start());
    const session = await client.session();
    await client.send("PUT", `${session}/reinit`, words(...omnibusWrite(cell, 77), barrier, halt));
    const before = await client.run(session, "before", words(omnibusRead(cell), barrier, halt));
    await client.send("PUT", `${session}/runs/on-board`, long);
    expect((await client.send("PUT", `${session}/runs/queued`, words(omnibusRead(cell), barrier, halt))).status).toBe(
      202,
    );
    await expect.poll(async () => (await client.json("GET", `${session}/runs/on-board`)).state).toBe("running");
    await kill();

    const again = new Client(await start());
    const kept = await again.send("GET", `${session}/runs/before/answer`);
    expect(Buffer.from(await kept.arrayBuffer())).toEqual(Buffer.from(before));
    const unknown = await again.send("PUT", `${session}/runs/on-board?waitMs=1000`, long);
    expect([unknown.status, await unknown.json()]).toEqual([424, expect.objectContaining({ code: "OutcomeUnknown" })]);
    expect(omnibusAnswers(await again.run(session, "queued", words(omnibusRead(cell), barrier, halt)))).toEqual([77]);
  });

  it("a driver in the middle of its work goes on when nothing of it was on the board", async () => {
    const url = await start();
    const device = await openDevice(`${url}/boards/0`);
    const session = await device.openSession({ chains: true });
    await session.run(session.program().build());
    await kill();
    // What the session had set is gone with the board; a chain that begins anew does not need it.
    const again = session.reinit();
    const run = session.run(session.program().build());
    await start(Number(new URL(url).port));
    await again;
    await run;
    await device.close();
  });

  it("a chain that lost what it had set may be run again from its start, and the results say so", async () => {
    const url = await start();
    const device = await openDevice(`${url}/boards/0`);
    const session = await device.openSession({ chains: true });
    const chain = async (): Promise<void> => {
      await session.reinit();
      await session.run(session.program().build());
    };
    await chain();
    await kill();
    const orphan = session.run(session.program().build());
    orphan.catch(() => undefined);
    await start(Number(new URL(url).port));
    const error: unknown = await orphan.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ _tag: "LinkReset" });
    expect(session.mayRetry?.(error)).toBe(true);
    await chain();
    expect(session.notices).toEqual([expect.stringContaining("run again from a cold start")]);
    // Not for ever, and not for what nobody has told.
    expect([1, 2, 3, 4].map(() => session.mayRetry?.(error))).toEqual([true, true, true, false]);
    expect(session.mayRetry?.(new Error("mine"))).toBe(false);
    await device.close();
  });

  it("an abort stops the run at the gateway, and leaves no timer, no listener and no session", async () => {
    const url = await start();
    const client = new Client(url);
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const before = timers();
    const controller = new AbortController();
    const { signal } = controller;
    const device = await openDevice(`${url}/boards/0`, { signal });
    const session = await device.openSession({ signal });
    const running = session.run(busyProgram(session), { signal });
    const waiting = session.run(session.program().build(), { signal });
    const ends = Promise.allSettled([running, waiting]);
    await expect.poll(async () => (await client.json("GET", "/boards/0")).state).toBe("busy");
    controller.abort("enough");
    const enough = { status: "rejected", reason: "enough" };
    expect(await ends).toEqual([enough, enough]);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    // The board is free again; what the session had set up went with the run, as on a board of one's own.
    await session.close();
    const next = await device.openSession();
    await next.run(next.program().build());
    await device.close();
    expect(await client.json("GET", "/boards/0")).toMatchObject({ state: "ready", sessions: 0, waitingRuns: 0 });
    // Connections that are kept open for later have timers of their own, which end with the gateway. `expect.poll` has
    // one, too, which it would wait for.
    await kill();
    for (let looks = 0; looks < 250 && timers() > before; looks++) await setTimeout(20);
    expect(timers()).toBeLessThanOrEqual(before);
  });
});
