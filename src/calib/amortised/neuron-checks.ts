/** Reasons to doubt or to give up a neuron, found in its recordings. Each function looks at one thing. */
import { type EmbeddingScale, embeddingDistance } from "../diagnostics/predictive.js";
import { countSpikes } from "../target/spikes.js";
import type { Task } from "../task/task.js";

/** A trace that moves by less than this is no membrane, MADC LSB: noise of the readout is 3 LSB. */
const flatLsb = 12;
/** Fewest usable recordings of a neuron out of those of its probe. */
const usableShare = 0.5;

/** Why a neuron cannot be calibrated, from its probe. @param traces usable ones, shape (count, grid.length) */
export function defectOf(task: Task, traces: Float32Array, count: number, recorded: number): string | undefined {
  if (count < usableShare * recorded)
    return `${recorded - count} of ${recorded} recordings of its probe cannot be used`;
  const { length } = task.grid;
  let [largest, spikes, level] = [0, 0, 0];
  for (let row = 0; row < count; row++) {
    const trace = traces.subarray(row * length, (row + 1) * length);
    largest = Math.max(largest, trace.reduce((a, b) => Math.max(a, b)) - trace.reduce((a, b) => Math.min(a, b)));
    spikes += countSpikes(task, trace);
    level = trace[0] as number;
  }
  if (largest < flatLsb)
    return `its readout stays at ${level.toFixed(0)} LSB whatever the codes: mute, or stuck in reset`;
  if (spikes === 0) return `no spike in ${count} recordings of its probe: its comparator is silent`;
  return undefined;
}

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
