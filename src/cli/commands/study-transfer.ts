/** `hxloop study transfer`: an estimator of some chips, applied to others. */
import { Command, Option } from "commander";
import { coverageLimits } from "../../calib/study/coverage.js";
import type { TransferStudy } from "../../calib/study/transfer.js";
import type { Context } from "../context.js";
import { integer, integers, nonEmpty } from "../options.js";
import {
  chipsOf,
  type PopulationFlags,
  runPopulationStudy,
  tellStudy,
  withPopulation,
} from "../study/population-study.js";
import { errorLine, verdictTable } from "../study/verdict-table.js";
import { taskNamed } from "../task-source.js";

interface TransferFlags extends PopulationFlags {
  readonly task: string;
  readonly targets: number;
  readonly refined: number;
  readonly perTarget: number;
  readonly checked: number;
  readonly testChips: readonly number[];
  readonly testDevice?: string;
  readonly testNeurons: readonly number[];
  readonly seed: number;
}

export function transferStudyCommand(context: Context): Command {
  const [chips, neurons] = [integers("--test-chips", 0, 1_000_000), integers("--test-neurons", 0, 511)];
  const command = new Command("transfer")
    .description("Train on some chips, judge on others: with and without probes, and after one truncated round.")
    .option("--task <NAME|FILE>", "what is inferred", nonEmpty, "paper")
    .addOption(new Option("--test-chips <LIST>", "chips to be judged on").argParser(chips).default(chips("5"), "5"))
    .option("--test-device <URL>", "boards to be judged on, in place of virtual chips", nonEmpty)
    .addOption(
      new Option("--test-neurons <LIST>", "neurons of each of them")
        .argParser(neurons)
        .default(neurons("0-15"), "0-15"),
    )
    .option("--targets <N>", "targets on old and on new chips", integer("--targets", ...coverageLimits.targets), 300)
    .option(
      "--refined <N>",
      "targets that get a truncated round too",
      integer("--refined", ...coverageLimits.refined),
      20,
    )
    .option(
      "--per-target <N>",
      "emulations of a truncated round",
      integer("--per-target", ...coverageLimits.perTarget),
      200,
    )
    .option("--checked <N>", "targets whose draws are emulated", integer("--checked", ...coverageLimits.checked), 40);
  return withPopulation(command, { chips: "1-4", neurons: "0-31", simulations: 6000 }, ["seeds"])
    .option("--seed <N>", "everything random follows from it", integer("--seed", 0, 1e9), 1)
    .addHelpText(
      "after",
      "\nExample:\n  $ hxloop study transfer --task adex7 --chips 1-4 --test-chips 5 --simulations 10000",
    )
    .action((flags: TransferFlags) => run(context, flags));
}

async function run(context: Context, flags: TransferFlags): Promise<void> {
  const { task } = await taskNamed(flags.task);
  const { studyTransfer } = await import("../../calib/study/transfer.js");
  const { neurons, testNeurons, simulations, embedding, members, targets, refined, perTarget, checked, seed } = flags;
  const trainChips = chipsOf(flags);
  const { testDevice: device, testChips } = flags;
  const tested = chipsOf({ chips: testChips, preset: flags.preset, ...(device === undefined ? {} : { device }) });
  const outcome = await runPopulationStudy(context, `transfer-${task.name}`, flags, (study) =>
    studyTransfer(study, {
      ...{ task, trainChips, testChips: tested, trainNeurons: neurons, testNeurons, embedding, members },
      ...{ targets, seed, simulations, refined, perTarget, checked, draws: 4, repeats: 4 },
    }),
  );
  tellStudy(context, "transfer", `Transfer of task ${task.name} to another chip`, flags, outcome, (study) =>
    linesOf(study, flags),
  );
}

function linesOf({ verdicts, trained, tested, leftOut }: TransferStudy, flags: TransferFlags): string[] {
  return [
    `Trained on ${flags.simulations} emulations of ${trained} neurons, judged on ${tested} neurons of chips that were never seen. A truncated round is ${flags.perTarget} emulations.`,
    ...leftOut.map((text) => `Left out: ${text}.`),
    "",
    verdictTable(verdicts),
    "",
    ...verdicts.map(({ name, judgement }) => `${name}: ${errorLine(judgement)}`),
  ];
}
