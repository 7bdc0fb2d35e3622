/**
 * Shape of a flow with masked conditioners, and where each of its weights stands in one flat vector. The parameters of a
 * layer have places; hidden units of degree g see the parameters at places below g and the whole observation; the outputs
 * for a parameter at place p see degrees up to p. Degree 0 sees the observation only, so that also the first parameter's
 * transform depends on it. Units are sorted by degree and parameters by place, so that every masked product is a product
 * of dense blocks. Autoregressive flows have a place for each parameter, coupling flows have two.
 * Sources: Germain et al. 2015 (MADE); Papamakarios et al. 2017 (MAF); Dinh et al. 2017 (coupling); Durkan et al. 2019
 * (spline transforms).
 */
import { FieldOutOfRange } from "../../base/errors.js";
import type { Rng } from "../../base/rng.js";
import type { DensityArchitecture } from "./density-engine.js";
import type { FlowDensityShape, FlowTransform } from "./density-estimator.js";
import {
  type ConditionerShape,
  type ConditionerWeights,
  initialiseConditioner,
  type UnitGroup,
  WeightPlan,
} from "./weights.js";

export interface FlowLayer extends ConditionerWeights {
  /** Parameter at each position; positions go by place. */
  readonly order: readonly number[];
}

/** Hidden units are dealt out to degrees in fours, which is how many rows a product does at once. */
const unitsAtOnce = 4;

export class FlowArchitecture implements DensityArchitecture {
  readonly shape: FlowDensityShape;
  readonly layers: readonly FlowLayer[];
  readonly conditioner: ConditionerShape;
  readonly size: number;
  /** Raw parameters of one transform of one dimension. */
  readonly outputs: number;

  /** @throws FieldOutOfRange */
  constructor(shape: FlowDensityShape) {
    checkShape(shape);
    this.shape = shape;
    this.outputs = outputsOf(shape.transform);
    const groups = unitGroups(shape);
    const { numParameters, numFeatures, blocks } = shape;
    this.conditioner = {
      numParameters,
      numFeatures,
      blocks,
      groups,
      // Those asked for, rounded up to whole fours for each degree.
      hidden: groups.at(-1)?.to ?? 0,
      outputs: this.outputs,
      outputRows: numParameters * this.outputs,
    };
    const plan = new WeightPlan();
    this.layers = Array.from({ length: shape.layers }, (_, l) => ({
      order: orderOf(shape, l),
      ...plan.conditioner(this.conditioner),
    }));
    this.size = plan.size;
  }

  /** Weights with which the flow is the identity for every observation. */
  initialise(rng: Rng): Float32Array {
    const weights = new Float32Array(this.size);
    for (const layer of this.layers) initialiseConditioner(weights, layer, this.conditioner, rng);
    return weights;
  }
}

/** Raw parameters of a transform; those of an affine one come first. */
function outputsOf(transform: FlowTransform): number {
  if (transform.type === "affine") return 2;
  return (transform.affine === true ? 2 : 0) + 3 * transform.bins - 1;
}

function checkShape(shape: FlowDensityShape): void {
  for (const name of ["numParameters", "numFeatures", "layers", "hidden", "blocks"] as const) {
    const least = name === "blocks" ? 0 : 1;
    if (!Number.isInteger(shape[name]) || shape[name] < least) {
      throw new FieldOutOfRange(`flow.${name}`, shape[name], `the integers from ${least}`);
    }
  }
  if (shape.transform.type !== "spline") return;
  const { bins, bound } = shape.transform;
  if (!(Number.isInteger(bins) && bins >= 2 && bins <= 32)) throw new FieldOutOfRange("flow.bins", bins, "2..32");
  if (!(bound > 0 && Number.isFinite(bound))) throw new FieldOutOfRange("flow.bound", bound, "above 0");
}

/** Parameters per place. */
function places({ numParameters: d, order }: FlowDensityShape): number[] {
  if (order === "coupling" && d > 1) return [Math.ceil(d / 2), Math.floor(d / 2)];
  return Array.from({ length: d }, () => 1);
}

function unitGroups(shape: FlowDensityShape): UnitGroup[] {
  const counts = places(shape);
  const fours = Math.max(counts.length, Math.ceil(shape.hidden / unitsAtOnce));
  let [unit, position] = [0, 0];
  return counts.map((count, g) => {
    const share = Math.floor(fours / counts.length) + (g < fours % counts.length ? 1 : 0);
    const [from, sees] = [unit, position];
    unit += share * unitsAtOnce;
    position += count;
    return { from, to: unit, sees, outputsFrom: sees, outputsTo: position };
  });
}

/**
 * Autoregressive: as they come, then reversed. Coupling: halves, reversed halves, then even before odd and the reverse,
 * so that every two parameters stand on different sides somewhere.
 */
function orderOf({ numParameters: d, order }: FlowDensityShape, layer: number): number[] {
  const all = Array.from({ length: d }, (_, i) => i);
  const split = order === "coupling" && layer % 4 >= 2;
  const sorted = split ? [...all.filter((i) => i % 2 === 0), ...all.filter((i) => i % 2 === 1)] : all;
  return layer % 2 === 0 ? sorted : sorted.reverse();
}
