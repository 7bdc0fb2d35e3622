// Installs the packages of package-lock.json when node_modules is absent or older than it. Uses Node's own modules only,
// because it runs before anything is installed.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`hxloop needs Node 20.19 or later; this is ${process.version}`);
  process.exit(1);
}

const stamp = resolve(root, "node_modules", ".hxloop-lock");
const lock = createHash("sha256")
  .update(readFileSync(resolve(root, "package-lock.json")))
  .digest("hex");
if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) process.exit(0);

// Not `npm ci`: it refuses a lock file when a registry lacks the builds of a tool for other platforms than this one.
console.error("installing packages (npm install) ...");
const npm = spawnSync("npm", ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"], {
  cwd: root,
  stdio: ["ignore", 2, 2],
  shell: process.platform === "win32",
});
if (npm.status !== 0) {
  console.error("npm install failed; hxloop cannot start without its packages");
  process.exit(npm.status ?? 1);
}
writeFileSync(stamp, lock);
