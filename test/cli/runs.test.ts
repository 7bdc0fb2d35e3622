/** `hxloop runs`, `show` and `compare` over run folders made here by hand. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { RunRequest } from "../../src/cli/store/manifest.js";
import { RunFolder } from "../../src/cli/store/run-folder.js";
import { smallBatch, smallRunData } from "./run-data.js";
import { hxloop } from "./run-hxloop.js";

const request: RunRequest = {
  task: "paper",
  device: "virtual:?chip=1",
  neuron: 0,
  target: { kind: "theta", theta: { v_reset: 400, i_bias_adapt_tau: 500 } },
  seed: 1,
  simulations: 6,
  rounds: 2,
  scheme: "tsnpe",
  draws: 4,
  backend: "cpu",
};
const quantities = { parameters: ["v_reset", "i_bias_adapt_tau"], scale: null };

let cwd = "";
async function make(name: string, changes: Partial<RunRequest>, resultSeed: number | undefined): Promise<void> {
  const folder = await RunFolder.create(
    join(cwd, "runs", name),
    { ...request, ...changes },
    { hxloop: "1" },
    quantities,
  );
  await folder.putBatch("round-1", 0, smallBatch(1));
  if (resultSeed === undefined) return folder.close("failed", "the cable was pulled");
  await folder.putResult(smallRunData(resultSeed));
  await folder.close("finished");
}

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "hxloop-runs-"));
  await make("a", {}, 1);
  await make("b", { seed: 2, neuron: 7 }, 2);
  await make("broken-off", {}, undefined);
  await mkdir(join(cwd, "runs", "damaged"));
  await writeFile(join(cwd, "runs", "damaged", "run.json"), "{");
  await mkdir(join(cwd, "runs", "no-run"));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

it("lists the runs of a folder, and names those that cannot be read", async () => {
  const listed = await hxloop(["runs", "--json"], cwd);
  const { schema, runs, unreadable } = JSON.parse(listed.stdout);
  expect([listed.code, schema]).toEqual([0, "hxloop.runs/1"]);
  expect(runs.map(({ run, state, recordings }: Record<string, unknown>) => [run, state, recordings])).toEqual([
    [join("runs", "a"), "finished", 3],
    [join("runs", "b"), "finished", 3],
    [join("runs", "broken-off"), "failed", 3],
  ]);
  // 0.875 / 0.75, of the hand-made result.
  expect(runs[0].distanceRatio).toBeCloseTo(1.1667, 3);
  expect(unreadable).toEqual([{ run: join("runs", "damaged"), reason: expect.stringMatching(/is not JSON/) }]);
  const text = await hxloop(["runs"], cwd);
  expect(text.stdout).toMatch(/^runs\/broken-off +failed +paper +0 +1 +3 of 6/m);
});

it("says of many neurons which they are, and that there is no report to draw again or compare", async () => {
  await make("../many", { rounds: 1, many: { neurons: [0, 5], refinements: 0, perRefinement: 1 } }, undefined);
  const shown = await hxloop(["show", "many"], cwd);
  expect(shown.stdout).toMatch(/task paper, neurons 0 5, seed 1,(.|\n)* in 1 round;/);
  for (const args of [
    ["report", "many"],
    ["compare", "many", "runs/a"],
  ]) {
    const refused = await hxloop(args, cwd);
    expect([refused.code, refused.stderr]).toEqual([3, expect.stringMatching(/run many is of many neurons/)]);
  }
});

it("writes much into a pipe without a warning", async () => {
  const bytes = Buffer.alloc(8 * 200_000);
  for (let at = 0; at < bytes.length; at += 8) bytes.set([0x0a, 0, 0, 0, 0, 0, 0, 1], at);
  await writeFile(join(cwd, "long.words"), bytes);
  const listed = await hxloop(["disasm", "long.words"], cwd);
  expect([listed.code, listed.stderr, listed.stdout.split("\n").length]).toEqual([0, "", 200_001]);
});

it("shows what a run found, or how to go on with it", async () => {
  const whole = await hxloop(["show", "runs/a", "--log"], cwd);
  expect(whole.stdout).toMatch(/^runs\/a: finished\n {2}task paper, neuron 0, seed 1/);
  expect(whole.stdout).toMatch(/ v_reset +400 +401\.5 +12\.\d/);
  expect(whole.stdout).toMatch(/- one recording was dropped/);
  expect(whole.stdout).toMatch(/session ended: finished/);
  const half = await hxloop(["show", "runs/broken-off", "--json"], cwd);
  expect(JSON.parse(half.stdout)).toMatchObject({ state: "failed", reason: "the cable was pulled", result: null });
});

it("compares two runs: settings, posteriors, distances", async () => {
  const { code, stdout } = await hxloop(["compare", "runs/a", "runs/b", "--json"], cwd);
  const { differences, parameters, identical, c2st } = JSON.parse(stdout);
  expect([code, identical]).toEqual([0, false]);
  expect(differences).toEqual([
    { setting: "neuron", a: "0", b: "7" },
    { setting: "seed", a: "1", b: "2" },
  ]);
  expect(parameters.map(({ name, shift }: Record<string, unknown>) => [name, shift])).toEqual([
    ["v_reset", 0],
    ["i_bias_adapt_tau", 0],
  ]);
  for (const { overlap } of parameters) expect(overlap).toBeLessThan(1);
  expect(c2st.perFold).toHaveLength(5);
  const same = await hxloop(["compare", "runs/a", "runs/a"], cwd);
  expect(same.stdout).toMatch(/^the same was asked of both$[\s\S]*1\.00\n\nthe same samples, one by one$/m);
  const none = await hxloop(["compare", "runs/a", "runs/broken-off"], cwd);
  expect([none.code, none.stderr]).toEqual([3, "hxloop: run runs/broken-off has no result to compare yet\n"]);
});
