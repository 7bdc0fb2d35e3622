/**
 * The result of a run as a Zarr group, and back: arrays as arrays, with their dimensions named and their units written
 * down, everything else as one JSON attribute that is checked when it is read. Knows the layout, not the meaning.
 */
import { z } from "zod";
import type { LossHistory, RunData, TraceSet } from "../../calib/run-data.js";
import { RunFolderInvalid } from "./errors.js";
import type { ArrayGroup, NamedArray, StoredGroup } from "./zarr-tree.js";

const resultSchema = "hxloop.result/1";
const traceUnits = { units: "MADC LSB" };
const codeUnits = { units: "CapMem LSB" };

const losses = ["train", "validation", "validationSd", "test", "testSd"] as const satisfies (keyof LossHistory)[];
const splits = ["train", "validation", "test"] as const;
const traceSets = ["dataSet", "repeats", "draws"] as const;

const numbers = z.array(z.number());
const rankSchema = z.object({ name: z.string(), ranks: numbers, pValue: z.number() });
const coverageSchema = rankSchema.extend({ levels: numbers, coverage: numbers, error: z.number(), bias: z.number() });
const nullTestSchema = z.object({ statistic: z.number(), nulls: numbers, pValue: z.number() });
const diagnosticsSchema = z.object({
  calibration: z
    .object({
      checks: z.number(),
      sbc: z.array(rankSchema),
      expectedCoverage: coverageSchema,
      tarp: coverageSchema,
      informationGain: z.number(),
      gains: numbers,
    })
    .nullable(),
  local: nullTestSchema.nullable(),
  misspecification: z.object({ mmd: nullTestSchema, logDensity: nullTestSchema }).nullable(),
  disagreement: z.object({ divergence: z.number(), limit: z.number(), perMember: numbers }).nullable(),
  verdicts: z.array(z.object({ name: z.string(), passed: z.boolean(), falseAlarmRate: z.number(), text: z.string() })),
});

const grid = z.object({ length: z.int(), stepUs: z.number(), startUs: z.number() });
/** What is not an array. */
const plainSchema = z.object({
  parameters: z.array(z.object({ name: z.string(), min: z.number(), max: z.number() })),
  facts: z.object({
    device: z.object({ url: z.string(), boardId: z.string(), bitfileInfo: z.string() }),
    neuron: z.number(),
    task: z.string(),
    seed: z.number(),
    simulations: z.number(),
    rounds: z.number(),
    perRound: z.array(z.object({ requested: z.number(), usable: z.number() })),
    backend: z.string(),
    versions: z.record(z.string(), z.string()),
    seconds: z.object({ record: z.number(), train: z.number(), total: z.number() }),
    notices: z.array(z.string()),
  }),
  targetSource: z.string(),
  stimulus: z.object({ onUs: z.number(), offUs: z.number(), endUs: z.number() }),
  grids: z.object({ dataSet: grid, repeats: grid, draws: grid }),
  latentSize: z.number(),
  views: z.array(z.string()).readonly(),
  summary: z.array(
    z.object({
      name: z.string(),
      prior: z.tuple([z.number(), z.number()]),
      truth: z.number().nullable(),
      mean: z.number(),
      sd: z.number(),
      q05: z.number(),
      median: z.number(),
      q95: z.number(),
    }),
  ),
  predictive: z.object({ distance: z.number(), noiseFloor: z.number() }),
  diagnostics: diagnosticsSchema.optional(),
});

type PlainResult = z.infer<typeof plainSchema>;

function traceSet(name: string, set: TraceSet): Record<string, NamedArray> {
  const { count, traces, theta } = set;
  const rest = { start_us: set.grid.startUs, step_us: set.grid.stepUs };
  return {
    [`${name}/traces`]: {
      data: traces,
      shape: [count, set.grid.length],
      dimensions: ["recording", "time"],
      attributes: { ...traceUnits, ...rest },
    },
    [`${name}/theta`]: {
      data: theta,
      shape: [count, count === 0 ? 0 : theta.length / count],
      dimensions: ["recording", "parameter"],
      attributes: codeUnits,
    },
  };
}

function series(name: string, values: readonly number[], dimension: string): Record<string, NamedArray> {
  return { [name]: { data: Float64Array.from(values), shape: [values.length], dimensions: [dimension] } };
}

export function resultToGroup(data: RunData): ArrayGroup {
  const { target, reconstructions: rec, posterior, predictive } = data;
  const width = data.parameters.length;
  const points = data.dataSet.grid.length;
  const plain: PlainResult = {
    parameters: [...data.parameters],
    facts: {
      ...data.facts,
      perRound: [...data.facts.perRound],
      versions: { ...data.facts.versions },
      notices: [...data.facts.notices],
    },
    targetSource: target.source,
    stimulus: data.stimulus,
    grids: { dataSet: data.dataSet.grid, repeats: data.repeats.grid, draws: data.draws.grid },
    latentSize: data.autoencoder.latentSize,
    views: data.autoencoder.views,
    summary: data.summary.map((row) => ({ ...row, prior: [...row.prior] })),
    predictive: { distance: predictive.distance, noiseFloor: predictive.noiseFloor },
    ...(data.diagnostics === undefined ? {} : { diagnostics: z.parse(diagnosticsSchema, data.diagnostics) }),
  };
  const arrays: Record<string, NamedArray> = {
    "posterior/samples": {
      data: posterior.samples,
      shape: [posterior.count, width],
      dimensions: ["draw", "parameter"],
      attributes: { ...codeUnits, parameters: data.parameters.map((p) => p.name) },
    },
    "target/trace": { data: target.trace, shape: [target.trace.length], dimensions: ["time"], attributes: traceUnits },
    "reconstructions/indices": { data: rec.indices, shape: [rec.indices.length], dimensions: ["recording"] },
    ...series("predictive/draw_distances", predictive.drawDistances, "draw"),
    ...series("predictive/floor_distances", predictive.floorDistances, "pair"),
  };
  if (target.theta !== null) {
    const shape = [target.theta.length];
    arrays["target/theta"] = { data: target.theta, shape, dimensions: ["parameter"], attributes: codeUnits };
  }
  if (data.features !== undefined) {
    const { size, dataSet, target: own } = data.features;
    const attributes = { long_name: "what the posterior is conditioned on" };
    const shape = [dataSet.length / size, size];
    arrays["features/dataSet"] = { data: dataSet, shape, dimensions: ["recording", "feature"], attributes };
    arrays["features/target"] = { data: own, shape: [size], dimensions: ["feature"], attributes };
  }
  for (const name of ["traces", "reconstructed"] as const) {
    const shape = [rec.indices.length, points];
    const dimensions = ["recording", "time"];
    arrays[`reconstructions/${name}`] = { data: rec[name], shape, dimensions, attributes: traceUnits };
  }
  for (const name of traceSets) Object.assign(arrays, traceSet(name, data[name]));
  for (const name of splits) {
    arrays[`split/${name}`] = { data: data.split[name], shape: [data.split[name].length], dimensions: ["recording"] };
  }
  for (const name of losses) Object.assign(arrays, series(`loss/${name}`, data.autoencoder.history[name], "epoch"));
  return { attributes: { schema: resultSchema, result: plain }, arrays };
}

/** What of a result is no array. @throws RunFolderInvalid when the group is not a result that this version can read */
export function plainResult(group: StoredGroup, path: string): PlainResult {
  if (group.attributes.schema !== resultSchema) {
    throw new RunFolderInvalid(`${path} has schema ${String(group.attributes.schema)}, not ${resultSchema}`);
  }
  const parsed = plainSchema.safeParse(group.attributes.result);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new RunFolderInvalid(`${path}: ${issue?.path.join(".")}: ${issue?.message}`);
  }
  return parsed.data;
}

/** @throws RunFolderInvalid when the group is not a result that this version can read */
export async function groupToResult(group: StoredGroup, path: string): Promise<RunData> {
  const plain = plainResult(group, path);
  const floats = async (name: string): Promise<number[]> => [...(await group.read(name, "float64")).data];
  const traces = async (name: (typeof traceSets)[number]): Promise<TraceSet> => {
    const { data, shape } = await group.read(`${name}/traces`, "float32");
    const theta = await group.read(`${name}/theta`, "int32");
    return { grid: plain.grids[name], count: shape[0] ?? 0, theta: theta.data, traces: data };
  };
  const indices = async (name: string): Promise<Uint32Array> => (await group.read(name, "uint32")).data;
  const samples = await group.read("posterior/samples", "int32");
  const hasTheta = await group.has("target/theta");
  const features = (await group.has("features/dataSet"))
    ? {
        size: (await group.read("features/target", "float32")).data.length,
        dataSet: (await group.read("features/dataSet", "float32")).data,
        target: (await group.read("features/target", "float32")).data,
      }
    : undefined;
  return {
    parameters: plain.parameters,
    facts: plain.facts,
    target: {
      source: plain.targetSource,
      trace: (await group.read("target/trace", "float32")).data,
      theta: hasTheta ? (await group.read("target/theta", "int32")).data : null,
    },
    stimulus: plain.stimulus,
    dataSet: await traces("dataSet"),
    split: {
      train: await indices("split/train"),
      validation: await indices("split/validation"),
      test: await indices("split/test"),
    },
    autoencoder: {
      history: {
        train: await floats("loss/train"),
        validation: await floats("loss/validation"),
        validationSd: await floats("loss/validationSd"),
        test: await floats("loss/test"),
        testSd: await floats("loss/testSd"),
      },
      latentSize: plain.latentSize,
      views: plain.views,
    },
    reconstructions: {
      indices: await indices("reconstructions/indices"),
      traces: (await group.read("reconstructions/traces", "float32")).data,
      reconstructed: (await group.read("reconstructions/reconstructed", "float32")).data,
    },
    posterior: { count: samples.shape[0] ?? 0, samples: samples.data },
    summary: plain.summary,
    repeats: await traces("repeats"),
    draws: await traces("draws"),
    predictive: {
      drawDistances: await floats("predictive/draw_distances"),
      floorDistances: await floats("predictive/floor_distances"),
      ...plain.predictive,
    },
    ...(features === undefined ? {} : { features }),
    ...(plain.diagnostics === undefined ? {} : { diagnostics: plain.diagnostics }),
  };
}
