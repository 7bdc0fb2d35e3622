/**
 * One kill of `hxloop study resume` of several neurons, with the smallest task. Fifty kills of one neuron are in
 * docs/results/resume.md, and one is in calibrate.test.ts.
 */
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { hxloop } from "./run-hxloop.js";

let cwd = "";
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "hxloop-study-"));
  await copyFile(new URL("tiny.toml", import.meta.url), join(cwd, "tiny.toml"));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

it.each([["many neurons", ["--simulations", "100", "--neurons", "0-2"]]])(
  "a killed calibration of %s that is gone on with ends with the bytes of an undisturbed one",
  async (_, of) => {
    const args = ["--kills", "1", "--task", "tiny.toml", ...of, "--rounds", "1", "--json"];
    const { code, stdout, stderr } = await hxloop(["study", "resume", ...args], cwd);
    expect(code, stderr).toBe(0);
    const { schema, kills, same, files, runs } = JSON.parse(stdout);
    expect({ schema, kills, same }).toEqual({ schema: "hxloop.study.resume/1", kills: 1, same: 1 });
    // Batches, networks, posterior, codes: all that a run leaves.
    expect(files).toBeGreaterThan(100);
    expect(runs).toHaveLength(1);
    expect(runs[0]).toMatchObject({ differing: [], kills: [{ run: 1, kept: expect.any(Number) }] });
    expect(stderr).toMatch(/1\/1 kills: after [\d.]+ s .* went on for [\d.]+ s: same bytes/);
  },
  180_000,
);
