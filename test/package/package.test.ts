// The package as a stranger gets it: packed, unpacked beside its dependencies, imported by its entry points.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const scratch = mkdtempSync(join(tmpdir(), "hxloop-package-"));
const modules = join(scratch, "node_modules");
const installed = join(modules, "hxloop");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
};

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}:\n${stdout}${stderr}`);
  return stdout;
}

beforeAll(() => {
  // The suite's set-up has built dist/.
  const packed = run("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", scratch], root);
  mkdirSync(installed, { recursive: true });
  run("tar", ["-xzf", join(scratch, packed.trim()), "--strip-components=1", "-C", installed], scratch);
  for (const name of [...Object.keys(manifest.dependencies), "@types/node"]) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Examples of docs/library.md: code, and behind it what it prints. */
const examples = [
  ...readFileSync(join(root, "docs/library.md"), "utf8").matchAll(/```ts\n(.*?)```\n+```\n(.*?)```/gs),
].map(([, code = "", printed = ""], i) => ({ name: `example-${i}`, code, printed }));

const errors = `
import { isHxError } from "hxloop";
import { containerNamed } from "hxloop/protocol";
import { dissectorSource } from "hxloop/capture";
try {
  containerNamed("NoSuch");
} catch (error) {
  if (isHxError(error)) console.log(error._tag);
}
console.log(dissectorSource().includes("Proto"));
`;

test("the examples of docs/library.md compile against its types and print what they say", { timeout: 120_000 }, () => {
  expect(examples).toHaveLength(4);
  const programs = [...examples, { name: "errors", code: errors, printed: "FieldOutOfRange\ntrue\n" }];
  writeFileSync(join(scratch, "package.json"), '{ "type": "module" }');
  for (const { name, code } of programs) writeFileSync(join(scratch, `${name}.ts`), code);
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const strict = ["--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess"];
  const target = ["--module", "nodenext", "--target", "es2023", "--types", "node", "--skipLibCheck", "false"];
  run(process.execPath, [tsc, ...strict, ...target, ...programs.map(({ name }) => `${name}.ts`)], scratch);
  for (const { name, printed } of programs) expect(run(process.execPath, [`${name}.js`], scratch)).toBe(printed);
});

test("require works too, and the inside is closed", () => {
  const script = `
    const { encodeRegister } = require("hxloop/protocol");
    let code;
    try { require("hxloop/dist/src/protocol/index.js"); } catch (error) { code = error.code; }
    console.log(JSON.stringify([encodeRegister("InstructionTimeoutConfig", 0).length, code]));`;
  writeFileSync(join(scratch, "required.cjs"), script);
  expect(JSON.parse(run(process.execPath, ["--no-warnings", "required.cjs"], scratch))).toEqual([
    1,
    "ERR_PACKAGE_PATH_NOT_EXPORTED",
  ]);
});

test("every export is in the package, and the command runs from it", () => {
  const files = Object.values(manifest.exports).flatMap((target) =>
    typeof target === "string" ? [target] : Object.values(target),
  );
  for (const file of files) expect(readFileSync(join(installed, file)).length, file).toBeGreaterThan(0);
  expect(readdirSync(join(installed, "dist"))).toEqual(["firmware-sim", "src"]);
  writeFileSync(join(scratch, "program.hxasm"), "write CapMemCell n17.v_reset = 512\nread CapMemCell n17.v_reset\n");
  const bin = join(installed, "bin/hxloop.mjs");
  expect(run(process.execPath, [bin, "run", "program.hxasm", "--device", "virtual:?chip=2"], scratch)).toContain(
    "CapMemCell n17.v_reset value=512",
  );
});
