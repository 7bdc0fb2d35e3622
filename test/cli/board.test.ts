/** `hxloop board` as its users start it. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openDevice } from "../../src/api/index.js";
import { type Running, startHxloop } from "./run-hxloop.js";

let cwd = "";
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "hxloop-board-"));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

async function readyLine(board: Running): Promise<Record<string, unknown>> {
  return JSON.parse(await board.line(/"state":"ready"/)) as Record<string, unknown>;
}

it("serves on free ports, survives a scan and garbage, tells what it saw, and goes in order", async () => {
  const board = startHxloop(["board", "--port", "0", "--reset-port", "0", "--chip", "3", "--json"], cwd);
  const ready = await readyLine(board);
  expect(ready).toMatchObject({ schema: "hxloop.board/1", chip: 3, preset: "typical", faults: null });
  const udp = ready.udp as { dataPort: number; resetPort: number };
  const scanner = createSocket("udp4");
  for (let i = 0; i < 200; i++) {
    scanner.send(new Uint8Array(i % 20), udp.dataPort, "127.0.0.1");
    scanner.send(new Uint8Array(1 + (i % 20)).fill(0xab), (i & 1) === 0 ? udp.resetPort : udp.dataPort, "127.0.0.1");
  }
  const device = await openDevice(String(ready.url));
  const session = await device.openSession();
  await session.run(session.program().build());
  await device.close();
  const taken = startHxloop(["board", "--port", String(udp.dataPort), "--reset-port", "0"], cwd);
  const refused = await taken.outcome;
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain(`data port 127.0.0.1:${udp.dataPort}: in use`);
  board.send("SIGINT");
  const { code, stdout } = await board.outcome;
  expect(code).toBe(0);
  const { state, counters } = JSON.parse(stdout.trim().split("\n").at(-1)!);
  expect(state).toBe("stopped");
  expect(counters.link.resets).toBeGreaterThanOrEqual(1);
  expect(counters.strangers).toBeGreaterThan(0);
  scanner.close();
  await once(scanner, "close");
});
