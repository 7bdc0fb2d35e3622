import { describe, expect, it } from "vitest";
import type { MadcSamples } from "../../device/interface/index.js";
import type { Recording } from "../run-data.js";
import { cutRecordings, type SegmentLimits, saturatedShare } from "./segment.js";

const limits = { fromUs: -1, toUs: 11, samplePeriodUs: 0.1, maxGapUs: 0.5, maxMissing: 0.02 };
const theta = Int32Array.of(3, 4);

/** One sample per 25 units of 4 ns (0.1 us), value = index mod 1024; `keep` drops samples by their chip time. */
function madcOf(from: number, to: number, keep: (chipTime: number) => boolean = () => true): MadcSamples {
  const times: number[] = [];
  for (let t = from; t < to; t += 25) if (keep(t)) times.push(t);
  return {
    origin: 0,
    time: Int32Array.from(times),
    value: Uint16Array.from(times, (_, i) => i % 1024),
    channel: new Uint8Array(times.length),
  };
}

function cutOne(madc: MadcSamples, startChipTime: number, cutLimits: SegmentLimits = limits): Recording {
  return cutRecordings(madc, [{ startChipTime, theta }], cutLimits)[0] as Recording;
}

describe("cutRecordings", () => {
  it("takes the samples of its stretch, timed from the start of the protocol", () => {
    const cut = cutOne(madcOf(0, 20_000), 1000);
    expect(cut.invalid).toBeUndefined();
    expect(cut.ticks[0]).toBe(-250);
    expect(cut.ticks.length).toBe(120);
    expect(cut.ticks.at(-1)).toBe(2725);
    expect(cut.samples[0]).toBe((1000 - 250) / 25);
    expect(cut.theta).toEqual(theta);
  });

  it("keeps two settings of one run apart", () => {
    const madc = madcOf(0, 100_000, (t) => t < 20_000 || t >= 50_000);
    const cuts = [1000, 60_000].map((startChipTime) => ({ startChipTime, theta }));
    const [a, b] = cutRecordings(madc, cuts, limits);
    expect(a?.invalid).toBeUndefined();
    expect(b?.invalid).toBeUndefined();
    expect(b?.ticks).toEqual(a?.ticks);
  });

  it("cuts times kept as doubles the same way", () => {
    const madc = madcOf(0, 100_000);
    const far = { ...madc, origin: 2 ** 40, time: Float64Array.from(madc.time) };
    const [near] = cutRecordings(madcOf(0, 100_000), [{ startChipTime: 1000, theta }], limits);
    expect(cutRecordings(far, [{ startChipTime: 2 ** 40 + 1000, theta }], limits)[0]).toEqual(near);
  });

  it("does not let settings that share samples spoil each other", () => {
    const cuts = [1000, 2000].map((startChipTime) => ({ startChipTime, theta }));
    const [a, b] = cutRecordings(madcOf(0, 20_000), cuts, limits);
    const [alone] = cutRecordings(madcOf(0, 20_000), cuts.slice(1), limits);
    expect(a?.ticks).toEqual(b?.ticks);
    expect(b).toEqual(alone);
  });

  it("leaves out the other channel", () => {
    const madc = madcOf(0, 20_000);
    const mixed = { ...madc, channel: madc.channel.map((_, i) => i % 2) };
    const expected = Array.from(madc.value, (value, i) => ({
      value,
      time: (madc.time[i] as number) - 1000,
    }))
      .filter((_, i) => i % 2 === 0)
      .filter(({ time }) => time >= -250 && time < 2750);
    const cut = cutOne(mixed, 1000, { ...limits, samplePeriodUs: 0.2 });
    expect(cut.ticks.length).toBe(60);
    expect([...cut.samples]).toEqual(expected.map(({ value }) => value));
    expect([...cut.ticks]).toEqual(expected.map(({ time }) => time));
  });

  it.each([
    ["no-samples", madcOf(0, 500)],
    ["late-start", madcOf(1000, 20_000)],
    ["early-end", madcOf(0, 3000)],
    ["gap", madcOf(0, 20_000, (t) => t < 2000 || t > 2200)],
    ["missing-samples", madcOf(0, 20_000, (t) => (t / 25) % 3 !== 0)],
  ])("says why a recording cannot be used: %s", (reason, madc) => {
    expect(cutOne(madc, 1000).invalid).toMatch(new RegExp(`^${reason}`));
  });

  it("tolerates single lost samples", () => {
    expect(
      cutOne(
        madcOf(0, 20_000, (t) => t !== 1500),
        1000,
      ).invalid,
    ).toBeUndefined();
  });
});

describe("saturatedShare", () => {
  it("counts both ends of the scale", () => {
    expect(saturatedShare(Uint16Array.of(0, 1023, 1022, 1))).toBe(0.5);
    expect(saturatedShare(new Uint16Array(0))).toBe(0);
  });
});
