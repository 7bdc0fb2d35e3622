/** The examples of docs/inference.md, run as they stand against the build. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

const page = readFileSync(new URL("../../docs/inference.md", import.meta.url), "utf8");
const examples = [...page.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code as string);

function outputOf(code: string): string {
  const run = spawnSync(process.execPath, ["--input-type=module"], { cwd: root, input: code, encoding: "utf8" });
  expect(run.stderr).toBe("");
  return run.stdout;
}

it("the example of docs/inference.md finds the throw", () => {
  const [code] = examples as [string];
  expect(code.split("\n").length).toBeLessThan(40);
  const text = outputOf(code);
  expect(text).toMatch(/proposal: 'truncated prior'/);
  // 30 m in 2.5 s: 12 m/s along the ground and 9.81 * 2.5 / 2 m/s upwards.
  const found = /most probable: Float64Array\(2\) \[\s*([\d.]+),\s*([\d.]+)\s*\]/.exec(text);
  expect(Number(found?.[1])).toBeGreaterThan(16);
  expect(Number(found?.[1])).toBeLessThan(18.4);
  expect(Number(found?.[2])).toBeCloseTo(Math.atan2(12.26, 12), 1);
  const [, error, bits] = /coverage error ([\d.]+), ([\d.]+) bits/.exec(text) ?? [];
  // Of 300 observations: an exact posterior has 0.02 on average, and above 0.06 once in a hundred seeds.
  expect(Number(error)).toBeLessThan(0.08);
  expect(Number(bits)).toBeGreaterThan(2);
}, 120_000);

it("its summaries of long data tell rate and level", () => {
  expect(examples).toHaveLength(2);
  // A row for each parameter: name, mean, sd.
  const table = outputOf(examples[1] as string);
  const row = (name: string): number[] => {
    const line = table.split("\n").find((text) => text.includes(`'${name}'`)) ?? "";
    return [...line.matchAll(/-?\d+\.\d+/g)].map(Number);
  };
  // One trace of 100 points with noise 2 leaves 0.56 of the rate and 0.31 of the level unknown.
  const [rate, level] = [row("rate"), row("level")] as [number[], number[]];
  expect(Math.abs((rate[0] as number) - 0.5)).toBeLessThan(2);
  expect(Math.abs((level[0] as number) + 1)).toBeLessThan(1.1);
  expect(level[1]).toBeLessThan(0.6);
}, 120_000);
