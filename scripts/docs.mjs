// `npm run docs [-- --serve]`: the documentation site. Installs what builds it under docs/ (once), lets typedoc write the
// library's reference into docs/api, and vitepress the site into docs/.vitepress/dist.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const docs = join(root, "docs");

function run(command, args, cwd) {
  const { status } = spawnSync(command, args, { cwd, stdio: "inherit", shell: process.platform === "win32" });
  if (status !== 0) process.exit(status ?? 1);
}
const tool = (path, args, cwd) => run(process.execPath, [join(docs, "node_modules", path), ...args], cwd);

if (!existsSync(join(docs, "node_modules/vitepress"))) run("npm", ["install", "--no-audit", "--no-fund"], docs);
const entries = ["index", "inference", "protocol", "capture"].flatMap((name) => [
  "--entryPoints",
  `src/api/${name}.ts`,
]);
const plugins = ["--plugin", "typedoc-plugin-markdown", "--out", "docs/api", "--readme", "none"];
const options = ["--skipErrorChecking", "--excludeInternal", "--excludePrivate", "--logLevel", "Error"];
tool("typedoc/bin/typedoc", [...entries, ...plugins, ...options, "--tsconfig", "tsconfig.json"], root);
const vitepress = process.argv.includes("--serve") ? ["dev", "--host", "127.0.0.1"] : ["build"];
tool("vitepress/bin/vitepress.js", vitepress, docs);
