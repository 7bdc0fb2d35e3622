/**
 * The report of a run: one static HTML file with its style and figures inside, without script and without network. It
 * draws what `RunData` holds and knows neither files nor devices; the same data give the same bytes.
 */
import type { RunData } from "../calib/run-data.js";
import { renderFigures } from "./figures/all.js";
import type { Figure, FigureOptions } from "./figures/figure.js";
import { fixed } from "./format.js";
import { type Html, html, trusted } from "./page/html.js";
import { pageStyle } from "./page/style.js";
import { notices, runFacts, summaryTable, verdictTable } from "./page/tables.js";

export type ReportOptions = FigureOptions;

/** @returns an HTML document, UTF-8 */
export function renderReport(data: RunData, options: ReportOptions = {}): string {
  const { facts, target, predictive } = data;
  const title = `Calibration of neuron ${facts.neuron}, task ${facts.task}`;
  const ratio = predictive.distance / predictive.noiseFloor;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title} – hxloop</title>
<style>${trusted(pageStyle)}</style>
</head>
<body>
<main>
<header>
<h1>${title}</h1>
<p class="lead">Device ${facts.device.url} · target: ${target.source} · seed ${facts.seed}</p>
</header>
${notices(data)}
<section>
<h2>Result</h2>
${summaryTable(data)}
<p>Emulated again, posterior draws lie at a median distance of ${fixed(predictive.distance, 2)} from the target; repeats of one setting lie ${fixed(predictive.noiseFloor, 2)} from each other (in the embedding, standard deviations of the data set). The ratio is ${fixed(ratio, 2)}; 1 means that draws are as near to the target as the chip is to itself.</p>
</section>
${verdictTable(data)}
${runFacts(data)}
${renderFigures(data, options).map(figureBlock)}
</main>
</body>
</html>
`;
  return page.text;
}

function figureBlock({ name, title, caption, svg }: Figure, index: number): Html {
  return html`<figure id="${name}">
<h2>Figure ${index + 1}. ${title}</h2>
${trusted(svg)}
<figcaption>${unbroken(caption)}</figcaption>
</figure>
`;
}

/** Keep a number and its unit on one line. */
function unbroken(text: string): string {
  return text.replace(/(\d) (?=%|µs|LSB)/g, "$1\u00a0");
}
