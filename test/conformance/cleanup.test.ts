/** Nothing is left behind: no listener, timer, socket, port, lock or link, whichever way a device is left. */
import { getEventListeners } from "node:events";
import { existsSync, lstatSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Device, openDevice } from "../../src/api/index.js";
import { sleep } from "../../src/base/async.js";
import { systemClock } from "../../src/base/clock.js";
import { busyProgram } from "../support/busy-program.js";
import { type OpenWay, startBoard, ways } from "./ways.js";

/** Handles that keep a process alive, but for those of the test runner. */
function resources(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter((name) => /UDP|TTY|Pipe|Timeout|Worker|MessagePort|FSReq|Poll/i.test(name))
    .sort();
}

/** Of each kind, what is there beyond the baseline; the runner's own timers come and go. */
function beyond(baseline: readonly string[]): string[] {
  const spare = [...baseline];
  return resources().filter((name) => {
    const at = spare.indexOf(name);
    if (at >= 0) spare.splice(at, 1);
    return at < 0;
  });
}

/** Resources are let go a little after the promise says so. */
async function leftOver(baseline: readonly string[]): Promise<string[]> {
  for (let i = 0; i < 200 && beyond(baseline).length > 0; i++) await new Promise((resolve) => setImmediate(resolve));
  for (let i = 0; i < 100 && beyond(baseline).length > 0; i++) await sleep(systemClock, 10);
  await new Promise((resolve) => setImmediate(resolve));
  return beyond(baseline);
}

describe.each(ways.filter(({ missing }) => missing === undefined))("a device $name", ({ open }) => {
  let way: OpenWay;
  beforeAll(async () => {
    way = await open();
  });
  afterAll(() => way.close());

  it("takes an abort to the wire, and leaves the signal without listeners", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const device = await openDevice(way.url, { signal });
    const session = await device.openSession({ signal });
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    const running = session.run(busyProgram(session), { signal });
    const waiting = session.run(session.program().build(), { signal });
    const ends = Promise.allSettled([running, waiting]);
    await sleep(systemClock, 20);
    const from = systemClock.now();
    controller.abort("enough");
    const enough = { status: "rejected", reason: "enough" };
    expect(await ends).toEqual([enough, enough]);
    // Over within the two seconds that are promised, although the program would wait for minutes.
    expect(systemClock.now() - from).toBeLessThan(10_000);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    await device.close();
  });

  it("rejects everybody who waits when it is closed, and lets go of everything", async () => {
    const baseline = resources();
    const device = await openDevice(way.url);
    const session = await device.openSession();
    const runs = [session.run(busyProgram(session)), session.run(session.program().build())];
    const ends = Promise.allSettled(runs);
    await sleep(systemClock, 20);
    await Promise.all([device.close(), device.close()]);
    for (const end of await ends) expect(end).toMatchObject({ status: "rejected", reason: { _tag: "LinkClosed" } });
    await expect(device.openSession()).rejects.toMatchObject({ _tag: "LinkClosed" });
    expect(await leftOver(baseline)).toEqual([]);
  });

  it("can be opened again and again", async () => {
    const baseline = resources();
    for (let i = 0; i < 3; i++) {
      const device: Device = await openDevice(way.url);
      await device.close();
    }
    expect(await leftOver(baseline)).toEqual([]);
  });
});

describe("a board on UDP that dies without a word", () => {
  it("is one typed error within the time of `alive`, though it had taken the whole program", async () => {
    const board = await startBoard("udp");
    const device = await openDevice(`${board.url}&alive=1`);
    const session = await device.openSession();
    const running = session.run(busyProgram(session));
    const ended = expect(running).rejects.toMatchObject({ _tag: "LinkTimeout", stage: "silence" });
    await sleep(systemClock, 300);
    // Not killed: a machine that is gone sends no "port unreachable" either.
    process.kill(board.pid, "SIGSTOP");
    await ended;
    process.kill(board.pid, "SIGCONT");
    await device.close();
    await board.close();
  });
});

const serial = ways.find(({ name }) => name.includes("serial"));

describe.skipIf(serial?.missing !== undefined)("a serial line", () => {
  it("has one owner, and is one typed error when it is unplugged; no link is left when the board ends", async () => {
    const way = await serial!.open();
    const path = decodeURIComponent(new URL(way.url).pathname);
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    const device = await openDevice(way.url);
    await expect(openDevice(way.url)).rejects.toMatchObject({ _tag: "DeviceBusy" });
    const session = await device.openSession();
    const running = session.run(busyProgram(session));
    const ended = expect(running).rejects.toMatchObject({ _tag: "Disconnected" });
    await sleep(systemClock, 20);
    await way.close();
    await ended;
    expect(existsSync(path)).toBe(false);
    await device.close();
    await expect(openDevice(way.url)).rejects.toMatchObject({ _tag: "Disconnected" });
  });
});
