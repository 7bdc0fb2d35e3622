/**
 * The bijection between integer codes and the space in which densities are estimated. A code k of K is spread over its
 * bin, u = (k - min + v) / K with v uniform on (0, 1), and mapped by the normal quantile: z = Phi^-1(u). The uniform
 * prior over codes becomes the standard normal exactly, so an untrained flow is the prior and no density can leave the
 * box. Knows nothing of networks.
 */
import type { Rng } from "../../base/rng.js";
import { normalCdf, normalLogPdf, normalQuantile } from "./normal.js";
import type { CodeRange, IntegerBoxPrior } from "./prior.js";

/** u is kept this far from 0 and 1, so |z| stays below 4.76. */
const EDGE = 1e-6;

export class ThetaTransform {
  readonly prior: IntegerBoxPrior;

  constructor(prior: IntegerBoxPrior) {
    this.prior = prior;
  }

  /**
   * Codes to z, each spread at random over its bin.
   * @param codes shape (n, p) @returns z of the same shape
   */
  dequantise(codes: Int32Array, rng: Rng): Float32Array {
    return this.#toZ(codes, () => rng.uniform());
  }

  /** Codes to z at the middle of each bin; deterministic. */
  centres(codes: Int32Array): Float32Array {
    return this.#toZ(codes, () => 0.5);
  }

  /** z to the codes whose bins hold it. @param z shape (n, p) */
  toCodes(z: Float32Array): Int32Array {
    const ranges = this.prior.parameters;
    return Int32Array.from(z, (value, i) => {
      const { min, max } = ranges[i % ranges.length] as CodeRange;
      const u = normalCdf(value);
      return Math.min(max, min + Math.floor(u * (max - min + 1)));
    });
  }

  /**
   * log of |du/dz| per unit bin, summed over parameters: what must be subtracted from log q(z) to give the
   * log-probability mass of the code. @param z shape (n, p) @returns shape (n)
   */
  logCodesPerZ(z: Float32Array): Float64Array {
    const p = this.prior.size;
    const logCounts = -this.prior.logProbInside;
    return Float64Array.from({ length: z.length / p }, (_, i) => {
      let sum = logCounts;
      for (let j = 0; j < p; j++) sum += normalLogPdf(z[i * p + j] as number);
      return sum;
    });
  }

  #toZ(codes: Int32Array, offset: () => number): Float32Array {
    const ranges = this.prior.parameters;
    const z = new Float32Array(codes.length);
    for (let i = 0; i < codes.length; i++) {
      const { min, max } = ranges[i % ranges.length] as CodeRange;
      const u = ((codes[i] as number) - min + offset()) / (max - min + 1);
      z[i] = normalQuantile(Math.min(1 - EDGE, Math.max(EDGE, u)));
    }
    return z;
  }
}
