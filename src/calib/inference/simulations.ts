/** The simulations an estimator has been given, round after round, checked when they come in. */
import { assertFinite, assertShape, ShapeMismatch } from "../nn/errors.js";
import type { IntegerBoxPrior } from "./prior.js";

export class SimulationLog {
  readonly #prior: IntegerBoxPrior;
  #theta = new Int32Array(0);
  #x = new Float32Array(0);
  #count = 0;
  #numFeatures = 0;
  #sequential = false;

  constructor(prior: IntegerBoxPrior) {
    this.#prior = prior;
  }

  /** Codes of all rounds, shape (count, p). */
  get theta(): Int32Array {
    return this.#theta;
  }

  /** Features of all rounds, shape (count, numFeatures). */
  get x(): Float32Array {
    return this.#x;
  }

  get count(): number {
    return this.#count;
  }

  /** 0 before the first simulation. */
  get numFeatures(): number {
    return this.#numFeatures;
  }

  /** Whether any simulation was drawn from something else than the prior. */
  get sequential(): boolean {
    return this.#sequential;
  }

  /** @throws ShapeMismatch @throws FieldOutOfRange @throws NonFinite; nothing is kept then */
  append(theta: Int32Array, x: Float32Array, fromPrior: boolean): void {
    const rows = this.#prior.assertInside(theta);
    if (rows === 0) throw new ShapeMismatch("theta", 0, "one row or more");
    const numFeatures = this.#numFeatures || x.length / rows;
    if (!Number.isInteger(numFeatures) || numFeatures === 0) {
      throw new ShapeMismatch("x", x.length, `a multiple of ${rows} rows`);
    }
    assertShape("x", x, rows, numFeatures);
    assertFinite("x", x);
    this.#theta = Int32Array.from([...this.#theta, ...theta]);
    this.#x = Float32Array.from([...this.#x, ...x]);
    this.#count += rows;
    this.#numFeatures = numFeatures;
    this.#sequential ||= !fromPrior;
  }
}
