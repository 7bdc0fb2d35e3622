/**
 * Current-clamp sweeps of NWB files, version 2 (HDF5): the membrane from /acquisition, the step of current from the
 * stimulus of the same sweep. HDF5 is read by h5wasm, which is an optional package and loaded when it is needed.
 * Source: NWB format specification, module icephys.
 */
import { open } from "node:fs/promises";
import { basename } from "node:path";
import type { Dataset, Group } from "h5wasm/node";
import { TargetInvalid } from "../calib/errors.js";
import type { SampledRecording } from "../calib/target/sampled.js";
import { FileUnreadable, UsageError } from "./errors.js";

const acquisition = "/acquisition";
const presentation = "/stimulus/presentation";

/** A current counts as on above this share of its largest deviation from the holding current. */
const onShare = 0.5;

/**
 * @param sweep number or name of the sweep; undefined when the file holds one only
 * @throws FileUnreadable, TargetInvalid, UsageError when the sweep is not named or not there
 */
export async function readSweep(path: string, sweep: string | undefined): Promise<SampledRecording> {
  await requireHdf5(path);
  const h5 = await import("h5wasm/node").catch((cause: unknown) => {
    throw new UsageError(`${path}: HDF5 files need the optional package h5wasm: npm install h5wasm`, { cause });
  });
  await h5.ready;
  const file = new h5.File(path, "r");
  try {
    const isGroup = (node: unknown): node is Group => node instanceof h5.Group;
    const series = (place: string, type: string): Group[] => {
      const folder = file.get(place);
      if (!isGroup(folder)) return [];
      return folder.keys().flatMap((name) => {
        const node = folder.get(name);
        return isGroup(node) && attribute(node, "neurodata_type") === type ? [node] : [];
      });
    };
    const sweeps = series(acquisition, "CurrentClampSeries");
    const names = sweeps.map((group) => `${nameOf(group)} (sweep ${numberOf(group) ?? "without number"})`);
    if (sweeps.length === 0) {
      throw new TargetInvalid(path, acquisition, "current-clamp series", "none", "one CurrentClampSeries or more");
    }
    const chosen =
      sweep === undefined
        ? sweeps.length === 1 && sweeps[0]
        : sweeps.find((group) => nameOf(group) === sweep || String(numberOf(group)) === sweep);
    if (!chosen) {
      throw new UsageError(`${path}: --sweep ${sweep ?? "is missing"}; the file holds ${shortened(names)}`);
    }
    const number = numberOf(chosen);
    const stimulus = series(presentation, "CurrentClampStimulusSeries").find((group) => {
      return number !== undefined && numberOf(group) === number;
    });
    const membrane = samplesOf(chosen, path, "volts");
    const step = stimulus === undefined ? undefined : stepOf(samplesOf(stimulus, path, "amperes"));
    return {
      source: `${basename(path)} ${nameOf(chosen)}`,
      seconds: membrane.seconds,
      volts: membrane.values,
      ...(step === undefined ? {} : { step }),
    };
  } finally {
    file.close();
  }
}

/** HDF5 files begin so; a user block of 512 bytes may stand before it. Source: HDF5 file format, superblock. */
const signature = Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a);

/** The library itself says nothing useful about other files. @throws FileUnreadable */
async function requireHdf5(path: string): Promise<void> {
  const file = await open(path, "r").catch((cause: Error) => {
    throw new FileUnreadable(`cannot read target ${path}: ${cause.message}`, { cause });
  });
  try {
    for (const at of [0, 512]) {
      const { buffer } = await file.read(new Uint8Array(signature.length), 0, signature.length, at);
      if (signature.every((byte, i) => buffer[i] === byte)) return;
    }
  } finally {
    await file.close();
  }
  throw new FileUnreadable(`cannot read target ${path}: it is no HDF5 file`);
}

function shortened(names: readonly string[]): string {
  const shown = names.slice(0, 8).join(", ");
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown;
}

function nameOf(group: Group): string {
  return group.path.slice(group.path.lastIndexOf("/") + 1);
}

function attribute(node: Group | Dataset, name: string): unknown {
  const value: unknown = node.attrs[name]?.value;
  return ArrayBuffer.isView(value) || Array.isArray(value) ? (value as ArrayLike<unknown>)[0] : value;
}

function numberOf(group: Group): number | undefined {
  const value = attribute(group, "sweep_number");
  return value === undefined || value === null ? undefined : Number(value);
}

/** Values in SI units and their times. */
function samplesOf(group: Group, path: string, unit: string): { seconds: Float64Array; values: Float64Array } {
  const fail = (object: string, value: string, legal: string): never => {
    throw new TargetInvalid(path, group.path, object, value, legal);
  };
  const dataset = (name: string): Dataset | undefined => {
    const node = group.keys().includes(name) ? group.get(name) : undefined;
    return node !== null && node !== undefined && "shape" in node ? (node as Dataset) : undefined;
  };
  const numbers = (node: Dataset): Float64Array => {
    const value: unknown = node.value;
    return ArrayBuffer.isView(value)
      ? Float64Array.from(value as unknown as ArrayLike<number>, Number)
      : new Float64Array(0);
  };
  const data = dataset("data");
  if (data === undefined) return fail("data", "missing", "one dimension of samples");
  const found = String(attribute(data, "unit") ?? unit);
  if (found !== unit) fail("unit of data", found, unit);
  const conversion = Number(attribute(data, "conversion") ?? 1);
  const offset = Number(attribute(data, "offset") ?? 0);
  const values = numbers(data).map((value) => value * conversion + offset);
  if (values.length < 2) fail("number of samples", String(values.length), "2 or more");
  const times = dataset("timestamps");
  if (times !== undefined) return { seconds: numbers(times), values };
  const start = dataset("starting_time");
  const rate = start === undefined ? Number.NaN : Number(attribute(start, "rate"));
  if (start === undefined || !(rate > 0)) return fail("time", "neither timestamps nor a rate", "one of them");
  const first = Number(start.value);
  return { seconds: values.map((_, i) => first + i / rate), values };
}

/** The longest stretch in which the current is away from where it began. */
function stepOf({ seconds, values }: { seconds: Float64Array; values: Float64Array }): SampledRecording["step"] {
  const holding = values[0] as number;
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value - holding)), 0);
  if (largest === 0) return undefined;
  let best: [from: number, to: number] = [0, 0];
  let from = -1;
  for (let i = 0; i <= values.length; i++) {
    const isOn = i < values.length && Math.abs((values[i] as number) - holding) > onShare * largest;
    if (isOn && from < 0) from = i;
    if (!isOn && from >= 0) {
      if (i - from > best[1] - best[0]) best = [from, i];
      from = -1;
    }
  }
  return { onS: seconds[best[0]] as number, offS: seconds[Math.min(best[1], seconds.length - 1)] as number };
}
