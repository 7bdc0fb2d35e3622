/** The result of a calibration of many neurons: schema `hxloop.neurons/1`, plain data. */
import type { DeviceIdentity } from "../../device/interface/index.js";
import type { NeuronSetting } from "../codes.js";
import type { CodesVerdict } from "../judge-codes.js";
import type { CalibrationDiagnostics, ParameterSummary, RunDiagnostics } from "../run-data.js";

/** `good`: emulations are the target but for the chip's noise; `doubtful`: a result with a reason to doubt it. */
export type NeuronStatus = "good" | "doubtful" | "failed";

export interface NeuronResult {
  /** AtomicNeuronOnDls, 0..511. */
  readonly neuron: number;
  readonly status: NeuronStatus;
  /** Why it is not good; empty when it is. */
  readonly reasons: readonly string[];
  /** Posterior, codes in CapMem LSB; empty for a neuron that failed before. */
  readonly parameters: readonly ParameterSummary[];
  /** Medians of distances in the features, in their standard deviations; NaN for a neuron that failed before. */
  readonly distance: number;
  readonly noiseFloor: number;
  /** Of the setting; null when there is none. */
  readonly verdict: CodesVerdict | null;
  /** The emulated posterior draw that came closest to the target, as the whole setting of the neuron. */
  readonly setting: NeuronSetting | null;
}

export interface NeuronsResult {
  readonly schema: "hxloop.neurons/1";
  readonly device: DeviceIdentity;
  readonly task: string;
  readonly seed: number;
  readonly embedding: string;
  /** Numbers that the probe says of a neuron. */
  readonly contextSize: number;
  readonly recordings: { readonly probe: number; readonly simulations: number; readonly all: number };
  readonly seconds: { readonly record: number; readonly train: number; readonly total: number };
  readonly neurons: readonly NeuronResult[];
  /** Of the shared estimator before any truncated round; null when the run is too small to tell. */
  readonly diagnostics: (Pick<RunDiagnostics, "verdicts"> & { readonly calibration: CalibrationDiagnostics }) | null;
  readonly notices: readonly string[];
}
