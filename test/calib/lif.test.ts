/** The direct calibration's parts: searches under noise, converters on a common scale, what goes on to the second stage. */
import { describe, expect, it } from "vitest";
import { openDevice } from "../../src/api/index.js";
import { Rng } from "../../src/base/rng.js";
import { cadcVolts, setUpAll } from "../../src/calib/routines/all-neurons.js";
import { measureConverterLines, readCounts, voltsOf } from "../../src/calib/routines/converter-lines.js";
import { DitheredSearch } from "../../src/calib/routines/dithered-search.js";
import { givenCodes } from "../../src/calib/routines/given-codes.js";
import { paperTask } from "../../src/calib/task/paper.js";
import { taskByName } from "../../src/calib/task/tasks.js";

describe("a dithered search", () => {
  it("finds each neuron's code within the noise of its measurements", () => {
    const rng = Rng.fromSeed(8);
    const wanted = Array.from({ length: 300 }, () => 400 + Math.round(40 * rng.normal()));
    const search = new DitheredSearch(300, { start: 400, firstStep: 64, min: 0, max: 1022 }, rng.fork("search"));
    expect(new Set(search.codes).size).toBe(11);
    let steps = 0;
    for (; !search.isDone; steps++)
      search.step((n) => (search.codes[n] as number) + 1.5 * rng.normal() < (wanted[n] as number));
    expect(steps).toBe(7);
    const errors = wanted.map((code, n) => Math.abs((search.codes[n] as number) - code)).sort((a, b) => a - b);
    // 40 codes of spread, noise of 1.5: nine in ten end within three codes.
    expect(errors[270]).toBeLessThanOrEqual(4);
  });

  it("stays in the range, and where it cannot tell", () => {
    const search = new DitheredSearch(3, { start: 60, firstStep: 128, min: 0, max: 100 }, Rng.fromSeed(1));
    const before = search.codes[2];
    while (!search.isDone) search.step((n) => (n === 2 ? undefined : n === 0));
    expect([search.codes[0], search.codes[1], search.codes[2]]).toEqual([100, 0, before]);
  });
});

describe("converters on a common scale", () => {
  it("show potentials with less spread than the nominal scale does", { timeout: 60_000 }, async () => {
    const device = await openDevice("virtual:?chip=2&preset=typical");
    try {
      const session = await device.openSession();
      const codes = { v_leak: 540, v_reset: 450, v_threshold: 900, i_bias_leak: 270, i_bias_reset: 1022 };
      const lines = await measureConverterLines(session, codes, [440, 540]);
      await setUpAll(session, { codes: { ...codes, v_leak: 500 } });
      const counts = await readCounts(session);
      await session.close();
      const sd = (values: ArrayLike<number>): number => {
        const usable = Array.from(values).filter((v) => v > 0.3 && v < 0.9);
        expect(usable.length).toBeGreaterThan(495);
        const mean = usable.reduce((a, b) => a + b, 0) / usable.length;
        return Math.sqrt(usable.reduce((a, b) => a + (b - mean) ** 2, 0) / usable.length);
      };
      const nominal = Array.from(counts, cadcVolts);
      // Channels and quadrants add 27 and 15 mV to the neurons' 30: the root of the sum of squares is 43.
      expect(sd(voltsOf(lines, counts))).toBeLessThan(0.8 * sd(nominal));
    } finally {
      await device.close();
    }
  });
});

describe("what the first stage gives to the second", () => {
  const medians = { v_leak: 536, v_reset: 450, v_threshold: 415, i_bias_leak: 250 };
  const neurons = [
    { neuron: 4, success: true, codes: { v_leak: 546, v_reset: 440, v_threshold: 405, i_bias_leak: 300 } },
    { neuron: 5, success: false, codes: medians },
  ];

  it("is a neuron's own deviation, of cells that are not inferred", () => {
    const { given, missing } = givenCodes({ medians, neurons }, paperTask, [4, 5, 6]);
    // The paper's task infers v_reset.
    expect(given.get(4)).toEqual({ v_leak: 540, v_threshold: 580, i_bias_leak: 168 });
    expect(missing).toEqual([5, 6]);
    expect(givenCodes({ medians, neurons }, taskByName("lif"), [4]).given.get(4)).toEqual({});
  });
});
