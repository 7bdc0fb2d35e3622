/** The gateway beside a plain HTTP server that sends back what it gets, over the same loopback in the same run. */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDevice } from "../src/api/index.js";
import { systemClock } from "../src/base/clock.js";
import { silentLogger } from "../src/base/log.js";
import { startGateway } from "../src/gateway/start.js";
import { type Bench, type BenchRow, median, row, timeMs } from "./harness.js";

const device = "virtual:?chip=1&preset=ideal";
const smallRuns = 100;
const bulkWords = 100_000;

/** Milliseconds to send bytes and have as many back. */
async function echo(url: string, bytes: number): Promise<number> {
  const body = new Uint8Array(bytes);
  return await timeMs(async () => (await fetch(url, { method: "PUT", body })).arrayBuffer());
}

async function times(count: number, once: () => Promise<number>): Promise<number> {
  const all: number[] = [];
  for (let i = 0; i < count; i++) all.push(await once());
  return median(all);
}

async function measure(note: (line: string) => void): Promise<BenchRow[]> {
  const state = await mkdtemp(join(tmpdir(), "hxloop-bench-"));
  const raw = createServer((request, reply) => request.pipe(reply)).listen(0, "127.0.0.1");
  await once(raw, "listening");
  const rawUrl = `http://127.0.0.1:${(raw.address() as AddressInfo).port}`;
  const signal = new AbortController().signal;
  const shared = { version: "bench", clock: systemClock, logger: silentLogger, signal };
  const limits = { maxRequestsPer10s: 10_000_000 };
  const gateway = await startGateway({ devices: [device], host: "127.0.0.1", port: 0, state, limits, ...shared });
  const far = await openDevice(`${gateway.url}/boards/0`);
  const near = await openDevice(device);
  try {
    const sessions = { far: await far.openSession(), near: await near.openSession() };
    const small = (session: typeof sessions.far) => async () =>
      await timeMs(async () => void (await session.run(session.program().build())));
    const bulk = (session: typeof sessions.far) => async () => {
      const builder = session.program();
      for (let i = 0; i < bulkWords - 1; i++) builder.tick();
      const program = builder.build();
      return await timeMs(async () => void (await session.run(program)));
    };
    note("the gateway forces each run to the disk before, and each answer after; the echo does not");
    const oneEcho = await times(smallRuns, () => echo(rawUrl, 8));
    const bulkEcho = await times(7, () => echo(rawUrl, 8 * bulkWords));
    const mb = (8 * bulkWords) / 1e6;
    const rate = (ms: number): number => (1000 * mb) / ms;
    const [far1, near1] = [await times(smallRuns, small(sessions.far)), await times(smallRuns, small(sessions.near))];
    const [farN, nearN] = [await times(7, bulk(sessions.far)), await times(7, bulk(sessions.near))];
    const inProcess = "the board in process";
    return [
      row("small program", far1, "ms", "less", { name: "HTTP echo", value: oneEcho }),
      row("small program", far1, "ms", "less", { name: inProcess, value: near1 }),
      row("100,000 words up, as many back", rate(farN), "MB/s", "more", { name: "HTTP echo", value: rate(bulkEcho) }),
      row("100,000 words up, as many back", rate(farN), "MB/s", "more", { name: inProcess, value: rate(nearN) }),
    ];
  } finally {
    await Promise.all([far.close(), near.close()]);
    await gateway.close();
    raw.close();
    await rm(state, { recursive: true, force: true });
  }
}

export const gatewayBench: Bench = {
  name: "gateway",
  about: "programs through the gateway beside a raw HTTP echo and the board without it",
  run: measure,
};
