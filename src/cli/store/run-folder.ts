/**
 * A run's folder: the store that calibration writes to, and what the command line reads back.
 *
 *   run.json        what was asked, device, versions, state (`manifest.ts`)
 *   log.jsonl       what happened when, in every session (`run-log.ts`)
 *   run.lock        who is writing (`lock.ts`)
 *   target.csv      the recording that was brought along, when there was one
 *   data.zarr/      Zarr v3: batches/STAGE-INDEX (`batch-codec.ts`), result (`result-codec.ts`)
 *   idata.zarr/     posterior, prior, predictive and observation in ArviZ's layout (`inference-data.ts`)
 *   networks/NAME/  config.json and weights.safetensors
 *   checkpoints/    trainings of an unfinished run (`training-codec.ts`); gone when it is finished
 *   posterior.csv   the samples, one column per parameter
 *   .unfinished/    what a crash left half written; never read
 *
 * Every call is durable when it resolves. Knows files, not calibration.
 */
import { existsSync } from "node:fs";
import { readdir, readFile, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, systemClock, wallTime } from "../../base/clock.js";
import type { KeptTraining, TrainingCheckpoints } from "../../calib/flow/checkpointed-training.js";
import type { Recording, RunData } from "../../calib/run-data.js";
import type { NetworkState, RunStore } from "../../calib/store.js";
import type { CountScale } from "../../calib/target/trace.js";
import type { DeviceIdentity } from "../../device/interface/index.js";
import { batchToGroup, groupToBatch } from "./batch-codec.js";
import { DurableFiles, makeFolder, onDisk } from "./durable-files.js";
import { RunFolderInvalid, RunFolderTaken, RunMismatch } from "./errors.js";
import { inferenceData } from "./inference-data.js";
import { lockRun, type RunLock } from "./lock.js";
import { type Manifest, manifestName, manifestText, newManifest, type RunRequest, readManifest } from "./manifest.js";
import { groupToResult, resultToGroup } from "./result-codec.js";
import { logName, RunLog } from "./run-log.js";
import { encodeSafetensors } from "./safetensors.js";
import { groupToTraining, trainingToGroup } from "./training-codec.js";
import { encodeGroup, StoredGroup } from "./zarr-tree.js";

/** What the folder must know of the task to describe its arrays. */
export interface RecordedQuantities {
  readonly parameters: readonly string[];
  readonly scale: CountScale | null;
}

export class RunFolder implements RunStore, TrainingCheckpoints {
  readonly directory: string;
  readonly #files: DurableFiles;
  readonly #lock: RunLock;
  readonly #quantities: RecordedQuantities;
  readonly log: RunLog;
  #manifest: Manifest;
  /** Folders that were made for this run, outermost first; empty for one that is gone on with. */
  #made: readonly string[] = [];

  private constructor(
    directory: string,
    lock: RunLock,
    manifest: Manifest,
    quantities: RecordedQuantities,
    clock: Clock,
  ) {
    this.directory = directory;
    this.#files = new DurableFiles(join(directory, ".unfinished"));
    this.#lock = lock;
    this.#manifest = manifest;
    this.#quantities = quantities;
    this.log = new RunLog(directory, clock);
  }

  /**
   * Begin a run in a new or empty folder.
   * @throws RunFolderTaken, RunFolderLocked, RunFolderUnwritable
   */
  static async create(
    directory: string,
    request: RunRequest,
    versions: Readonly<Record<string, string>>,
    quantities: RecordedQuantities,
    clock: Clock = systemClock,
  ): Promise<RunFolder> {
    const made = await onDisk(directory, () => makeFolder(directory));
    await requireFree(directory);
    const lock = await lockRun(directory);
    try {
      await requireFree(directory);
      const folder = new RunFolder(directory, lock, newManifest(request, versions, wallTime()), quantities, clock);
      folder.#made = made;
      await folder.#begin(versions);
      return folder;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Go on with an unfinished run. @throws RunFolderInvalid, RunFolderLocked, RunFolderTaken when it is finished */
  static async resume(
    directory: string,
    versions: Readonly<Record<string, string>>,
    quantities: RecordedQuantities,
    clock: Clock = systemClock,
  ): Promise<RunFolder> {
    await readManifest(directory);
    const lock = await lockRun(directory);
    try {
      const manifest = await readManifest(directory);
      if (manifest.state === "finished") {
        throw new RunFolderTaken(`run ${directory} is finished; draw it again with: hxloop report ${directory}`);
      }
      const going = { ...manifest, state: "running", reason: null } as const;
      const folder = new RunFolder(directory, lock, going, quantities, clock);
      await folder.#begin(versions);
      return folder;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  get manifest(): Manifest {
    return this.#manifest;
  }

  async #begin(versions: Readonly<Record<string, string>>): Promise<void> {
    await this.#files.clear();
    await this.#save();
    await this.#ensureHierarchy();
    const { device, backend } = this.#manifest.request;
    this.log.append({ type: "session-started", device, backend, versions: { ...versions } });
  }

  /** A crash right after the start may have left `run.json` alone. */
  async #ensureHierarchy(): Promise<void> {
    const path = join(this.directory, "data.zarr");
    if (!existsSync(path)) await this.#files.putFolder(path, await emptyHierarchy());
  }

  async #save(): Promise<void> {
    this.#manifest = { ...this.#manifest, updatedAt: wallTime() };
    await this.#files.putFile(join(this.directory, manifestName), manifestText(this.#manifest));
  }

  /** Note the device; recordings of two devices never share a run. @throws RunMismatch */
  async setDevice(device: DeviceIdentity): Promise<void> {
    const known = this.#manifest.device;
    if (known !== null && known.boardId !== device.boardId) {
      throw new RunMismatch(
        `run ${this.directory} was recorded on board ${known.boardId}, but ${device.url} is board ${device.boardId}`,
      );
    }
    const { url, boardId, bitfileInfo } = device;
    this.#manifest = { ...this.#manifest, device: { url, boardId, bitfileInfo } };
    await this.#save();
  }

  /** Leave the run as whole, or as unfinished with the reason. The folder is free afterwards. */
  async close(state: "interrupted" | "failed" | "finished", reason: string | null = null): Promise<void> {
    if (state === "finished") await rm(join(this.directory, checkpoints), { recursive: true, force: true });
    this.#manifest = { ...this.#manifest, state, reason };
    await this.#save();
    this.log.append({ type: "session-ended", state, reason });
    this.log.close();
    await this.#files.clear();
    await this.#lock.release();
  }

  /** Take the run away as if it had never been begun: for one that nothing can be made of. */
  async discard(): Promise<void> {
    this.log.close();
    // The lock goes last, so that nobody begins among the leftovers.
    const names = (await readdir(this.directory)).filter((name) => !name.startsWith("run.lock"));
    for (const name of names) await rm(join(this.directory, name), { recursive: true, force: true });
    await this.#lock.release();
    // Only what is empty: others may have put something beside it.
    for (const folder of [...this.#made].reverse()) await rmdir(folder).catch(() => undefined);
  }

  async putBatch(stage: string, index: number, recordings: readonly Recording[]): Promise<void> {
    const { parameters, scale } = this.#quantities;
    const group = batchToGroup(stage, index, recordings, parameters, scale);
    await this.#files.putFolder(batchPath(this.directory, stage, index), await encodeGroup(group));
  }

  async getBatch(stage: string, index: number): Promise<readonly Recording[] | undefined> {
    const path = batchPath(this.directory, stage, index);
    if (!existsSync(path)) return undefined;
    return groupToBatch(await StoredGroup.open(path), path);
  }

  async putNetwork(network: NetworkState): Promise<void> {
    const { name, config, weights } = network;
    const text = `${JSON.stringify({ name, weights: weights.length, config }, null, 2)}\n`;
    const files = new Map([
      ["config.json", new TextEncoder().encode(text)],
      ["weights.safetensors", encodeSafetensors({ weights: { data: weights, shape: [weights.length] } }, { name })],
    ]);
    await this.#files.putFolder(join(this.directory, "networks", checkedName(name)), files);
  }

  async putTraining(name: string, kept: KeptTraining): Promise<void> {
    const path = join(this.directory, checkpoints, checkedName(name));
    await this.#files.putFolder(path, await encodeGroup(trainingToGroup(kept)));
  }

  async getTraining(name: string): Promise<KeptTraining | undefined> {
    const path = join(this.directory, checkpoints, checkedName(name));
    return existsSync(path) ? groupToTraining(await StoredGroup.open(path), path) : undefined;
  }

  async putResult(data: RunData): Promise<void> {
    await this.#files.putFolder(join(this.directory, "data.zarr", "result"), await encodeGroup(resultToGroup(data)));
    await this.#files.putFolder(join(this.directory, "idata.zarr"), await encodeGroup(inferenceData(data)));
    await this.putText("posterior.csv", posteriorCsv(data));
  }

  /** Write or replace a text file at the top of the folder. */
  async putText(name: string, text: string): Promise<void> {
    await this.#files.putFile(join(this.directory, checkedName(name)), text);
  }

  async getText(name: string): Promise<string> {
    return readText(join(this.directory, checkedName(name)));
  }
}

const checkpoints = "checkpoints";

/** How many recordings a run's folder holds; those of whole batches only. */
export async function countRecordings(directory: string): Promise<number> {
  const batches = join(directory, "data.zarr", "batches");
  const names = await readdir(batches).catch(() => []);
  let count = 0;
  for (const name of names.filter((name) => name !== "zarr.json")) {
    const { data } = await (await StoredGroup.open(join(batches, name))).read("row_splits", "uint32");
    count += data.length - 1;
  }
  return count;
}

/** The stored result, or undefined when the run did not get that far. @throws RunFolderInvalid */
export async function readResult(directory: string): Promise<RunData | undefined> {
  const path = join(directory, "data.zarr", "result");
  if (!existsSync(path)) return undefined;
  return groupToResult(await StoredGroup.open(path), path);
}

function batchPath(directory: string, stage: string, index: number): string {
  return join(directory, "data.zarr", "batches", `${checkedName(stage)}-${String(index).padStart(4, "0")}`);
}

/** Names of stages, networks and files come from code; one that would leave its folder is a defect. */
function checkedName(name: string): string {
  if (!/^[A-Za-z0-9][\w.-]*$/.test(name)) throw new TypeError(`"${name}" cannot be a file's name`);
  return name;
}

async function emptyHierarchy(): Promise<Map<string, Uint8Array>> {
  const root = await encodeGroup({ attributes: { schema: "hxloop.data/1" }, arrays: {} });
  const batches = await encodeGroup({ attributes: {}, arrays: {} });
  return new Map([...root, ...[...batches].map(([path, bytes]) => [`/batches${path}`, bytes] as const)]);
}

/** What a crash may leave before there is a run. */
const ownNames: readonly string[] = [".unfinished", logName];

/**
 * A run begins in a folder that is absent or empty.
 * @throws RunFolderTaken when it holds a run or anything else @throws RunFolderUnwritable when it is a file
 */
export async function requireFree(directory: string): Promise<void> {
  if (!existsSync(directory)) return;
  const names = await onDisk(directory, () => readdir(directory));
  if (names.includes(manifestName)) {
    throw new RunFolderTaken(
      `output folder ${directory} holds another run; choose an empty --out, or go on with it: hxloop calibrate --resume ${directory}`,
    );
  }
  const foreign = names.find((name) => !name.startsWith("run.lock") && !ownNames.includes(name));
  if (foreign !== undefined) {
    throw new RunFolderTaken(`output folder ${directory} is not empty (it holds ${foreign}); choose an empty --out`);
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new RunFolderInvalid(`${path} cannot be read`, { cause });
  }
}

function posteriorCsv(data: RunData): string {
  const width = data.parameters.length;
  const lines = [data.parameters.map((p) => p.name).join(",")];
  for (let row = 0; row < data.posterior.count; row++) {
    lines.push(data.posterior.samples.slice(row * width, (row + 1) * width).join(","));
  }
  return `${lines.join("\n")}\n`;
}
