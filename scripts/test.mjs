// `npm test`: everything that a change must pass, in the order in which failures are cheapest to find. Ends with one
// plain line: N passed, N failed, N skipped.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const scratch = mkdtempSync(join(tmpdir(), "hxloop-test-"));
const report = join(scratch, "vitest.json");
const bin = (path) => [process.execPath, [join("node_modules", path)]];

const steps = [
  ["types", ...bin("typescript/bin/tsc"), "-p", "tsconfig.json"],
  ["lint", ...bin("@biomejs/biome/bin/biome"), "check", "--error-on-warnings", "."],
  ["dead code", ...bin("knip/bin/knip.js"), "--no-progress"],
  ["tests", ...bin("vitest/vitest.mjs"), "run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`],
];

let failedSteps = 0;
let counts = { passed: 0, failed: 0, skipped: 0 };

/** @param output what the step printed, where it was not shown at once */
function tell(name, started, status, output = "") {
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (status !== 0) failedSteps++;
  console.log(`${output}[${name}] ${status === 0 ? "ok" : "FAILED"} in ${seconds} s`);
}

function runAside([name, command, fixed, ...args]) {
  const started = performance.now();
  const child = spawn(command, [...fixed, ...args], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const parts = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => parts.push(part));
  return new Promise((resolve) => {
    child.on("close", (status) => {
      tell(name, started, status, Buffer.concat(parts).toString());
      resolve();
    });
  });
}

// The cheap checks side by side, as each uses one core; the tests have both.
const [tests, ...cheap] = [...steps].reverse();
await Promise.all(cheap.reverse().map(runAside));
const [name, command, fixed, ...args] = tests;
const started = performance.now();
const run = spawnSync(command, [...fixed, ...args], { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
tell(name, started, run.status);
try {
  const summary = JSON.parse(readFileSync(report, "utf8"));
  counts = {
    passed: summary.numPassedTests,
    failed: summary.numFailedTests,
    skipped: summary.numPendingTests + summary.numTodoTests,
  };
} catch {
  console.error("vitest left no summary");
  failedSteps++;
}
rmSync(scratch, { recursive: true, force: true });
// Types, lint and dead code count as one test each, so that the closing line tells the whole result.
const others = steps.length - 1;
const othersFailed = Math.max(0, failedSteps - (counts.failed > 0 ? 1 : 0));
console.log(
  `${counts.passed + others - Math.min(others, othersFailed)} passed, ${counts.failed + Math.min(others, othersFailed)} failed, ${counts.skipped} skipped`,
);
process.exit(failedSteps === 0 ? 0 : 1);
