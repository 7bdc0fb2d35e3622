/**
 * The eight firing patterns of Naud et al. 2008 through the device, codes by the documented transfers: counts and classes
 * as the AdEx model has them on an ideal chip, and how often neurons with mismatch keep them. With PATTERNS=write also
 * docs/results/firing-patterns.md with its figure.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDevice } from "../../src/api/index.js";
import { type FiringPattern, patternNames } from "../../src/calib/target/pattern.js";
import { classOf } from "../../src/calib/target/pattern-class.js";
import type { Device, Session } from "../../src/device/interface/index.js";
import { knownPatterns } from "./pattern-model.js";
import { writePatternPage } from "./pattern-page.js";
import { recordPattern } from "./record-pattern.js";
import { recordPatterns } from "./record-patterns.js";

const writes = process.env.PATTERNS === "write";

async function withChip<T>(url: string, work: (session: Session) => Promise<T>): Promise<T> {
  const device = await openDevice(url);
  try {
    return await work(await device.openSession());
  } finally {
    await device.close();
  }
}

describe("firing patterns", { timeout: 600_000 }, () => {
  let ideal: Device;
  let onIdeal: Session;
  beforeAll(async () => {
    ideal = await openDevice("virtual:?chip=1&preset=ideal");
    onIdeal = await ideal.openSession();
  });
  afterAll(() => ideal?.close());

  it.each(patternNames)("%s emerges on the ideal chip", async (name) => {
    const { spikesUs } = await recordPattern(onIdeal, name, 0);
    const { spikes, firstMs } = knownPatterns[name];
    expect(classOf(spikesUs)).toBe(name);
    expect(Math.abs(spikesUs.length - spikes)).toBeLessThanOrEqual(Math.max(1, 0.1 * spikes));
    expect(Math.abs((spikesUs[0] ?? Number.NaN) / firstMs - 1)).toBeLessThan(0.03);
  });

  // The model keeps its classes by the table's last column at 10 % and 1 mV, which is 10 mV on the chip; mismatch 0.5 is
  // 10..12 % and 12.5 mV. Two samples, 64 and 150 neurons: the bound is 3.9 standard errors of their difference, one
  // false alarm in 10,000 for each pattern if both have one law.
  it("keep their class on neurons with half of a typical mismatch as often as the model with 10 %", async () => {
    const neurons = Array.from({ length: 64 }, (_, k) => 8 * k + 3);
    const shares = {} as Record<FiringPattern, number>;
    await withChip("virtual:?chip=1&preset=ideal&mismatch=0.5", async (session) => {
      for (const name of patternNames) {
        const trains = await recordPatterns(session, name, neurons);
        shares[name] = trains.filter((train) => classOf(train) === name).length / neurons.length;
      }
    });
    const excess = (name: FiringPattern): number => {
      const expected = knownPatterns[name].keptAt10;
      const pooled = (64 * shares[name] + 150 * expected) / 214;
      return (shares[name] - expected) / Math.sqrt(pooled * (1 - pooled) * (1 / 64 + 1 / 150) + 1e-9);
    };
    for (const name of ["initial-burst", "regular-bursting", "transient", "irregular"] as const)
      expect(Math.abs(excess(name)), name).toBeLessThan(3.9);
    // Its bursts hang on the reset by a tenth of a millivolt: it fails more often here than by the table.
    expect(excess("delayed-regular-bursting")).toBeLessThan(3.9);
    for (const name of ["tonic", "adaptation", "delayed-accelerating"] as const)
      expect(shares[name], name).toBeGreaterThan(0.9);
    const fragile = [shares["delayed-regular-bursting"], shares.irregular];
    expect(Math.max(...fragile)).toBeLessThan(Math.min(shares["initial-burst"], shares["regular-bursting"]));
  });

  it.runIf(writes)("are drawn, and told of varied neurons", async () => {
    await writePatternPage(withChip);
  });
});
