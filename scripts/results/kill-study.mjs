// `npm run results:kills [-- --kills N] [--seed N] [--write]`: calibrations through a gateway while board, gateway and host
// are killed with SIGKILL at random moments. Counts what must be none: acknowledged runs that are lost, runs that were
// started twice, resumed calibrations whose posterior differs from that of an undisturbed one with the same seed.
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Rng } from "../../dist/src/base/rng.js";
import { calibrateUndeterred } from "../../dist/src/cli/study/disturbed-calibration.js";
import { OwnProcess } from "../../dist/src/cli/study/own-process.js";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    write: { type: "boolean", default: false },
  },
});
const wanted = Number(values.kills);
const rng = Rng.fromSeed(Number(values.seed)).fork("kills");
const scratch = mkdtempSync(join(tmpdir(), "hxloop-kills-"));
const started = new Date();
const small = ["--demo-target", "--seed", "3", "--neuron", "5", "--simulations", "80", "--rounds", "1"];
const tally = {
  kills: { board: 0, gateway: 0, host: 0 },
  calibrations: 0,
  samePosterior: 0,
  otherPosterior: 0,
  acknowledged: 0,
  lost: 0,
  startedTwice: 0,
  unknown: 0,
};

const binary = join(root, "bin/hxloop.mjs");
const role = (args) => new OwnProcess([binary, ...args], scratch);

/** The journal's entries, read by its description in src/gateway/journal.ts and not by its code. */
function startsInJournal(folder) {
  const file = readFileSync(join(folder, "journal"));
  const counts = new Map();
  for (let at = "hxloop-gateway/1\n".length; at + 12 <= file.length; ) {
    const head = file.readUInt32BE(at);
    const next = at + 12 + head + file.readUInt32BE(at + 4);
    if (next > file.length) break;
    const entry = JSON.parse(file.subarray(at + 12, at + 12 + head).toString());
    if (entry.t === "start")
      counts.set(`${entry.session}/${entry.run}`, (counts.get(`${entry.session}/${entry.run}`) ?? 0) + 1);
    at = next;
  }
  return counts;
}

const port = 20_000 + (process.pid % 20_000);
const board = role(["board", "--port", String(port), "--reset-port", String(port + 1), "--json"]);
const state = join(scratch, "state");
const gatewayArgs = [
  "gateway",
  "--device",
  `udp://127.0.0.1:${port}?reset=${port + 1}`,
  "--listen",
  `127.0.0.1:${port + 2}`,
];
const gateway = role([...gatewayArgs, "--state", state, "--json"]);
const base = `http://127.0.0.1:${port + 2}`;
const device = ["--device", `${base}/boards/0`];

/** A second user, who keeps the books: what was acknowledged must be known ever after. */
const probe = { session: undefined, ids: [] };
const program = new Uint8Array([10, 0, 0, 0, 0, 0, 0, 1, 10, 0, 0, 0, 0, 0, 0, 0]);
async function probeOnce() {
  try {
    if (probe.session === undefined) {
      const reply = await fetch(`${base}/boards/0/sessions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: '{"leaseMs":3600000}',
      });
      if (reply.status === 201) probe.session = (await reply.json()).session;
      return;
    }
    const id = randomBytes(8).toString("hex");
    const reply = await fetch(`${base}/sessions/${probe.session}/runs/${id}`, {
      method: "PUT",
      headers: { "content-type": "application/octet-stream" },
      body: program,
    });
    if (reply.status === 200 || reply.status === 202) probe.ids.push(id);
  } catch {
    // The gateway is down at the moment: nothing was acknowledged.
  }
}
async function checkProbes() {
  for (const id of probe.ids) {
    const reply = await fetch(`${base}/sessions/${probe.session}/runs/${id}`);
    if (reply.status !== 200) {
      tally.lost++;
      console.error(`run ${id} was acknowledged and is lost (${reply.status})`);
    } else if ((await reply.json()).state === "unknown") tally.unknown++;
  }
  tally.acknowledged += probe.ids.length;
  if (probe.session !== undefined) await fetch(`${base}/sessions/${probe.session}`, { method: "DELETE" });
  Object.assign(probe, { session: undefined, ids: [] });
}

const calibration = { binary, cwd: scratch, shared: device, request: small };

const kills = () => tally.kills.board + tally.kills.gateway + tally.kills.host;
/** Kill one of the three after a random time, and start it again; while the host runs. */
async function disturbance(host) {
  let isOver = false;
  void host.gone.then(() => {
    isOver = true;
  });
  const until = performance.now() + 1000 + 14_000 * rng.uniform();
  while (!isOver && performance.now() < until) {
    await probeOnce();
    await sleep(50);
  }
  if (isOver || kills() >= wanted) return;
  const who = ["board", "gateway", "host"][rng.int(3)];
  tally.kills[who]++;
  if (who === "host") await host.kill();
  else {
    const killed = who === "board" ? board : gateway;
    await killed.kill();
    if (who === "gateway") {
      for (const [run, count] of startsInJournal(state)) {
        if (count < 2) continue;
        tally.startedTwice++;
        console.error(`run ${run} was started ${count} times`);
      }
    }
    await killed.startReady();
  }
  console.error(`kill ${kills()} of ${wanted}: ${who}`);
}

await board.startReady();
await gateway.startReady();
try {
  await calibrateUndeterred(calibration, "undisturbed", async () => undefined);
  const reference = readFileSync(join(scratch, "undisturbed/posterior.csv"), "utf8");
  while (kills() < wanted) {
    const out = `run-${tally.calibrations++}`;
    await calibrateUndeterred(calibration, out, disturbance);
    const isSame = readFileSync(join(scratch, out, "posterior.csv"), "utf8") === reference;
    tally[isSame ? "samePosterior" : "otherPosterior"]++;
    await checkProbes();
    rmSync(join(scratch, out), { recursive: true, force: true });
    console.error(`calibration ${tally.calibrations}: ${isSame ? "same" : "ANOTHER"} posterior after ${kills()} kills`);
  }
} finally {
  await Promise.all([board, gateway].map((one) => one.kill()));
}
for (const count of startsInJournal(state).values()) if (count > 1) tally.startedTwice++;
rmSync(scratch, { recursive: true, force: true });

const { kills: by, ...rest } = tally;
const text = `# Killing board, gateway and host during calibrations

Command: \`npm run results:kills -- --kills ${wanted} --seed ${values.seed}\`, ${started.toISOString().slice(0, 10)}, ${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}.
Each calibration (80 simulations, one round) runs through a gateway in front of a board on UDP, beside a second user who
sends programs all the time; SIGKILL after 1 to 15 s, then \`--resume\` until it ends.

| | |
|---|---|
| SIGKILL of the board, the gateway, the host | ${by.board}, ${by.gateway}, ${by.host} |
| calibrations | ${rest.calibrations} |
| with the posterior of the undisturbed one, byte for byte | ${rest.samePosterior} |
| with another posterior | ${rest.otherPosterior} |
| runs of the second user that were acknowledged | ${rest.acknowledged} |
| of them lost | ${rest.lost} |
| of them reported as of unknown outcome | ${rest.unknown} |
| runs that were started twice, all users | ${rest.startedTwice} |
`;
console.log(text);
if (values.write) writeFileSync(join(root, "docs/results/kills.md"), text);
process.exitCode = rest.lost + rest.startedTwice + rest.otherPosterior === 0 ? 0 : 1;
