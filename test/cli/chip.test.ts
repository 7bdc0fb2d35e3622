/** `hxloop chip` through the real command line: what it prints and draws of a typical chip, and what it refuses. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hxloop } from "./run-hxloop.js";

describe("hxloop chip", { timeout: 120_000 }, () => {
  let cwd = "";
  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), "hxloop-chip-"));
  });
  afterAll(() => rm(cwd, { recursive: true, force: true }));

  it("refuses a neuron that no chip has", async () => {
    const { code, stderr } = await hxloop(["chip", "--neuron", "512"], cwd);
    expect(code).toBe(2);
    expect(stderr).toMatch(/--neuron = 512 .*\[0, 511\]/);
  });

  it("refuses a folder that it cannot write to before it measures anything", async () => {
    await writeFile(join(cwd, "taken"), "");
    const { code, stdout, stderr } = await hxloop(["chip", "--out", "taken"], cwd);
    expect(code).toBe(3);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^hxloop: cannot write taken: /);
  });

  it("finds defects of a typical chip, measures what spreads, and draws", async () => {
    const device = "virtual:?chip=3&preset=typical";
    const { code, stdout, stderr } = await hxloop(
      ["chip", "--device", device, "--neuron", "7", "--out", "card", "--json"],
      cwd,
    );
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/^(\d+)\/\1 f-I curve/m);
    const card = JSON.parse(stdout);
    expect(card).toMatchObject({ schema: "hxloop.chip/1", identity: { url: device } });
    const broken = Object.values<number[]>(card.broken).flat();
    // 0.6 % of 512 are 3; this chip has not none and not many.
    expect(broken.length).toBeGreaterThan(0);
    expect(broken.length).toBeLessThanOrEqual(9);
    for (const { values, sd } of card.spreads) {
      expect(values.length).toBeGreaterThan(500);
      expect(sd).toBeGreaterThan(0);
    }
    // 20 % of the conductance and 3 % of the capacitor, within 4 of the sd's standard errors and the CADC's steps.
    const tau = card.spreads[3].values.map(Math.log) as number[];
    const mean = tau.reduce((sum, x) => sum + x, 0) / tau.length;
    const sd = Math.sqrt(tau.reduce((sum, x) => sum + (x - mean) ** 2, 0) / tau.length);
    expect(Math.abs(sd - 0.202)).toBeLessThan(0.03);
    const rates: number[] = card.fiCurve.points.map(({ rateKhz }: { rateKhz: number }) => rateKhz);
    expect(rates[0]).toBe(0);
    expect(rates.at(-1)).toBeGreaterThan(50);
    for (const name of ["transfer-curves", "mismatch", "f-i-curve"])
      expect(await readFile(join(cwd, "card", `${name}.svg`), "utf8")).toMatch(/^<svg .*<path/s);
  });
});
