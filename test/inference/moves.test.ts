/** Moves towards a density, from a population that is beside it and has few members. */
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/base/rng.js";
import { columnMoments } from "../../src/calib/diagnostics/c2st.js";
import { moveDraws } from "../../src/calib/inference/moves.js";

/** Members near (0.3, ..., 0.3), too narrow, each so many times. */
function population(members: number, times: number, d: number): Float64Array {
  const rng = Rng.fromSeed(1);
  const starts = Float64Array.from({ length: members * d }, () => 0.3 + 0.85 * rng.normal());
  return Float64Array.from({ length: members * times * d }, (_, at) => starts[at % (members * d)] as number);
}

describe("draws that are moved", () => {
  it("have the moments of a normal density in ten dimensions, and forget which of few starts they had", () => {
    const [d, members, times] = [10, 400, 20];
    const normal = (z: Float64Array): Float64Array =>
      Float64Array.from({ length: z.length / d }, (_, i) =>
        z.subarray(i * d, (i + 1) * d).reduce((sum, v) => sum - 0.5 * v * v, 0),
      );
    const z = moveDraws(population(members, times, d), d, normal, 16, Rng.fromSeed(2));
    const all = columnMoments(z, d);
    for (let j = 0; j < d; j++) {
      const [mean, sd] = [all.mean[j] as number, all.sd[j] as number];
      // Counting errors of 8000 independent draws: 0.011 and 0.008.
      expect(Math.abs(mean)).toBeLessThan(0.06);
      expect(Math.abs(sd - 1)).toBeLessThan(0.05);
      // Correlation of the draws of one start, by the variance of their means; counting error 0.004.
      const means = Float64Array.from({ length: members }, (_, m) => {
        let sum = 0;
        for (let t = 0; t < times; t++) sum += z[(t * members + m) * d + j] as number;
        return sum / times;
      });
      const between = ((columnMoments(means, 1).sd[0] as number) / sd) ** 2;
      expect((between - 1 / times) / (1 - 1 / times)).toBeLessThan(0.1);
    }
  });

  it("leave a bent density as it is", () => {
    // b | a ~ N(a^2, 0.3^2), a ~ N(0, 1): the mean of b is 1, its variance 2 + 0.09.
    const bent = (z: Float64Array): Float64Array =>
      Float64Array.from({ length: z.length / 2 }, (_, i) => {
        const [a, b] = [z[2 * i] as number, z[2 * i + 1] as number];
        return -0.5 * a * a - 0.5 * ((b - a * a) / 0.3) ** 2;
      });
    const rng = Rng.fromSeed(5);
    const exact = new Float64Array(2 * 20_000);
    for (let i = 0; i < 20_000; i++) {
      const a = rng.normal();
      exact.set([a, a * a + 0.3 * rng.normal()], 2 * i);
    }
    const z = moveDraws(exact, 2, bent, 24, Rng.fromSeed(3));
    const { mean, sd } = columnMoments(z, 2);
    // Counting errors: 0.007, 0.005, 0.010, 0.027 (the fourth moment of b is large); bounds are four of them.
    expect(Math.abs(mean[0] as number)).toBeLessThan(0.028);
    expect(Math.abs((sd[0] as number) - 1)).toBeLessThan(0.02);
    expect(Math.abs((mean[1] as number) - 1)).toBeLessThan(0.041);
    expect(Math.abs((sd[1] as number) - Math.sqrt(2.09))).toBeLessThan(0.11);
    const share = z.filter((v, at) => v === exact[at]).length / z.length;
    expect(share).toBeLessThan(0.05);
  });

  it("move a population without extent by steps alone", () => {
    const flat = Float64Array.from({ length: 200 }, (_, at) => (at % 2 === 0 ? at / 200 : 0));
    const z = moveDraws(flat, 2, (at) => new Float64Array(at.length / 2), 8, Rng.fromSeed(4));
    expect(z.every(Number.isFinite)).toBe(true);
    expect([...z]).not.toEqual([...flat]);
  });
});
