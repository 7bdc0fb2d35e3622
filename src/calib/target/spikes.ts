/**
 * Whether a trace on the grid holds spikes. On the chip a spike ends in a reset: the membrane falls within a few
 * microseconds, far faster than it rises, and far more than noise moves it. Only the stimulus window counts, because
 * the end of the stimulus makes the membrane fall as well.
 */
import { TargetUnreachable } from "../errors.js";
import type { Task } from "../task/task.js";

/** Resets in the stimulus window. @param trace shape (task.grid.length), MADC LSB */
export function countSpikes(task: Task, trace: Float32Array): number {
  return resetTimes(task, trace).length;
}

/**
 * When the membrane crosses the middle of each fall, in points of the grid, with fractions: between two points the
 * crossing is interpolated, which is finer than the grid and than the jitter from one repeat to the next.
 * @param trace shape (task.grid.length), MADC LSB
 */
export function resetTimes(task: Task, trace: Float32Array): number[] {
  const { startUs, stepUs, length } = task.grid;
  const reach = Math.max(1, Math.round(task.spike.withinUs / stepUs));
  const first = Math.max(0, Math.ceil((task.stimulus.onUs - startUs) / stepUs));
  // Cells that end one cell before the stimulus does: the last one already leans towards the fall that follows.
  const last = Math.min(length - 1, Math.floor((task.stimulus.offUs - startUs) / stepUs - 1.5));
  const at = (i: number): number => trace[i] as number;
  const times: number[] = [];
  for (let i = first; i + reach <= last; i++) {
    if (at(i) - at(i + reach) < task.spike.fallLsb) continue;
    let top = i;
    while (top < i + reach && at(top + 1) >= at(top)) top++;
    const middle = (at(top) + at(i + reach)) / 2;
    let k = top;
    while (k + 1 < i + reach && at(k + 1) > middle) k++;
    const fall = at(k) - at(k + 1);
    times.push(fall > 0 ? k + Math.min(1, (at(k) - middle) / fall) : k);
    i += reach;
  }
  return times;
}

/** @throws TargetUnreachable when the trace never spikes */
export function requireSpikes(task: Task, trace: Float32Array, source: string): void {
  if (countSpikes(task, trace) > 0) return;
  const { onUs, offUs } = task.stimulus;
  const { fallLsb, withinUs } = task.spike;
  throw new TargetUnreachable(
    source,
    `never spikes: between ${onUs} and ${offUs} us it falls nowhere by ${fallLsb} LSB or more within ${withinUs} us, as a reset does (a reset potential at the threshold leaves none either); task ${task.name} needs at least 1 spike`,
  );
}
