/**
 * A calibration task as plain data: which codes are sought, what everything else on the neuron is set to, how it is
 * stimulated and recorded, and what budget the method gets by default. It holds no procedure; `recording/` carries it
 * to the device and `calibrate.ts` runs the method.
 */
import { FieldOutOfRange } from "../../base/errors.js";
import type {
  CommonNeuronBackendConfig,
  ContainerType,
  MadcConfig,
  NeuronBackendConfig,
  NeuronCapMemRow,
  NeuronConfig,
  SharedCapMemCell,
} from "../../device/interface/index.js";
import type { EmbeddingKind } from "../embedding/feature-source.js";
import type { Scheme } from "../inference/schemes.js";
import type { ParameterSpec, TraceGrid } from "../run-data.js";
import type { CountScale, TraceRules } from "../target/trace.js";

type FieldsOf<C> = C extends ContainerType<string, infer F> ? Partial<F> : never;

/**
 * A code that is inferred: a CapMem cell of the neuron, with the prior's range. A negative code stands for the
 * magnitude with the current's sign inverted; only cells of `signSwitches` have one.
 */
export interface TaskParameter extends ParameterSpec {
  readonly name: NeuronCapMemRow;
  /** Conductance of the leak and of the reset: as it is (default), times 8, or divided by 8. */
  readonly mode?: "plain" | "multiply" | "divide";
}

/** Cells whose current has a sign, and the switch that inverts it. */
export const signSwitches: Readonly<Partial<Record<NeuronCapMemRow, SignSwitch>>> = {
  i_bias_adapt_a: "invertAdaptationA",
  i_bias_adapt_b: "invertAdaptationB",
  i_mem_offset: "invertMembraneOffset",
};
type SignSwitch = "invertAdaptationA" | "invertAdaptationB" | "invertMembraneOffset";

export interface Task {
  readonly name: string;
  /** One sentence for lists. */
  readonly description: string;
  readonly parameters: readonly TaskParameter[];
  /** Part of the prior where the trace carries every parameter; demonstration targets are drawn from it. */
  readonly demoRegion: readonly TaskParameter[];
  /** Codes of the neuron's other CapMem cells, CapMem LSB. */
  readonly neuronCodes: Readonly<Partial<Record<NeuronCapMemRow, number>>>;
  /** Codes of shared CapMem cells, written in every block that has them; CapMem LSB. */
  readonly sharedCodes: Readonly<Partial<Record<SharedCapMemCell, number>>>;
  readonly neuronConfig: FieldsOf<typeof NeuronConfig>;
  readonly backendConfig: FieldsOf<typeof NeuronBackendConfig>;
  readonly commonBackendConfig: FieldsOf<typeof CommonNeuronBackendConfig>;
  readonly madcConfig: FieldsOf<typeof MadcConfig>;
  readonly timing: {
    /** Wait after the codes have been written, until the CapMem has settled; microseconds. */
    readonly settleUs: number;
    /** From the start of the MADC to the start of the protocol; its first 8 us are not valid. */
    readonly madcWarmUpUs: number;
    /** Recorded before and after the protocol, so that its edges lie between samples; microseconds. */
    readonly marginUs: number;
    readonly madcSamplePeriodUs: number;
  };
  /** Membrane offset current on and off, and end of the protocol; microseconds from its start. */
  readonly stimulus: {
    readonly onUs: number;
    readonly offUs: number;
    readonly endUs: number;
    /**
     * Exponential and adaptation are switched on with the step, not before: the neuron begins it at its leak potential
     * with w = 0. Otherwise it drifts away where a <= -g_L, and where the reset lies above the onset of the exponential
     * what once began to fire need not stop.
     */
    readonly restsUntilOnset?: boolean;
  };
  readonly grid: TraceGrid;
  /** Nominal scale of the MADC, for targets given in volt. */
  readonly scale: CountScale;
  /** Longest stretch without a sample: in a recording of the device, and in a target; microseconds. */
  readonly maxGapUs: { readonly recording: number; readonly target: number };
  /** Largest share of samples that a recording may lack, 0..1. */
  readonly maxMissing: number;
  /** A spike is a fall of the trace by this much within this time; MADC LSB, microseconds. */
  readonly spike: { readonly fallLsb: number; readonly withinUs: number };
  /** Views of a trace: distance of their points, and the envelope's window, longer than an interval; microseconds. */
  readonly views: { readonly everyUs: number; readonly envelopeUs: number };
  /** Settings per playback program. */
  readonly batchSize: number;
  /** What an estimator sees of a trace. */
  readonly embedding: EmbeddingKind;
  readonly autoencoder: {
    readonly latentSize: number;
    readonly epochs: number;
    /** Of the decoder that gives back whole traces from the codes, for the report. */
    readonly decoderEpochs: number;
    readonly batchSize: number;
    readonly learningRate: number;
  };
  readonly estimator: {
    /** Amortised: one estimator for many neurons, conditioned on a probe of each; otherwise how rounds learn. */
    readonly scheme: Scheme | "amortised";
    /** Share of the first round that shows where recordings are useful for the target, 0..0.5; only with `tsnpe`. */
    readonly pilot?: number;
    /** Rounds end when emulated draws are within this many times the floor of repeats from the target. */
    readonly stopRatio?: number;
    /** Networks in the ensemble. */
    readonly members: number;
    /** Training steps of each network in the last round; by default they follow from the number of simulations. */
    readonly steps?: number;
  };
  readonly budget: {
    readonly simulations: number;
    readonly rounds: number;
    /** Posterior draws emulated again. */
    readonly draws: number;
    /** Repeats at one setting for the noise floor; 2 or more. */
    readonly repeats: number;
    /** Posterior samples kept with the run. */
    readonly posteriorSamples: number;
    /** Posterior samples drawn for the summary's moments and quantiles. */
    readonly summarySamples: number;
  };
}

/** A task with codes of one neuron in place of its own. */
export function withCodes(task: Task, codes: Task["neuronCodes"] = {}): Task {
  return { ...task, neuronCodes: { ...task.neuronCodes, ...codes } };
}

/** The neuron's codes and switches at one setting of the parameters, in the task's order. */
export function settingOf(
  task: Task,
  theta: ArrayLike<number>,
): { readonly cells: readonly (readonly [NeuronCapMemRow, number])[]; readonly neuronConfig: Task["neuronConfig"] } {
  const neuronConfig: { -readonly [K in keyof Task["neuronConfig"]]: Task["neuronConfig"][K] } = {
    ...task.neuronConfig,
  };
  const cells = task.parameters.map(({ name, mode, min }, j) => {
    const value = theta[j] as number;
    const sign = signSwitches[name];
    if (sign !== undefined && min < 0) neuronConfig[sign] = value < 0;
    if (mode !== undefined && name === "i_bias_leak") {
      neuronConfig.enableLeakMultiplication = mode === "multiply";
      neuronConfig.enableLeakDivision = mode === "divide";
    }
    if (mode !== undefined && name === "i_bias_reset") {
      neuronConfig.enableResetMultiplication = mode === "multiply";
      neuronConfig.enableResetDivision = mode === "divide";
    }
    return [name, Math.abs(value)] as const;
  });
  return { cells, neuronConfig };
}

/** What a target trace must fulfil for this task. */
export function traceRules(task: Task): TraceRules {
  return { grid: task.grid, scale: task.scale, maxGapUs: task.maxGapUs.target };
}

/** @returns the codes as they are @throws FieldOutOfRange a wrong count, or a code outside its parameter's range */
export function checkedTheta(task: Task, codes: ArrayLike<number>): Int32Array {
  const { parameters } = task;
  if (codes.length !== parameters.length) {
    throw new FieldOutOfRange(`number of codes for task ${task.name}`, codes.length, `${parameters.length}`);
  }
  return Int32Array.from(parameters, ({ name, min, max }, j) => {
    const code = codes[j] as number;
    if (!Number.isInteger(code) || code < min || code > max) {
      throw new FieldOutOfRange(name, code, `the integers ${min}..${max}`);
    }
    return code;
  });
}

/**
 * Codes by name into the task's order.
 * @throws FieldOutOfRange an unknown or missing parameter, or a code outside its range
 */
export function thetaFromNames(task: Task, codes: Readonly<Record<string, number>>): Int32Array {
  const names: readonly string[] = task.parameters.map(({ name }) => name);
  for (const name of Object.keys(codes)) {
    if (!names.includes(name)) throw new FieldOutOfRange(`parameter of task ${task.name}`, name, names.join(", "));
  }
  const missing = names.find((name) => !Object.hasOwn(codes, name));
  if (missing !== undefined) {
    throw new FieldOutOfRange(`code of ${missing}`, "missing", `one code for each of ${names.join(", ")}`);
  }
  return checkedTheta(
    task,
    names.map((name) => codes[name] as number),
  );
}
