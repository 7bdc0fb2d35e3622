/**
 * A prior over several parameters, made of blocks that are independent of each other. Everything that inference needs of
 * it: draws, log-probability, and the exact map between parameters and a standard normal base. Matrices are row-major,
 * shape (n, size).
 */
import type { Rng } from "../../../base/rng.js";
import { ShapeMismatch } from "../../nn/errors.js";
import { PriorInvalid } from "../errors.js";
import type { ParameterSupport, PriorBlock } from "./block.js";
import { type EmpiricalDescription, empiricalBlock } from "./empirical.js";
import { integer, type Marginal, type MarginalDescription, marginalFrom, uniform } from "./marginal.js";
import { type NormalDescription, normalBlock } from "./normal-block.js";

export type BlockDescription =
  | { readonly kind: "marginal"; readonly marginal: MarginalDescription }
  | NormalDescription
  | EmpiricalDescription;

export interface PriorDescription {
  readonly blocks: readonly BlockDescription[];
}

export class Prior {
  readonly blocks: readonly PriorBlock[];
  readonly parameters: readonly ParameterSupport[];

  /** @throws PriorInvalid for no parameter, or a name used twice */
  constructor(blocks: readonly PriorBlock[]) {
    this.blocks = blocks;
    this.parameters = blocks.flatMap(({ parameters }) => parameters);
    if (this.parameters.length === 0) throw new PriorInvalid("nothing", "no parameter", "one parameter or more");
    const names = new Set<string>();
    for (const { name } of this.parameters) {
      if (names.has(name)) throw new PriorInvalid(name, "its name is used twice", "different names");
      names.add(name);
    }
  }

  /** Number of parameters. */
  get size(): number {
    return this.parameters.length;
  }

  /** @returns shape (count, size) */
  sample(count: number, rng: Rng): Float64Array {
    const z = Float64Array.from({ length: count * this.size }, () => rng.normal());
    return this.fromBase(z);
  }

  /** Natural log-density; mass for discrete parameters; -Infinity outside. @returns shape (n) @throws ShapeMismatch */
  logProb(theta: ArrayLike<number>): Float64Array {
    const out = new Float64Array(this.rows(theta));
    this.#each(out.length, (block, at, row) => {
      out[row] = (out[row] as number) + block.logProb(theta, at);
    });
    return out;
  }

  /**
   * Parameters to the base space, where the prior is the standard normal.
   * @param rng spreads integers over their bins; without it they stand in the middle @returns shape (n, size)
   * @throws ShapeMismatch
   */
  toBase(theta: ArrayLike<number>, rng?: Rng): Float64Array {
    const z = new Float64Array(theta.length);
    const offset = rng === undefined ? () => 0.5 : () => rng.uniform();
    this.#each(this.rows(theta), (block, at) => block.toBase(theta, at, offset, z));
    return z;
  }

  /** @returns shape (n, size), every row inside the support @throws ShapeMismatch */
  fromBase(z: ArrayLike<number>): Float64Array {
    const theta = new Float64Array(z.length);
    this.#each(this.rows(z), (block, at) => block.fromBase(z, at, theta));
    return theta;
  }

  /** @returns number of rows @throws ShapeMismatch */
  rows(values: ArrayLike<number>): number {
    const rows = values.length / this.size;
    if (!Number.isInteger(rows)) throw new ShapeMismatch("theta", values.length, `a multiple of ${this.size}`);
    return rows;
  }

  /** Plain data from which `priorFrom` builds it again. */
  toJSON(): PriorDescription {
    return { blocks: this.blocks.map((block) => block.toJSON() as BlockDescription) };
  }

  #each(rows: number, visit: (block: PriorBlock, at: number, row: number) => void): void {
    for (let row = 0; row < rows; row++) {
      let at = row * this.size;
      for (const block of this.blocks) {
        visit(block, at, row);
        at += block.parameters.length;
      }
    }
  }
}

/** Independent parameters. @throws PriorInvalid */
export function independent(marginals: readonly Marginal[]): Prior {
  return new Prior(marginals.map(marginalBlock));
}

/** Even over a box. @param ranges name: [low, high] @throws PriorInvalid */
export function box(ranges: Readonly<Record<string, readonly [number, number]>>): Prior {
  return independent(Object.entries(ranges).map(([name, [low, high]]) => uniform(name, low, high)));
}

/** Even over the integers of a box, both ends included. @throws PriorInvalid */
export function integerBox(ranges: Readonly<Record<string, readonly [number, number]>>): Prior {
  return independent(Object.entries(ranges).map(([name, [low, high]]) => integer(name, low, high)));
}

/** Parameters that depend on each other as a normal distribution does. @param covariance shape (n, n) @throws PriorInvalid */
export function multivariateNormal(
  names: readonly string[],
  mean: ArrayLike<number>,
  covariance: ArrayLike<number>,
): Prior {
  return new Prior([normalBlock(names, mean, covariance)]);
}

/** The distribution of a sample; see `empiricalBlock`. @param samples shape (n, names.length) @throws PriorInvalid */
export function empirical(names: readonly string[], samples: ArrayLike<number>): Prior {
  return new Prior([empiricalBlock(names, samples)]);
}

/** Priors over different parameters, independent of each other, side by side. @throws PriorInvalid */
export function joint(priors: readonly Prior[]): Prior {
  return new Prior(priors.flatMap(({ blocks }) => blocks));
}

/** The inverse of `Prior.toJSON`. @throws PriorInvalid */
export function priorFrom({ blocks }: PriorDescription): Prior {
  return new Prior(blocks.map(blockFrom));
}

function blockFrom(block: BlockDescription): PriorBlock {
  switch (block.kind) {
    case "marginal":
      return marginalBlock(marginalFrom(block.marginal));
    case "normal":
      return normalBlock(block.names, block.mean, block.covariance);
    case "empirical":
      return empiricalBlock(block.names, undefined, block);
  }
}

function marginalBlock(marginal: Marginal): PriorBlock {
  return {
    parameters: [marginal],
    toBase: (theta, at, offset, z) => {
      z[at] = marginal.toBase(theta[at] as number, marginal.discrete ? offset() : 0);
    },
    fromBase: (z, at, theta) => {
      theta[at] = marginal.fromBase(z[at] as number);
    },
    logProb: (theta, at) => marginal.logProb(theta[at] as number),
    toJSON: () => ({ kind: "marginal", marginal: marginal.toJSON() }),
  };
}
