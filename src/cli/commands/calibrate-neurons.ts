/**
 * `hxloop calibrate --neurons`: many neurons of one chip by one estimator. The run's folder gets the table as
 * `neurons.json`, the map of the chip, and the codes of all neurons that came out well.
 */
import { join } from "node:path";
import { openKernels } from "../../api/open-kernels.js";
import { TrainingThreads } from "../../api/training-threads.js";
import type { NeuronsResult } from "../../calib/amortised/neurons-result.js";
import type { CalibrationListener } from "../../calib/events.js";
import type { Session } from "../../device/interface/index.js";
import type { CalibrateFlags } from "../assignment.js";
import { targetFile } from "../assignment.js";
import { codesFile, neuronsCodes, programFile, programText } from "../codes-file.js";
import type { Context } from "../context.js";
import { withDevice } from "../device.js";
import { CodesForOtherChip } from "../errors.js";
import { messageOf } from "../exit-codes.js";
import { givenFile, type NeuronsAssignment, neuronsTable } from "../neurons-assignment.js";
import { makeDisplay } from "../progress/display.js";
import { resumeCommand } from "../store/describe.js";
import { countRecordings, RunFolder } from "../store/run-folder.js";
import { taskFile } from "../task-source.js";
import { ownVersion, versions } from "../versions.js";

const resultFile = "neurons.json";
const mapFile = "chip-map.svg";

export async function calibrateNeuronsFromFlags(
  context: Context,
  assignment: NeuronsAssignment,
  flags: CalibrateFlags,
): Promise<void> {
  const { signal } = context.interrupts;
  await withDevice(context, assignment.written.device, flags.capture, async (device) => {
    const session = await device.openSession({ signal, chains: true });
    try {
      await inFolder(context, assignment, session, flags);
    } finally {
      await session.close();
    }
  });
}

async function inFolder(
  context: Context,
  assignment: NeuronsAssignment,
  session: Session,
  flags: CalibrateFlags,
): Promise<void> {
  const { terminal, clock, interrupts } = context;
  const { directory, request, written, given, targetText, taskText } = assignment;
  const { task } = request;
  const quantities = { parameters: task.parameters.map(({ name }) => name), scale: task.scale };
  const known = versions();
  const folder = await (assignment.isResumed
    ? RunFolder.resume(directory, known, quantities, clock)
    : RunFolder.create(directory, written, known, quantities, clock));
  const unfinished = `run ${directory} is unfinished; go on with: ${resumeCommand(directory)}`;
  interrupts.lastWords = () => unfinished;
  const display = makeDisplay(terminal, clock, flags.quiet === true);
  const threads = new TrainingThreads();
  try {
    await folder.setDevice(session.identity);
    if (given !== undefined) {
      const { url, boardId } = session.identity;
      if (given.boardId !== boardId) throw new CodesForOtherChip(url, boardId, given.boardId);
      await folder.putText(givenFile, given.text);
    }
    if (targetText !== undefined) await folder.putText(targetFile, targetText);
    if (taskText !== undefined) await folder.putText(taskFile, taskText);
    const { calibrateNeurons } = await import("../../calib/amortised/calibrate-neurons.js");
    const listener: CalibrationListener = (event) => {
      folder.log.append(event);
      display.listener(event);
    };
    const { signal } = interrupts;
    if (given !== undefined && given.missing.length > 0) {
      const text = `the first stage did not bring neurons ${given.missing.join(", ")} to its targets: they start from the task's codes`;
      listener({ type: "notice", text });
    }
    const result = await calibrateNeurons(session, request, {
      store: folder,
      clock,
      kernels: openKernels(),
      host: threads,
      listener,
      signal,
    });
    await keep(folder, assignment, result);
    await folder.close("finished");
    display.stop();
    await present(context, result, directory, flags);
  } catch (error) {
    display.stop();
    const wasInterrupted = interrupts.signal.aborted;
    await folder
      .close(wasInterrupted ? "interrupted" : "failed", wasInterrupted ? null : messageOf(error, false))
      .catch(() => undefined);
    const kept = await countRecordings(directory);
    if (wasInterrupted || kept > 0) terminal.say(`hxloop: kept ${kept} recordings; ${unfinished}`);
    throw wasInterrupted ? interrupts.signal.reason : error;
  } finally {
    await threads.close();
  }
}

async function keep(folder: RunFolder, { request, written }: NeuronsAssignment, result: NeuronsResult): Promise<void> {
  const { renderNeuronMap, renderNeuronTable } = await import("../../report/index.js");
  await folder.putText(resultFile, `${JSON.stringify(result, null, 2)}\n`);
  await folder.putText(neuronsTable, `${renderNeuronTable(result)}\n`);
  await folder.putText(mapFile, renderNeuronMap(result));
  const codes = neuronsCodes(request.task, result, written, ownVersion());
  if (codes === undefined) return;
  await folder.putText(codesFile, `${JSON.stringify(codes, null, 2)}\n`);
  await folder.putText(programFile, programText(codes));
}

async function present(
  { terminal }: Context,
  result: NeuronsResult,
  directory: string,
  flags: CalibrateFlags,
): Promise<void> {
  const { renderNeuronTable } = await import("../../report/index.js");
  const map = join(directory, mapFile);
  const text = `${renderNeuronTable(result)}\n\nmap: ${map}\ncodes: ${join(directory, codesFile)}`;
  if (!flags.json) return terminal.result(text);
  if (!flags.quiet) terminal.say(text);
  terminal.result(JSON.stringify({ ...result, run: directory }));
}
