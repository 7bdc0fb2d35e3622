/**
 * The run of a calibration inside its folder, of one neuron or of many: the folder, the progress display and the training
 * threads are there for the work, and however it ends, the folder's state tells it.
 */
import { TrainingThreads } from "../api/training-threads.js";
import { isHxError } from "../base/errors.js";
import type { CalibrationListener } from "../calib/events.js";
import { CheckpointedTraining } from "../calib/flow/checkpointed-training.js";
import type { TrainingHost } from "../calib/flow/training-host.js";
import type { Task } from "../calib/task/task.js";
import type { Session } from "../device/interface/index.js";
import { targetFile } from "./assignment.js";
import type { Context } from "./context.js";
import { CodesForOtherChip } from "./errors.js";
import { messageOf } from "./exit-codes.js";
import { type Given, givenFile } from "./given-file.js";
import { makeDisplay } from "./progress/display.js";
import { resumeCommand } from "./store/describe.js";
import type { RunRequest } from "./store/manifest.js";
import { countRecordings, RunFolder } from "./store/run-folder.js";
import { taskFile } from "./task-source.js";
import { versionChanges, versions } from "./versions.js";

/** What a run is, whatever is calibrated in it. */
interface FolderAssignment {
  readonly request: { readonly task: Task };
  readonly written: RunRequest;
  readonly directory: string;
  readonly isResumed: boolean;
  readonly given: Given | undefined;
  readonly targetText: string | undefined;
  readonly taskText: string | undefined;
}

export interface RunInFolder {
  readonly folder: RunFolder;
  /** Trains on all cores, and keeps in the folder how far it is. */
  readonly host: TrainingHost;
  /** Writes into the run's log and onto the display. */
  readonly listener: CalibrationListener;
  readonly versions: Readonly<Record<string, string>>;
}

/**
 * @param work gives back what is said once the folder is whole
 * @throws what `work` throws, signal.reason; RunFolderTaken, RunFolderInvalid, RunFolderUnwritable
 */
export async function runInFolder(
  { terminal, clock, interrupts }: Context,
  { request: { task }, written, directory, isResumed, given, targetText, taskText }: FolderAssignment,
  session: Session,
  isQuiet: boolean,
  work: (run: RunInFolder) => Promise<() => Promise<void>>,
): Promise<void> {
  const quantities = { parameters: task.parameters.map(({ name }) => name), scale: task.scale };
  const known = versions();
  const folder = await (isResumed
    ? RunFolder.resume(directory, known, quantities, clock)
    : RunFolder.create(directory, written, known, quantities, clock));
  const unfinished = `run ${directory} is unfinished; go on with: ${resumeCommand(directory)}`;
  interrupts.lastWords = () => unfinished;
  const changes = isResumed ? versionChanges(folder.manifest.versions) : "";
  if (changes !== "")
    terminal.say(
      `${terminal.paint("yellow", "note:")} run ${directory} was begun by another program (${changes}): its recordings are kept, but what is computed from here on may differ from an undisturbed run`,
    );
  const display = makeDisplay(terminal, clock, isQuiet);
  const threads = new TrainingThreads();
  const listener: CalibrationListener = (event) => {
    folder.log.append(event);
    display.listener(event);
  };
  try {
    await folder.setDevice(session.identity);
    if (given !== undefined) await takeGiven(folder, given, session, listener);
    if (targetText !== undefined) await folder.putText(targetFile, targetText);
    if (taskText !== undefined) await folder.putText(taskFile, taskText);
    const host = new CheckpointedTraining(threads, folder, clock);
    const present = await work({ folder, host, listener, versions: known });
    await folder.close("finished");
    display.stop();
    await present();
  } catch (error) {
    display.stop();
    const wasInterrupted = interrupts.signal.aborted;
    const kept = await countRecordings(directory);
    // Nothing to go on with, or a target that no further session makes reachable.
    if (!isResumed && !wasInterrupted && (kept === 0 || isHxError(error, "TargetUnreachable"))) {
      await folder.discard().catch(() => undefined);
      throw error;
    }
    // When even this cannot be written, run.json keeps saying `running`, which nothing takes for whole either.
    await folder
      .close(wasInterrupted ? "interrupted" : "failed", wasInterrupted ? null : messageOf(error, false))
      .catch(() => undefined);
    if (wasInterrupted || kept > 0) terminal.say(`hxloop: kept ${kept} recordings; ${unfinished}`);
    throw wasInterrupted ? interrupts.signal.reason : error;
  } finally {
    await threads.close();
  }
}

/** Codes of an earlier stage belong to one chip, and stay with the run. @throws CodesForOtherChip */
async function takeGiven(
  folder: RunFolder,
  { boardId, text, missing }: Given,
  { identity }: Session,
  listener: CalibrationListener,
): Promise<void> {
  if (boardId !== identity.boardId) throw new CodesForOtherChip(identity.url, identity.boardId, boardId);
  await folder.putText(givenFile, text);
  if (missing.length === 0) return;
  const told = `the first stage did not bring neurons ${missing.join(", ")} to its targets: they start from the task's codes`;
  listener({ type: "notice", text: told });
}
