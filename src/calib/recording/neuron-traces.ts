/** Recordings of many neurons on the task's grid, in the order in which they were asked for. Raw samples are let go. */

import { ticksPerUs } from "../run-data.js";
import type { Task } from "../task/task.js";
import type { NeuronItem, NeuronsRecorder } from "./neurons-recorder.js";
import { resample } from "./resample.js";

export interface NeuronTraces {
  readonly items: readonly NeuronItem[];
  /** Shape (items.length, task.grid.length), MADC LSB; a row that cannot be used is zero. */
  readonly traces: Float32Array;
  /** Why a row cannot be used, where it cannot. */
  readonly reasons: readonly (string | undefined)[];
}

/** @throws what `NeuronsRecorder.record` throws */
export async function recordTraces(
  recorder: NeuronsRecorder,
  task: Task,
  stage: string,
  items: readonly NeuronItem[],
  onProgress: (done: number, kept: number) => void = () => undefined,
): Promise<NeuronTraces> {
  const { length } = task.grid;
  const traces = new Float32Array(items.length * length);
  const reasons = new Array<string | undefined>(items.length).fill(undefined);
  let done = 0;
  let kept = 0;
  await recorder.record(stage, items, (index, { samples, ticks, invalid }, fresh) => {
    if (invalid === undefined)
      resample(ticks, samples, task.grid, traces.subarray(index * length, (index + 1) * length), ticksPerUs);
    // The reason's first word is its kind; the figures behind it differ from recording to recording.
    else reasons[index] = invalid.split(/[\s:]/, 1)[0] as string;
    if (!fresh) kept++;
    onProgress(++done, kept);
  });
  return { items, traces, reasons };
}

/** Rows of a matrix, end to end. @param width values of a row */
export function pickRows<T extends Float32Array | Int32Array | Float64Array>(
  from: T,
  width: number,
  rows: ArrayLike<number>,
): T {
  const out = new (from.constructor as new (length: number) => T)(rows.length * width);
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k] as number;
    out.set(from.subarray(row * width, (row + 1) * width), k * width);
  }
  return out;
}

/** Codes of items end to end, shape (n, numParameters). */
export function thetasOf(items: readonly NeuronItem[]): Int32Array {
  const width = items[0]?.theta.length ?? 0;
  const out = new Int32Array(items.length * width);
  for (const [row, { theta }] of items.entries()) out.set(theta, row * width);
  return out;
}
