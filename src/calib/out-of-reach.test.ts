import { describe, expect, it } from "vitest";
import { embeddingScale } from "./diagnostics/predictive.js";
import { type Known, outOfReach } from "./out-of-reach.js";
import { paperTask } from "./task/paper.js";

const { length } = paperTask.grid;
const flat = (level: number): Float32Array => new Float32Array(length).fill(level);

/** Recordings of a membrane that rests at 300 to 500 LSB, by its first code; one feature, the level. */
function recordings(count: number): Known {
  const levels = Float32Array.from({ length: count }, (_, i) => 300 + (200 * i) / (count - 1));
  const traces = new Float32Array(count * length);
  for (const [i, level] of levels.entries()) traces.set(flat(level), i * length);
  const theta = Int32Array.from({ length: 2 * count }, (_, i) => (i % 2 === 0 ? i / 2 : 7));
  return { count, traces, theta, features: levels, scale: embeddingScale(levels, count) };
}

describe.each([50, 500])("a target among %d recordings", (count) => {
  const known = recordings(count);
  const of = (level: number): string[] => outOfReach(paperTask, flat(level), Float32Array.of(level), known);

  it("is within reach where recordings are", () => {
    expect(of(300)).toEqual([]);
    expect(of(400.5)).toEqual([]);
  });

  it("is out of reach beyond all of them, with the nearest and the features by name", () => {
    const [text = "", ...more] = of(900);
    expect(more).toEqual([]);
    expect(text).toContain(`unlike all ${count} recordings`);
    expect(text).toContain(`the nearest is at v_reset = ${count - 1}, i_bias_adapt_tau = 7, at a distance of 6.`);
    expect(text).toMatch(/beyond all recordings: .*_lsb 900 \(recordings: 300 to 500\)/);
  });
});
