/**
 * The prior over DAC codes: independent, uniform over an integer box. It knows names and ranges; it does not know what
 * the codes do.
 */
import { FieldOutOfRange } from "../../base/errors.js";
import type { Rng } from "../../base/rng.js";
import { ShapeMismatch } from "../nn/errors.js";

export interface CodeRange {
  /** CapMem name, for example `v_reset`. */
  readonly name: string;
  /** Smallest and largest code, both included. */
  readonly min: number;
  readonly max: number;
}

export class IntegerBoxPrior {
  readonly parameters: readonly CodeRange[];

  /** @throws FieldOutOfRange for an empty list, a repeated name, or a range without at least two integers */
  constructor(parameters: readonly CodeRange[]) {
    if (parameters.length === 0) throw new FieldOutOfRange("number of parameters", 0, "1 or more");
    const names = new Set<string>();
    for (const { name, min, max } of parameters) {
      if (names.has(name)) throw new FieldOutOfRange("parameter name", name, "names used once");
      names.add(name);
      if (!Number.isInteger(min)) throw new FieldOutOfRange(`${name}.min`, min, "the integers");
      if (!Number.isInteger(max) || max <= min) throw new FieldOutOfRange(`${name}.max`, max, `integers above ${min}`);
    }
    this.parameters = parameters.map(({ name, min, max }) => ({ name, min, max }));
  }

  get size(): number {
    return this.parameters.length;
  }

  /** Number of codes of each parameter; shape (size). */
  get codeCounts(): number[] {
    return this.parameters.map(({ min, max }) => max - min + 1);
  }

  /** Draw codes. @returns shape (count, size), row-major */
  sample(count: number, rng: Rng): Int32Array {
    const codes = new Int32Array(count * this.size);
    for (let i = 0; i < count; i++) {
      this.parameters.forEach(({ min, max }, j) => {
        codes[i * this.size + j] = min + rng.int(max - min + 1);
      });
    }
    return codes;
  }

  /** Natural logarithm of the probability of any code vector inside the box. */
  get logProbInside(): number {
    return -this.codeCounts.reduce((sum, n) => sum + Math.log(n), 0);
  }

  /**
   * Check rows of codes.
   * @param codes shape (n, size) @returns n
   * @throws ShapeMismatch @throws FieldOutOfRange naming the parameter, the code and its range
   */
  assertInside(codes: Int32Array): number {
    const rows = codes.length / this.size;
    if (!Number.isInteger(rows)) throw new ShapeMismatch("theta", codes.length, `a multiple of ${this.size}`);
    for (let i = 0; i < codes.length; i++) {
      const { name, min, max } = this.parameters[i % this.size] as CodeRange;
      const code = codes[i] as number;
      if (code < min || code > max) throw new FieldOutOfRange(name, code, `${min}..${max}`);
    }
    return rows;
  }
}
