/**
 * From the direct calibration of a chip to what a task starts from: each neuron's own codes of the cells that the task
 * does not infer. A task keeps its nominal codes; a neuron deviates from them as its calibrated code deviates from the
 * median of its chip, so that only the spread between neurons goes. Voltage cells are shifted, as all have one slope;
 * the leak's bias is scaled.
 */
import type { GivenCodes } from "../recording/neurons-recorder.js";
import type { Task } from "../task/task.js";
import { type LifCell, type LifResult, lifCells } from "./lif-calibration.js";

const largestCode = 1022;

/** What of a result is needed. */
export type LifCodes = Pick<LifResult, "medians"> & {
  readonly neurons: readonly Pick<LifResult["neurons"][number], "neuron" | "success" | "codes">[];
};

/** @returns codes of each neuron that was calibrated, by neuron; and those of `neurons` that were not */
export function givenCodes(
  { neurons: all, medians }: LifCodes,
  task: Task,
  neurons: readonly number[],
): { readonly given: GivenCodes; readonly missing: readonly number[] } {
  const byNeuron = new Map(all.map((result) => [result.neuron, result]));
  const inferred: readonly string[] = task.parameters.map(({ name }) => name);
  const given = new Map<number, Partial<Record<LifCell, number>>>();
  const missing: number[] = [];
  for (const neuron of neurons) {
    const own = byNeuron.get(neuron);
    if (own === undefined || !own.success) {
      missing.push(neuron);
      continue;
    }
    const codes: Partial<Record<LifCell, number>> = {};
    for (const cell of lifCells) {
      const nominal = task.neuronCodes[cell];
      if (nominal === undefined || inferred.includes(cell)) continue;
      const moved =
        cell === "i_bias_leak"
          ? (nominal * own.codes[cell]) / medians[cell]
          : nominal + own.codes[cell] - medians[cell];
      codes[cell] = Math.min(largestCode, Math.max(0, Math.round(moved)));
    }
    given.set(neuron, codes);
  }
  return { given, missing };
}
