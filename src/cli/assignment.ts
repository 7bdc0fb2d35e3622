/**
 * From the flags of `hxloop calibrate` to a calibration that can be run: everything checked, the target read, the folder
 * named. Touches no device and writes nothing.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { type Scheme, schemes } from "../calib/inference/schemes.js";
import type { BackendPreference } from "../calib/nn/backend.js";
import {
  type CalibrationRequest,
  checkRequest,
  demoTarget,
  type RequestedTarget,
  requestLimits,
  requestOf,
} from "../calib/request.js";
import { parseTargetCsv, targetCsv } from "../calib/target/csv.js";
import { emulatePattern } from "../calib/target/pattern.js";
import { biologicalSpeedUp, biologicalVoltScale, mapRecording } from "../calib/target/sampled.js";
import type { TraceTarget } from "../calib/target/trace.js";
import { type Task, thetaFromNames, traceRules } from "../calib/task/task.js";
import { defaultDevice, runsFolder } from "./context.js";
import { FileUnreadable, UsageError } from "./errors.js";
import { type Given, givenOf, keptGiven } from "./given-file.js";
import { integer, parseTheta } from "./options.js";
import { type RunRequest, readManifest, type RequestedTarget as WrittenTarget } from "./store/manifest.js";
import { requireFree } from "./store/run-folder.js";
import { readTarget, type TargetFlags } from "./target-files.js";
import { keptTask, taskNamed } from "./task-source.js";

/** Flags as they come from the command line. */
export interface CalibrateFlags extends TargetFlags {
  readonly device?: string;
  readonly task?: string;
  readonly neuron?: number;
  /** Many of them, for example `0-31`. */
  readonly neurons?: readonly number[];
  readonly perNeuron?: number;
  readonly given?: string;
  readonly target?: string;
  readonly targetTheta?: string;
  readonly targetPattern?: string;
  readonly demoTarget?: true;
  readonly seed?: number;
  readonly simulations?: number;
  readonly rounds?: number;
  readonly scheme?: Scheme;
  readonly out?: string;
  readonly resume?: string;
  readonly backend?: BackendPreference;
  readonly capture?: string;
  readonly json?: true;
  readonly quiet?: true;
}

export interface Assignment {
  readonly request: CalibrationRequest;
  /** The same as it is written into `run.json`. */
  readonly written: RunRequest;
  readonly backend: BackendPreference;
  readonly directory: string;
  /** True when the folder holds an unfinished run to go on with. */
  readonly isResumed: boolean;
  /** The result of the first stage, when there was one. */
  readonly given: Given | undefined;
  /** Text of the target's file, to be kept with the run. */
  readonly targetText: string | undefined;
  /** Text of the task's file, when it came from one; kept with the run too. */
  readonly taskText: string | undefined;
}

export const defaultTask = "paper";
export const targetFile = "target.csv";

/** @throws FieldOutOfRange, TaskInvalid, TargetInvalid, FileUnreadable, UsageError, RunFolderTaken */
export async function newAssignment(flags: CalibrateFlags): Promise<Assignment> {
  const { task, text: taskText } = await taskNamed(flags.task ?? defaultTask);
  if (task.estimator.scheme === "amortised" && flags.scheme === undefined) {
    throw new UsageError(
      `scheme.kind of task ${task.name} is amortised, one estimator for many neurons: name them with --neurons, or another scheme for one neuron with --scheme {${schemes.join(", ")}}`,
    );
  }
  const seed = flags.seed ?? 1;
  const { target, written, text } = await targetOf(flags, task, seed);
  const { neuron = 0, simulations, rounds, scheme } = flags;
  checkSimulations(simulations, requestLimits.simulations);
  const given = flags.given === undefined ? undefined : await givenOf(flags.given, task, [neuron]);
  const changes = {
    given: given?.codes.get(neuron),
    ...(simulations === undefined ? {} : { simulations }),
    ...(rounds === undefined ? {} : { rounds }),
    ...(scheme === undefined ? {} : { scheme }),
  };
  const request = requestOf(task, neuron, target, seed, changes);
  checkRequest(request);
  const backend = flags.backend ?? "auto";
  const directory = flags.out ?? freeFolder(`${task.name}-n${neuron}-s${seed}`);
  // Asked again when the folder is made; asked here so that the answer comes before a device is opened.
  await requireFree(directory);
  return {
    request,
    written: {
      task: task.name,
      device: flags.device ?? defaultDevice,
      neuron,
      target: written,
      seed,
      simulations: request.simulations,
      rounds: request.rounds,
      scheme: request.scheme,
      draws: request.draws,
      backend,
    },
    backend,
    directory,
    isResumed: false,
    given,
    targetText: text,
    taskText,
  };
}

/**
 * What an unfinished run was asked for. The device and the backend may be named anew: the board may have got another
 * address; another backend shows as a mismatch of the codes, if it matters.
 * @throws RunFolderInvalid, FieldOutOfRange, TaskInvalid, TargetInvalid, FileUnreadable
 */
export async function resumedAssignment(directory: string, flags: CalibrateFlags): Promise<Assignment> {
  const { request: written } = await readManifest(directory);
  const { task, text: taskText } = await keptTask(directory, written.task);
  let target: RequestedTarget;
  let text: string | undefined;
  if (written.target.kind === "theta") {
    target = { kind: "theta", codes: thetaFromNames(task, written.target.theta) };
  } else if (written.target.kind === "demo") {
    throw new UsageError(`run ${directory} is one of many neurons without the list of them`);
  } else {
    text = await readInput(join(directory, targetFile));
    target = parseTargetCsv(text, written.target.name, traceRules(task));
  }
  const { neuron, seed, simulations, rounds, scheme, draws } = written;
  const given = await keptGiven(directory, task, [neuron]);
  const request = { task, neuron, target, seed, simulations, rounds, scheme, draws, given: given?.codes.get(neuron) };
  checkRequest(request);
  const backend = flags.backend ?? written.backend;
  const device = flags.device ?? written.device;
  return {
    request,
    written: { ...written, backend, device },
    backend,
    directory,
    isResumed: true,
    given,
    targetText: text,
    taskText,
  };
}

/** The target that the flags name. @throws FileUnreadable, TargetInvalid, FieldOutOfRange, UsageError */
export async function targetOf(
  flags: CalibrateFlags,
  task: Task,
  seed: number,
): Promise<{ target: RequestedTarget; written: WrittenTarget; text?: string }> {
  if (flags.target !== undefined) {
    return kept(await readTarget(flags.target, flags, task), basename(flags.target));
  }
  if (flags.targetPattern !== undefined) {
    const mapping = { speedUp: biologicalSpeedUp, voltScale: biologicalVoltScale };
    const { recording } = emulatePattern(flags.targetPattern);
    return kept(mapRecording(recording, mapping, task), recording.source);
  }
  if (flags.targetTheta !== undefined) {
    const theta = parseTheta("--target-theta", flags.targetTheta, task.parameters);
    return { target: { kind: "theta", codes: thetaFromNames(task, theta) }, written: { kind: "theta", theta } };
  }
  if (flags.demoTarget) {
    const target = demoTarget(task, seed);
    const theta = Object.fromEntries(task.parameters.map(({ name }, j) => [name, target.codes[j] ?? 0]));
    return { target, written: { kind: "theta", theta } };
  }
  throw new UsageError(
    "no target: give one of --target FILE, --target-pattern NAME, --target-theta NAME=CODE,..., --demo-target",
  );
}

/** A trace is kept with the run as CSV, whatever it came from: that is what a resumed run reads. */
function kept(target: TraceTarget, name: string): { target: TraceTarget; written: WrittenTarget; text: string } {
  return { target, written: { kind: "file", name }, text: targetCsv(target) };
}

export async function readInput(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new FileUnreadable(`cannot read target ${path}: ${(cause as Error).message}`, { cause });
  }
}

/** One neuron and many have limits of their own. @throws FieldOutOfRange */
export function checkSimulations(simulations: number | undefined, [min, max]: readonly [number, number]): void {
  if (simulations !== undefined) integer("--simulations", min, max)(String(simulations));
}

/** The first folder of this name that is not there yet: a run never overwrites another. */
export function freeFolder(stem: string): string {
  for (let n = 1; ; n++) {
    const path = join(runsFolder, `${stem}-${n}`);
    if (!existsSync(path)) return path;
  }
}
