/** Sessions on a scripted board: tickets, order, abort, time-outs, loss. Time is simulated. */
import { describe, expect, it } from "vitest";
import { yieldToEvents } from "../../src/base/async.js";
import { ManualClock } from "../../src/base/clock.js";
import { silentLogger } from "../../src/base/log.js";
import { Rng } from "../../src/base/rng.js";
import { connectDevice } from "../../src/device/connect.js";
import type { Session } from "../../src/device/interface/index.js";
import { CapMemCell } from "../../src/protocol/containers/capmem.js";
import { FpgaDeviceDna } from "../../src/protocol/containers/executor.js";
import { MadcControl } from "../../src/protocol/containers/madc.js";
import { CapMemCellOnDls } from "../../src/protocol/coordinates/capmem.js";
import { theChip, theFpga } from "../../src/protocol/coordinates/unique.js";
import { FaultyWire, noFaults } from "./faulty-wire.js";
import { ScriptedBoard } from "./scripted-board.js";

const cell = CapMemCellOnDls.at(0);

class Bench {
  readonly clock = new ManualClock();
  readonly board = new ScriptedBoard();
  readonly wire = new FaultyWire(this.clock, Rng.fromSeed(3), noFaults, this.board);

  /** Let simulated time pass until the promise settles. */
  async settle<T>(promise: Promise<T>, limitMs = 70_000): Promise<T> {
    let isSettled = false;
    promise.then(
      () => (isSettled = true),
      () => (isSettled = true),
    );
    const end = this.clock.now() + limitMs;
    for (;;) {
      await yieldToEvents();
      if (isSettled) return await promise;
      if (this.clock.now() >= end) throw new Error(`nothing happened for ${limitMs} ms of simulated time`);
      this.clock.advance(1);
    }
  }

  async device() {
    return await this.settle(
      connectDevice(this.wire, { clock: this.clock, logger: silentLogger, rng: Rng.fromSeed(1) }),
    );
  }

  async session(): Promise<Session> {
    return await this.settle((await this.device()).openSession());
  }
}

/** Stuck for ever on the scripted board. */
const stuck = 4711;

function withStuckWait(session: Session) {
  return session.program().write(CapMemCell, cell, { value: 1 }).resetTimer().waitUntil(stuck).build();
}

describe("connectDevice", () => {
  it("tells who is there", async () => {
    const device = await new Bench().device();
    expect(device.identity).toEqual({
      url: "test:wire",
      boardId: "0123456789abcde",
      bitfileInfo: "version: 1\ncompatible_until: 1\n",
    });
  });

  it("gives one session at a time, and the next one when it is closed", async () => {
    const bench = new Bench();
    const device = await bench.device();
    const session = await bench.settle(device.openSession());
    await expect(device.openSession()).rejects.toMatchObject({ _tag: "DeviceBusy" });
    await session.close();
    await session.close();
    await bench.settle((await bench.settle(device.openSession())).close());
    await bench.settle(device.close());
    await expect(device.openSession()).rejects.toMatchObject({ _tag: "LinkClosed" });
  });

  it("opens a session with a reset, a long instruction timeout, time synchronisation and event recording", async () => {
    const bench = new Bench();
    await bench.session();
    const { registers, instructions } = bench.board;
    expect(registers.get(0x88000009)).toBe(125_000_000);
    expect(registers.get(0x88000005)).toBe(1);
    expect(registers.get(0x000c0012)).toBe(0x1000); // internal reference, out of reset
    expect(registers.get(0x0015c009)).toBe(8096); // CapMem block 3, pause counter
    const [on, off, sync, barrier] = ["0900000000000001", "0900000000000000", "0600000000000001", "0700000000000004"];
    expect(instructions.filter((word) => [on, off, sync, barrier].includes(word))).toEqual([on, off, sync, barrier]);
  });
});

describe("running programs", () => {
  it("fills tickets in the order of the reads", async () => {
    const bench = new Bench();
    const session = await bench.session();
    const builder = session.program().write(CapMemCell, cell, { value: 700 });
    const first = builder.read(CapMemCell, cell);
    const tick = builder.tick();
    builder.write(CapMemCell, cell, { value: 5 });
    const second = builder.read(CapMemCell, cell);
    const dna = builder.read(FpgaDeviceDna, theFpga);
    expect(builder.instructionCount).toBe(9);
    const program = builder.build();
    expect(builder.instructionCount).toBe(0);
    expect(program.instructionCount).toBe(10);
    expect(first.isReady).toBe(false);
    expect(() => first.get()).toThrow(expect.objectContaining({ _tag: "TicketNotReady" }));
    const result = await bench.settle(session.run(program));
    expect(first.get()).toMatchObject({ value: 700 });
    expect(second.get()).toMatchObject({ value: 5 });
    expect(dna.get()).toEqual({ high: 0x0123456, low: 0x789abcde });
    expect(tick.fpgaTime()).toBeGreaterThan(first.fpgaTime());
    expect(second.fpgaTime()).toBeGreaterThan(tick.fpgaTime());
    expect(result.endFpgaTime).toBeGreaterThan(dna.fpgaTime());
    expect(result.madc.value).toHaveLength(0);
    await expect(session.run(program)).rejects.toMatchObject({ _tag: "ProgramSpent" });
  });

  it("keeps the order of the calls, each program whole", async () => {
    const bench = new Bench();
    const session = await bench.session();
    bench.board.instructions.length = 0;
    const values = [11, 22, 33, 44];
    const runs = values.map((value) => session.run(session.program().write(CapMemCell, cell, { value }).build()));
    await bench.settle(Promise.all(runs));
    const data = bench.board.instructions.filter((word) => word.startsWith("0c") || word.startsWith("0a"));
    const halt = "0a00000000000000";
    const expected = values.flatMap((value) => [`0c000000${value.toString(16).padStart(8, "0")}`, halt]);
    expect(data).toEqual(expected);
  });

  it("refuses what cannot be, naming object, value and range", async () => {
    const session = await new Bench().session();
    const builder = session.program();
    expect(() => builder.read(MadcControl, theChip)).toThrow(expect.objectContaining({ _tag: "AccessRefused" }));
    expect(() => builder.write(FpgaDeviceDna, theFpga, {})).toThrow(expect.objectContaining({ _tag: "AccessRefused" }));
    const outside = expect.objectContaining({ _tag: "FieldOutOfRange" });
    expect(() => builder.write(CapMemCell, cell, { value: 1024 })).toThrow(outside);
    expect(() => builder.waitUntil(2 ** 32)).toThrow(outside);
    expect(() => builder.spikes()).toThrow(outside);
    expect(() => builder.spikes(1, 2, 3, 4)).toThrow(outside);
    expect(() => builder.spikes(0x10000)).toThrow(outside);
    expect(builder.instructionCount).toBe(0);
  });

  it("refuses a program beyond the playback memory", async () => {
    const session = await new Bench().session();
    const builder = session.program();
    for (let i = 0; i < 4_194_303; i++) builder.resetTimer();
    builder.resetTimer();
    expect(() => builder.build()).toThrow(expect.objectContaining({ _tag: "ProgramTooLong" }));
  });
});

describe("a program that is stuck", () => {
  it("is named by the notification, and the session lives on", async () => {
    const bench = new Bench();
    bench.board.stuckWait = stuck;
    bench.board.onStuck = "notify";
    const session = await bench.session();
    const error = await bench.settle(session.run(withStuckWait(session)).catch((e: unknown) => e));
    expect(error).toMatchObject({ _tag: "NotificationReceived", instruction: 3 });
    expect((error as Error).message).toContain("wait 4711");
    const ticket = session.program();
    const read = ticket.read(CapMemCell, cell);
    await bench.settle(session.run(ticket.build()));
    expect(read.get()).toMatchObject({ value: 1 });
  });

  it("settles after an abort only when the link is quiet: here after the board was reset", async () => {
    const bench = new Bench();
    bench.board.stuckWait = stuck;
    const device = await bench.device();
    const session = await bench.settle(device.openSession());
    const controller = new AbortController();
    const resets = bench.board.resets;
    const running = session.run(withStuckWait(session), { signal: controller.signal });
    const next = session.run(session.program().tick() && session.program().build());
    const outcome = running.catch((e: unknown) => [e, bench.board.resets]);
    const nextOutcome = next.catch((e: unknown) => e);
    bench.clock.advance(10);
    controller.abort("no longer wanted");
    expect(await bench.settle(outcome)).toEqual(["no longer wanted", resets + 1]);
    expect(await bench.settle(nextOutcome)).toMatchObject({ _tag: "LinkReset" });
    await session.close();
    const again = await bench.settle(device.openSession());
    await bench.settle(again.run(again.program().build()));
  });

  it("is not gone on with when another board answers after the reset", async () => {
    const bench = new Bench();
    bench.board.stuckWait = stuck;
    const device = await bench.device();
    const session = await bench.settle(device.openSession());
    const lost = session.run(withStuckWait(session), { timeoutMs: 10 }).catch((e: unknown) => e);
    expect(await bench.settle(lost)).toMatchObject({ _tag: "LinkTimeout" });
    await session.close();
    bench.board.registers.set(0x88000004, 0x789abcdf);
    const other = device.openSession().catch((e: unknown) => e);
    expect(await bench.settle(other)).toMatchObject({
      _tag: "Disconnected",
      message: expect.stringMatching(/board 0123456789abcdf answers instead of board 0123456789abcde/),
    });
    await expect(device.openSession()).rejects.toMatchObject({ _tag: "LinkClosed" });
  });

  it("has more time for its halt while a slow board still takes words", async () => {
    const bench = new Bench();
    const session = await bench.session();
    const send = bench.wire.send.bind(bench.wire);
    let taken = Number.NEGATIVE_INFINITY;
    // One frame in 50 ms: some 25 of them take longer than a dead board is given.
    bench.wire.send = (port, datagram) => {
      if (datagram.length > 12 && bench.clock.now() < taken + 50) return;
      if (datagram.length > 12) taken = bench.clock.now();
      send(port, datagram);
    };
    const builder = session.program();
    for (let i = 0; i < 2200; i++) builder.write(CapMemCell, cell, { value: 5 });
    const controller = new AbortController();
    const resets = bench.board.resets;
    const from = bench.clock.now();
    const running = session.run(builder.build(), { signal: controller.signal }).catch((e: unknown) => e);
    bench.clock.advance(5);
    controller.abort("enough");
    expect(await bench.settle(running)).toBe("enough");
    expect(bench.clock.now() - from).toBeGreaterThan(900);
    expect(bench.board.resets).toBe(resets);
    await bench.settle(session.run(session.program().build()));
  });

  it("gives up after timeoutMs", async () => {
    const bench = new Bench();
    bench.board.stuckWait = stuck;
    const session = await bench.session();
    const outcome = session.run(withStuckWait(session), { timeoutMs: 300 }).catch((e: unknown) => e);
    expect(await bench.settle(outcome, 1500)).toMatchObject({ _tag: "LinkTimeout", stage: "program" });
  });

  it("is let go when the session closes", async () => {
    const bench = new Bench();
    bench.board.stuckWait = stuck;
    const session = await bench.session();
    const running = session.run(withStuckWait(session)).catch((e: unknown) => e);
    const waiting = session.run(session.program().build()).catch((e: unknown) => e);
    bench.clock.advance(10);
    await bench.settle(session.close(), 1500);
    expect(await running).toMatchObject({ _tag: "LinkClosed" });
    expect(await waiting).toMatchObject({ _tag: "LinkClosed" });
    await expect(session.run(session.program().build())).rejects.toMatchObject({ _tag: "LinkClosed" });
  });

  it("fails at once when the wire is gone", async () => {
    const bench = new Bench();
    bench.board.stuckWait = stuck;
    const session = await bench.session();
    const running = session.run(withStuckWait(session)).catch((e: unknown) => e);
    bench.clock.advance(10);
    bench.wire.fail(new Error("cable pulled"));
    expect(await bench.settle(running, 10)).toMatchObject({ _tag: "Disconnected" });
  });
});

describe("abort", () => {
  it("never starts a program whose turn has not come", async () => {
    const bench = new Bench();
    const session = await bench.session();
    const controller = new AbortController();
    const first = session.run(session.program().resetTimer().build());
    const second = session.run(session.program().write(CapMemCell, cell, { value: 99 }).build(), {
      signal: controller.signal,
    });
    const refused = expect(second).rejects.toBe("changed my mind");
    controller.abort("changed my mind");
    await refused;
    await bench.settle(first);
    await bench.settle(session.run(session.program().build()));
    expect(bench.board.registers.get(0x00140000)).not.toBe(99);
    await expect(session.run(session.program().build(), { signal: controller.signal })).rejects.toBe("changed my mind");
  });

  it("cuts a long program short between two instructions and never between an address and its data", async () => {
    const bench = new Bench();
    const session = await bench.session();
    const builder = session.program().resetTimer(); // puts every cut between address and data
    for (let i = 0; i < 60_000; i++) builder.write(CapMemCell, cell, { value: i % 1000 });
    const controller = new AbortController();
    bench.board.instructions.length = 0;
    const running = session.run(builder.build(), { signal: controller.signal }).catch((e: unknown) => e);
    bench.clock.advance(2);
    await yieldToEvents();
    controller.abort("enough");
    expect(await bench.settle(running, 2000)).toBe("enough");
    const { instructions } = bench.board;
    expect(instructions.length).toBeLessThan(100_000);
    expect(instructions.at(-1)).toBe("0a00000000000000");
    expect(instructions.at(-2)).toMatch(/^0c/);
    const read = session.program();
    const ticket = read.read(CapMemCell, cell);
    await bench.settle(session.run(read.build()));
    expect(ticket.isReady).toBe(true);
  });
});
