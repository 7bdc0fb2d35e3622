/** Each knob of imperfection alone, through the device: what it changes, and what it leaves as the ideal chip has it. */
import { describe, expect, it } from "vitest";
import { openDevice } from "../../src/api/index.js";
import type { Session } from "../../src/device/interface/index.js";
import { type BenchRecording, type BenchSetting, observe, switching } from "./device-bench.js";

const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;
const sd = (xs: readonly number[]): number => Math.sqrt(mean(xs.map((x) => (x - mean(xs)) ** 2)));

const neuron = 4;
const resting: BenchSetting = { untilUs: 200 };
function firing(of: number): BenchSetting {
  const setting = { codes: { v_threshold: 560, v_reset: 450, i_mem_offset: 900 }, untilUs: 420 };
  return { ...setting, actions: [[20, switching(of, setting, { enableMembraneOffset: true })]] };
}
const countsIn = ({ counts, timesUs }: BenchRecording, fromUs: number, toUs: number): number[] =>
  counts.filter((_, i) => (timesUs[i] as number) > fromUs && (timesUs[i] as number) < toUs);

const signs = [
  "samples are noisy",
  "spikes are irregular",
  "levels differ",
  "rates differ",
  "crowds shift",
  "samples are lost",
];

/** Which signs of imperfection a chip shows: one neuron at rest, twelve that fire, one in a crowd of equal codes. */
async function signsOf(session: Session): Promise<string[]> {
  const rest = countsIn(await observe(session, neuron, resting), 0, 200);
  const levels: number[] = [];
  const rates: number[] = [];
  let irregularity = 0;
  for (let n = neuron; n < 244; n += 20) {
    const recording = await observe(session, n, firing(n));
    levels.push(mean(countsIn(recording, 0, 18)));
    const { spikesUs } = recording;
    rates.push(spikesUs.length);
    const intervals = spikesUs.slice(3).map((t, i) => t - (spikesUs[i + 2] as number));
    if (n === neuron) irregularity = sd(intervals) / mean(intervals);
  }
  const crowd = Array.from({ length: 60 }, (_, k) => 8 + 2 * k);
  const inCrowd = async (codes: NonNullable<BenchSetting["codes"]>): Promise<number> =>
    mean((await observe(session, neuron, { ...resting, others: crowd.map((n) => ({ neuron: n, codes })) })).counts);
  const shift = (await inCrowd({})) - (await inCrowd({ v_leak: 300 }));
  const shown = [
    sd(rest) > 0.5,
    irregularity > 0.005,
    sd(levels) > 0.3,
    Math.max(...rates) - Math.min(...rates) > 5,
    Math.abs(shift) > 1,
    // 200 us at 29.41 MHz.
    rest.length < 5881,
  ];
  return signs.filter((_, k) => shown[k]);
}

describe("a chip that is ideal but for one knob", { timeout: 120_000 }, () => {
  it.each([
    ["mismatch=0", []],
    ["mismatch=1", ["levels differ", "rates differ"]],
    ["trialNoise=1", ["samples are noisy", "spikes are irregular", "levels differ"]],
    ["writeNoise=1", ["levels differ"]],
    ["drift=1", ["levels differ"]],
    ["crosstalk=1", ["crowds shift"]],
    ["converterSpread=1", ["levels differ"]],
    ["converterNoise=1", ["samples are noisy"]],
    ["missingSamples=10", ["samples are lost"]],
    ["defects=10", ["levels differ"]],
  ])("%s: %j", async (knob, expected) => {
    const device = await openDevice(`virtual:?chip=5&preset=ideal&${knob}`);
    try {
      expect(await signsOf(await device.openSession())).toEqual(expected);
    } finally {
      await device.close();
    }
  });
});
