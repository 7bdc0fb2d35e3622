import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { traceRules } from "../task/task.js";
import { taskByName } from "../task/tasks.js";
import { emulatePattern, patternNames } from "./pattern.js";
import { biologicalSpeedUp, biologicalVoltScale, mapRecording } from "./sampled.js";
import { countSpikes } from "./spikes.js";
import { traceOnGrid } from "./trace.js";

/** Spikes in the step and time of the first, ms, by another program: test/vectors/README.md. */
const known = JSON.parse(readFileSync("test/vectors/firing-patterns.json", "utf8")) as Readonly<
  Record<string, { spikes: number; firstMs: number }>
>;

describe("a firing pattern", () => {
  it("is one of eight", () => {
    expect(patternNames).toEqual(Object.keys(known));
    expect(() => emulatePattern("constructor")).toThrow(/firing pattern = constructor is outside tonic/);
  });

  it.each(patternNames)("%s spikes as often and begins as it is known to", (name) => {
    const { spikesMs } = emulatePattern(name);
    const inStep = spikesMs.filter((ms) => ms >= 0 && ms < 600);
    const { spikes: count, firstMs: first } = known[name]!;
    // The known counts were taken with a cut at 0 mV.
    expect(Math.abs(inStep.length - count)).toBeLessThanOrEqual(1);
    expect(Math.abs((inStep[0] as number) - first)).toBeLessThan(0.5);
  });

  it.each(patternNames)("%s is a target with its spikes on the chip's grid", (name) => {
    const task = taskByName("pattern");
    const { recording, spikesMs } = emulatePattern(name);
    const target = mapRecording(recording, { speedUp: biologicalSpeedUp, voltScale: biologicalVoltScale }, task);
    const seen = countSpikes(task, traceOnGrid(target, traceRules(task)));
    const inStep = spikesMs.filter((ms) => ms >= 0 && ms < 600).length;
    // Spikes of a burst may lie closer than the detector's window; a reset above rest may fall on as fast as a spike.
    expect(seen).toBeGreaterThanOrEqual(0.5 * inStep);
    expect(seen).toBeLessThanOrEqual(1.3 * inStep + 1);
  });
});
