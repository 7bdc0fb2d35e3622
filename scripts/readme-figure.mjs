// `npm run readme-figure -- DIR`: redraws docs/images/posterior.svg from a finished run.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { readResult } from "../dist/src/cli/store/run-folder.js";
import { posteriorFigureForReadme } from "../dist/src/report/index.js";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error("usage: npm run readme-figure -- DIR (a finished run)");
  process.exit(2);
}
mkdirSync(resolve(root, "docs/images"), { recursive: true });
writeFileSync(resolve(root, "docs/images/posterior.svg"), posteriorFigureForReadme(await readResult(resolve(folder))));
