/**
 * Whole runs of the command line on the chip in software: what ends on stdout, what Ctrl-C leaves, how a run goes on.
 * The budget is the smallest that the method takes: the figures are meaningless, the plumbing is not.
 */
import { existsSync } from "node:fs";
import { access, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { hxloop, startHxloop } from "./run-hxloop.js";

const summary = z.strictObject({
  name: z.string(),
  prior: z.tuple([z.literal(0), z.literal(1022)]),
  truth: z.int().min(0).max(1022).nullable(),
  mean: z.number(),
  sd: z.number().min(0),
  q05: z.number(),
  median: z.number(),
  q95: z.number(),
});
// The object of hxloop.calibration/1, written here from its description and not from the code that makes it.
const calibration = z.strictObject({
  schema: z.literal("hxloop.calibration/1"),
  device: z.string(),
  neuron: z.int(),
  seed: z.int(),
  parameters: z.array(summary).length(2),
  simulations: z.int(),
  rounds: z.int(),
  seconds: z.strictObject({ record: z.number(), train: z.number(), total: z.number() }),
  predictive: z.strictObject({ distance: z.number(), noiseFloor: z.number() }),
  diagnostics: z.array(
    z.strictObject({ name: z.string(), passed: z.boolean(), falseAlarmRate: z.number(), text: z.string() }),
  ),
  notices: z.array(z.string()),
  run: z.string(),
});

let cwd = "";
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "hxloop-calibrate-"));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const state = async (run: string): Promise<unknown> =>
  JSON.parse(await readFile(join(cwd, run, "run.json"), "utf8")).state;
const tiny = fileURLToPath(new URL("tiny.toml", import.meta.url));
const small = ["calibrate", "--demo-target", "--seed", "3", "--neuron", "5", "--task", tiny];

describe("a run", { timeout: 120_000 }, () => {
  it("ends with one JSON object, a report and a folder; interrupted and resumed it ends with the same samples", async () => {
    const whole = await hxloop([...small, "--json", "--quiet"], cwd);
    expect(whole.stderr).not.toContain("internal error");
    expect(whole.code).toBe(0);
    const lines = whole.stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(1);
    const result = calibration.parse(JSON.parse(lines[0]!));
    expect(result).toMatchObject({ device: "virtual:?chip=1", neuron: 5, seed: 3, simulations: 80, rounds: 1 });
    expect(result.parameters.map((p) => p.name)).toEqual(["v_reset", "i_bias_adapt_tau"]);
    for (const { truth, q05, median, q95 } of result.parameters) {
      expect(truth).not.toBeNull();
      expect(q05).toBeLessThanOrEqual(median);
      expect(median).toBeLessThanOrEqual(q95);
    }
    expect(await state(result.run)).toBe("finished");
    expect((await readdir(join(cwd, result.run))).sort()).toEqual([
      "codes.hxasm",
      "codes.json",
      "data.zarr",
      "figures",
      "idata.zarr",
      "log.jsonl",
      "networks",
      "posterior.csv",
      "report.html",
      "run.json",
      "task.toml",
    ]);

    const running = startHxloop([...small, "--out", "again"], cwd);
    await running.seen(/training the autoencoder/);
    const from = performance.now();
    running.send("SIGINT");
    expect((await running.outcome).code).toBe(130);
    expect(performance.now() - from).toBeLessThan(2000);
    expect(await state("again")).toBe("interrupted");
    const resumed = await hxloop(["calibrate", "--resume", "again"], cwd);
    expect(resumed.stderr).toMatch(/recorded earlier/);
    expect(resumed.code).toBe(0);
    expect(resumed.stdout).toMatch(/report: again\/report\.html\n$/);
    const samples = (run: string): Promise<string> => readFile(join(cwd, run, "posterior.csv"), "utf8");
    expect(await samples("again")).toBe(await samples(result.run));

    const redrawn = await hxloop(["report", "again", "--out", "elsewhere/again.html", "--json"], cwd);
    expect(JSON.parse(redrawn.stdout)).toMatchObject({ schema: "hxloop.report/1", run: "again", finished: true });
    expect(await readFile(join(cwd, "elsewhere", "again.html"), "utf8")).toMatch(/<svg/);
  });

  it("ends within two seconds of Ctrl-C, and is not taken for whole", async () => {
    const running = startHxloop(["calibrate", "--demo-target", "--out", "stopped", "--simulations", "20000"], cwd);
    const batches = join(cwd, "stopped", "data.zarr", "batches");
    await running.seen(/recording, round 1/);
    await vi.waitFor(
      async () => expect(await readdir(batches)).toContainEqual(expect.stringMatching(/^round-1/)),
      20_000,
    );
    const from = performance.now();
    running.send("SIGINT");
    const { code, stdout, stderr } = await running.outcome;
    expect(performance.now() - from).toBeLessThan(2000);
    expect([code, stdout]).toEqual([130, ""]);
    expect(stderr).toMatch(
      /kept \d+ recordings; run stopped is unfinished; go on with: hxloop calibrate --resume stopped/,
    );
    expect(await state("stopped")).toBe("interrupted");
    expect(existsSync(join(cwd, "stopped", "report.html"))).toBe(false);
    const report = await hxloop(["report", "stopped"], cwd);
    expect([report.code, report.stdout]).toEqual([3, ""]);
    expect(report.stderr).toMatch(
      /^hxloop: no result to draw: run stopped is unfinished: it was interrupted; go on with:/,
    );
  });

  it("killed without a warning is not taken for whole either, and can be gone on with", async () => {
    const killed = startHxloop(["calibrate", "--demo-target", "--out", "killed", "--simulations", "20000"], cwd);
    const batches = join(cwd, "killed", "data.zarr", "batches");
    await killed.seen(/recording, round 1/);
    await vi.waitFor(
      async () => expect(await readdir(batches)).toContainEqual(expect.stringMatching(/^round-1/)),
      20_000,
    );
    killed.send("SIGKILL");
    await killed.outcome;
    const report = await hxloop(["report", "killed"], cwd);
    expect(report.stderr).toMatch(/run killed is unfinished: its process ended without a word; go on with:/);
    const resumed = startHxloop(["calibrate", "--resume", "killed"], cwd);
    await resumed.seen(/recording, round 1/);
    const rival = await hxloop(["calibrate", "--resume", "killed"], cwd);
    expect(rival.code).toBe(2);
    expect(rival.stderr).toMatch(/^hxloop: run folder killed is in use by process \d+ on /);
    resumed.send("SIGINT");
    const { code, stderr } = await resumed.outcome;
    expect(code).toBe(130);
    expect(Number(/kept (\d+) recordings/.exec(stderr)?.[1])).toBeGreaterThan(1);
  });

  it("refuses a file whose trace never spikes before it makes a folder", async () => {
    const rows = Array.from({ length: 2101 }, (_, i) => `${i / 2 - 20},400`);
    await writeFile(join(cwd, "flat.csv"), ["time_us,membrane_lsb", ...rows].join("\n"));
    const { code, stderr, stdout } = await hxloop(["calibrate", "--target", "flat.csv", "--out", "flat"], cwd);
    expect([code, stdout]).toEqual([3, ""]);
    expect(stderr).toMatch(/^hxloop: target flat\.csv .*spike/m);
    await expect(access(join(cwd, "flat"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("doctor", () => {
  const deviceSteps = [
    "link reset",
    "info text",
    "loopback",
    "JTAG identity",
    "empty program",
    "init",
    "clock sync",
    "CapMem",
    "MADC leak step",
  ];
  it("names Node, backend, kernels, device and folder, each with a status", async () => {
    const { code, stdout, stderr } = await hxloop(["doctor", "--json"], cwd);
    expect(stderr).toMatch(/^ok {4}node /m);
    const { schema, ok, checks } = JSON.parse(stdout);
    expect([code, schema, ok]).toEqual([0, "hxloop.doctor/1", true]);
    expect(checks.map((check: { name: string }) => check.name)).toEqual([
      "node",
      "versions",
      "tensor backend",
      "kernels",
      "device",
      ...deviceSteps,
      "run folder",
    ]);
  });

  it("says that the device cannot be reached, and what to do", async () => {
    const { code, stdout } = await hxloop(["doctor"], cwd, { HXLOOP_DEVICE: "serial:///dev/hxloop-no-such-line" });
    expect(code).toBe(4);
    expect(stdout).toMatch(/^fail {2}device .*hxloop-no-such-line.*\n\s+-> /m);
  });
});
