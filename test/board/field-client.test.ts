// The board as a process of its own, over loopback UDP, against a host that behaves like the client of the field.
import { type ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, it } from "vitest";
import type { UdpListener } from "../../firmware-sim/listen/udp.js";
import { FieldClient } from "./support/field-client.js";
import { Receiver } from "./support/receiver.js";
import { read, words, write } from "./support/words.js";

const hxloop = resolve(import.meta.dirname, "../../bin/hxloop.mjs");
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** A board on free ports; `stop` gives its counters. */
async function startBoard() {
  const args = [hxloop, "board", "--port", "0", "--reset-port", "0", "--preset", "ideal", "--json"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => JSON.parse((await lines.next()).value as string);
  const { udp: ports } = (await next()) as { readonly udp: UdpPorts };
  const stop = async (): Promise<UdpListener["counters"]> => {
    child.kill("SIGINT");
    return ((await next()) as Pick<UdpListener, "counters">).counters;
  };
  return { ports, child, stop };
}

type UdpPorts = Pick<UdpListener, "dataPort" | "resetPort">;

const writeCount = 200_000;
const value = (i: number): number => (7 * i) % 1023;
const pushed = words((to) => {
  for (let i = 0; i < writeCount; i++) write(to, 0x0014_0000 + 32 * (i % 128) + ((i >> 7) % 24), value(i));
  to.barrier(1);
  for (let i = writeCount - 128; i < writeCount; i++) read(to, 0x0014_0000 + 32 * (i % 128) + ((i >> 7) % 24));
  to.loopback(false);
});

/** Wait for a halt, whatever the answers. */
async function answersOf(client: FieldClient, limitMs: number) {
  const receiver = new Receiver();
  const hasHalted = (): boolean => receiver.push(client.take()).answers.at(-1)?.kind === "halt";
  await client.until("the halt", hasHalted, limitMs);
  return receiver.answers;
}

function expectWhole(answers: Receiver["answers"]): void {
  const read = answers.filter(({ kind }) => kind === "omnibusData").map((answer) => answer.value);
  expect(read).toEqual(Array.from({ length: 128 }, (_, i) => value(writeCount - 128 + i)));
  expect(answers).toHaveLength(129);
}

describe("the client of the field", { timeout: 120_000 }, () => {
  it("pushes 400,000 words, gets every answer, and says goodbye", async () => {
    const board = await startBoard();
    const client = await FieldClient.open(board.ports);
    expect(client.info).toMatch(/^version: \d+\ncompatible_until: [012]\n/);
    client.send(pushed);
    expectWhole(await answersOf(client, 60_000));
    expect(await client.close()).toBe(true);
    const { link, executor, strangers } = await board.stop();
    expect(executor).toMatchObject({ instructions: 2 * writeCount + 130, illegalWords: 0, strayData: 0, timeouts: 0 });
    // 400,130 words in frames of 180, the loopback frame, the flush.
    expect(link).toMatchObject({ resets: 1, framesReceived: Math.ceil((2 * writeCount + 130) / 180) + 2 });
    expect(link).toMatchObject({ flushes: 1, echoes: 1, invalid: 0, badAcks: 0, hostsLost: 0, refused: 0 });
    expect(strangers).toBe(0);
  });

  it("loses nothing when the board is held up again and again", async () => {
    const board = await startBoard();
    const client = await FieldClient.open(board.ports);
    client.send(pushed);
    for (let stop = 0; stop < 5; stop++) {
      board.child.kill("SIGSTOP");
      const until = performance.now() + 20;
      await client.until("the pause", () => performance.now() >= until, 1000);
      board.child.kill("SIGCONT");
      const next = performance.now() + 10;
      await client.until("the board's work", () => performance.now() >= next, 1000);
    }
    expectWhole(await answersOf(client, 60_000));
    expect(client.counters.resends).toBeGreaterThan(0);
    expect(client.counters.slowStarts).toBeGreaterThan(0);
    expect(await client.close()).toBe(true);
    const { link, executor } = await board.stop();
    expect(executor).toMatchObject({ instructions: 2 * writeCount + 130, illegalWords: 0 });
    expect(link).toMatchObject({ hostsLost: 0, invalid: 0 });
  });

  it("gets 100,000 answers although it acknowledges seldom", async () => {
    const board = await startBoard();
    const client = await FieldClient.open(board.ports);
    const readCount = 100_000;
    client.send(
      words((to) => {
        for (let i = 0; i < readCount; i++) read(to, 0x8800_000c);
        to.loopback(false);
      }),
    );
    const answers = await answersOf(client, 60_000);
    expect(answers).toHaveLength(readCount + 1);
    // The timer counts on: each answer is later than the one before.
    for (let i = 1; i < readCount; i++) expect(answers[i]!.value).toBeGreaterThan(answers[i - 1]!.value);
    expect(client.counters.pureAcks).toBeGreaterThan(0);
    expect(await client.close()).toBe(true);
  });

  it("comes again on the same board after it left without a word", async () => {
    const board = await startBoard();
    const first = await FieldClient.open(board.ports);
    first.send(pushed.subarray(0, 80_000));
    const second = await FieldClient.open(board.ports);
    second.send(pushed);
    expectWhole(await answersOf(second, 60_000));
    expect(await second.close()).toBe(true);
    await first.close();
  });
});
