import { describe, expect, it } from "vitest";
import { embeddingDistance, embeddingScale, median, predictiveCheck } from "./predictive.js";
import { edgePileUp, fewSimulations, predictiveGap, recordingDefects, uninformed } from "./warnings.js";

// Coordinate 0: mean 2, sd 1. Coordinate 1: mean 0, sd 10. Coordinate 2 never varies.
const features = Float32Array.of(1, 10, 5, 3, -10, 5, 1, -10, 5, 3, 10, 5);
const scale = embeddingScale(features, 4);

describe("predictive check", () => {
  it("measures in standard deviations of the data set and leaves out what never varies", () => {
    expect([...scale.mean]).toEqual([2, 0, 5]);
    expect([...scale.sd]).toEqual([1, 10, 0]);
    expect(embeddingDistance(Float32Array.of(0, 0, 0), Float32Array.of(3, 40, 9), scale)).toBe(5);
  });

  it("compares draws with the target and every pair of repeats", () => {
    const target = Float32Array.of(0, 0, 0);
    const draws = Float32Array.of(3, 40, 0, 0, 10, 0);
    const repeats = Float32Array.of(0, 0, 0, 1, 0, 0, 0, 20, 0);
    const check = predictiveCheck(target, draws, repeats, scale);
    expect(check.drawDistances).toEqual([5, 1]);
    expect(check.floorDistances).toEqual([1, 2, Math.sqrt(5)]);
    expect(check.distance).toBe(3);
    expect(check.noiseFloor).toBe(2);
  });

  it("takes the middle", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });
});

describe("warnings", () => {
  it("name the edge at which the posterior piles up", () => {
    const parameters = [
      { name: "a", min: 0, max: 1022 },
      { name: "b", min: 0, max: 1022 },
    ];
    const samples = Int32Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? 500 : i < 40 ? 1022 : 600));
    const texts = edgePileUp(parameters, samples);
    expect(texts).toHaveLength(1);
    expect(texts[0]).toMatch(/of b lies at the prior's edge 1022/);
  });

  it("tell when nothing was learnt", () => {
    const row = { prior: [0, 1022] as const, truth: null, mean: 500, q05: 0, median: 500, q95: 1000 };
    const texts = uninformed([
      { name: "a", sd: 20, ...row },
      { name: "b", sd: 290, ...row },
    ]);
    expect(texts).toHaveLength(1);
    expect(texts[0]).toMatch(/about b: .* 98 %/);
  });

  it("count what could not be used, above a tolerable share", () => {
    expect(recordingDefects("round-1", { usable: 999, invalid: 1, saturated: 1, reasons: "1 gap" })).toEqual([]);
    const texts = recordingDefects("round-1", { usable: 90, invalid: 10, saturated: 40, reasons: "10 gap" });
    expect(texts[0]).toMatch(/10 of 100 .*10 gap/);
    expect(texts[1]).toMatch(/40 of 90/);
  });

  it("tell emulations that stay far from the target", () => {
    const common = { drawDistances: [], floorDistances: [] };
    expect(predictiveGap({ ...common, distance: 1.9, noiseFloor: 1 })).toEqual([]);
    expect(predictiveGap({ ...common, distance: 3, noiseFloor: 1 })[0]).toMatch(/3\.0 times/);
  });

  it("tell a run with far fewer emulations than its task asks for, and how many would do", () => {
    expect(fewSimulations("lif", 800, 3200)).toEqual([]);
    expect(fewSimulations("lif", 60, 3200)[0]).toMatch(/60 emulations are few for task lif.* 3200: with less than 800/);
  });
});
