/** Has this neuron ever done what the target does? The nearest recording to it, and how far recordings are from each other. */
import { type EmbeddingScale, embeddingDistance } from "./predictive.js";

export interface Reachability {
  /** Distance of the target's nearest neighbour among the recordings. */
  readonly distance: number;
  /** Row of that neighbour. */
  readonly nearest: number;
  /** Share of the recordings that lie farther from all others than the target does. */
  readonly pValue: number;
}

/** Most recordings that are compared with all others. */
const compared = 400;

/**
 * Could one of these recordings have been the target? The distance of its nearest neighbour, against that of the
 * recordings' own: a target that the chip cannot make lies off the set of all that it does.
 * @param features shape (count, scale.sd.length), count >= 2
 */
export function reachability(
  target: Float32Array,
  features: Float32Array,
  count: number,
  scale: EmbeddingScale,
): Reachability {
  const size = scale.sd.length;
  const row = (i: number): Float32Array => features.subarray(i * size, (i + 1) * size);
  const nearestOf = (from: Float32Array, skip: number): { distance: number; nearest: number } => {
    let [distance, nearest] = [Number.POSITIVE_INFINITY, -1];
    for (let i = 0; i < count; i++) {
      if (i === skip) continue;
      const own = embeddingDistance(from, row(i), scale);
      if (own < distance) [distance, nearest] = [own, i];
    }
    return { distance, nearest };
  };
  const found = nearestOf(target, -1);
  const step = Math.max(1, Math.floor(count / compared));
  let [farther, all] = [0, 0];
  for (let i = 0; i < count; i += step) {
    all++;
    if (nearestOf(row(i), i).distance >= found.distance) farther++;
  }
  return { ...found, pValue: (1 + farther) / (1 + all) };
}
