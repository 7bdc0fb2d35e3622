// One piece of the study: calibrations through a gateway, one after the other, while board, gateway and host are killed.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Rng } from "../../../dist/src/base/rng.js";
import { OwnProcess } from "../../../dist/src/cli/study/own-process.js";
import { SecondUser, startsInJournal } from "./second-user.mjs";
import { WireWitness } from "./wire-witness.mjs";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
const binary = join(root, "bin/hxloop.mjs");
const task = join(root, "scripts/results/kills/calibration.toml");
const asked = ["--task", task, "--demo-target", "--seed", "3", "--neuron", "5"];
const victims = ["board", "gateway", "host"];
/** Exit code of a calibration that the device has failed: it may be resumed. */
const deviceFailed = 4;
const pauseMs = 300;
const mostStarts = 10;

/** What a progress line says the host is doing. */
function stageOf(line) {
  const text = /^([a-z][^:]*?)(, round \d+ of \d+)?:/.exec(line ?? "")?.[1];
  return text === undefined || text === "hxloop" || text === "note" ? "starting" : text;
}

/** On a machine that is busy, a server may come too late for whoever waits for it; then it is started anew. */
async function startServer(role) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await role.startReady();
    } catch (error) {
      if (attempt === mostStarts) throw error;
    }
  }
}

/**
 * @param seed of the moments and the victims @param kills at most so many @param minutes begin no calibration after them
 * @param isCycle victims in turn, instead of by chance @param keep is called with what was seen after each calibration
 * @param signal ends the piece: what was seen before stays kept, and the servers are ended
 */
export async function runPiece({ seed, kills, minutes, isCycle, say, keep, signal }) {
  const rng = Rng.fromSeed(seed).fork("kills");
  const scratch = mkdtempSync(join(tmpdir(), "hxloop-kills-"));
  const tally = {
    seed,
    date: new Date().toISOString().slice(0, 10),
    kills: { board: 0, gateway: 0, host: 0 },
    stages: {},
    calibrations: 0,
    samePosterior: 0,
    otherPosterior: 0,
    resumes: 0,
    wentOn: 0,
    startedTwice: 0,
    complaints: [],
  };
  const complain = (text) => {
    tally.complaints.push(text);
    say(`BROKEN: ${text}`);
  };
  const [boardPort, gatewayPort] = [20_000 + (process.pid % 10_000) * 2, 40_000 + (process.pid % 10_000)];
  const own = (...args) => new OwnProcess([binary, ...args], scratch);
  const board = own("board", "--port", `${boardPort}`, "--reset-port", `${boardPort + 1}`, "--json");
  await startServer(board);
  const witness = await WireWitness.open(boardPort, boardPort + 1);
  const url = `udp://127.0.0.1:${witness.port}?reset=${witness.resetPort}`;
  const state = join(scratch, "state");
  const listen = ["--listen", `127.0.0.1:${gatewayPort}`, "--state", state, "--sessions", "200", "--json"];
  const gateway = own("gateway", "--device", url, ...listen);
  await startServer(gateway);
  const base = `http://127.0.0.1:${gatewayPort}`;
  const user = new SecondUser(base, witness, complain);
  const count = () => tally.kills.board + tally.kills.gateway + tally.kills.host;

  let current;
  // Nothing that was started may outlive the study.
  signal.addEventListener("abort", () => void current?.kill(), { once: true });

  const checkStarts = () => {
    for (const [run, times] of startsInJournal(state)) {
      if (times < 2) continue;
      tally.startedTwice++;
      complain(`run ${run} was started ${times} times`);
    }
  };

  /** While a host runs, kill one of the three at a random moment of a calibration's time, and start it again. */
  async function disturb(host, wholeMs) {
    const until = performance.now() + wholeMs * rng.uniform();
    while (!host.hasEnded && performance.now() < until) {
      await user.send();
      await sleep(Math.min(pauseMs, Math.max(0, until - performance.now())));
    }
    if (host.hasEnded || count() >= kills) return undefined;
    const who = victims[isCycle ? count() % victims.length : rng.int(victims.length)];
    const stage = stageOf(host.lastLine);
    tally.kills[who]++;
    tally.stages[stage] = (tally.stages[stage] ?? 0) + 1;
    say(`kill ${count()} of ${kills}: ${who}, ${stage}`);
    if (who === "host") {
      await host.kill();
      return who;
    }
    const role = who === "board" ? board : gateway;
    await role.kill();
    if (who === "gateway") checkStarts();
    await sleep(pauseMs * rng.uniform());
    await startServer(role);
    return who;
  }

  async function calibrate(out, wholeMs) {
    for (;;) {
      const isBegun = existsSync(join(scratch, out, "run.json"));
      if (isBegun && JSON.parse(readFileSync(join(scratch, out, "run.json"), "utf8")).state === "finished") return;
      const how = isBegun ? ["--resume", out] : [...asked, "--out", out];
      const host = own("calibrate", "--device", `${base}/boards/0`, ...how);
      signal.throwIfAborted();
      host.start();
      current = host;
      if (isBegun) tally.resumes++;
      const killed = wholeMs === undefined ? undefined : await disturb(host, wholeMs);
      const { code, text } = await host.gone;
      if (code === 0 && (killed === "board" || killed === "gateway")) tally.wentOn++;
      if (code === 0) return;
      if (code === null && killed === "host") continue;
      const why = text.trimEnd().split("\n").at(-1);
      if (code === deviceFailed && killed !== undefined) say(`  the host ended: ${why}`);
      // A board that was killed under one host may be found dead by the next.
      else if (code === deviceFailed) say(`  the host ended, though nothing was killed under it: ${why}`);
      else throw new Error(`calibrate ended with ${code}: ${text}`);
    }
  }

  const began = performance.now();
  const seen = () => {
    const seconds = Math.round((performance.now() - began) / 1000);
    return { ...tally, user: user.tally, seconds, load: Number(loadavg()[2].toFixed(1)) };
  };
  try {
    await calibrate("undisturbed", undefined);
    const wholeMs = performance.now() - began;
    say(`undisturbed: ${(wholeMs / 1000).toFixed(1)} s`);
    const reference = readFileSync(join(scratch, "undisturbed/posterior.csv"), "utf8");
    while (count() < kills && performance.now() - began < 60_000 * minutes) {
      const out = `run-${tally.calibrations}`;
      await calibrate(out, wholeMs);
      tally.calibrations++;
      const isSame = readFileSync(join(scratch, out, "posterior.csv"), "utf8") === reference;
      tally[isSame ? "samePosterior" : "otherPosterior"]++;
      if (!isSame) complain(`calibration ${out} has another posterior`);
      await user.check();
      keep(seen());
      rmSync(join(scratch, out), { recursive: true, force: true });
    }
    checkStarts();
  } catch (error) {
    if (!signal.aborted) complain(error instanceof Error ? error.message : String(error));
  } finally {
    await Promise.all([board, gateway].map((role) => role.kill()));
    witness.close();
    rmSync(scratch, { recursive: true, force: true });
  }
  return seen();
}
