/** What a task of the benchmark sbibm is: a prior and a simulator; for one of them the posterior in closed form too. */
import type { Rng } from "../../src/base/rng.js";
import type { Prior } from "../../src/calib/inference/priors/prior.js";

export interface SbibmTask {
  /** Name that sbibm gives it. */
  readonly name: string;
  readonly prior: Prior;
  /** Values of one simulation. */
  readonly numFeatures: number;
  /** @param theta shape (n, prior.size) @returns shape (n, numFeatures) */
  simulate(theta: Float64Array, rng: Rng): Float32Array;
}

/** Apply a simulator of one row to all rows. */
export function eachRow(
  numParameters: number,
  numFeatures: number,
  one: (theta: Float64Array, rng: Rng) => readonly number[],
): SbibmTask["simulate"] {
  return (theta, rng) => {
    const n = theta.length / numParameters;
    const x = new Float32Array(n * numFeatures);
    for (let i = 0; i < n; i++) {
      x.set(one(theta.subarray(i * numParameters, (i + 1) * numParameters), rng), i * numFeatures);
    }
    return x;
  };
}
