/** From the flags of `hxloop calibrate --neurons` to a calibration of many neurons that can be run. Touches no device. */
import { join } from "node:path";
import {
  checkNeuronsRequest,
  type NeuronsRequest,
  neuronsLimits,
  neuronsRequestOf,
} from "../calib/amortised/request.js";
import { parseTargetCsv } from "../calib/target/csv.js";
import { thetaFromNames, traceRules } from "../calib/task/task.js";
import {
  type CalibrateFlags,
  checkSimulations,
  defaultTask,
  freeFolder,
  readInput,
  targetFile,
  targetOf,
} from "./assignment.js";
import { defaultDevice } from "./context.js";
import { UsageError } from "./errors.js";
import { type Given, givenOf, keptGiven } from "./given-file.js";
import { type Manifest, type RunRequest, readManifest } from "./store/manifest.js";
import { requireFree } from "./store/run-folder.js";
import { keptTask, taskNamed } from "./task-source.js";

/** The result of a run of many neurons for people. */
export const neuronsTable = "neurons.txt";
export interface NeuronsAssignment {
  readonly request: NeuronsRequest;
  readonly written: RunRequest;
  readonly directory: string;
  readonly isResumed: boolean;
  /** The result of the first stage, when there was one. */
  readonly given: Given | undefined;
  readonly targetText: string | undefined;
  readonly taskText: string | undefined;
}

/** @throws FieldOutOfRange, TaskInvalid, TargetInvalid, TargetUnreachable, FileUnreadable, UsageError, RunFolderTaken */
export async function newNeuronsAssignment(
  flags: CalibrateFlags,
  neurons: readonly number[],
): Promise<NeuronsAssignment> {
  const { task, text: taskText } = await taskNamed(flags.task ?? defaultTask);
  const { seed = 1, rounds = 1, simulations, perNeuron } = flags;
  checkSimulations(simulations, neuronsLimits.simulations);
  const given = flags.given === undefined ? undefined : await givenOf(flags.given, task, neurons);
  const isDemo = flags.demoTarget === true;
  const named = isDemo ? undefined : await targetOf(flags, task, seed);
  const request = neuronsRequestOf(task, neurons, named?.target ?? { kind: "demo" }, seed, {
    refinements: rounds - 1,
    given: given?.codes,
    ...(simulations === undefined ? {} : { simulations }),
    ...(perNeuron === undefined ? {} : { perRefinement: perNeuron }),
  });
  checkNeuronsRequest(request);
  const directory = flags.out ?? freeFolder(`${task.name}-${neurons.length}-neurons-s${seed}`);
  await requireFree(directory);
  const written: RunRequest = {
    task: task.name,
    device: flags.device ?? defaultDevice,
    neuron: neurons[0] as number,
    target: named?.written ?? { kind: "demo" },
    seed,
    simulations: request.simulations,
    rounds,
    scheme: "npe",
    draws: request.draws,
    backend: flags.backend ?? "auto",
    many: { neurons: [...neurons], refinements: request.refinements, perRefinement: request.perRefinement },
  };
  return { request, written, directory, isResumed: false, given, targetText: named?.text, taskText };
}

/** The list of neurons of an unfinished run in a folder; undefined when it is one of a single neuron. */
export async function neuronsOfRun(directory: string): Promise<NonNullable<RunRequest["many"]> | undefined> {
  return (await readManifest(directory)).request.many;
}

/** @throws RunFolderInvalid, FieldOutOfRange, TaskInvalid, TargetInvalid, FileUnreadable */
export async function resumedNeuronsAssignment(directory: string, flags: CalibrateFlags): Promise<NeuronsAssignment> {
  const { request: written }: Manifest = await readManifest(directory);
  const { many, target: kept, seed, simulations, draws } = written;
  if (many === undefined) throw new UsageError(`run ${directory} is one of a single neuron`);
  const { task, text: taskText } = await keptTask(directory, written.task);
  const targetText = kept.kind === "file" ? await readInput(join(directory, targetFile)) : undefined;
  const target =
    kept.kind === "theta"
      ? ({ kind: "theta", codes: thetaFromNames(task, kept.theta) } as const)
      : kept.kind === "file"
        ? parseTargetCsv(targetText ?? "", kept.name, traceRules(task))
        : ({ kind: "demo" } as const);
  const { neurons, refinements, perRefinement } = many;
  const given = await keptGiven(directory, task, neurons);
  const changes = { simulations, refinements, perRefinement, given: given?.codes };
  const request = { ...neuronsRequestOf(task, neurons, target, seed, changes), draws };
  checkNeuronsRequest(request);
  const device = flags.device ?? written.device;
  return { request, written: { ...written, device }, directory, isResumed: true, given, targetText, taskText };
}
