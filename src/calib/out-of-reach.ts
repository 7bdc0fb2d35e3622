/**
 * Whether a target lies off all that a neuron has been seen to do; if so, what comes nearest, and in which of the field's
 * features the target is beyond every recording. For people: sentences, no decision.
 */

import type { EmbeddingScale } from "./diagnostics/predictive.js";
import { reachability } from "./diagnostics/reachability.js";
import { spikeFeatureNames, spikeFeaturesOf } from "./embedding/spike-features.js";
import type { TraceSet } from "./run-data.js";
import type { Task } from "./task/task.js";

/** Target farther from all recordings than all but this share of them from each other: said to be out of reach. */
const unlikeBelow = 0.01;
/** Features that are named. */
const mostNamed = 3;

/** Recordings with what an estimator sees of them. */
export interface Known extends Pick<TraceSet, "theta" | "traces" | "count"> {
  /** Shape (count, scale.sd.length). */
  readonly features: Float32Array;
  readonly scale: EmbeddingScale;
  /** On what a recording was made, for people; by default there is but one neuron. */
  readonly placeOf?: (row: number) => string;
}

/** @param trace the target, shape (task.grid.length) @param xObs its features @returns one sentence, or none */
export function outOfReach(task: Task, trace: Float32Array, xObs: Float32Array, known: Known): string[] {
  const { features, scale, theta, count, placeOf } = known;
  const { pValue, nearest, distance } = reachability(xObs, features, count, scale);
  // Among few recordings the target must be farther than any of them.
  if (pValue > Math.max(unlikeBelow, 1 / count)) return [];
  const codes = task.parameters.map(({ name }, j) => `${name} = ${theta[nearest * task.parameters.length + j]}`);
  const beyond = featuresBeyond(task, trace, known);
  return [
    `the target is unlike all ${count} recordings (p = ${pValue.toFixed(3)}): the chip may not reach it; the nearest is at ${codes.join(", ")}${placeOf === undefined ? "" : ` on ${placeOf(nearest)}`}, at a distance of ${distance.toFixed(2)} standard deviations${beyond.length === 0 ? "" : `; beyond all recordings: ${beyond.join(", ")}`}`,
  ];
}

/** For example `spike_count 40 (recordings: 0 to 14)`, the farthest beyond first. */
function featuresBeyond(task: Task, trace: Float32Array, { traces, count }: Known): string[] {
  const own = spikeFeaturesOf(task, trace, 1);
  const all = spikeFeaturesOf(task, traces, count);
  const size = spikeFeatureNames.length;
  const found = spikeFeatureNames.flatMap((name, j) => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let i = 0; i < count; i++) {
      const value = all[i * size + j] as number;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    const value = own[j] as number;
    const beyond = Math.max(low - value, value - high) / Math.max(high - low, 1e-6);
    return beyond > 0
      ? [{ beyond, text: `${name} ${short(value)} (recordings: ${short(low)} to ${short(high)})` }]
      : [];
  });
  return found
    .sort((a, b) => b.beyond - a.beyond)
    .slice(0, mostNamed)
    .map(({ text }) => text);
}

const short = (value: number): string => String(Number(value.toPrecision(3)));
