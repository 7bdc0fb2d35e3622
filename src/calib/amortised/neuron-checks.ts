/** Reasons to doubt or to give up a neuron, found in its recordings. Each function looks at one thing. */
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
