/**
 * Plain data of one calibration run: what phases hand on, what the store keeps, what the report draws. No behaviour.
 * Matrices are row-major typed arrays with their shape in the comment.
 */
import type { DeviceIdentity } from "../device/interface/index.js";

export interface ParameterSpec {
  /** CapMem name, for example `v_reset`. */
  readonly name: string;
  /** Smallest and largest legal code, CapMem LSB; the prior is uniform between them, both included. */
  readonly min: number;
  readonly max: number;
}

/** Regular grid onto which MADC samples are interpolated. */
export interface TraceGrid {
  /** Number of points. */
  readonly length: number;
  /** Spacing, microseconds of chip time. */
  readonly stepUs: number;
  /** Time of the first point relative to the start of the protocol, microseconds. */
  readonly startUs: number;
}

/** The chip stamps its samples in units of 4 ns: so many are a microsecond. */
export const ticksPerUs = 250;

/** One emulation: what was sent and what came back. */
export interface Recording {
  /** Codes that were sent, shape (numParameters), CapMem LSB. */
  readonly theta: Int32Array;
  /** MADC samples, shape (numSamples), 10-bit counts. */
  readonly samples: Uint16Array;
  /** Time of each sample relative to the start of the protocol, units of 4 ns; shape (numSamples). */
  readonly ticks: Int32Array;
  /** Reason why the recording cannot be used, for example `missing-samples`; undefined when it can. */
  readonly invalid?: string;
}

/** Traces on the grid. `traces` has shape (count, grid.length), MADC LSB; `theta` (count, numParameters). */
export interface TraceSet {
  readonly grid: TraceGrid;
  readonly count: number;
  readonly theta: Int32Array;
  readonly traces: Float32Array;
  /** Recordings that could not be used, with the reason; known while a run goes on, not kept with its result. */
  readonly rejected?: readonly { readonly theta: Int32Array; readonly reason: string }[];
}

export interface Split {
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
  readonly test: Uint32Array;
}

/** Loss per epoch: weighted mean squared error of the standardised views; `sd` is over the traces of the set. */
export interface LossHistory {
  readonly train: number[];
  readonly validation: number[];
  readonly validationSd: number[];
  readonly test: number[];
  readonly testSd: number[];
}

export interface Target {
  /** Where it came from, for people: a file's name, or the codes. */
  readonly source: string;
  /** Shape (grid.length), MADC LSB. */
  readonly trace: Float32Array;
  /** Codes that made it, when known. */
  readonly theta: Int32Array | null;
}

/** Distances in the embedding, each coordinate in units of its standard deviation over the first data set. */
export interface PredictiveCheck {
  /** Target against re-emulated posterior draws, one per draw. */
  readonly drawDistances: number[];
  /** Repeat against repeat at the same codes, one per pair. */
  readonly floorDistances: number[];
  /** Medians of the two. */
  readonly distance: number;
  readonly noiseFloor: number;
}

export interface ParameterSummary {
  readonly name: string;
  readonly prior: readonly [number, number];
  readonly truth: number | null;
  readonly mean: number;
  readonly sd: number;
  readonly q05: number;
  readonly median: number;
  readonly q95: number;
}

export interface RunFacts {
  readonly device: DeviceIdentity;
  readonly neuron: number;
  readonly task: string;
  readonly seed: number;
  readonly simulations: number;
  readonly rounds: number;
  /** Simulations per round that were requested, and how many of them were usable. */
  readonly perRound: readonly { readonly requested: number; readonly usable: number }[];
  readonly backend: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly seconds: { readonly record: number; readonly train: number; readonly total: number };
  /** Sentences that the reader must see: warnings, limits, what was not covered. */
  readonly notices: readonly string[];
}

/** Values in 0..1 that are uniform when all is well, and the p-value of the test that they are. */
export interface RankDiagnostic {
  readonly name: string;
  readonly ranks: readonly number[];
  readonly pValue: number;
}

/** Share of settings inside a region, against the mass that the region claims; error and bias are means over the levels. */
export interface CoverageDiagnostic extends RankDiagnostic {
  readonly levels: readonly number[];
  readonly coverage: readonly number[];
  readonly error: number;
  readonly bias: number;
}

/** Of fresh emulations of settings that are distributed as the last round's. */
export interface CalibrationDiagnostics {
  readonly checks: number;
  /** One per parameter. */
  readonly sbc: readonly RankDiagnostic[];
  readonly expectedCoverage: CoverageDiagnostic;
  readonly tarp: CoverageDiagnostic;
  /** Mean of log2 q(theta | x) / p(theta) per parameter, bits, against the whole prior; and of each emulation. */
  readonly informationGain: number;
  readonly gains: readonly number[];
}

/** A statistic, and the same where all is well. */
export interface NullTest {
  readonly statistic: number;
  readonly nulls: readonly number[];
  readonly pValue: number;
}

/** Null where the run has not the data for it. */
export interface RunDiagnostics {
  readonly calibration: CalibrationDiagnostics | null;
  /** At the target: can a classifier tell draws from truths? */
  readonly local: NullTest | null;
  /** Is the target like the simulations? */
  readonly misspecification: { readonly mmd: NullTest; readonly logDensity: NullTest } | null;
  /** Bits by which the ensemble's members differ, of at most `limit`. */
  readonly disagreement: {
    readonly divergence: number;
    readonly limit: number;
    readonly perMember: readonly number[];
  } | null;
  readonly verdicts: readonly {
    readonly name: string;
    readonly passed: boolean;
    /** How often a posterior without fault fails; 0 for a threshold of our choice. */
    readonly falseAlarmRate: number;
    readonly text: string;
  }[];
}

/** Everything the report needs. */
export interface RunData {
  readonly parameters: readonly ParameterSpec[];
  readonly facts: RunFacts;
  readonly target: Target;
  /** Stimulus window for the figures, microseconds from the start of the protocol. */
  readonly stimulus: { readonly onUs: number; readonly offUs: number; readonly endUs: number };
  /** First round's data set on the grid. */
  readonly dataSet: TraceSet;
  readonly split: Split;
  readonly autoencoder: {
    readonly history: LossHistory;
    readonly latentSize: number;
    /** What of a trace it is shown, in words. */
    readonly views: readonly string[];
  };
  /** Some test traces and their reconstructions, both shape (count, grid.length), MADC LSB. */
  readonly reconstructions: {
    readonly indices: Uint32Array;
    readonly traces: Float32Array;
    readonly reconstructed: Float32Array;
  };
  /** Posterior samples, shape (count, numParameters), CapMem LSB. */
  readonly posterior: { readonly count: number; readonly samples: Int32Array };
  readonly summary: readonly ParameterSummary[];
  /** Repeats at the target's codes (or at the posterior's median when the truth is unknown). */
  readonly repeats: TraceSet;
  /** Posterior draws re-emulated. */
  readonly draws: TraceSet;
  readonly predictive: PredictiveCheck;
  /** What the posterior is conditioned on: features of the data set, shape (dataSet.count, size), and of the target. */
  readonly features?: { readonly size: number; readonly dataSet: Float32Array; readonly target: Float32Array };
  readonly diagnostics?: RunDiagnostics;
}
