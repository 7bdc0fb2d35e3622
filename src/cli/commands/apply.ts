/**
 * `hxloop apply RESULT --device URL`: write a result's codes to a device and verify them by reading back. Codes belong to
 * the circuits of one chip; on another they are refused unless that is wanted.
 */
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Command, Option } from "commander";
import { type CodeDifference, readBack, writeCodes } from "../../calib/codes.js";
import type { Task } from "../../calib/task/task.js";
import { taskNames } from "../../calib/task/tasks.js";
import type { DeviceIdentity } from "../../device/interface/index.js";
import { type CodesFile, digestOf, programText, readCodes } from "../codes-file.js";
import { type Context, defaultDevice } from "../context.js";
import { withDevice } from "../device.js";
import { CodesFailed, CodesForOtherChip, CodesNotKept, CodesOfOtherTask } from "../errors.js";
import { captureOption, nonEmpty } from "../options.js";
import { keptTask, taskFile, taskNamed } from "../task-source.js";
import { ownVersion } from "../versions.js";

interface ApplyFlags {
  readonly device?: string;
  readonly capture?: string;
  readonly anyChip?: true;
  readonly task?: string;
  readonly anyTask?: true;
  readonly anyVerdict?: true;
  readonly skipFailed?: true;
  readonly program?: true;
  readonly json?: true;
}

export function applyCommand(context: Context): Command {
  return new Command("apply")
    .description("Write a result's codes to its chip and verify them by reading back.")
    .argument("<RESULT>", "a run's folder, or its codes.json", nonEmpty)
    .option("--device <URL>", `the device (default: HXLOOP_DEVICE, else ${defaultDevice})`, nonEmpty)
    .option("--any-chip", "also on another chip than the one that was calibrated")
    .option(
      "--task <NAME|FILE>",
      "the task that the codes must be of (default: the one kept with the run, else the shipped one of that name)",
      nonEmpty,
    )
    .option("--any-task", "also when the task has changed since")
    .option("--any-verdict", "also codes that failed their check: their own emulation is not the target")
    .addOption(
      new Option(
        "--skip-failed",
        "write the codes of the other neurons and leave those that failed as they are",
      ).conflicts("anyVerdict"),
    )
    .option("--program", "print the playback program in text and touch no device")
    .addOption(captureOption())
    .option("--json", "print one JSON object on stdout instead of text")
    .addHelpText("after", "\nExample:\n  $ hxloop apply runs/paper-n0-s1-1 --device udp://192.168.4.2")
    .action((path: string, flags: ApplyFlags) => apply(context, path, flags));
}

/** @throws FileUnreadable, CodesInvalid, CodesFailed, CodesOfOtherTask, CodesForOtherChip, CodesNotKept, and what the device throws */
async function apply(context: Context, path: string, flags: ApplyFlags): Promise<void> {
  const { terminal, interrupts } = context;
  const found = await readCodes(path);
  const { codes, skipped } = flags.skipFailed ? withoutFailed(found) : { codes: found, skipped: [] };
  if (flags.program) return terminal.result(programText(codes).trimEnd());
  const notices = [...skipped, ...doubtsOfVerdict(codes, flags.anyVerdict === true)];
  notices.push(...(await doubtsOfTask(path, codes, flags)));
  const { signal } = interrupts;
  const url = flags.device ?? defaultDevice;
  const differences = await withDevice(context, url, flags.capture, async (device) => {
    notices.push(...doubtsOfChip(codes, device.identity, url, flags.anyChip === true));
    const session = await device.openSession({ signal });
    try {
      const writing = session.program();
      writeCodes(writing, codes);
      await session.run(writing.barrier("omnibus").build(), { signal });
      const reading = session.program();
      const differing = readBack(reading, codes);
      await session.run(reading.build(), { signal });
      return differing();
    } finally {
      await session.close();
    }
  });
  for (const notice of notices) terminal.say(`${terminal.paint("yellow", "note:")} ${notice}`);
  if (differences.length > 0) throw new CodesNotKept(url, differences.map(difference));
  const neurons = codes.neurons.map(({ neuron }) => neuron);
  if (flags.json) {
    const { key } = codes;
    const verdicts = codes.neurons.map(({ verdict }) => verdict);
    terminal.result(
      JSON.stringify({ schema: "hxloop.apply/2", device: url, key, neurons, verdicts, verified: true, notices }),
    );
  } else {
    for (const { neuron, codes: cells } of codes.neurons) {
      terminal.result(`neuron ${neuron}: ${Object.keys(cells).length} codes written and read back on ${url}`);
    }
  }
}

/** @throws CodesFailed when nothing is left */
function withoutFailed(found: CodesFile): { readonly codes: CodesFile; readonly skipped: string[] } {
  const good = found.neurons.filter(({ verdict }) => verdict.status !== "failed");
  if (good.length === 0) doubtsOfVerdict(found, false);
  const skipped = found.neurons.flatMap(({ neuron, verdict: { status, reasons } }) =>
    status === "failed" ? [`neuron ${neuron} is left as it is, its codes failed: ${reasons.join("; ")}`] : [],
  );
  return { codes: { ...found, neurons: good }, skipped };
}

/** @returns what the reader must know @throws CodesFailed */
function doubtsOfVerdict({ neurons }: CodesFile, anyVerdict: boolean): string[] {
  const failed = neurons.filter(({ verdict }) => verdict.status === "failed");
  if (failed.length > 0 && !anyVerdict) {
    throw new CodesFailed(
      failed.map(({ neuron }) => neuron),
      failed[0]?.verdict.reasons[0] ?? "",
    );
  }
  return neurons.flatMap(({ neuron, verdict: { status, reasons } }) => {
    return status === "good" ? [] : [`the codes of neuron ${neuron} are ${status}: ${reasons.join("; ")}`];
  });
}

/** @returns what the reader must know @throws CodesOfOtherTask, FieldOutOfRange, FileUnreadable, TaskInvalid */
async function doubtsOfTask(path: string, { key }: CodesFile, flags: ApplyFlags): Promise<string[]> {
  const task = await taskOfCodes(path, key.task, flags.task);
  if (task === undefined) return [`task ${key.task} is not known here: the codes are not held against it`];
  const digest = digestOf(task);
  if (digest === key.taskDigest) return [];
  if (!flags.anyTask) throw new CodesOfOtherTask(key.task, key.taskDigest, digest);
  return [`task ${key.task} has changed since these codes were found`];
}

/** The task that was named, the one beside the codes, or the shipped one of that name. */
async function taskOfCodes(path: string, name: string, named: string | undefined): Promise<Task | undefined> {
  if (named !== undefined) return (await taskNamed(named)).task;
  const folder = (await stat(path).catch(() => undefined))?.isDirectory() ? path : dirname(path);
  const isKept = existsSync(join(folder, taskFile));
  return isKept || taskNames.includes(name) ? (await keptTask(folder, name)).task : undefined;
}

/** @returns what the reader must know @throws CodesForOtherChip */
function doubtsOfChip(
  { key }: CodesFile,
  { boardId, bitfileInfo }: DeviceIdentity,
  url: string,
  anyChip: boolean,
): string[] {
  const notices: string[] = [];
  if (key.boardId !== boardId) {
    if (!anyChip) throw new CodesForOtherChip(url, boardId, key.boardId);
    notices.push(`these codes were found on board ${key.boardId}; ${url} is board ${boardId}, whose circuits differ`);
  }
  if (key.boardId === boardId && key.bitfileInfo !== bitfileInfo) {
    notices.push(`${url} carries another bitfile than when these codes were found`);
  }
  if (key.version !== ownVersion()) {
    notices.push(`these codes were found by hxloop ${key.version}; this is ${ownVersion()}`);
  }
  return notices;
}

function difference({ where, what, written, found }: CodeDifference): string {
  return `${where} ${what}: written ${written}, read ${found}`;
}
