/**
 * The layer rules hold, and the linter that says so really looks: it reads more modules than a floor, and reports a
 * violation that is planted for it.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { cruise, type ICruiseResult } from "dependency-cruiser";
import extractTSConfig from "dependency-cruiser/config-utl/extract-ts-config";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import config from "../../.dependency-cruiser.mjs";

const root = resolve(import.meta.dirname, "../..");

async function cruiseTree(baseDir: string, folders: string[]): Promise<ICruiseResult> {
  const { output } = await cruise(
    folders,
    { ...config.options, baseDir, validate: true, ruleSet: { forbidden: config.forbidden } },
    undefined,
    { tsConfig: extractTSConfig(resolve(root, "tsconfig.json")) },
  );
  if (typeof output === "string") throw new Error("dependency-cruiser gave text");
  return output;
}

const listed = (result: ICruiseResult): string[] =>
  result.summary.violations.map((v) => `${v.rule.name}: ${v.from} -> ${v.to}`);

describe("layers", () => {
  let planted: string;

  beforeAll(() => {
    planted = mkdtempSync(join(tmpdir(), "hxloop-layers-"));
    mkdirSync(join(planted, "src/calib"), { recursive: true });
    mkdirSync(join(planted, "src/protocol"), { recursive: true });
    writeFileSync(join(planted, "src/protocol/host-arq.ts"), "export const window = 128;\n");
    writeFileSync(
      join(planted, "src/calib/index.ts"),
      'import { window } from "../protocol/host-arq.js";\nimport { readFileSync } from "node:fs";\nexport const x = [window, readFileSync];\n',
    );
  });
  afterAll(() => rmSync(planted, { recursive: true, force: true }));

  it("are kept by every module", async () => {
    const result = await cruiseTree(root, ["src", "firmware-sim"]);
    expect(listed(result)).toEqual([]);
    expect(result.summary.totalCruised).toBeGreaterThan(60);
  }, 60_000);

  it("are really looked at: planted violations are reported", async () => {
    const result = await cruiseTree(planted, ["src"]);
    const rules = result.summary.violations.map((v) => v.rule.name);
    expect(rules).toContain("calib-imports-interface-only");
    expect(rules).toContain("io-only-at-the-edge");
    expect(rules).toContain("calib-chip-protocol-reach-no-io");
  }, 60_000);
});
