/** The result of many neurons on a terminal: a table, and who is not good and why. */
import type { NeuronResult, NeuronsResult } from "../../calib/amortised/neurons-result.js";
import { median } from "../../calib/diagnostics/predictive.js";
import { duration, fixed } from "../format.js";

export function renderNeuronTable(result: NeuronsResult): string {
  const { neurons, recordings, seconds } = result;
  const names = neurons.find(({ parameters }) => parameters.length > 0)?.parameters.map(({ name }) => name) ?? [];
  const header = ["neuron", "", ...names.map((name) => name.replace(/^i_bias_/, "")), "distance", "floor"];
  const rows = neurons.map(({ neuron, status, parameters, distance, noiseFloor }) => [
    String(neuron),
    status,
    ...names.map((_, j) => {
      const summary = parameters[j];
      return summary === undefined ? "–" : `${fixed(summary.median)} ± ${fixed(summary.sd)}`;
    }),
    fixed(distance, 2),
    fixed(noiseFloor, 2),
  ]);
  const widths = header.map((title, j) => Math.max(title.length, ...rows.map((row) => row[j]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells.map((text, j) => (j === 1 ? text.padEnd(widths[j] ?? 0) : text.padStart(widths[j] ?? 0))).join("  ");
  const of = (status: NeuronResult["status"]): number => neurons.filter((n) => n.status === status).length;
  const inside = coverageLine(neurons);
  const ratios = neurons.map(({ distance, noiseFloor }) => distance / noiseFloor).filter(Number.isFinite);
  return [
    line(header),
    ...rows.map(line),
    "",
    ...neurons.flatMap(({ neuron, status, reasons }) => reasons.map((why) => `neuron ${neuron} ${status}: ${why}`)),
    `${of("good")} good, ${of("doubtful")} doubtful, ${of("failed")} failed; median posterior ± sd, codes in CapMem LSB.`,
    `Median ratio of predictive distance to the floor of repeats: ${fixed(median(ratios), 2)}.${inside}`,
    ...(result.diagnostics?.verdicts ?? []).map(
      ({ name, passed, text }) => `${passed ? "passed" : "NOT PASSED"}  ${name}: ${text}`,
    ),
    `${recordings.all} recordings (${recordings.probe} of probes, ${recordings.simulations} to learn from), recording ${duration(seconds.record)}, training ${duration(seconds.train)}, in all ${duration(seconds.total)}.`,
  ].join("\n");
}

function coverageLine(neurons: readonly NeuronResult[]): string {
  const known = neurons.flatMap(({ parameters }) => parameters).filter(({ truth }) => truth !== null);
  if (known.length === 0) return "";
  const inside = known.filter(({ truth, q05, q95 }) => truth !== null && truth >= q05 && truth <= q95);
  return ` True codes inside their 90 % interval: ${inside.length} of ${known.length}.`;
}
