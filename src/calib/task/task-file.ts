/**
 * A task as a file: TOML that names parameters, fixed settings, stimulus, recording, embedding, scheme and budget. What
 * the file leaves out is as in the shipped task that it is based on, so that a file of ten lines is a whole task. Text
 * in, task out; no file is opened here. The schema is published as docs/task.schema.json.
 */
import { parse, TomlError } from "smol-toml";
import { z } from "zod";
import { type NeuronCapMemRow, neuronCapMemRows } from "../../device/interface/index.js";
import { embeddingKinds } from "../embedding/feature-source.js";
import { TaskInvalid } from "../errors.js";
import { schemes } from "../inference/schemes.js";
import { largestCode, partSchemas, type TaskParts } from "./parts.js";
import { signSwitches, type Task, type TaskParameter } from "./task.js";

export const taskSchemaName = "hxloop.task/1";

const code = z.int().min(-largestCode).max(largestCode);
const range = z.tuple([code, code]).refine(([min, max]) => min < max, "the first code must be below the second");
const count = (min: number, max: number) => z.int().min(min).max(max).optional();
const span = z.number().positive().optional();

const parameterSchema = z.strictObject({
  name: z.enum(neuronCapMemRows).describe("The CapMem cell"),
  range: range.describe("Prior: uniform between two codes, both included. Negative codes invert the current's sign."),
  demo: range.optional().describe("Part of the range from which demonstration targets are drawn; default: all of it"),
  mode: z
    .enum(["plain", "multiply", "divide"])
    .optional()
    .describe("Conductance of i_bias_leak and i_bias_reset: as it is, times 8, or divided by 8"),
});

/** Everything but `schema`, `name` and `base` may be left out. Times are microseconds of chip time. */
export const taskFileSchema = z.strictObject({
  schema: z.literal(taskSchemaName),
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]*$/, "must be of small letters, digits and hyphens")
    .describe("Names the run's folder"),
  base: z.string().describe("The shipped task whose values hold where this file is silent"),
  description: z.string().optional(),
  parameter: z.array(parameterSchema).min(1).optional().describe("What is inferred; replaces the base's list"),
  cells: partSchemas.cells.optional(),
  shared_cells: partSchemas.sharedCells.optional(),
  neuron: partSchemas.neuron.optional(),
  backend: partSchemas.backend.optional(),
  common_backend: partSchemas.commonBackend.optional(),
  madc: partSchemas.madc.optional(),
  stimulus: z
    .strictObject({
      on_us: z.number().min(0).optional(),
      off_us: span,
      end_us: span.describe("End of the protocol"),
      rest_until_onset: z
        .boolean()
        .optional()
        .describe("Switch exponential and adaptation on with the step, so that it begins at the leak potential, w = 0"),
    })
    .optional()
    .describe("Step of the membrane's offset current, from the start of the protocol"),
  recording: z
    .strictObject({
      settle_us: span.describe("Wait after codes have been written; CapMem needs 20,000"),
      warm_up_us: span.describe("From the MADC's start to the protocol's; its first 8 us are not valid"),
      step_us: span.describe("Cell of the grid that traces are brought onto"),
      batch: count(1, 200).describe("Settings per playback program"),
      spike_fall_lsb: span.describe("A spike is a fall of the trace by this much"),
      spike_within_us: span.describe("... within this time"),
      target_gap_us: span.describe("Longest stretch without a sample in a target"),
    })
    .optional(),
  embedding: z
    .strictObject({
      kind: z
        .enum(embeddingKinds)
        .optional()
        .describe("What an estimator sees of a trace: a learnt code, or features by their names"),
      latent: count(1, 64).describe("Features per trace"),
      epochs: count(1, 10_000),
      decoder_epochs: count(1, 10_000).describe("Of the decoder that gives back whole traces, for the report"),
      batch: count(2, 1024),
      learning_rate: z.number().positive().max(1).optional(),
      view_every_us: span.describe("Distance of the points that the encoder sees"),
      view_envelope_us: span.describe("Window of the envelopes, longer than an interval between spikes"),
    })
    .optional()
    .describe("The features of traces that estimators see"),
  scheme: z
    .strictObject({
      kind: z
        .enum([...schemes, "amortised"])
        .optional()
        .describe("How rounds learn from each other; amortised: one estimator for many neurons"),
      pilot: z
        .number()
        .min(0)
        .max(0.5)
        .optional()
        .describe("Share of the first round that learns where recordings are useful for the target; with tsnpe"),
      stop_ratio: z
        .number()
        .min(1)
        .max(10)
        .optional()
        .describe("No further round when emulated draws are within this many times the floor of repeats"),
      members: count(1, 10).describe("Networks in the ensemble"),
      steps: count(1, 1_000_000).describe("Training steps of each network in the last round; half of them before"),
    })
    .optional()
    .describe("Sequential neural posterior estimation"),
  budget: z
    .strictObject({
      simulations: count(40, 100_000).describe("Emulations in all rounds together"),
      rounds: count(1, 10),
      draws: count(4, 500).describe("Posterior draws that are emulated again"),
      repeats: count(2, 500).describe("Repeats of one setting, for the noise floor"),
      samples: count(50, 100_000).describe("Posterior samples that are kept"),
      summary_samples: count(100, 1_000_000).describe("Posterior samples behind means and quantiles"),
    })
    .optional(),
});
export type TaskFile = z.infer<typeof taskFileSchema>;

/**
 * Read a task.
 * @param source the file's name, for messages @param baseOf the shipped task of a name; throws for an unknown one
 * @throws TaskInvalid with the path of the wrong key, or the line where the text is no TOML
 */
export function parseTask(text: string, source: string, baseOf: (name: string) => Task): Task {
  let data: unknown;
  try {
    data = parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const why = cause.message.split("\n")[0] as string;
    throw new TaskInvalid(source, `line ${cause.line}, column ${cause.column}`, why, { cause });
  }
  const parsed = taskFileSchema.safeParse(data);
  if (!parsed.success) {
    const issue = parsed.error.issues[0] as z.core.$ZodIssue;
    throw new TaskInvalid(source, pathOf(issue), wordsOf(issue));
  }
  let base: Task;
  try {
    base = baseOf(parsed.data.base);
  } catch (cause) {
    throw new TaskInvalid(source, "base", (cause as Error).message, { cause });
  }
  return taskOf(parsed.data, base, source);
}

function pathOf(issue: z.core.$ZodIssue): string {
  const path = issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0] as string] : issue.path;
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, "");
}

function wordsOf(issue: z.core.$ZodIssue): string {
  return issue.code === "unrecognized_keys" ? "is no key of a task" : issue.message;
}

/** What the base says, with what the file says put over it. @throws TaskInvalid for values that do not fit together */
export function taskOf(file: TaskFile, base: Task, source: string): Task {
  const { stimulus, recording: rec, embedding: emb, scheme, budget } = file;
  const given = {
    ...base.stimulus,
    ...defined({
      onUs: stimulus?.on_us,
      offUs: stimulus?.off_us,
      endUs: stimulus?.end_us,
      restsUntilOnset: stimulus?.rest_until_onset,
    }),
  };
  const inferred = parametersOf(file, base, source);
  const stepUs = rec?.step_us ?? base.grid.stepUs;
  const task: Task = {
    ...base,
    ...partsOf({ ...file, sharedCells: file.shared_cells, commonBackend: file.common_backend }, base, inferred),
    name: file.name,
    description: file.description ?? base.description,
    ...inferred,
    stimulus: given,
    grid: { length: Math.round(given.endUs / stepUs), stepUs, startUs: stepUs / 2 },
    timing: { ...base.timing, ...defined({ settleUs: rec?.settle_us, madcWarmUpUs: rec?.warm_up_us }) },
    spike: { ...base.spike, ...defined({ fallLsb: rec?.spike_fall_lsb, withinUs: rec?.spike_within_us }) },
    maxGapUs: { ...base.maxGapUs, ...defined({ target: rec?.target_gap_us }) },
    batchSize: rec?.batch ?? base.batchSize,
    embedding: emb?.kind ?? base.embedding,
    views: { ...base.views, ...defined({ everyUs: emb?.view_every_us, envelopeUs: emb?.view_envelope_us }) },
    autoencoder: {
      ...base.autoencoder,
      ...defined({
        latentSize: emb?.latent,
        epochs: emb?.epochs,
        decoderEpochs: emb?.decoder_epochs,
        batchSize: emb?.batch,
        learningRate: emb?.learning_rate,
      }),
    },
    estimator: {
      ...base.estimator,
      ...defined({
        ...{ scheme: scheme?.kind, pilot: scheme?.pilot, stopRatio: scheme?.stop_ratio },
        ...{ members: scheme?.members, steps: scheme?.steps },
      }),
    },
    budget: {
      ...base.budget,
      ...defined({
        simulations: budget?.simulations,
        rounds: budget?.rounds,
        draws: budget?.draws,
        repeats: budget?.repeats,
        posteriorSamples: budget?.samples,
        summarySamples: budget?.summary_samples,
      }),
    },
  };
  requireSense(task, source);
  return task;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the entries that were not given. */
function defined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>;
}

function partsOf(parts: TaskParts, base: Task, { parameters }: Pick<Task, "parameters">) {
  const codes = Object.entries({ ...base.neuronCodes, ...parts.cells });
  return {
    neuronCodes: Object.fromEntries(codes.filter(([cell]) => !parameters.some(({ name }) => name === cell))),
    sharedCodes: { ...base.sharedCodes, ...parts.sharedCells },
    neuronConfig: { ...base.neuronConfig, ...parts.neuron },
    backendConfig: { ...base.backendConfig, ...parts.backend },
    commonBackendConfig: { ...base.commonBackendConfig, ...parts.commonBackend },
    madcConfig: { ...base.madcConfig, ...parts.madc },
  };
}

function parametersOf(file: TaskFile, base: Task, source: string): Pick<Task, "parameters" | "demoRegion"> {
  if (file.parameter === undefined) return { parameters: base.parameters, demoRegion: base.demoRegion };
  const parameters: TaskParameter[] = [];
  const demoRegion: TaskParameter[] = [];
  for (const [i, { name, range: prior, demo = prior, mode }] of file.parameter.entries()) {
    const fail = (key: string, why: string): never => {
      throw new TaskInvalid(source, `parameter[${i}].${key}`, why);
    };
    if (parameters.some((other) => other.name === name)) fail("name", `${name} is there twice`);
    if (prior[0] < 0 && signSwitches[name] === undefined) {
      fail(
        "range",
        `${name} has no sign; codes are 0..${largestCode} (signed: ${Object.keys(signSwitches).join(", ")})`,
      );
    }
    if (demo[0] < prior[0] || demo[1] > prior[1]) fail("demo", `must lie within the range ${prior[0]}..${prior[1]}`);
    if (mode !== undefined && name !== "i_bias_leak" && name !== "i_bias_reset") {
      fail("mode", `${name} has no mode; i_bias_leak and i_bias_reset have`);
    }
    parameters.push({ name, min: prior[0], max: prior[1], ...(mode === undefined ? {} : { mode }) });
    demoRegion.push({ name, min: demo[0], max: demo[1] });
  }
  return { parameters, demoRegion };
}

/** What no single key shows. */
function requireSense(task: Task, source: string): void {
  const { onUs, offUs, endUs } = task.stimulus;
  if (onUs >= offUs || offUs > endUs) {
    throw new TaskInvalid(source, "stimulus", `on ${onUs}, off ${offUs}, end ${endUs} us: must follow one another`);
  }
  const { length, stepUs } = task.grid;
  if (Math.abs(length * stepUs - endUs) > 1e-6 * endUs || length < 32) {
    throw new TaskInvalid(
      source,
      "recording.step_us",
      `${stepUs} us does not cut ${endUs} us into 32 or more equal cells`,
    );
  }
  const perView = task.views.everyUs / stepUs;
  if (!Number.isInteger(perView)) {
    throw new TaskInvalid(source, "embedding.view_every_us", `must be a multiple of the grid's step, ${stepUs} us`);
  }
  const unset = neuronCapMemRows.find((cell: NeuronCapMemRow) => {
    return task.neuronCodes[cell] === undefined && !task.parameters.some(({ name }) => name === cell);
  });
  if (unset !== undefined) throw new TaskInvalid(source, `cells.${unset}`, "has no code and is not inferred");
}
