/** `hxloop runs`: what lies in a folder of runs, one line each. */
import { existsSync } from "node:fs";
import { Command } from "commander";
import { align, duration, fixed } from "../../report/format.js";
import { type Context, runsFolder } from "../context.js";
import { nonEmpty } from "../options.js";
import { type FoundRuns, findRuns, type RunSummary } from "../store/run-summary.js";

export function runsCommand(context: Context): Command {
  return new Command("runs")
    .description("List the runs in a folder: state, task, neuron, budget, distance.")
    .argument("[DIR]", "folder that holds runs", nonEmpty, runsFolder)
    .option("--json", "print one JSON object on stdout instead of text")
    .addHelpText("after", "\nExample:\n  $ hxloop runs")
    .action((folder: string, flags: { json?: true }) => list(context, folder, flags.json === true));
}

/** @throws RunFolderInvalid when a folder other than the usual one is absent */
async function list({ terminal }: Context, folder: string, asJson: boolean): Promise<void> {
  const isNone = folder === runsFolder && !existsSync(folder);
  const found: FoundRuns = isNone ? { runs: [], unreadable: [] } : await findRuns(folder);
  if (asJson) return terminal.result(JSON.stringify({ schema: "hxloop.runs/1", folder, ...found }));
  for (const { reason } of found.unreadable) terminal.say(`${terminal.paint("yellow", "note:")} ${reason}`);
  if (found.runs.length === 0) return terminal.say(`no runs in ${folder}`);
  const head = ["run", "state", "task", "neuron", "seed", "emulations", "seconds", "draws / floor", "begun"];
  terminal.result(align([head, ...found.runs.map(row)]).join("\n"));
}

function row(summary: RunSummary): string[] {
  const { run, state, task, neuron, neurons, seed, simulations, recordings, seconds, distanceRatio, startedAt } =
    summary;
  return [
    run,
    state,
    task,
    neurons.length === 1 ? String(neuron) : `${neuron} and ${neurons.length - 1} more`,
    String(seed),
    state === "finished" ? String(simulations) : `${recordings} of ${simulations}`,
    duration(seconds),
    fixed(distanceRatio, 2),
    startedAt.replace("T", " ").slice(0, 16),
  ];
}
