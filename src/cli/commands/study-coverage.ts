/** `hxloop study coverage`: how often posteriors hold the truth, on chips and neurons of one's own choosing. */
import { Command } from "commander";
import { type CoverageStudy, coverageLimits, type Verdict } from "../../calib/study/coverage.js";
import { worstGap } from "../../calib/study/coverage-table.js";
import type { Context } from "../context.js";
import { integer, nonEmpty } from "../options.js";
import {
  chipsOf,
  type PopulationFlags,
  runPopulationStudy,
  tellStudy,
  withPopulation,
} from "../study/population-study.js";
import { errorLine, parameterTable } from "../study/verdict-table.js";
import { taskNamed } from "../task-source.js";

interface CoverageFlags extends PopulationFlags {
  readonly task: string;
  readonly targets: number;
  readonly refined: number;
  readonly refineRounds: number;
  readonly perTarget: number;
  readonly checked: number;
}

export function coverageStudyCommand(context: Context): Command {
  const command = new Command("coverage")
    .description("Draw targets from the prior, and count how often intervals of the posterior hold their codes.")
    .option("--task <NAME|FILE>", "what is inferred", nonEmpty, "paper")
    .option("--targets <N>", "targets in all", integer("--targets", ...coverageLimits.targets), 300)
    .option(
      "--refined <N>",
      "targets per seed that get truncated rounds too",
      integer("--refined", ...coverageLimits.refined),
      0,
    )
    .option(
      "--refine-rounds <N>",
      "truncated rounds of each of them",
      integer("--refine-rounds", ...coverageLimits.refineRounds),
      1,
    )
    .option(
      "--per-target <N>",
      "emulations of a truncated round",
      integer("--per-target", ...coverageLimits.perTarget),
      200,
    )
    .option(
      "--checked <N>",
      "targets per seed whose draws are emulated",
      integer("--checked", ...coverageLimits.checked),
      60,
    );
  return withPopulation(command, { chips: "1-10", neurons: "0", simulations: 4000 })
    .addHelpText(
      "after",
      `
One estimator is trained for all neurons, conditioned on a probe of each. Targets that never spike are refused, as
\`hxloop calibrate\` refuses them.

Example:
  $ hxloop study coverage --task adex7 --chips 1-10 --neurons 0 --targets 300 --simulations 10000 --json`,
    )
    .action((flags: CoverageFlags) => run(context, flags));
}

async function run(context: Context, flags: CoverageFlags): Promise<void> {
  const { task } = await taskNamed(flags.task);
  const { studyCoverage } = await import("../../calib/study/coverage.js");
  const { seeds, neurons, simulations, embedding, members, targets, checked } = flags;
  const { refined, refineRounds, perTarget } = flags;
  const population = { chips: chipsOf(flags), neurons };
  const outcome = await runPopulationStudy(context, `coverage-${task.name}`, flags, (study) =>
    studyCoverage(study, {
      ...{ task, population, seeds, simulations, embedding, members, targets, checked },
      ...{ refined, refineRounds, perTarget },
      draws: 4,
      repeats: 4,
    }),
  );
  tellStudy(context, "coverage", `Coverage of task ${task.name}`, flags, outcome, linesOf);
}

function linesOf(study: CoverageStudy): string[] {
  return [
    `${study.neurons} neurons; ${study.simulations} simulations per seed train the shared estimator. ${study.refusedTargets} drawn targets never spiked and were replaced.`,
    ...study.leftOut.map((text) => `Left out: ${text}.`),
    ...study.verdicts.flatMap((verdict) => ["", ...verdictText(verdict)]),
  ];
}

function verdictText({ name, judgement, predictive, perTarget }: Verdict): string[] {
  const { distance, floor, ratio, medianRatio } = predictive;
  const round = perTarget > 0 ? ` of ${perTarget} emulations` : "";
  return [
    `## ${name[0]?.toUpperCase()}${name.slice(1)}${round}, ${judgement.targets} targets`,
    "",
    parameterTable(judgement),
    "",
    `${errorLine(judgement)} Largest gap to nominal: ${worstGap(judgement.parameters).toFixed(1)} points. Information: ${judgement.bitsPerCode.toFixed(2)} bits per code.`,
    `Predictive distance of draws ${distance.toFixed(3)}, floor of repeats ${floor.toFixed(3)} (medians of ${predictive.targets} targets, spike features): ratio ${ratio.toFixed(2)}, median of ratios ${medianRatio.toFixed(2)}.`,
  ];
}
