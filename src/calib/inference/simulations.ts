/** The simulations an inference has been given, round after round, checked when they come in. Nothing is thrown away. */
import type { Rng } from "../../base/rng.js";
import { ShapeMismatch } from "../nn/errors.js";
import type { Prior } from "./priors/prior.js";

/** Simulations to learn from. */
export interface Rows {
  /** Shape (count, p), in the parameters' units. */
  readonly theta: Float64Array;
  /** Shape (count, f). */
  readonly x: Float32Array;
  readonly count: number;
}

/** Key of the parameters of a row. */
export const keyOf = (theta: Float64Array, p: number, row: number): string => {
  return theta.subarray(row * p, (row + 1) * p).join(" ");
};

export function pickRows({ theta, x, count }: Rows, keep: (row: number) => boolean): Rows {
  const rows = Array.from({ length: count }, (_, row) => row).filter(keep);
  const [p, f] = [theta.length / count, x.length / count];
  const out = { theta: new Float64Array(rows.length * p), x: new Float32Array(rows.length * f), count: rows.length };
  rows.forEach((row, i) => {
    out.theta.set(theta.subarray(row * p, (row + 1) * p), i * p);
    out.x.set(x.subarray(row * f, (row + 1) * f), i * f);
  });
  return out;
}

/** Up to `judges` rows at random to judge by, preferred ones first, the others to learn from. */
export function splitRows(
  all: Rows,
  judges: number,
  preferred: (row: number) => boolean,
  rng: Rng,
): { learn: Rows; judge: Rows } {
  const order = [...rng.permutation(all.count)];
  const chosen = new Set([...order.filter(preferred), ...order.filter((row) => !preferred(row))].slice(0, judges));
  return { learn: pickRows(all, (row) => !chosen.has(row)), judge: pickRows(all, (row) => chosen.has(row)) };
}

/** All values so many times, one after the other. */
export function repeated(values: Float64Array, times: number): Float64Array {
  const out = new Float64Array(values.length * times);
  for (let i = 0; i < times; i++) out.set(values, i * values.length);
  return out;
}

export class Simulations {
  readonly prior: Prior;
  readonly #theta: number[][] = [];
  readonly #x: Float32Array[] = [];
  readonly #reasons: (string | undefined)[] = [];
  readonly #rounds: number[] = [];
  #numFeatures = 0;

  constructor(prior: Prior) {
    this.prior = prior;
  }

  /** All of them, usable or not. */
  get count(): number {
    return this.#reasons.length;
  }

  get usable(): number {
    return this.#reasons.filter((reason) => reason === undefined).length;
  }

  /** 0 before the first simulation. */
  get numFeatures(): number {
    return this.#numFeatures;
  }

  /** How often each reason was given why a simulation cannot be used. */
  get reasons(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const reason of this.#reasons) if (reason !== undefined) counts[reason] = (counts[reason] ?? 0) + 1;
    return counts;
  }

  /**
   * @param theta shape (n, p), as simulated @param x shape (n, f); NaN or infinite values make a row unusable
   * @param reasons why a row cannot be used, where it cannot
   * @throws ShapeMismatch; nothing is kept then
   */
  append(
    round: number,
    theta: ArrayLike<number>,
    x: ArrayLike<number>,
    reasons?: readonly (string | undefined)[],
  ): void {
    const { size } = this.prior;
    const rows = this.prior.rows(theta);
    if (rows === 0) throw new ShapeMismatch("theta", 0, "one row or more");
    const width = this.#numFeatures || x.length / rows;
    if (!Number.isInteger(width) || width === 0 || x.length !== rows * width) {
      throw new ShapeMismatch("x", x.length, `${rows} rows x ${this.#numFeatures || "some"} features`);
    }
    if (reasons !== undefined && reasons.length !== rows) {
      throw new ShapeMismatch("reasons", reasons.length, `${rows} entries`);
    }
    const inside = this.prior.logProb(theta);
    this.#numFeatures = width;
    for (let i = 0; i < rows; i++) {
      const row = Float32Array.from({ length: width }, (_, j) => x[i * width + j] as number);
      this.#theta.push(Array.from({ length: size }, (_, j) => theta[i * size + j] as number));
      this.#x.push(row);
      const own = inside[i] === Number.NEGATIVE_INFINITY ? "parameters outside of the prior" : undefined;
      this.#reasons.push(reasons?.[i] ?? own ?? (row.every(Number.isFinite) ? undefined : "a value is not finite"));
      this.#rounds.push(round);
    }
  }

  /** Usable simulations, and those of a round at least. @returns theta (n, p), x (n, f), n */
  usableRows(keep: (z: Float64Array, theta: Float64Array) => Uint8Array): Rows {
    const usable = this.#indices((i) => this.#reasons[i] === undefined);
    const theta = this.#gather(this.#theta, usable, this.prior.size);
    const inside = keep(this.prior.toBase(theta), theta);
    const rows = usable.filter((_, k) => inside[k] === 1);
    return {
      theta: this.#gather(this.#theta, rows, this.prior.size),
      x: Float32Array.from(this.#gather(this.#x, rows, this.#numFeatures)),
      count: rows.length,
    };
  }

  /** Every simulation in the base space with whether it could be used. */
  validity(): { z: Float64Array; usable: Uint8Array } {
    const rows = this.#indices((i) => this.#reasons[i] !== "parameters outside of the prior");
    return {
      z: this.prior.toBase(this.#gather(this.#theta, rows, this.prior.size)),
      usable: Uint8Array.from(rows, (i) => (this.#reasons[i] === undefined ? 1 : 0)),
    };
  }

  /** Of a round: how many, and how many can be used. */
  roundCounts(round: number): { simulated: number; usable: number } {
    const rows = this.#indices((i) => this.#rounds[i] === round);
    return { simulated: rows.length, usable: rows.filter((i) => this.#reasons[i] === undefined).length };
  }

  #indices(keep: (i: number) => boolean): number[] {
    return this.#reasons.flatMap((_, i) => (keep(i) ? [i] : []));
  }

  #gather(from: readonly ArrayLike<number>[], rows: readonly number[], width: number): Float64Array {
    const out = new Float64Array(rows.length * width);
    rows.forEach((row, i) => {
      out.set(from[row] as ArrayLike<number>, i * width);
    });
    return out;
  }
}
