/** The linear Gaussian start of a flow: residuals of few rows must be as large as those of new rows. */
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/base/rng.js";
import { LinearGaussian } from "../../src/calib/inference/linear-gaussian.js";

const f = 20;

/** One parameter, half of whose variance the features tell. */
function draw(n: number, rng: Rng): { readonly z: Float64Array; readonly x: Float32Array } {
  const x = Float32Array.from({ length: n * f }, () => rng.normal());
  const z = Float64Array.from({ length: n }, (_, i) => (x[i * f] as number) + rng.normal());
  return { z, x };
}

function rms(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] as number) ** 2;
  return Math.sqrt(sum / values.length);
}

/** Whitened residuals of the rows that were fitted, over those of new rows; mean over repetitions. */
function shrinkage(n: number, meanOf: (fit: ReturnType<typeof LinearGaussian.fit>, x: Float32Array) => Float64Array) {
  const repetitions = 20;
  let sum = 0;
  for (let k = 0; k < repetitions; k++) {
    const rng = Rng.fromSeed(k);
    const own = draw(n, rng);
    const fresh = draw(2000, rng);
    const fit = LinearGaussian.fit(own.z, own.x, 1, f);
    const seen = fit.linear.whiten(own.z, meanOf(fit, own.x), 1);
    const unseen = fit.linear.whiten(fresh.z, fit.linear.mean(fresh.x), 1);
    sum += rms(seen) / rms(unseen) / repetitions;
  }
  return sum;
}

describe("residuals of the linear map", () => {
  it("are as large for 60 rows with 20 features as for new rows", () => {
    // Of 20 repetitions the mean has a standard error of about 0.02: four of them.
    expect(Math.abs(shrinkage(60, ({ mean }) => mean) - 1)).toBeLessThan(0.08);
  });

  it("would be a good deal smaller from the map that has seen these rows", () => {
    expect(shrinkage(60, ({ linear }, x) => linear.mean(x))).toBeLessThan(0.85);
  });

  it("are those of the map itself when rows are many", () => {
    const { z, x } = draw(1000, Rng.fromSeed(1));
    const { linear, mean } = LinearGaussian.fit(z, x, 1, f);
    expect([...mean]).toEqual([...linear.mean(x)]);
  });
});
