/**
 * One batch of recordings as a Zarr group, and back byte for byte. Recordings differ in length (a sample may be missing),
 * so samples lie end to end and `row_splits` says where each recording begins. Sample times are whole ticks of the
 * chip's 4 ns clock; they are kept as a first tick and steps, 50 times smaller than doubles after compression.
 * Knows the layout on disk, not where the batch comes from.
 */
import { type Recording, ticksPerUs } from "../../calib/run-data.js";
import type { CountScale } from "../../calib/target/trace.js";
import { RunFolderInvalid } from "./errors.js";
import type { ArrayGroup, NamedArray, StoredGroup } from "./zarr-tree.js";

const batchSchema = "hxloop.batch/1";

/**
 * First tick of each recording and step from sample to sample (0 for each first), or undefined where samples stand apart by
 * more than 262 us, or run backwards.
 */
function stepsOf(
  recordings: readonly Recording[],
  total: number,
): { first: Int32Array; steps: Uint16Array } | undefined {
  const first = new Int32Array(recordings.length);
  const steps = new Uint16Array(total);
  let at = 0;
  for (const [row, { ticks }] of recordings.entries()) {
    if (ticks.length === 0) continue;
    first[row] = ticks[0] as number;
    // Of all steps or-ed, one that is negative or too large leaves a bit beyond the 16.
    const bits = stepsInto(steps, at, ticks);
    if (bits >>> 16 !== 0) return undefined;
    at += ticks.length;
  }
  return { first, steps };
}

/** A function of its own, which is compiled as one loop. @returns the steps, or-ed */
function stepsInto(steps: Uint16Array, at: number, ticks: Int32Array): number {
  let bits = 0;
  let previous = ticks[0] as number;
  for (let i = 0; i < ticks.length; i++) {
    const tick = ticks[i] as number;
    const step = tick - previous;
    steps[at + i] = step;
    bits |= step;
    previous = tick;
  }
  return bits;
}

function concatenate<T extends Uint16Array | Float64Array | Int32Array>(into: T, parts: readonly T[]): T {
  let at = 0;
  for (const part of parts) {
    into.set(part, at);
    at += part.length;
  }
  return into;
}

/**
 * @param recordings each with as many samples as sample times, and all with the same number of codes
 * @param parameters names of the codes, for the attributes @param scale how counts become volts, when that is known
 */
export function batchToGroup(
  stage: string,
  index: number,
  recordings: readonly Recording[],
  parameters: readonly string[],
  scale: CountScale | null,
): ArrayGroup {
  const count = recordings.length;
  const width = recordings[0]?.theta.length ?? parameters.length;
  const splits = new Uint32Array(count + 1);
  const invalid: Record<string, string> = {};
  for (const [row, recording] of recordings.entries()) {
    if (recording.theta.length !== width || recording.samples.length !== recording.ticks.length) {
      throw new TypeError(`recording ${row} of ${stage}/${index} has arrays of unequal length`);
    }
    splits[row + 1] = (splits[row] ?? 0) + recording.samples.length;
    if (recording.invalid !== undefined) invalid[row] = recording.invalid;
  }
  const total = splits[count] ?? 0;
  return {
    attributes: { schema: batchSchema, stage, index, parameters: [...parameters], invalid },
    arrays: {
      theta: {
        data: concatenate(
          new Int32Array(count * width),
          recordings.map((r) => r.theta),
        ),
        shape: [count, width],
        dimensions: ["recording", "parameter"],
        attributes: { units: "CapMem LSB", long_name: "codes that were sent" },
      },
      samples: {
        data: concatenate(
          new Uint16Array(total),
          recordings.map((r) => r.samples),
        ),
        shape: [total],
        dimensions: ["sample"],
        attributes: {
          units: "MADC LSB",
          long_name: "raw 10-bit samples of the membrane, recordings end to end",
          valid_range: [0, 1023],
          ...(scale === null
            ? {}
            : { scale_factor: scale.voltPerLsb, add_offset: scale.offsetVolt, scaled_units: "V" }),
        },
      },
      row_splits: {
        data: splits,
        shape: [count + 1],
        dimensions: ["boundary"],
        attributes: { long_name: "recording i is samples[row_splits[i]:row_splits[i + 1]]" },
      },
      ...timesOf(recordings, total),
    },
  };
}

/** Arrays that hold the times: steps, 50 times smaller than doubles after compression, or where they do not fit the ticks. */
function timesOf(recordings: readonly Recording[], total: number): Record<string, NamedArray> {
  const sample = { shape: [total], dimensions: ["sample"] };
  const ticks = stepsOf(recordings, total);
  if (ticks === undefined) {
    return {
      tick: {
        ...sample,
        data: concatenate(
          new Int32Array(total),
          recordings.map((r) => r.ticks),
        ),
        attributes: {
          units: "4 ns",
          long_name: "time of each sample from the start of the protocol",
          time_us: `tick / ${ticksPerUs}`,
        },
      },
    };
  }
  return {
    first_tick: {
      data: ticks.first,
      shape: [recordings.length],
      dimensions: ["recording"],
      attributes: {
        units: "4 ns",
        long_name: "time of each recording's first sample from the start of the protocol",
      },
    },
    tick_step: {
      ...sample,
      data: ticks.steps,
      attributes: {
        units: "4 ns",
        long_name: "step from the sample before; 0 for the first of a recording",
        time_us: `(first_tick + cumulative sum of tick_step within the recording) / ${ticksPerUs}`,
      },
    },
  };
}

/** @throws RunFolderInvalid when the group is not a batch or its arrays do not fit together */
export async function groupToBatch(group: StoredGroup, path: string): Promise<readonly Recording[]> {
  const { schema, invalid } = group.attributes as { schema?: unknown; invalid?: Record<string, unknown> };
  if (schema !== batchSchema) throw new RunFolderInvalid(`${path} has schema ${String(schema)}, not ${batchSchema}`);
  const theta = await group.read("theta", "int32");
  const [count = 0, width = 0] = theta.shape;
  const { data: samples } = await group.read("samples", "uint16");
  const { data: splits } = await group.read("row_splits", "uint32");
  const times = await readTicks(group, splits);
  if (splits.length !== count + 1 || splits[count] !== samples.length || times.length !== samples.length) {
    throw new RunFolderInvalid(`${path} has arrays of unequal length`);
  }
  return Array.from({ length: count }, (_, row) => {
    const [from, to] = [splits[row], splits[row + 1]];
    const reason = invalid?.[row];
    return {
      theta: theta.data.slice(row * width, (row + 1) * width),
      samples: samples.slice(from, to),
      ticks: times.slice(from, to),
      ...(typeof reason === "string" ? { invalid: reason } : {}),
    };
  });
}

async function readTicks(group: StoredGroup, splits: Uint32Array): Promise<Int32Array> {
  if (!(await group.has("tick_step"))) return (await group.read("tick", "int32")).data;
  const { data: first } = await group.read("first_tick", "int32");
  const { data: steps } = await group.read("tick_step", "uint16");
  const ticks = new Int32Array(steps.length);
  for (let row = 0; row < first.length; row++) {
    let tick = first[row] as number;
    for (let i = splits[row] ?? 0; i < (splits[row + 1] ?? 0); i++) {
      tick += steps[i] as number;
      ticks[i] = tick;
    }
  }
  return ticks;
}
