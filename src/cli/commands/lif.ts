/** `hxloop lif`: the direct calibration of all 512 neurons of a chip, in parallel; the first of two stages. */
import { Command } from "commander";
import { defaultLifTargets, type LifResult, type LifTargets, lifLimits } from "../../calib/routines/lif-calibration.js";
import { type Context, defaultDevice } from "../context.js";
import { withDevice } from "../device.js";
import { captureOption, decimal, integer, nonEmpty } from "../options.js";
import { sayingSteps } from "../progress/steps.js";

interface LifFlags {
  readonly device?: string;
  readonly leak: number;
  readonly reset: number;
  readonly threshold: number;
  readonly tau: number;
  readonly refractory: number;
  readonly seed: number;
  readonly out: string;
  readonly figure?: string;
  readonly capture?: string;
  readonly json?: true;
}

/** Neurons that are named when they fail; the file has all of them. */
const namedFailures = 20;

export function lifCommand(context: Context): Command {
  const { leak, reset, threshold, tauUs, refractoryUs } = defaultLifTargets;
  return new Command("lif")
    .description("Calibrate leak, reset, threshold and time constant of all 512 neurons directly, in parallel.")
    .option("--device <URL>", `the device (default: HXLOOP_DEVICE, else ${defaultDevice})`, nonEmpty)
    .option("--leak <V>", "leak potential, as the readout shows it", decimal("--leak", ...lifLimits.leak), leak)
    .option("--reset <V>", "reset potential, below the leak", decimal("--reset", ...lifLimits.reset), reset)
    .option("--threshold <V>", "threshold, above the leak", decimal("--threshold", ...lifLimits.threshold), threshold)
    .option("--tau <US>", "membrane time constant, microseconds", decimal("--tau", ...lifLimits.tauUs), tauUs)
    .option(
      "--refractory <US>",
      "refractory time, microseconds",
      decimal("--refractory", ...lifLimits.refractoryUs),
      refractoryUs,
    )
    .option(
      "--seed <N>",
      "the dither of the searches follows from it",
      integer("--seed", 0, Number.MAX_SAFE_INTEGER),
      1,
    )
    .option("--out <FILE>", "result, JSON", nonEmpty, "lif.json")
    .option("--figure <FILE>", "spread before and after, SVG", nonEmpty)
    .addOption(captureOption())
    .option("--json", "print the result on stdout as one JSON object")
    .addHelpText(
      "after",
      `
The first of two stages: a neuron's own codes of what is not inferred go on to the second one with --given.

Examples:
  $ hxloop lif --device 'virtual:?chip=3' --out chip3-lif.json --figure chip3-lif.svg
  $ hxloop calibrate --device 'virtual:?chip=3' --task adex7 --neurons 0-31 --given chip3-lif.json --demo-target`,
    )
    .action((flags: LifFlags) => lif(context, flags));
}

/** @throws FieldOutOfRange; those of the device; RunFolderUnwritable */
async function lif(context: Context, flags: LifFlags): Promise<void> {
  const { terminal, interrupts, clock } = context;
  const { signal } = interrupts;
  const { calibrateLif } = await import("../../calib/routines/lif-calibration.js");
  const { replaceFile } = await import("../store/durable-files.js");
  const targets: LifTargets = {
    leak: flags.leak,
    reset: flags.reset,
    threshold: flags.threshold,
    tauUs: flags.tau,
    refractoryUs: flags.refractory,
  };
  const onStep = sayingSteps(terminal, clock);
  const result = await withDevice(context, flags.device ?? defaultDevice, flags.capture, async (device) => {
    const session = await device.openSession({ signal });
    try {
      return await calibrateLif(session, { targets, seed: flags.seed, clock, onStep, signal });
    } finally {
      await session.close();
    }
  });
  await replaceFile(flags.out, `${JSON.stringify(result)}\n`);
  if (flags.figure !== undefined) {
    const { renderLifFigure } = await import("../../report/index.js");
    await replaceFile(flags.figure, renderLifFigure(result));
  }
  terminal.result(flags.json ? JSON.stringify(result) : textOf(result, flags));
}

function textOf({ neurons, spreads, medians, seconds, refractoryTicks, device }: LifResult, flags: LifFlags): string {
  const failed = neurons.filter(({ success }) => !success);
  const named = failed.slice(0, namedFailures).map(({ neuron, missed }) => `  neuron ${neuron}: ${missed.join(", ")}`);
  const width = Math.max(...spreads.map(({ name }) => name.length));
  const value = ({ mean, sd }: { mean: number; sd: number }): string => `${mean.toFixed(1)} ± ${sd.toFixed(1)}`;
  return [
    `device    ${device.url}`,
    `${neurons.length - failed.length} of ${neurons.length} neurons came within their tolerances, in ${seconds.toFixed(1)} s.`,
    ...spreads.map(
      ({ name, unit, before, after }) =>
        `  ${name.padEnd(width)}  ${value(before)} before, ${value(after)} ${unit} after`,
    ),
    `median codes: ${Object.entries(medians)
      .map(([cell, code]) => `${cell} ${code}`)
      .join(", ")}; refractory counter ${refractoryTicks}`,
    ...(failed.length === 0 ? [] : ["missed:", ...named]),
    ...(failed.length > namedFailures ? [`  and ${failed.length - namedFailures} more, in the file`] : []),
    `result    ${flags.out}`,
    ...(flags.figure === undefined ? [] : [`figure    ${flags.figure}`]),
  ].join("\n");
}
