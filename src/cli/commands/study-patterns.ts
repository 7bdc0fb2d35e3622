/** `hxloop study patterns`: on what share of neurons each of the eight firing patterns can be had. */
import { Command } from "commander";
import { type PatternsStudy, patternLimits } from "../../calib/study/patterns.js";
import { type FiringPattern, patternNames } from "../../calib/target/pattern.js";
import type { Context } from "../context.js";
import { integer, oneOf } from "../options.js";
import { markdownTable } from "../study/conditions.js";
import {
  chipsOf,
  type PopulationFlags,
  runPopulationStudy,
  tellStudy,
  withPopulation,
} from "../study/population-study.js";
import { taskNamed } from "../task-source.js";

interface PatternsFlags extends PopulationFlags {
  readonly patterns: readonly FiringPattern[];
  readonly candidates: number;
  readonly rounds: number;
  readonly repeats: number;
  readonly stages: number;
  readonly seed: number;
}

export function patternsStudyCommand(context: Context): Command {
  const one = oneOf("--patterns", patternNames);
  const command = new Command("patterns")
    .description("Look for each of the eight firing patterns on every neuron, and count where it is found.")
    .option("--patterns <LIST>", "which", (text: string) => text.split(",").map(one), [...patternNames])
    .option(
      "--candidates <N>",
      "emulations per neuron, pattern and round",
      integer("--candidates", ...patternLimits.candidates),
      24,
    )
    .option("--rounds <N>", "rounds of candidates", integer("--rounds", ...patternLimits.rounds), 10)
    .option("--repeats <N>", "emulations that judge what was chosen", integer("--repeats", ...patternLimits.repeats), 3)
    .option("--stages <N>", "2: the direct LIF calibration of each chip first", integer("--stages", 1, 2), 1);
  return withPopulation(command, { chips: "1", neurons: "0-31", simulations: 4000 }, ["seeds", "embedding"])
    .option("--seed <N>", "everything random follows from it", integer("--seed", 0, 1e9), 1)
    .addHelpText("after", "\nExample:\n  $ hxloop study patterns --neurons 0-31 --simulations 6000 --stages 2")
    .action((flags: PatternsFlags) => run(context, flags));
}

async function run(context: Context, flags: PatternsFlags): Promise<void> {
  const { task } = await taskNamed("pattern");
  const { studyPatterns } = await import("../../calib/study/patterns.js");
  const { calibrateLif } = await import("../../calib/routines/lif-calibration.js");
  const { givenCodes } = await import("../../calib/routines/given-codes.js");
  const { neurons, simulations, members, patterns, candidates, rounds, repeats, seed, stages } = flags;
  const population = { chips: chipsOf(flags), neurons };
  const outcome = await runPopulationStudy(context, `patterns-${stages}`, flags, async (study) => {
    const given = [];
    for (const chip of stages === 2 ? population.chips : []) {
      const session = await study.openChip(chip);
      const { clock, terminal } = context;
      terminal.say(`direct calibration of ${chip}`);
      const lif = await calibrateLif(session, { clock, seed, signal: study.signal });
      given.push(givenCodes(lif, task, neurons).given);
    }
    const request = { task, population, patterns, members, seed, simulations, candidates, rounds, repeats };
    return await studyPatterns(study, { ...request, ...(stages === 2 ? { given } : {}) });
  });
  tellStudy(context, "patterns", "Firing patterns on many neurons", flags, outcome, linesOf);
}

function linesOf({ rows, neurons, simulations, leftOut }: PatternsStudy): string[] {
  const share = (count: number, of: number): string => `${count} of ${of} (${((100 * count) / of).toFixed(0)} %)`;
  return [
    `${neurons} neurons, ${simulations} emulations of the prior. Before: the codes found for the first neuron that shows the pattern, on all others.`,
    ...leftOut.map((text) => `Left out: ${text}.`),
    "",
    markdownTable(
      ["pattern", "in the prior", "before", "after", "the others show"],
      rows.map(({ pattern, neurons: all, before, after, inPrior, instead }) => [
        pattern,
        share(inPrior, simulations),
        share(before, all),
        share(after, all),
        Object.entries(instead)
          .map(([name, count]) => `${count} ${name}`)
          .join(", "),
      ]),
    ),
  ];
}
