/**
 * Whether codes may go to work: a verdict on one neuron's setting, from the emulation of the codes themselves and from
 * whatever else gave reason to doubt. `failed` codes do not make the target; `doubtful` ones may, but something is amiss.
 */
import { median, predictiveRatio } from "./diagnostics/predictive.js";
import { farAboveFloor, notTheTarget } from "./diagnostics/warnings.js";
import type { PredictiveCheck, RunDiagnostics } from "./run-data.js";

export interface CodesVerdict {
  readonly status: "good" | "doubtful" | "failed";
  /** Distance of the codes' own emulation from the target, in median distances of repeats from each other; 1 is the aim. */
  readonly ratio: number;
  /** The same for the median posterior draw. */
  readonly predictiveRatio: number;
  /** Why it is not good; empty when it is. */
  readonly reasons: readonly string[];
}

/** @param doubts sentences from other checks */
export function judgeCodes({ drawDistances, noiseFloor }: PredictiveCheck, doubts: readonly string[]): CodesVerdict {
  const ratio = predictiveRatio(Math.min(...drawDistances), noiseFloor);
  const typical = predictiveRatio(median(drawDistances), noiseFloor);
  const failed = ratio > farAboveFloor;
  const reasons = [
    ...(failed
      ? [`the emulation of the codes lies ${ratio.toFixed(1)} times as far from the target as repeats from each other`]
      : []),
    ...(typical > farAboveFloor && !failed ? [notTheTarget(typical)] : []),
    ...doubts,
  ];
  const status = failed ? "failed" : reasons.length > 0 ? "doubtful" : "good";
  return { status, ratio, predictiveRatio: typical, reasons };
}

/** What the diagnostics of a run say against it. */
export function failedChecks(diagnostics: RunDiagnostics | undefined): string[] {
  return (diagnostics?.verdicts ?? []).filter(({ passed }) => !passed).map(({ name, text }) => `${name}: ${text}`);
}
