/**
 * `hxloop calibrate --neurons`: many neurons of one chip by one estimator. The run's folder gets the table as
 * `neurons.json`, the map of the chip, and the codes of all neurons that came out well.
 */
import { join } from "node:path";
import { openKernels } from "../../api/open-kernels.js";
import type { NeuronsResult } from "../../calib/amortised/neurons-result.js";
import type { Session } from "../../device/interface/index.js";
import type { CalibrateFlags } from "../assignment.js";
import { codesFile, neuronsCodes, programFile, programText } from "../codes-file.js";
import type { Context } from "../context.js";
import { withSession } from "../device.js";
import { type NeuronsAssignment, neuronsTable } from "../neurons-assignment.js";
import { runInFolder } from "../run-in-folder.js";
import type { RunFolder } from "../store/run-folder.js";
import { ownVersion } from "../versions.js";

const resultFile = "neurons.json";
const mapFile = "chip-map.svg";
const reportFile = "report.html";

export async function calibrateNeuronsFromFlags(
  context: Context,
  assignment: NeuronsAssignment,
  flags: CalibrateFlags,
): Promise<void> {
  const { device } = assignment.written;
  await withSession(context, device, flags.capture, (session) => inFolder(context, assignment, session, flags));
}

async function inFolder(
  context: Context,
  assignment: NeuronsAssignment,
  session: Session,
  flags: CalibrateFlags,
): Promise<void> {
  const { clock, interrupts } = context;
  const { directory, request } = assignment;
  await runInFolder(context, assignment, session, flags.quiet === true, async ({ folder, host, listener }) => {
    const { calibrateNeurons } = await import("../../calib/amortised/calibrate-neurons.js");
    const result = await calibrateNeurons(session, request, {
      store: folder,
      clock,
      kernels: openKernels(),
      host,
      listener,
      signal: interrupts.signal,
      earlier: folder.log.earlier,
    });
    await keep(folder, assignment, result);
    return () => present(context, result, directory, flags);
  });
}

async function keep(folder: RunFolder, { request, written }: NeuronsAssignment, result: NeuronsResult): Promise<void> {
  const { renderNeuronMap, renderNeuronsReport, renderNeuronTable } = await import("../../report/index.js");
  await folder.putText(resultFile, `${JSON.stringify(result, null, 2)}\n`);
  await folder.putText(neuronsTable, `${renderNeuronTable(result)}\n`);
  await folder.putText(mapFile, renderNeuronMap(result));
  await folder.putText(reportFile, renderNeuronsReport(result));
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
  const report = join(directory, reportFile);
  const text = `${renderNeuronTable(result)}\n\nreport: ${report}\nmap: ${map}\ncodes: ${join(directory, codesFile)}`;
  if (!flags.json) return terminal.result(text);
  if (!flags.quiet) terminal.say(text);
  terminal.result(JSON.stringify({ ...result, run: directory }));
}
