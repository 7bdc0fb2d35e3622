/**
 * Shape of an autoregressive flow with masked conditioners, and where each of its weights stands in one flat vector.
 * Conditioner of a layer: hidden units of a degree g see the parameters at places below g and the whole observation;
 * the outputs for the parameter at place p see degrees up to p. Degree 0 sees the observation only, so that also the
 * first parameter's transform depends on it. The order of places is reversed from layer to layer.
 * Sources: Germain et al. 2015 (MADE); Papamakarios et al. 2017 (MAF); Durkan et al. 2019 (spline transforms).
 */
import { FieldOutOfRange } from "../../base/errors.js";
import type { Rng } from "../../base/rng.js";
import type { DensityArchitecture } from "./density-engine.js";
import type { FlowDensityShape } from "./density-estimator.js";

export type FlowShape = Omit<FlowDensityShape, "kind">;

/** A matrix (rows x columns) or a vector (columns = 1) inside the flat weights. */
export interface WeightBlock {
  readonly offset: number;
  readonly rows: number;
  readonly columns: number;
}

export interface LayerWeights {
  /** hidden x numParameters, masked. */
  readonly input: WeightBlock;
  /** hidden x numFeatures. */
  readonly context: WeightBlock;
  readonly bias: WeightBlock;
  /** Per residual block: hidden x hidden (masked), hidden x numFeatures, hidden. */
  readonly blocks: readonly {
    readonly weight: WeightBlock;
    readonly context: WeightBlock;
    readonly bias: WeightBlock;
  }[];
  /** numParameters * outputs x hidden, masked; zero at the start. */
  readonly output: WeightBlock;
  readonly outputBias: WeightBlock;
}

export class FlowArchitecture implements DensityArchitecture {
  readonly shape: FlowShape;
  readonly layers: readonly LayerWeights[];
  /** Number of weights, padded so that every block starts on a multiple of 4. */
  readonly size: number;
  /** Raw parameters of one transform of one dimension. */
  readonly outputs: number;
  /** 1 where a weight is free, 0 where it is masked or padding. */
  readonly mask: Float32Array;

  /** @throws FieldOutOfRange */
  constructor(shape: FlowShape) {
    for (const name of ["numParameters", "numFeatures", "layers", "hidden", "blocks"] as const) {
      const least = name === "blocks" ? 0 : 1;
      if (!Number.isInteger(shape[name]) || shape[name] < least) {
        throw new FieldOutOfRange(`flow.${name}`, shape[name], `the integers from ${least}`);
      }
    }
    if (shape.transform.type === "spline" && !(shape.transform.bins >= 2 && shape.transform.bins <= 32)) {
      throw new FieldOutOfRange("flow.transform.bins", shape.transform.bins, "2..32");
    }
    this.shape = shape;
    this.outputs = shape.transform.type === "affine" ? 2 : 3 * shape.transform.bins - 1;
    let offset = 0;
    const block = (rows: number, columns: number): WeightBlock => {
      const placed = { offset, rows, columns };
      offset += Math.ceil((rows * columns) / 4) * 4;
      return placed;
    };
    const { numParameters, numFeatures, hidden } = shape;
    this.layers = Array.from({ length: shape.layers }, () => ({
      input: block(hidden, numParameters),
      context: block(hidden, numFeatures),
      bias: block(hidden, 1),
      blocks: Array.from({ length: shape.blocks }, () => ({
        weight: block(hidden, hidden),
        context: block(hidden, numFeatures),
        bias: block(hidden, 1),
      })),
      output: block(numParameters * this.outputs, hidden),
      outputBias: block(numParameters * this.outputs, 1),
    }));
    this.size = offset;
    this.mask = this.#makeMask();
  }

  /** Place of a parameter in the order of a layer. */
  place(layer: number, parameter: number): number {
    return layer % 2 === 0 ? parameter : this.shape.numParameters - 1 - parameter;
  }

  /** Weights with which the flow is the identity for every observation. */
  initialise(rng: Rng): Float32Array {
    const weights = new Float32Array(this.size);
    const fill = ({ offset, rows, columns }: WeightBlock, fanIn: number): void => {
      const bound = Math.sqrt(3 / fanIn);
      for (let i = 0; i < rows * columns; i++) weights[offset + i] = bound * (2 * rng.uniform() - 1);
    };
    const { numParameters, numFeatures, hidden } = this.shape;
    for (const layer of this.layers) {
      fill(layer.input, numParameters + numFeatures);
      fill(layer.context, numParameters + numFeatures);
      for (const b of layer.blocks) {
        fill(b.weight, hidden + numFeatures);
        fill(b.context, hidden + numFeatures);
      }
    }
    return weights.map((w, i) => w * (this.mask[i] as number));
  }

  #makeMask(): Float32Array {
    const { numParameters, hidden } = this.shape;
    const mask = new Float32Array(this.size);
    const set = (b: WeightBlock, free: (row: number, column: number) => boolean): void => {
      for (let r = 0; r < b.rows; r++)
        for (let c = 0; c < b.columns; c++) mask[b.offset + r * b.columns + c] = free(r, c) ? 1 : 0;
    };
    const degree = (unit: number): number => unit % numParameters;
    this.layers.forEach((layer, l) => {
      set(layer.input, (unit, parameter) => this.place(l, parameter) < degree(unit));
      set(layer.context, () => true);
      set(layer.bias, () => true);
      for (const b of layer.blocks) {
        set(b.weight, (to, from) => degree(from) <= degree(to));
        set(b.context, () => true);
        set(b.bias, () => true);
      }
      set(layer.output, (row, unit) => degree(unit) <= this.place(l, Math.floor(row / this.outputs)));
      set(layer.outputBias, () => true);
    });
    if (hidden < numParameters) throw new FieldOutOfRange("flow.hidden", hidden, `at least ${numParameters}`);
    return mask;
  }
}
