/** The first stage's codes under the second one, of a single neuron: used, kept with the run, and of one chip alone. */
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openDevice } from "../../src/api/index.js";
import { paperTask } from "../../src/calib/index.js";
import { hxloop } from "./run-hxloop.js";

let cwd = "";
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "hxloop-given-"));
  await copyFile(new URL("tiny.toml", import.meta.url), join(cwd, "tiny.toml"));
  const device = await openDevice("virtual:?chip=3");
  const { boardId } = device.identity;
  await device.close();
  const medians = { v_leak: 500, v_reset: 400, v_threshold: 600, i_bias_leak: 200 };
  const neurons = [{ neuron: 7, success: true, codes: { ...medians, v_leak: 510, i_bias_leak: 220 } }];
  const lif = { schema: "hxloop.lif/1", device: { boardId }, medians, neurons };
  await writeFile(join(cwd, "lif.json"), JSON.stringify(lif));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const calibrate = (chip: number, out: string) => {
  const budget = ["--simulations", "40", "--rounds", "1", "--demo-target"];
  const where = ["--device", `virtual:?chip=${chip}`, "--neuron", "7", "--out", out];
  return hxloop(["calibrate", "--task", "tiny.toml", "--given", "lif.json", ...where, ...budget], cwd);
};

it("is what a neuron starts from, and goes with its codes onto the chip", async () => {
  const { code, stderr } = await calibrate(3, "run");
  expect(code, stderr).toBe(0);
  expect(stderr).not.toContain("did not bring");
  const { neurons } = JSON.parse(await readFile(join(cwd, "run", "codes.json"), "utf8"));
  const { v_leak = 0, i_bias_leak = 0, v_threshold } = paperTask.neuronCodes;
  expect(neurons[0].codes).toMatchObject({
    v_leak: v_leak + 10,
    i_bias_leak: Math.round(1.1 * i_bias_leak),
    v_threshold,
  });
  expect(await readFile(join(cwd, "run", "given.json"), "utf8")).toBe(await readFile(join(cwd, "lif.json"), "utf8"));
  const applied = await hxloop(["apply", "run", "--device", "virtual:?chip=3", "--any-verdict"], cwd);
  expect([applied.code, applied.stdout]).toEqual([
    0,
    expect.stringMatching(/^neuron 7: \d+ codes written and read back/),
  ]);
}, 60_000);

it("is refused on another chip, and leaves nothing behind", async () => {
  const { code, stderr } = await calibrate(2, "other");
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(/these codes belong to board \w+, but virtual:\?chip=2 is board/),
  ]);
  await expect(readFile(join(cwd, "other", "run.json"))).rejects.toMatchObject({ code: "ENOENT" });
}, 60_000);
