/** Puts the drawn report and its figures on disk. The drawing itself is `src/report`'s; what a run folder is, the store's. */
import { join } from "node:path";
import type { RunData } from "../calib/run-data.js";
import { taskByName, taskNames } from "../calib/task/tasks.js";
import { renderFigures, renderReport } from "../report/index.js";
import { replaceFile } from "./store/durable-files.js";

export interface ReportFiles {
  /** Path of the HTML file. */
  readonly report: string;
  /** Paths of the figures, SVG. */
  readonly figures: readonly string[];
}

/**
 * Write the report, and the figures as files of their own into the run folder.
 * @param path where the report goes; default `report.html` in the run folder
 * @throws RunFolderUnwritable
 */
export async function writeReport(
  data: RunData,
  directory: string,
  path = join(directory, "report.html"),
): Promise<ReportFiles> {
  // The scale is the task's; a run of a task that is not known here is drawn in counts.
  const { task } = data.facts;
  const options = taskNames.includes(task) ? { scale: taskByName(task).scale } : {};
  const figures: string[] = [];
  for (const { name, svg } of renderFigures(data, options)) {
    const figure = join(directory, "figures", `${name}.svg`);
    await replaceFile(figure, svg);
    figures.push(figure);
  }
  await replaceFile(path, renderReport(data, options));
  return { report: path, figures };
}
