/**
 * Targets from files, by their endings: CSV, NPY, WAV, and current-clamp sweeps in NWB files. Whatever a file held, what
 * comes out is a target on the chip's time and scale, with notes of how it got there.
 */
import { basename, extname } from "node:path";
import { TargetInvalid } from "../calib/errors.js";
import { parseRecordingCsv, parseTargetCsv } from "../calib/target/csv.js";
import { parseNpy, samplesOfNpy } from "../calib/target/npy.js";
import {
  biologicalSpeedUp,
  biologicalVoltScale,
  mapRecording,
  type RecordingMapping,
  type SampledRecording,
} from "../calib/target/sampled.js";
import type { TraceTarget } from "../calib/target/trace.js";
import { parseWav } from "../calib/target/wav.js";
import { type Task, traceRules } from "../calib/task/task.js";
import { UsageError } from "./errors.js";
import { readBytes } from "./files.js";

/** Flags that say what a file does not. */
export interface TargetFlags {
  readonly biological?: true;
  readonly speedUp?: number;
  readonly voltScale?: number;
  readonly voltOffset?: number;
  readonly targetStart?: number;
  readonly targetRate?: number;
  readonly fullScale?: number;
  readonly sweep?: string;
}

/** @throws FileUnreadable, TargetInvalid, UsageError */
export async function readTarget(path: string, flags: TargetFlags, task: Task): Promise<TraceTarget> {
  const kind = extname(path).toLowerCase();
  const isMapped = [flags.biological, flags.speedUp, flags.voltScale, flags.voltOffset, flags.targetStart].some(
    (flag) => flag !== undefined,
  );
  if (kind === ".nwb" || kind === ".h5" || kind === ".hdf5") {
    const { readSweep } = await import("./target-nwb.js");
    return mapRecording(await readSweep(path, flags.sweep), mappingOf({ biological: true, ...flags }), task);
  }
  const bytes = await readBytes(path, "target");
  if (kind === ".npy" || kind === ".wav") {
    const recording = kind === ".npy" ? ofNpy(bytes, path, flags) : ofWav(bytes, path, flags);
    return mapRecording(recording, mappingOf(flags), task);
  }
  const text = new TextDecoder().decode(bytes);
  if (!isMapped) return parseTargetCsv(text, path, traceRules(task));
  return mapRecording(parseRecordingCsv(text, path), mappingOf(flags), task);
}

/** A biological recording unless told otherwise is a thousand times slower and ten times smaller. */
function mappingOf(flags: TargetFlags): RecordingMapping {
  const { biological, speedUp, voltScale, voltOffset, targetStart } = flags;
  return {
    speedUp: speedUp ?? (biological ? biologicalSpeedUp : 1),
    voltScale: voltScale ?? (biological ? biologicalVoltScale : 1),
    ...(voltOffset === undefined && biological ? {} : { voltOffset: voltOffset ?? 0 }),
    ...(targetStart === undefined ? {} : { startS: targetStart }),
  };
}

function ofNpy(bytes: Uint8Array, path: string, { targetRate }: TargetFlags): SampledRecording {
  const { seconds, values } = samplesOfNpy(parseNpy(bytes, path), path, targetRate);
  return { source: basename(path), seconds, volts: values };
}

function ofWav(bytes: Uint8Array, path: string, { fullScale, targetRate }: TargetFlags): SampledRecording {
  if (fullScale === undefined) {
    throw new UsageError(
      `${path}: a WAV file does not say its volts; give --full-scale V, the volts of its largest sample`,
    );
  }
  const { rateHz, samples } = parseWav(bytes, path);
  if (samples.length < 2)
    throw new TargetInvalid(path, undefined, "number of samples", String(samples.length), "2 or more");
  const rate = targetRate ?? rateHz;
  return {
    source: basename(path),
    seconds: samples.map((_, i) => i / rate),
    volts: samples.map((share) => share * fullScale),
  };
}
