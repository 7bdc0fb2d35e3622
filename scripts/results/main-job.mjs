// `npm run results:main-job`: the main job on three chips with three targets each, through the command line, and the
// table of docs/results/main-job.md. Targets are drawn evenly from the prior by a fixed seed; a target that the tool
// refuses (a neuron that never spikes) is listed and replaced by the next draw.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Rng } from "../../dist/src/base/rng.js";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const out = process.argv.includes("--write") ? join(root, "docs/results/main-job.md") : undefined;
const parallel = Number(process.env.HXLOOP_PARALLEL ?? 2);
const chips = [1, 2, 3];
const perChip = 3;
const names = ["v_reset", "i_bias_adapt_tau"];
const scratch = mkdtempSync(join(tmpdir(), "hxloop-results-"));
const started = new Date();

function calibrate(chip, target, seed) {
  const args = ["bin/hxloop.mjs", "calibrate", "--device", `virtual:?chip=${chip}`, "--task", "paper", "--neuron", "0"];
  args.push("--target-theta", names.map((n, i) => `${n}=${target[i]}`).join(","), "--seed", String(seed));
  args.push("--json", "--quiet", "--out", join(scratch, `c${chip}-s${seed}`));
  return new Promise((done) => {
    const run = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    let problems = "";
    run.stdout.on("data", (chunk) => {
      text += chunk;
    });
    run.stderr.on("data", (chunk) => {
      problems += chunk;
    });
    run.on("close", (code) => {
      if (code === 0) done({ result: JSON.parse(text.trim().split("\n").at(-1)) });
      else done({ refused: problems.trim().split("\n").at(-1), code });
    });
  });
}

const rows = [];
const refusals = [];
const jobs = chips.flatMap((chip) => {
  const rng = Rng.fromSeed(1000 + chip).fork("targets");
  return Array.from({ length: perChip }, (_, k) => ({ chip, k, rng }));
});
async function worker() {
  for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
    const { chip, k, rng } = job;
    for (let attempt = 0; attempt < 8; attempt++) {
      const draw = rng.fork(`target-${k}-${attempt}`);
      const target = [draw.int(1023), draw.int(1023)];
      const seed = 100 * chip + 10 * k + attempt;
      const { result, refused, code } = await calibrate(chip, target, seed);
      if (result !== undefined) {
        rows.push({ chip, k, seed, target, result });
        console.error(
          `chip ${chip} target ${k + 1} (${target}): ${result.parameters.map((p) => `${p.name} ${p.mean.toFixed(0)} ± ${p.sd.toFixed(0)}`).join(", ")}`,
        );
        break;
      }
      refusals.push(`chip ${chip}, ${names.map((n, i) => `${n} = ${target[i]}`).join(", ")}: exit ${code}: ${refused}`);
      console.error(refusals.at(-1));
      if (code !== 3) break;
    }
  }
}
await Promise.all(Array.from({ length: parallel }, worker));
rmSync(scratch, { recursive: true, force: true });
rows.sort((a, b) => a.chip - b.chip || a.k - b.k);

const priorSd = Math.sqrt((1023 ** 2 - 1) / 12);
const line = (cells) => `| ${cells.join(" | ")} |`;
const table = rows.flatMap(({ chip, k, seed, result }) =>
  result.parameters.map((p) => {
    const inside = p.truth >= p.q05 && p.truth <= p.q95;
    return line([
      chip,
      k + 1,
      seed,
      `\`${p.name}\``,
      p.truth,
      p.mean.toFixed(0),
      p.sd.toFixed(1),
      `${p.q05} .. ${p.q95}`,
      inside ? "yes" : "no",
      (p.sd / priorSd).toFixed(3),
      result.predictive.distance.toFixed(2),
      result.predictive.noiseFloor.toFixed(2),
      result.seconds.total.toFixed(0),
    ]);
  }),
);
const summary = names.map((name) => {
  const ps = rows.map(({ result }) => result.parameters.find((p) => p.name === name));
  const inside = ps.filter((p) => p.truth >= p.q05 && p.truth <= p.q95).length;
  const narrow = ps.filter((p) => p.sd < priorSd / 4).length;
  return `- \`${name}\`: true code inside the central 90 % in ${inside} of ${ps.length} runs; posterior sd below a quarter of the prior's in ${narrow} of ${ps.length}.`;
});
const cores = cpus();
const page = `# The main job on three chips

Command: \`npm run results:main-job -- --write\`, ${started.toISOString().slice(0, 10)}, ${cores.length} x ${cores[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}; ${parallel} runs at a time, so the seconds are longer than those of one run alone.

Targets are drawn evenly from the prior (0..1022 for both codes) by a fixed seed. Device \`virtual:?chip=N\`, preset and
budget as \`npm start\` has them. Prior's sd: ${priorSd.toFixed(1)} codes.

${line(["chip", "target", "seed", "parameter", "truth", "mean", "sd", "90 % interval", "truth inside", "sd / prior sd", "distance", "floor", "seconds"])}
${line(Array.from({ length: 13 }, () => "---"))}
${table.join("\n")}

${summary.join("\n")}

${refusals.length === 0 ? "No target was refused." : `Targets that were refused and replaced:\n\n${refusals.map((r) => `- ${r}`).join("\n")}`}
`;
console.log(page);
if (out !== undefined) {
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, page);
}
