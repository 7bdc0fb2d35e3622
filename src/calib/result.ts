/** The result of a run as the one JSON object that other programs read: schema `hxloop.calibration/1`. */
import type { ParameterSummary, RunData } from "./run-data.js";

export interface CalibrationResult {
  readonly schema: "hxloop.calibration/1";
  /** URL of the device. */
  readonly device: string;
  readonly neuron: number;
  readonly seed: number;
  /** Codes, CapMem LSB. */
  readonly parameters: readonly ParameterSummary[];
  readonly simulations: number;
  readonly rounds: number;
  readonly seconds: { readonly record: number; readonly train: number; readonly total: number };
  /** Medians of distances in the embedding, in its standard deviations. */
  readonly predictive: { readonly distance: number; readonly noiseFloor: number };
  /** Verdicts on the posterior; empty when the run had not the data for any. */
  readonly diagnostics: NonNullable<RunData["diagnostics"]>["verdicts"];
  /** Sentences that the reader must see: warnings, limits, how the target was mapped. */
  readonly notices: readonly string[];
  /** Where the run was kept; null when it was not. */
  readonly run: string | null;
}

export function calibrationResult(data: RunData, run: string | null): CalibrationResult {
  const { device, neuron, seed, simulations, rounds, seconds, notices } = data.facts;
  const { distance, noiseFloor } = data.predictive;
  return {
    schema: "hxloop.calibration/1",
    device: device.url,
    neuron,
    seed,
    parameters: data.summary.map(({ name, prior, truth, mean, sd, q05, median, q95 }) => {
      return { name, prior, truth, mean, sd, q05, median, q95 };
    }),
    simulations,
    rounds,
    seconds: { ...seconds },
    predictive: { distance, noiseFloor },
    diagnostics: data.diagnostics?.verdicts ?? [],
    notices: [...notices],
    run,
  };
}
