/** `hxloop board` as its users start it. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDevice } from "../../src/api/index.js";
import { ways } from "../conformance/ways.js";
import { hxloop, type Running, startHxloop } from "./run-hxloop.js";

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

describe.each(ways.filter(({ name }) => name !== "in a worker thread"))("hxloop doctor $name", ({ missing, open }) => {
  it.skipIf(missing !== undefined)("walks the board with a measured value and a time for each step", async () => {
    const way = await open();
    try {
      const { code, stdout } = await hxloop(["doctor", "--json", "--device", way.url], cwd);
      const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: Record<string, unknown>[] };
      expect([code, ok]).toEqual([0, true]);
      const steps = new Map(checks.map((check) => [check.name, check]));
      for (const name of ["link reset", "loopback", "JTAG identity", "clock sync", "CapMem", "MADC leak step"]) {
        expect(steps.get(name), name).toMatchObject({ measured: expect.anything(), ms: expect.any(Number) });
        expect(["ok", "warn"], name).toContain(steps.get(name)?.status);
      }
      expect(steps.get("JTAG identity")?.measured).toEqual({ identity: "0x348580af" });
      expect(steps.get("CapMem")?.measured).toEqual({ cells: 512, wrong: 0 });
    } finally {
      await way.close();
    }
  });
});

it("ends the walk at the step that fails, with the exit code of the device, and skips what rests on it", async () => {
  // The cable is pulled while the board is being walked.
  const faults = "virtual:?faults=disconnect:@120";
  const { code, stdout } = await hxloop(["doctor", "--json", "--device", faults], cwd);
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: { name: string; status: string }[] };
  expect([code, ok]).toEqual([4, false]);
  const walk = checks.slice(4, -1).map(({ status }) => status);
  const failure = walk.indexOf("fail");
  expect(failure).toBeGreaterThan(0);
  expect(walk.slice(failure + 1)).toEqual(walk.slice(failure + 1).map(() => "skip"));
});
