/** What a run is, in short: read from its description and the attributes of its result, without its arrays. */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { RunFolderInvalid } from "./errors.js";
import { liveOwner } from "./lock.js";
import { type Manifest, manifestName, readManifest } from "./manifest.js";
import { plainResult } from "./result-codec.js";
import { countRecordings } from "./run-folder.js";
import { readLog, secondsSpent } from "./run-log.js";
import { StoredGroup } from "./zarr-tree.js";

export interface RunSummary {
  readonly run: string;
  /** `stopped` when it says that it is running, and no process is. */
  readonly state: Manifest["state"] | "stopped";
  readonly task: string;
  /** The first of `neurons`. */
  readonly neuron: number;
  readonly neurons: readonly number[];
  readonly seed: number;
  readonly device: string;
  readonly target: string;
  readonly simulations: number;
  readonly rounds: number;
  /** Emulations that are safe, those for target and checks among them. */
  readonly recordings: number;
  /** Seconds of all sessions. */
  readonly seconds: number;
  /** Median distance of emulated draws from the target in units of the repeats' own; null before there is a result. */
  readonly distanceRatio: number | null;
  readonly startedAt: string;
  readonly updatedAt: string;
}

/** @throws RunFolderInvalid */
export async function summariseRun(directory: string): Promise<RunSummary> {
  const { state, request, device, startedAt, updatedAt } = await readManifest(directory);
  const path = join(directory, "data.zarr", "result");
  const result = existsSync(path) ? plainResult(await StoredGroup.open(path), path) : undefined;
  const { task, neuron, seed, simulations, rounds } = request;
  const isStopped = state === "running" && (await liveOwner(directory)) === undefined;
  return {
    run: directory,
    state: isStopped ? "stopped" : state,
    task,
    neuron,
    neurons: request.many?.neurons ?? [neuron],
    seed,
    device: device?.url ?? request.device,
    target: targetText(request),
    simulations,
    rounds,
    recordings: await countRecordings(directory),
    // Runs of versions that kept no log have the seconds of their last session.
    seconds: secondsSpent(readLog(directory)).total || (result?.facts.seconds.total ?? 0),
    distanceRatio: result === undefined ? null : result.predictive.distance / result.predictive.noiseFloor,
    startedAt,
    updatedAt,
  };
}

/** The target as it was asked for: a file's name, or codes. */
export function targetText({ target }: Manifest["request"]): string {
  if (target.kind === "file") return target.name;
  if (target.kind === "demo") return "of each neuron's own";
  return Object.entries(target.theta)
    .map(([name, code]) => `${name}=${code}`)
    .join(",");
}

export interface FoundRuns {
  /** In the order in which they were begun. */
  readonly runs: readonly RunSummary[];
  /** Folders that look like runs and cannot be read, with the reason. */
  readonly unreadable: readonly { readonly run: string; readonly reason: string }[];
}

/** The runs directly under a folder, or the folder itself when it is a run. @throws RunFolderInvalid when it is absent */
export async function findRuns(folder: string): Promise<FoundRuns> {
  const isRun = (path: string): boolean => existsSync(join(path, manifestName));
  const names = isRun(folder)
    ? [folder]
    : await readdir(folder).then(
        (entries) => entries.map((name) => join(folder, name)).filter(isRun),
        (cause) => {
          throw new RunFolderInvalid(`${folder} is not a folder of runs: ${(cause as Error).message}`, { cause });
        },
      );
  const runs: RunSummary[] = [];
  const unreadable: { run: string; reason: string }[] = [];
  for (const run of names) {
    try {
      runs.push(await summariseRun(run));
    } catch (error) {
      if (!(error instanceof RunFolderInvalid)) throw error;
      unreadable.push({ run, reason: error.message });
    }
  }
  runs.sort((a, b) => (a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : 0));
  return { runs, unreadable };
}
