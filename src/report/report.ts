/**
 * The report of a run: one static HTML file with its style and figures inside, without script and without network. It
 * draws what `RunData` holds and knows neither files nor devices; the same data give the same bytes.
 */
import type { RunData } from "../calib/run-data.js";
import { renderFigures } from "./figures/all.js";
import type { FigureOptions } from "./figures/figure.js";
import { fixed } from "./format.js";
import { html } from "./page/html.js";
import { figureBlock, renderPage } from "./page/page.js";
import { notices, runFacts, summaryTable, verdictTable } from "./page/tables.js";

export type ReportOptions = FigureOptions;

/** @returns an HTML document, UTF-8 */
export function renderReport(data: RunData, options: ReportOptions = {}): string {
  const { facts, target, predictive } = data;
  const ratio = predictive.distance / predictive.noiseFloor;
  return renderPage(
    `Calibration of neuron ${facts.neuron}, task ${facts.task}`,
    `Device ${facts.device.url} · target: ${target.source} · seed ${facts.seed}`,
    html`${notices(facts.notices)}
<section>
<h2>Result</h2>
${summaryTable(data)}
<p>Emulated again, posterior draws lie at a median distance of ${fixed(predictive.distance, 2)} from the target; repeats of one setting lie ${fixed(predictive.noiseFloor, 2)} from each other (in the embedding, standard deviations of the data set). The ratio is ${fixed(ratio, 2)}; 1 means that draws are as near to the target as the chip is to itself.</p>
</section>
${verdictTable(data)}
${runFacts(data)}
${renderFigures(data, options).map(figureBlock)}`,
  );
}
