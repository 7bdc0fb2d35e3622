/**
 * `hxloop calibrate`: the arguments of a calibration, and the order of a run. Arguments and target are checked first,
 * then the device is opened, and only then is a folder made; however it ends, the folder says so, unless there is nothing
 * to go on with.
 */
import { Command, Option } from "commander";
import { openKernels } from "../../api/open-kernels.js";
import { elapsedMs } from "../../base/clock.js";
import { neuronsLimits } from "../../calib/amortised/request.js";
import type { CalibrationListener } from "../../calib/events.js";
import { schemes } from "../../calib/inference/schemes.js";
import { requestLimits } from "../../calib/request.js";
import { calibrationResult } from "../../calib/result.js";
import type { RunData } from "../../calib/run-data.js";
import { patternNames } from "../../calib/target/pattern.js";
import { taskNames } from "../../calib/task/tasks.js";
import type { Session } from "../../device/interface/index.js";
import { type Assignment, type CalibrateFlags, newAssignment, resumedAssignment } from "../assignment.js";
import { codesFile, codesOf, programFile, programText } from "../codes-file.js";
import { type Context, defaultDevice, runsFolder } from "../context.js";
import { withSession } from "../device.js";
import { UsageError } from "../errors.js";
import {
  type NeuronsAssignment,
  neuronsOfRun,
  newNeuronsAssignment,
  resumedNeuronsAssignment,
} from "../neurons-assignment.js";
import { captureOption, choice, decimal, integer, integers, nonEmpty } from "../options.js";
import { runInFolder } from "../run-in-folder.js";
import { ownVersion } from "../versions.js";
import { calibrateNeuronsFromFlags } from "./calibrate-neurons.js";

const range = ([min, max]: readonly [number, number]): string => `${min}..${max}`;
const backends = ["auto", "tfjs-node", "wasm", "cpu"] as const;
const targets = ["target", "targetTheta", "targetPattern", "demoTarget"];
const requestFlags = [
  "task",
  "neuron",
  "neurons",
  "perNeuron",
  ...targets,
  "seed",
  "simulations",
  "rounds",
  "scheme",
  "out",
  "given",
];
/** All targets but one. */
const otherThan = (own: string): string[] => targets.filter((name) => name !== own);

export function calibrateCommand(context: Context): Command {
  const ranged = (flag: keyof typeof requestLimits, placeholder: string, text: string): Option => {
    const [min, max] = requestLimits[flag];
    return new Option(`--${flag} <${placeholder}>`, `${text}, ${min}..${max}`).argParser(
      integer(`--${flag}`, min, max),
    );
  };
  return new Command("calibrate")
    .description("Find the codes that make a neuron behave like a target, and say how sure they are.")
    .option(
      "--device <URL>",
      `the device; repeat for several boards of one kind, which share the work (default: HXLOOP_DEVICE, else ${defaultDevice})`,
      (url: string, before?: string) => (before === undefined ? nonEmpty(url) : `${before} ${nonEmpty(url)}`),
    )
    .option("--task <NAME|FILE>", `what is inferred: ${taskNames.join(", ")}, or a task file (.toml)`, nonEmpty)
    .addOption(ranged("neuron", "N", "the neuron (default: 0)").conflicts(["neurons"]))
    .option(
      "--neurons <LIST>",
      "many neurons by one estimator, for example 0-31,40: a probe of each, simulations on all, then inference (docs/many-neurons.md)",
      integers("--neurons", 0, 511),
    )
    .option(
      "--per-neuron <N>",
      "with --neurons and --rounds 2 or more: emulations on each neuron in each later round (default: 200)",
      integer("--per-neuron", ...neuronsLimits.perRefinement),
    )
    .option("--given <FILE>", "the result of hxloop lif, whose codes each neuron starts from", nonEmpty)
    .addOption(
      new Option("--target <FILE>", "recorded target: CSV, NPY, WAV or NWB (docs/targets.md)")
        .argParser(nonEmpty)
        .conflicts(otherThan("target")),
    )
    .option("--biological", "the recording is of a biological neuron: 1000 times slower, 10 times smaller")
    .option("--speed-up <N>", "how many times faster the chip is than the recording", decimal("--speed-up", 1e-3, 1e6))
    .option("--volt-scale <N>", "volts on the chip per volt in the recording", decimal("--volt-scale", -1e3, 1e3))
    .option(
      "--volt-offset <V>",
      "added after scaling; without it rest is put at 0.65 V",
      decimal("--volt-offset", -100, 100),
    )
    .option("--target-start <S>", "where the protocol starts in the recording", decimal("--target-start", -1e6, 1e6))
    .option("--target-rate <HZ>", "samples per second of a recording without times", decimal("--target-rate", 1, 1e9))
    .option("--full-scale <V>", "volts of a WAV file's largest sample", decimal("--full-scale", 1e-6, 1e3))
    .option("--sweep <N>", "number or name of the sweep in an NWB file", nonEmpty)
    .addOption(
      choice("--target-pattern <NAME>", "a firing pattern", patternNames).conflicts(otherThan("targetPattern")),
    )
    .addOption(
      new Option(
        "--target-theta <CODES>",
        "the device records the target at these codes: NAME=CODE,NAME=CODE",
      ).conflicts(otherThan("targetTheta")),
    )
    .addOption(
      new Option("--demo-target", "the device records the target at codes drawn from the seed").conflicts(
        otherThan("demoTarget"),
      ),
    )
    .addOption(ranged("seed", "N", "everything random follows from it (default: 1)"))
    .option(
      "--simulations <N>",
      `emulations in all rounds together, ${range(requestLimits.simulations)}, with --neurons on all neurons together, ${range(neuronsLimits.simulations)} (default: the task's)`,
      integer("--simulations", 1, neuronsLimits.simulations[1]),
    )
    .addOption(ranged("rounds", "N", "rounds of inference (default: the task's)"))
    .addOption(choice("--scheme <NAME>", "how rounds learn (default: tsnpe)", schemes))
    .option("--out <DIR>", `run folder, new or empty (default: ${runsFolder}/TASK-nNEURON-sSEED-1, -2, ...)`, nonEmpty)
    .addOption(new Option("--resume <DIR>", "go on with an unfinished run").argParser(nonEmpty).conflicts(requestFlags))
    .addOption(choice("--backend <NAME>", "tensor backend (default: auto)", backends))
    .addOption(captureOption())
    .option("--json", "print one JSON object as the last line on stdout")
    .option("--quiet", "say nothing but warnings")
    .addHelpText(
      "after",
      `
Examples:
  $ hxloop calibrate --neuron 0 --demo-target
  $ hxloop calibrate --task pattern --target-pattern adaptation
  $ hxloop calibrate --task adex7 --target cell.nwb --sweep 12
  $ hxloop calibrate --task adex7 --neurons 0-31 --demo-target --simulations 4000 --rounds 2
  $ hxloop calibrate --device udp://192.168.4.2 --neuron 17 --target cell.csv --out runs/cell --json
  $ hxloop calibrate --resume runs/cell`,
    )
    .action((flags: CalibrateFlags, command: Command) => {
      const isFlag = (key: string): boolean => command.getOptionValueSource(key) === "cli";
      // A run goes on as it was begun, whatever the settings of today: only flags change that.
      const own = Object.entries(flags).filter(([key]) => flags.resume === undefined || isFlag(key) || key === "json");
      return calibrateFromFlags(context, Object.fromEntries(own) as CalibrateFlags);
    });
}

async function calibrateFromFlags(context: Context, flags: CalibrateFlags): Promise<void> {
  const many = await manyNeurons(flags);
  if (many !== undefined) return await calibrateNeuronsFromFlags(context, many, flags);
  const assignment = await (flags.resume === undefined ? newAssignment(flags) : resumedAssignment(flags.resume, flags));
  if (assignment.backend !== "auto") {
    const { selectBackend } = await import("../../calib/nn/backend.js");
    await selectBackend(assignment.backend);
  }
  const { device } = assignment.written;
  await withSession(context, device, flags.capture, (session) =>
    calibrateInFolder(context, assignment, session, flags),
  );
}

/** The assignment when it is one of many neurons: by the flag, or by the folder that is resumed. */
async function manyNeurons(flags: CalibrateFlags): Promise<NeuronsAssignment | undefined> {
  if (flags.neurons !== undefined) return await newNeuronsAssignment(flags, flags.neurons);
  if (flags.perNeuron !== undefined) throw new UsageError("--per-neuron goes with --neurons");
  if (flags.resume === undefined || (await neuronsOfRun(flags.resume)) === undefined) return undefined;
  return await resumedNeuronsAssignment(flags.resume, flags);
}

async function calibrateInFolder(
  context: Context,
  assignment: Assignment,
  session: Session,
  flags: CalibrateFlags,
): Promise<void> {
  const { clock, interrupts } = context;
  const { directory, request, backend } = assignment;
  await runInFolder(context, assignment, session, flags.quiet === true, async (run) => {
    const { folder, listener } = run;
    const { calibrate } = await import("../../calib/calibrate.js");
    const data = await calibrate(session, request, {
      store: folder,
      clock,
      kernels: openKernels(),
      host: run.host,
      listener,
      signal: interrupts.signal,
      backend,
      versions: run.versions,
      earlier: folder.log.earlier,
    });
    const codes = codesOf(request.task, data, ownVersion(), request.given);
    await folder.putText(codesFile, `${JSON.stringify(codes, null, 2)}\n`);
    await folder.putText(programFile, programText(codes));
    const report = await drawReport(context, data, directory, listener);
    return () => present(context, data, directory, report, flags);
  });
}

async function drawReport(
  { clock }: Context,
  data: RunData,
  directory: string,
  listener: CalibrationListener,
): Promise<string> {
  const from = clock.now();
  listener({ type: "phase-started", phase: "report", label: "drawing the report", total: 1, unit: "report" });
  const { writeReport } = await import("../write-report.js");
  const { report } = await writeReport(data, directory);
  listener({ type: "phase-progress", phase: "report", done: 1 });
  listener({ type: "phase-finished", phase: "report", seconds: elapsedMs(from, clock.now()) / 1000 });
  return report;
}

async function present(
  { terminal }: Context,
  data: RunData,
  directory: string,
  report: string,
  flags: CalibrateFlags,
): Promise<void> {
  const { renderTerminalSummary } = await import("../../report/index.js");
  const summary = `${renderTerminalSummary(data).trimEnd()}\n\nreport: ${report}`;
  if (!flags.json) return terminal.result(summary);
  if (!flags.quiet) terminal.say(summary);
  terminal.result(JSON.stringify(calibrationResult(data, directory)));
}
