/** The example of docs/inference.md, run as it stands against the build. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

it("the example of docs/inference.md finds the throw", () => {
  const page = readFileSync(new URL("../../docs/inference.md", import.meta.url), "utf8");
  const code = /```js\n(.*?)```/s.exec(page)?.[1];
  expect(code).toBeDefined();
  expect(code!.split("\n").length).toBeLessThan(40);
  const run = spawnSync(process.execPath, ["--input-type=module"], { cwd: root, input: code!, encoding: "utf8" });
  expect(run.stderr).toBe("");
  expect(run.stdout).toMatch(/proposal: 'truncated prior'/);
  // 30 m in 2.5 s: 12 m/s along the ground and 9.81 * 2.5 / 2 m/s upwards.
  const found = /most probable: Float64Array\(2\) \[\s*([\d.]+),\s*([\d.]+)\s*\]/.exec(run.stdout);
  expect(Number(found?.[1])).toBeGreaterThan(16);
  expect(Number(found?.[1])).toBeLessThan(18.4);
  expect(Number(found?.[2])).toBeCloseTo(Math.atan2(12.26, 12), 1);
  const [, error, bits] = /coverage error ([\d.]+), ([\d.]+) bits/.exec(run.stdout) ?? [];
  // Of 300 observations: an exact posterior has 0.02 on average, and above 0.06 once in a hundred seeds.
  expect(Number(error)).toBeLessThan(0.08);
  expect(Number(bits)).toBeGreaterThan(2);
}, 120_000);
