// `npm run results:kills`: whole calibrations through a gateway while board, gateway and host are killed with SIGKILL at
// random moments. Counts what must be none: acknowledged runs that are lost, runs that were executed twice, resumed
// calibrations whose posterior differs from that of an undisturbed one with the same seed. Long studies go in pieces:
// each adds to the record, `--write` makes docs/results/kills.md of all of them.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { root, runPiece } from "./kills/piece.mjs";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    minutes: { type: "string", default: "20" },
    seed: { type: "string" },
    record: { type: "string", default: join(root, "runs/kills.json") },
    cycle: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});
const wanted = Number(values.kills);
const pieces = existsSync(values.record) ? JSON.parse(readFileSync(values.record, "utf8")) : [];
const sum = (value) => pieces.reduce((total, piece) => total + value(piece), 0);
const killed = () => sum(({ kills }) => kills.board + kills.gateway + kills.host);

if (killed() < wanted) {
  const seed = values.seed === undefined ? pieces.length + 1 : Number(values.seed);
  const say = (text) => console.error(text);
  const before = [...pieces];
  const keep = (piece) => {
    pieces.splice(0, pieces.length, ...before, piece);
    mkdirSync(dirname(values.record), { recursive: true });
    writeFileSync(values.record, `${JSON.stringify(pieces, null, 2)}\n`);
  };
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"]) process.once(name, () => stop.abort(name));
  const limits = { kills: wanted - killed(), minutes: Number(values.minutes) };
  const last = await runPiece({ ...limits, seed, isCycle: values.cycle, say, keep, signal: stop.signal });
  // Of a piece that was broken off, the calibrations that ended are kept already.
  if (!stop.signal.aborted) keep(last);
  else process.exit(130);
}

const complaints = pieces.flatMap((piece) => piece.complaints);
const stages = {};
for (const piece of pieces)
  for (const [stage, count] of Object.entries(piece.stages)) stages[stage] = (stages[stage] ?? 0) + count;
const rows = [
  [
    "SIGKILL of the board, the gateway, the host",
    ["board", "gateway", "host"].map((who) => sum((p) => p.kills[who])).join(", "),
  ],
  ["calibrations that were disturbed", sum((p) => p.calibrations)],
  ["with the posterior of the undisturbed one, byte for byte", sum((p) => p.samePosterior)],
  ["**with another posterior**", sum((p) => p.otherPosterior)],
  ["times that `--resume` was needed", sum((p) => p.resumes)],
  ["hosts that went on by themselves to the end after a kill of board or gateway", sum((p) => p.wentOn)],
  ["runs of the second user that were acknowledged", sum((p) => p.user.acknowledged)],
  [
    "of them answered, failed with the board, of unknown outcome",
    ["answered", "failed", "unknown"].map((how) => sum((p) => p.user[how])).join(", "),
  ],
  ["**of them lost**", sum((p) => p.user.lost)],
  ["**of them sent to the board twice, as the wire shows**", sum((p) => p.user.sentTwice)],
  ["**of them answered but never sent**", sum((p) => p.user.answeredUnsent)],
  ["**runs of all users that the journal has as started twice**", sum((p) => p.startedTwice)],
];
const dates = [...new Set(pieces.map(({ date }) => date))].join(", ");
const machine = `${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
const text = `# Killing board, gateway and host during calibrations

Command: \`npm run results:kills -- --kills ${wanted}\`, ${dates}, ${machine}. It goes in pieces of
${values.minutes} minutes (call it again until it is done; \`--write\` makes this page). Here: ${pieces.map((p) => `seed ${p.seed}, ${p.kills.board + p.kills.gateway + p.kills.host} kills in ${p.seconds} s at a load of ${p.load}`).join("; ")}.

Every calibration (40 simulations, one round, all stages) goes through a gateway in front of a board on UDP, beside
a second user who hands in a program every ${300} ms. At a moment drawn evenly from the time that an undisturbed calibration
takes, one of the three is killed with SIGKILL and started again; a host that ended is started with \`--resume\`. Between
gateway and board stands a witness that reads the frames: each program of the second user carries a mark of its own.

| | |
|---|---|
${rows.map(([what, count]) => `| ${what} | ${count} |`).join("\n")}

What the host was doing when one of the three was killed:

| | kills |
|---|---|
${Object.entries(stages)
  .sort(([, a], [, b]) => b - a)
  .map(([stage, count]) => `| ${stage} | ${count} |`)
  .join("\n")}
${complaints.length === 0 ? "" : `\nBroken:\n\n${complaints.map((complaint) => `- ${complaint}`).join("\n")}\n`}`;
console.log(text);
if (values.write) writeFileSync(join(root, "docs/results/kills.md"), text);
process.exitCode = complaints.length === 0 ? 0 : 1;
