/** Where the weights of masked conditioners stand in one flat vector, and their starting values. */
import type { Rng } from "../../base/rng.js";

/** A matrix (rows x columns) or a vector (columns = 1) inside the flat weights. */
export interface WeightBlock {
  readonly offset: number;
  readonly rows: number;
  readonly columns: number;
}

export interface ConditionerWeights {
  /** hidden x numParameters, in the order of places. */
  readonly input: WeightBlock;
  /** hidden x numFeatures. */
  readonly context: WeightBlock;
  readonly bias: WeightBlock;
  /** Per residual block: hidden x hidden, hidden x numFeatures, hidden. */
  readonly blocks: readonly {
    readonly weight: WeightBlock;
    readonly context: WeightBlock;
    readonly bias: WeightBlock;
  }[];
  /** outputRows x hidden; zero at the start. */
  readonly output: WeightBlock;
  readonly outputBias: WeightBlock;
}

/** Units of a degree: rows [from, to) of a hidden layer, which see the positions below `sees`. */
export interface UnitGroup {
  readonly from: number;
  readonly to: number;
  readonly sees: number;
  /** Positions whose parameters have this place: [outputsFrom, outputsTo). */
  readonly outputsFrom: number;
  readonly outputsTo: number;
}

/** What a conditioner looks like from outside. */
export interface ConditionerShape {
  readonly numParameters: number;
  readonly numFeatures: number;
  readonly hidden: number;
  readonly blocks: number;
  /** One per degree, lowest first. */
  readonly groups: readonly UnitGroup[];
  /** Raw values per parameter, and in all. */
  readonly outputs: number;
  readonly outputRows: number;
}

/** Deals out places; every block starts on a multiple of 4. */
export class WeightPlan {
  #size = 0;

  get size(): number {
    return this.#size;
  }

  block(rows: number, columns: number): WeightBlock {
    const placed = { offset: this.#size, rows, columns };
    this.#size += Math.ceil((rows * columns) / 4) * 4;
    return placed;
  }

  conditioner({ hidden, numParameters, numFeatures, blocks, outputRows }: ConditionerShape): ConditionerWeights {
    return {
      input: this.block(hidden, numParameters),
      context: this.block(hidden, numFeatures),
      bias: this.block(hidden, 1),
      blocks: Array.from({ length: blocks }, () => ({
        weight: this.block(hidden, hidden),
        context: this.block(hidden, numFeatures),
        bias: this.block(hidden, 1),
      })),
      output: this.block(outputRows, hidden),
      outputBias: this.block(outputRows, 1),
    };
  }
}

/** Starting values of what stands before the output: variance one over the inputs that a unit sees. */
export function initialiseConditioner(
  weights: Float32Array,
  layer: ConditionerWeights,
  { groups, numFeatures }: ConditionerShape,
  rng: Rng,
): void {
  const fill = ({ offset, columns }: WeightBlock, group: UnitGroup, seen: number, fanIn: number): void => {
    const bound = Math.sqrt(3 / fanIn);
    for (let row = group.from; row < group.to; row++) {
      for (let c = 0; c < seen; c++) weights[offset + row * columns + c] = bound * (2 * rng.uniform() - 1);
    }
  };
  for (const group of groups) {
    fill(layer.input, group, group.sees, group.sees + numFeatures);
    fill(layer.context, group, numFeatures, group.sees + numFeatures);
    for (const b of layer.blocks) {
      fill(b.weight, group, group.to, group.to + numFeatures);
      fill(b.context, group, numFeatures, group.to + numFeatures);
    }
  }
}
