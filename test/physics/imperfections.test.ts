import { describe, expect, it } from "vitest";
import { Rng } from "../../src/base/rng.js";
import { connectCadc } from "../../src/device/interface/index.js";
import {
  AtomicNeuronOnDls,
  CadcSampleQuad,
  CadcSampleQuadOnDls,
  SpikeCounterRead,
  SpikeCounterReset,
  synapseColumn,
} from "../../src/protocol/index.js";
import type { ChipOptions } from "../../src/virtual-chip/index.js";
import { type Defect, drawDefect } from "../../src/virtual-chip/physics/defects.js";
import { BenchChip, us } from "./bench-chip.js";

type Writer = Pick<BenchChip, "write">;

/** Membranes of the top row, counts of the CADC. */
function row(bench: BenchChip): number[] {
  const counts: number[] = [];
  for (let quad = 0; quad < 64; quad++) {
    const sample = bench.read(CadcSampleQuad, CadcSampleQuadOnDls.of(0, 0, quad === 0 ? 0 : 1, 0, quad));
    for (const entry of [0, 1, 2, 3] as const) counts[synapseColumn(quad, entry)] = sample[`sample${entry}`];
  }
  return counts;
}

describe("defects", () => {
  it("are few on a typical chip, none on an ideal one, and fixed by the seed", () => {
    const bad = (seed: number, factor: number): number[] => {
      const root = Rng.fromSeed(seed).fork("dead circuits");
      return Array.from({ length: 512 }, (_, n) => n).filter((n) => drawDefect(root, n, factor) !== undefined);
    };
    const all = Array.from({ length: 100 }, (_, seed) => bad(seed, 1).length);
    // 51,200 draws at 0.6 %: 307 expected, sd 17.5; bounds at 4.5 of these.
    expect(Math.abs(all.reduce((a, b) => a + b, 0) - 307)).toBeLessThan(4.5 * 17.5);
    expect(bad(3, 0)).toEqual([]);
    expect(bad(3, 1)).toEqual(bad(3, 1));
    // What the main job and its figures run on.
    for (let seed = 0; seed < 12; seed++) expect(bad(seed, 1).filter((n) => n < 32)).toEqual([]);
  });

  it("are found by looking: no spikes, a membrane at the reset potential, a column at the rail", () => {
    const options: ChipOptions = { seed: 30, preset: "ideal", knobs: { defects: 10 } };
    const bench = new BenchChip(options);
    bench.configure(0);
    connectCadc(bench as Writer as Parameters<typeof connectCadc>[0]);
    const neurons = Array.from({ length: 256 }, (_, n) => n);
    for (const n of neurons) {
      bench.writeCodes(n, { v_leak: 650, v_threshold: 900, v_reset: 450, i_bias_leak: 300, i_bias_reset: 1022 });
      bench.writeBackend(n, {});
      bench.writeConfig(n, { enableAdaptation: false, enableExponential: false, enableReadout: false });
    }
    bench.wait(60_000);
    const still = row(bench);
    for (const n of neurons) bench.writeCodes(n, { v_threshold: 350 });
    bench.wait(60_000);
    for (const n of neurons) bench.write(SpikeCounterReset, AtomicNeuronOnDls.at(n), {});
    bench.wait(100);
    const spikes = neurons.map((n) => bench.read(SpikeCounterRead, AtomicNeuronOnDls.at(n)).count);
    const [mute, reset] = [0, Math.round((20 + 450 * 1.88 - 370 - 60) / 4.5)];
    const found = neurons.map((n): Defect | undefined => {
      if (still[n] === mute) return "mute";
      if (Math.abs(still[n]! - reset) <= 1) return "stuckInReset";
      return spikes[n] === 0 ? "silent" : undefined;
    });
    const root = Rng.fromSeed(30).fork("dead circuits");
    expect(found).toEqual(neurons.map((n) => drawDefect(root, n, 10)));
    expect(new Set(found).size).toBe(4);
  });
});

describe("lost samples", () => {
  // 60,000 samples at 1e-3: 60 expected, sd 7.4 (at most one in a block of 512); bounds at 4.5 of these.
  it("leave gaps of one period, as many as the knob says, whatever the cut", () => {
    const record = (piece: number) => {
      const bench = new BenchChip({ seed: 9, preset: "ideal", knobs: { missingSamples: 10 } });
      bench.configure(0);
      bench.startMadc(60_000);
      const time: number[] = [];
      for (let t = 0; t < 2200; t += piece) {
        bench.wait(piece);
        time.push(...bench.chip.takeMadc().time);
      }
      return time;
    };
    const time = record(2200);
    expect(Math.abs(60_000 - time.length - 60)).toBeLessThan(4.5 * 7.4);
    const gaps = time.slice(1).map((t, i) => t - time[i]!);
    expect(new Set(gaps.map((gap) => Math.round(gap / 8.5)))).toEqual(new Set([1, 2]));
    expect(record(110)).toEqual(time);
  });
});

describe("a reset", () => {
  /** Cold start at a chip time, then samples, spikes and converters of a harsh chip. */
  function experiment(bench: BenchChip): unknown {
    bench.chip.reset(true);
    bench.chip.reset(false);
    bench.now = 0;
    bench.wait(100);
    bench.now = 5e9;
    bench.chip.setClock(bench.now);
    bench.configure(0);
    connectCadc(bench as Writer as Parameters<typeof connectCadc>[0]);
    bench.wait(20_000);
    bench.writeBackend(0, { enableSpikeOut: true, addressOut: 3 });
    bench.write(SpikeCounterReset, AtomicNeuronOnDls.at(0), {});
    const trace = bench.runStepProtocol(0);
    return {
      trace,
      spikes: bench.chip.takeSpikes(),
      row: row(bench),
      count: bench.read(SpikeCounterRead, AtomicNeuronOnDls.at(0)),
    };
  }

  it("and a set clock make an experiment the same, whatever ran before", () => {
    const options: ChipOptions = { seed: 12, preset: "harsh" };
    const first = experiment(new BenchChip(options));
    const used = new BenchChip(options);
    used.configure(0, { v_leak: 900, v_threshold: 300 });
    used.writeBackend(0, { enableSpikeOut: true });
    used.startMadc(65_000, { enableContinuousSampling: true });
    used.write(SpikeCounterReset, AtomicNeuronOnDls.at(0), {});
    used.chip.spike(77);
    used.wait(777 / us + 300);
    expect(experiment(used)).toEqual(first);
    expect(experiment(used)).toEqual(first);
  });
});
