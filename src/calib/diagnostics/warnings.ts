/**
 * Sentences that the reader of a result must see when there is reason to doubt it. Each function looks at one thing and
 * gives at most one sentence per parameter or stage; none of them changes anything.
 */
import type { ParameterSpec, ParameterSummary, PredictiveCheck } from "../run-data.js";

/** Share of the code range at each edge that is looked at, and the posterior mass there that is worth a warning. */
const edgeShare = 0.01;
const edgeMass = 0.05;
/** A posterior at least this wide against the prior has learnt next to nothing of the parameter. */
const uninformedSd = 0.5;
/** Ratio of predictive distance to noise floor above which the emulations are clearly not the target. */
export const farAboveFloor = 2;
/** Share of a task's own budget below which a run is called small; our choice. */
const fewShare = 0.25;
const invalidShare = 0.01;
/** Over the whole prior some settings always drive the membrane out of range; only more than that is worth a word. */
const saturatedShare = 0.3;

/** Mass piled up at an edge of the prior: the true code may lie beyond it. @param samples shape (n, parameters.length) */
export function edgePileUp(parameters: readonly ParameterSpec[], samples: Int32Array): string[] {
  const width = parameters.length;
  const n = samples.length / width;
  return parameters.flatMap(({ name, min, max }, j) => {
    const reach = Math.floor(edgeShare * (max - min + 1));
    let low = 0;
    let high = 0;
    for (let i = 0; i < n; i++) {
      const code = samples[i * width + j] as number;
      if (code < min + reach) low++;
      if (code > max - reach) high++;
    }
    const share = Math.max(low, high) / n;
    if (share <= edgeMass) return [];
    const edge = low > high ? min : max;
    return [`${percent(share)} of the posterior of ${name} lies at the prior's edge ${edge}: the range may cut it off`];
  });
}

/** Parameters of which the trace says next to nothing. */
export function uninformed(summary: readonly ParameterSummary[]): string[] {
  return summary.flatMap(({ name, sd, prior: [min, max] }) => {
    const ratio = sd / ((max - min) / Math.sqrt(12));
    if (ratio < uninformedSd) return [];
    return [`the target says little about ${name}: the posterior's sd is ${percent(ratio)} of the prior's`];
  });
}

/** A run with far fewer emulations than its task asks for: networks with little to learn from are too sure of themselves. */
export function fewSimulations(task: string, simulations: number, budget: number): string[] {
  if (simulations >= fewShare * budget) return [];
  return [
    `${simulations} emulations are few for task ${task}, whose own budget is ${budget}: with less than ${Math.ceil(fewShare * budget)} the posterior may be too sure of itself (narrow intervals that miss the truth)`,
  ];
}

/** Invalid and saturated recordings of a stage. */
export function recordingDefects(
  stage: string,
  counts: { readonly usable: number; readonly invalid: number; readonly saturated: number; readonly reasons: string },
): string[] {
  const { usable, invalid, saturated, reasons } = counts;
  const texts: string[] = [];
  if (invalid > invalidShare * (usable + invalid)) {
    texts.push(`${stage}: ${invalid} of ${usable + invalid} recordings could not be used (${reasons})`);
  }
  if (saturated > saturatedShare * usable) {
    texts.push(`${stage}: ${saturated} of ${usable} traces touch an end of the converter's scale (0 or 1023 LSB)`);
  }
  return texts;
}

/** Emulated posterior draws that stay farther from the target than repeats from each other. */
export function predictiveGap({ distance, noiseFloor }: PredictiveCheck): string[] {
  if (!(distance > farAboveFloor * noiseFloor)) return [];
  return [notTheTarget(distance / noiseFloor)];
}

/** @param ratio predictive distance in noise floors */
export const notTheTarget = (ratio: number): string =>
  `emulated posterior draws lie ${ratio.toFixed(1)} times as far from the target as repeats from each other: the posterior does not reproduce it`;

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
