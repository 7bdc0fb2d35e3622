/** Speed and accuracy of the inference engine: training steps beside PyTorch, posteriors beside reference posteriors. */
import { loadavg } from "node:os";
import type { Bench, BenchRow } from "./harness.js";
import { inferenceOptions } from "./sbibm/options.js";
import { accuracyRows } from "./sbibm/table.js";
import { stepRows } from "./training/steps.js";

export const inferenceBench: Bench = {
  name: "inference",
  about: "training steps beside PyTorch; C2ST on sbibm beside published values (--help lists its options)",
  async run(note, args) {
    const options = inferenceOptions(args);
    note(`load ${loadavg()[0]?.toFixed(1)} before the start`);
    const rows: BenchRow[] = [];
    if (options.parts.includes("steps")) rows.push(...(await stepRows(note)));
    if (options.parts.includes("table")) rows.push(...(await accuracyRows(options, note)));
    return rows;
  },
};
