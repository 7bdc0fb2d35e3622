import { describe, expect, it } from "vitest";
import { paperTask } from "../task/paper.js";
import { countSpikes, requireSpikes } from "./spikes.js";

/** Cell i covers 2i..2i+2 us; the stimulus lies in cells 50..349. */
const trace = (value: (cell: number) => number): Float32Array => Float32Array.from({ length: 500 }, (_, i) => value(i));
const inStimulus = (i: number): boolean => i >= 50 && i < 350;

describe("spikes", () => {
  it("are counted one per reset", () => {
    const sawTooth = trace((i) => (inStimulus(i) ? 400 + 20 * ((i - 50) % 15) : 300));
    expect(countSpikes(paperTask, sawTooth)).toBe(19);
  });

  it("are not seen in charging, noise, a slow sag or the fall at the stimulus' end", () => {
    const silent = trace((i) => {
      const noise = 3 * Math.sin(12.9898 * i * i);
      const rise = 300 * (1 - Math.exp(-(i - 50) / 10)) - 60 * (1 - Math.exp(-(i - 50) / 40));
      return 300 + noise + (inStimulus(i) ? rise : i >= 350 ? 240 * Math.exp(-(i - 350) / 2) : 0);
    });
    expect(countSpikes(paperTask, silent)).toBe(0);
    expect(() => requireSpikes(paperTask, silent, "silent.csv")).toThrow(
      expect.objectContaining({ _tag: "TargetUnreachable", failure: "input", source: "silent.csv" }),
    );
  });

  it("one is enough", () => {
    const once = trace((i) => (i >= 100 && i < 104 ? 700 : 300));
    expect(countSpikes(paperTask, once)).toBe(1);
    requireSpikes(paperTask, once, "once.csv");
  });
});
