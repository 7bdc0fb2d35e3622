/**
 * The gateway beside a plain HTTP server that sends back what it gets, over the same loopback in the same run. Its own
 * price is measured in front of a board that answers at once, from a recording; then in front of the virtual board,
 * beside the same board without a gateway.
 */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBoard, openDevice } from "../src/api/open-device.js";
import { systemClock } from "../src/base/clock.js";
import { silentLogger } from "../src/base/log.js";
import type { Session } from "../src/device/interface/index.js";
import type { RawAnswer, RawDevice } from "../src/device/playback/raw-answer.js";
import { startGateway } from "../src/gateway/start.js";
import { type Bench, type BenchRow, median, row, timeMs } from "./harness.js";

const device = "virtual:?chip=1&preset=ideal";
const smallRuns = 200;
const bulkRuns = 9;
const warmUps = 3;
const bulkWords = 100_000;
const bulkBytes = 8 * bulkWords;
const signal = new AbortController().signal;

/** Milliseconds to send bytes and have as many back. */
async function echo(url: string, body: Uint8Array<ArrayBuffer>): Promise<number> {
  return await timeMs(async () => (await fetch(url, { method: "PUT", body })).arrayBuffer());
}

async function times(count: number, once: () => Promise<number>): Promise<number> {
  const all: number[] = [];
  for (let i = 0; i < warmUps; i++) await once();
  for (let i = 0; i < count; i++) all.push(await once());
  return median(all);
}

/** A board that gives the answers that a true one once gave to programs of the same length. */
async function recordedBoard(): Promise<RawDevice> {
  const board = (await openBoard(device, { signal })).openRaw();
  const answers = new Map<number, RawAnswer>();
  const { identity, initWords } = board;
  return {
    identity,
    initWords,
    lost: undefined,
    async runRaw(words, options) {
      const known = answers.get(words.length);
      if (known !== undefined) return known;
      const answer = await board.runRaw(words, options);
      // Each stands alone, so that it may follow any other.
      answers.set(words.length, answer);
      return answer;
    },
    close: () => board.close(),
  };
}

interface Rates {
  /** ms. */
  readonly small: number;
  /** MB/s in each direction. */
  readonly bulk: number;
}

async function measure(session: Session): Promise<Rates> {
  const program = (words: number) => {
    const builder = session.program();
    for (let i = 0; i < words - 1; i++) builder.tick();
    return builder.build();
  };
  const small = await times(smallRuns, () => timeMs(() => session.run(program(1))));
  const bulk = await times(bulkRuns, async () => {
    const long = program(bulkWords);
    return await timeMs(() => session.run(long));
  });
  return { small, bulk: bulkBytes / 1000 / bulk };
}

async function through(sync: "disk" | "system", board: "recorded" | "virtual"): Promise<Rates> {
  const state = await mkdtemp(join(tmpdir(), "hxloop-bench-"));
  const gateway = await startGateway({
    devices: [device],
    ...(board === "recorded" ? { openRaw: recordedBoard } : {}),
    host: "127.0.0.1",
    port: 0,
    state,
    sync,
    limits: { maxRequestsPer10s: 10_000_000 },
    version: "bench",
    clock: systemClock,
    logger: silentLogger,
    signal,
  });
  const far = await openDevice(`${gateway.url}/boards/0`);
  try {
    return await measure(await far.openSession());
  } finally {
    await far.close();
    await gateway.close();
    await rm(state, { recursive: true, force: true });
  }
}

async function rawEcho(): Promise<Rates> {
  const raw = createServer((request, reply) => request.pipe(reply)).listen(0, "127.0.0.1");
  await once(raw, "listening");
  const url = `http://127.0.0.1:${(raw.address() as AddressInfo).port}`;
  const small = await times(smallRuns, () => echo(url, new Uint8Array(8)));
  const bulk = await times(bulkRuns, () => echo(url, new Uint8Array(bulkBytes)));
  raw.close();
  raw.closeAllConnections();
  return { small, bulk: bulkBytes / 1000 / bulk };
}

async function alone(): Promise<Rates> {
  const near = await openDevice(device);
  try {
    return await measure(await near.openSession());
  } finally {
    await near.close();
  }
}

async function run(note: (line: string) => void): Promise<BenchRow[]> {
  note("raw HTTP");
  const raw = await rawEcho();
  const rows: BenchRow[] = [];
  const add = (name: string, own: Rates, peerName: string, peer: Rates): void => {
    rows.push(row(`${name}: small program`, own.small, "ms", "less", { name: peerName, value: peer.small }));
    const bulk = `${name}: 100,000 words each way`;
    rows.push(row(bulk, own.bulk, "MB/s", "more", { name: peerName, value: peer.bulk }));
  };
  note("the gateway itself, in front of recorded answers");
  add("gateway, --sync system", await through("system", "recorded"), "HTTP echo", raw);
  add("gateway, --sync disk", await through("disk", "recorded"), "HTTP echo", raw);
  note("with the virtual board behind it");
  const near = await alone();
  add("virtual board, --sync system", await through("system", "virtual"), "without gateway", near);
  add("virtual board, --sync disk", await through("disk", "virtual"), "without gateway", near);
  return rows;
}

export const gatewayBench: Bench = {
  name: "gateway",
  about: "programs through the gateway beside a raw HTTP echo, and beside the board without it",
  run,
};
