// `npm run results:sbibm -- [OPTIONS]`: builds, then measures the inference engine on sbibm's tasks; --help lists options.
import { spawnSync } from "node:child_process";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "../build.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
build();
const run = spawnSync(process.execPath, ["dist/bench/sbibm/main.js", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
});
process.exit(run.status ?? 1);
