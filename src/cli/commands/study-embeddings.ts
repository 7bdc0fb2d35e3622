/** `hxloop study embeddings`: which view of a trace carries most of the codes, at equal budget. */
import { Command } from "commander";
import { type EmbeddingKind, embeddingKinds } from "../../calib/embedding/feature-source.js";
import { coverageLimits } from "../../calib/study/coverage.js";
import type { studyEmbeddings } from "../../calib/study/embeddings.js";
import type { Context } from "../context.js";
import { integer, nonEmpty, oneOf } from "../options.js";
import {
  chipsOf,
  type PopulationFlags,
  runPopulationStudy,
  tellStudy,
  withPopulation,
} from "../study/population-study.js";
import { errorLine, verdictTable } from "../study/verdict-table.js";
import { taskNamed } from "../task-source.js";

interface EmbeddingsFlags extends PopulationFlags {
  readonly task: string;
  readonly targets: number;
  readonly checked: number;
  readonly kinds: readonly EmbeddingKind[];
}
type Study = Awaited<ReturnType<typeof studyEmbeddings>>;

export function embeddingsStudyCommand(context: Context): Command {
  const one = oneOf("--kinds", embeddingKinds);
  const command = new Command("embeddings")
    .description(
      "Learn from the same emulations through different views of a trace, and see which says most of the codes.",
    )
    .option("--task <NAME|FILE>", "what is inferred", nonEmpty, "paper")
    .option("--targets <N>", "targets in all", integer("--targets", ...coverageLimits.targets), 300)
    .option("--checked <N>", "targets whose draws are emulated", integer("--checked", ...coverageLimits.checked), 40)
    .option("--kinds <LIST>", "embeddings", (text: string) => text.split(",").map(one), [...embeddingKinds]);
  return withPopulation(command, { chips: "1", neurons: "0", simulations: 2000 }, ["seeds", "embedding"])
    .option("--seed <N>", "everything random follows from it", integer("--seed", 0, 1e9), 1)
    .addHelpText("after", "\nExample:\n  $ hxloop study embeddings --task adex7 --simulations 4000 --targets 300")
    .action((flags: EmbeddingsFlags & { seed: number }) => run(context, flags));
}

async function run(context: Context, flags: EmbeddingsFlags & { seed: number }): Promise<void> {
  const { task } = await taskNamed(flags.task);
  const { studyEmbeddings } = await import("../../calib/study/embeddings.js");
  const { neurons, simulations, members, targets, checked, kinds, seed } = flags;
  const population = { chips: chipsOf(flags), neurons };
  const cpuSeconds = (): number => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  };
  const outcome = await runPopulationStudy(context, `embeddings-${task.name}`, flags, (study) =>
    studyEmbeddings(study, {
      ...{ task, population, kinds, members, targets, seed, simulations, checked, cpuSeconds },
      draws: 4,
      repeats: 4,
    }),
  );
  tellStudy(context, "embeddings", `Embeddings on task ${task.name}`, flags, outcome, (study) =>
    linesOf(study, simulations),
  );
}

function linesOf({ verdicts, neurons }: Study, simulations: number): string[] {
  const rows = verdicts.map(({ kind, features, judgement, predictive, cpuSeconds }) => {
    return { name: kind, judgement, predictive, more: [String(features), cpuSeconds.toFixed(0)] };
  });
  return [
    `${simulations} emulations each on ${neurons} neurons. Distances are in spike features for all of them.`,
    "",
    verdictTable(rows, ["features", "CPU s to learn"]),
    "",
    ...verdicts.slice(0, 1).map(({ judgement }) => errorLine(judgement)),
  ];
}
