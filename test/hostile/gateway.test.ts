/**
 * A gateway under fire: bytes that are no HTTP, requests with wrong heads and bodies, lengths that lie, other people's
 * sessions and wrong tokens, many at a time. It stays up, serves the next good user, and keeps no memory of it. A slice
 * runs here; `npm run hostile` sends a million.
 */
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/base/clock.js";
import { Rng } from "../../src/base/rng.js";
import { startHxloop } from "../cli/run-hxloop.js";
import { nastyRequest } from "./inputs.js";
import { inputs, MemoryWatch, seed, servesGoodHost } from "./support.js";

const [alice, mallory] = ["a".repeat(32), "m".repeat(32)];
/** Connections at a time, and requests on one. */
const connections = 16;
const perConnection = 40;
/** A connection whose request is not whole is given up by us after this long, ms. */
const patienceMs = 50;

let folder: string;
let gateway: ReturnType<typeof startHxloop>;
let place: { url: string; pid: number };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hxloop-hostile-"));
  const tokens = join(folder, "tokens");
  await writeFile(tokens, `alice ${alice}\nmallory ${mallory}\n`);
  await chmod(tokens, 0o600);
  const board = ["--device", "virtual:?chip=1&preset=ideal"];
  const more = ["--listen", "127.0.0.1:0", "--tokens", tokens, "--state", join(folder, "state"), "--json"];
  gateway = startHxloop(["gateway", ...board, ...more], folder);
  place = JSON.parse(await gateway.line(/"state":"ready"/)) as typeof place;
});
afterAll(async () => {
  gateway.send("SIGTERM");
  const { code, stderr } = await gateway.outcome;
  await rm(folder, { recursive: true, force: true });
  expect(code, stderr).toBe(0);
});

/** Send some requests on one connection. @returns how many */
async function attack(rng: Rng, port: number): Promise<number> {
  const pieces: Uint8Array[] = [];
  while (pieces.length < perConnection) {
    const { bytes, isLast } = nastyRequest(rng, [mallory, "guess", "", "\u00ff", alice.slice(1)]);
    pieces.push(bytes);
    if (isLast) break;
  }
  await new Promise<void>((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    // A request that waits for more of itself would wait for as long as the gateway lets it.
    const alarm = systemClock.after(patienceMs, () => socket.destroy());
    socket.on("error", () => {});
    socket.on("close", () => {
      alarm.cancel();
      resolve();
    });
    socket.resume();
    socket.end(Buffer.concat(pieces));
  });
  return pieces.length;
}

describe(`under ${inputs} malformed requests, seed ${seed}`, () => {
  it("a gateway stays up, serves the next user, leaks nothing", { timeout: 1_800_000 }, async () => {
    const { url, pid } = place;
    const port = Number(new URL(url).port);
    const good = `${url}/boards/0`;
    await servesGoodHost(good, alice);
    const memory = new MemoryWatch("gateway", pid);
    let sent = 0;
    const attackers = Array.from({ length: connections }, async (_, i) => {
      const rng = Rng.fromSeed(seed).fork(`attacker-${i}`);
      while (sent < inputs) {
        sent += await attack(rng, port);
        memory.look(sent);
      }
    });
    await Promise.all(attackers);
    await servesGoodHost(good, alice);
    const health = await fetch(`${url}/health`);
    expect(await health.json()).toMatchObject({ status: "ok" });
    const boards = await fetch(`${url}/boards`, { headers: { authorization: `Bearer ${alice}` } });
    expect(await boards.json()).toEqual([expect.objectContaining({ state: "ready", waitingRuns: 0 })]);
    memory.expectFlat();
  });
});
