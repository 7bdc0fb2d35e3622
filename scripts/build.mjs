// Builds what is older than its sources: TypeScript into dist/, kernels into dist/src/kernels/*.wasm. `npm start`,
// `npm test` and the suites' set-up call it.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const assembly = join(root, "src/kernels/assembly");
const kernelFolder = join(root, "dist/src/kernels");
const variants = { simd: ["simd"], "relaxed-simd": ["simd", "relaxed-simd"] };

function node(args, what) {
  const run = spawnSync(process.execPath, args, { cwd: root, stdio: ["ignore", 2, 2] });
  if (run.status !== 0) throw new Error(`${what} failed`);
}

const changedAt = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

function buildKernels() {
  const newest = Math.max(...readdirSync(assembly).map((file) => changedAt(join(assembly, file))));
  mkdirSync(kernelFolder, { recursive: true });
  for (const [name, features] of Object.entries(variants)) {
    const out = join(kernelFolder, `${name}.wasm`);
    if (changedAt(out) > newest) continue;
    const partial = `${out}.${process.pid}.tmp`;
    const enable = features.flatMap((feature) => ["--enable", feature]);
    node(
      [
        "node_modules/assemblyscript/bin/asc.js",
        "src/kernels/assembly/index.ts",
        "-O3",
        "--noAssert",
        ...enable,
      ].concat(["--runtime", "stub", "--importMemory", "--outFile", partial]),
      `the ${name} kernel build`,
    );
    renameSync(partial, out);
  }
}

/** What was built, as one short hash: results of two builds may differ where the version does not. */
function noteBuild() {
  const hash = createHash("sha256");
  for (const part of ["src", "firmware-sim"]) {
    const folder = join(root, "dist", part);
    const files = readdirSync(folder, { recursive: true }).filter((file) => /\.(js|wasm)$/.test(file));
    for (const file of files.sort()) hash.update(file).update(readFileSync(join(folder, file)));
  }
  const text = `${JSON.stringify({ name: "hxloop-build", version: hash.digest("hex").slice(0, 12) })}\n`;
  const path = join(root, "dist/src/build.json");
  if (!existsSync(path) || readFileSync(path, "utf8") !== text) writeFileSync(path, text);
}

/**
 * @param tolerateTypeErrors go on with what the compiler emitted: for test set-ups, where types are a check of their own
 * @throws Error when a compiler reports one
 */
export function build({ tolerateTypeErrors = false } = {}) {
  try {
    node(["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], "the TypeScript build");
  } catch (error) {
    if (!tolerateTypeErrors) throw error;
  }
  buildKernels();
  noteBuild();
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    build();
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
