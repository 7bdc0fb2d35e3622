import { describe, expect, it } from "vitest";
import { paperTask } from "../task/paper.js";
import { numSpikeFeatures, spikeFeatureNames, spikeFeaturesOf } from "./spike-features.js";

const { length, stepUs } = paperTask.grid;

/** Saw-tooth from 300 to 700 LSB whose resets lie at these times, us; rest at 400 outside of the step. */
function sawTooth(resets: readonly number[]): Float32Array {
  const { onUs, offUs } = paperTask.stimulus;
  return Float32Array.from({ length }, (_, i) => {
    const us = i * stepUs + 1;
    if (us < onUs || us > offUs) return 400;
    const before = resets.findLast((t) => t <= us);
    const next = resets.find((t) => t > us) ?? offUs + 100;
    const from = before ?? onUs;
    return (before === undefined ? 400 : 300) + ((us - from) / (next - from)) * (before === undefined ? 300 : 400);
  });
}

const named = (trace: Float32Array): Record<string, number> => {
  const row = spikeFeaturesOf(paperTask, trace, 1);
  return Object.fromEntries(spikeFeatureNames.map((name, j) => [name, row[j] as number]));
};

describe("spike features", () => {
  it("measure a regular train", () => {
    const f = named(sawTooth([150, 200, 250, 300, 350, 400, 450, 500, 550, 600, 650]));
    expect(f.spike_count).toBe(11);
    expect(Math.abs((f.latency_us as number) - 50)).toBeLessThan(2);
    expect(f.isi_median_us).toBeCloseTo(50, 0);
    expect(f.isi_cv).toBeLessThan(0.02);
    expect(Math.abs(f.adaptation_index as number)).toBeLessThan(0.01);
    expect(f.rest_lsb).toBeCloseTo(400, 1);
    expect(Math.abs((f.phase_50_lsb as number) - 500)).toBeLessThan(15);
    expect(Math.abs((f.fast_trough_mean_lsb as number) - 310)).toBeLessThan(20);
  });

  it("tell adaptation and bursts", () => {
    const slowing = named(sawTooth([120, 140, 170, 220, 300, 420, 580]));
    expect(slowing.adaptation_index).toBeGreaterThan(0.15);
    expect(slowing.isi_last_us).toBeGreaterThan(slowing.isi_first_us as number);
    const bursts = named(sawTooth([150, 160, 170, 300, 310, 320, 450, 460, 470]));
    expect(bursts.spikes_in_first_burst).toBe(3);
    expect(bursts.burst_share).toBeCloseTo(0.75, 2);
  });

  it("are finite for silence, one spike, noise and rails", () => {
    const noise = Float32Array.from({ length }, (_, i) => 500 + 300 * Math.sin(i * i));
    const traces = [
      sawTooth([]),
      sawTooth([400]),
      new Float32Array(length),
      new Float32Array(length).fill(1023),
      noise,
    ];
    for (const trace of traces) {
      const row = spikeFeaturesOf(paperTask, trace, 1);
      expect(row.length).toBe(numSpikeFeatures);
      expect(row.every(Number.isFinite)).toBe(true);
    }
  });
});
