/** `hxloop report DIR`: draw the report and the figures of a stored run again. */
import { Command } from "commander";
import type { Context } from "../context.js";
import { nonEmpty } from "../options.js";
import { describeUnfinished } from "../store/describe.js";
import { RunFolderInvalid } from "../store/errors.js";
import { readManifest } from "../store/manifest.js";
import { readResult } from "../store/run-folder.js";

interface ReportFlags {
  readonly out?: string;
  readonly json?: true;
}

export function reportCommand(context: Context): Command {
  return new Command("report")
    .description("Draw the report and the figures of a run again.")
    .argument("<DIR>", "run folder, as named at the end of a calibration", nonEmpty)
    .option("--out <FILE>", "where the report goes (default: report.html in the run folder)", nonEmpty)
    .option("--json", "print one JSON object as the last line on stdout")
    .addHelpText("after", "\nExample:\n  $ hxloop report runs/paper-n0-s1-1")
    .action((directory: string, flags: ReportFlags) => report(context, directory, flags));
}

/** @throws RunFolderInvalid when the run has no result */
async function report({ terminal }: Context, directory: string, flags: ReportFlags): Promise<void> {
  const manifest = await readManifest(directory);
  const data = await readResult(directory);
  if (manifest.request.many !== undefined) {
    throw new RunFolderInvalid(
      `run ${directory} is of many neurons, whose report is drawn once, at the end of the run: see its report.html, or hxloop show ${directory}`,
    );
  }
  const unfinished = await describeUnfinished(directory, manifest);
  if (data === undefined) {
    throw new RunFolderInvalid(
      `no result to draw: ${unfinished ?? `run ${directory} is finished, but its result is gone`}`,
    );
  }
  if (unfinished !== undefined) terminal.say(`${terminal.paint("yellow", "note:")} ${unfinished}`);
  const { writeReport } = await import("../write-report.js");
  const files = await writeReport(data, directory, flags.out);
  if (flags.json) {
    terminal.result(
      JSON.stringify({ schema: "hxloop.report/1", run: directory, finished: unfinished === undefined, ...files }),
    );
  } else {
    terminal.result(files.report);
  }
}
