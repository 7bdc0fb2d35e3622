// `npm run figures`: draws every figure of the documentation anew, from emulations made for it on the virtual chip: the
// README's posterior, the spread of a chip before and after its LIF calibration, the eight firing patterns.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "./build.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const scratch = mkdtempSync(join(tmpdir(), "hxloop-figures-"));

function node(args, env = {}) {
  const { status } = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  if (status !== 0) throw new Error(`${args.join(" ")} ended with ${status}`);
}
const hxloop = (...args) => node(["bin/hxloop.mjs", ...args], { HXLOOP_CONFIG: "" });

build();
try {
  const run = join(scratch, "run");
  hxloop("calibrate", "--task", "paper", "--neuron", "0", "--demo-target", "--device", "virtual:?chip=1", "--out", run);
  node(["scripts/readme-figure.mjs", run]);
  const lif = ["--out", join(scratch, "lif.json"), "--figure", "docs/images/lif-spread.svg"];
  hxloop("lif", "--device", "virtual:?chip=1", ...lif);
  const suite = ["run", "--project", "suite", "test/physics/patterns.test.ts"];
  node(["node_modules/vitest/vitest.mjs", ...suite], { PATTERNS: "write" });
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
