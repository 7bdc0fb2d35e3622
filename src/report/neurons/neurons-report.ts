/** The report of many neurons: who came out how and why, the map of the chip, and how far the shared estimator may be trusted. */

import type { NeuronResult, NeuronsResult } from "../../calib/amortised/neurons-result.js";
import { farAboveFloor } from "../../calib/diagnostics/warnings.js";
import { diagnosticFigures } from "../figures/diagnostics.js";
import { fixed, plural } from "../format.js";
import { type Html, html } from "../page/html.js";
import { figureBlock, renderPage } from "../page/page.js";
import { notices, verdictSection } from "../page/tables.js";
import { lightPalette } from "../svg/palette.js";
import { renderNeuronMap } from "./neuron-map.js";

/** @returns an HTML document, UTF-8 */
export function renderNeuronsReport(result: NeuronsResult): string {
  const { neurons, device, task, seed, diagnostics, recordings } = result;
  const calibration = diagnostics?.calibration ?? null;
  const map = {
    name: "chip-map",
    title: "The chip",
    caption: "Each cell is a neuron; rows of 64, the upper four are the chip's top half.",
    svg: renderNeuronMap(result),
  };
  const shown = {
    diagnostics: {
      calibration,
      local: null,
      misspecification: null,
      disagreement: null,
      verdicts: diagnostics?.verdicts ?? [],
    },
  };
  return renderPage(
    `Calibration of ${plural(neurons.length, "neuron")}, task ${task}`,
    `Device ${device.url} · seed ${seed} · ${plural(recordings.all, "recording")}, ${recordings.simulations} of them to learn from`,
    html`${notices(result.notices)}
${neuronsTable(neurons)}
${verdictSection(
  [...(diagnostics?.verdicts ?? []), predictiveVerdict(neurons), reachVerdict(neurons)],
  calibration,
  "Ranks, coverage and TARP are of the shared estimator, on fresh emulations of all neurons, before any truncated round; they need 240 emulations or more to learn from.",
)}
${[map, ...diagnosticFigures(shown, lightPalette)].map(figureBlock)}`,
  );
}

function neuronsTable(neurons: readonly NeuronResult[]): Html {
  const names = neurons.find(({ parameters }) => parameters.length > 0)?.parameters.map(({ name }) => name) ?? [];
  const rows = neurons.map(({ neuron, status, reasons, parameters, verdict }) => {
    const codes = names.map((_, j) => {
      const own = parameters[j];
      return html`<td>${own === undefined ? "–" : `${fixed(own.median)}\u00a0±\u00a0${fixed(own.sd)}`}</td>`;
    });
    return html`<tr><td>${neuron}</td><td>${status}</td>${codes}<td>${fixed(verdict?.predictiveRatio ?? null, 2)}</td><td>${reasons.join("; ")}</td></tr>
`;
  });
  return html`<section><h2>Result</h2>
<div class="wide"><table class="verdicts">
<thead><tr><th>neuron</th><th>status</th>${names.map((name) => html`<th>${name}</th>`)}<th>predictive ratio</th><th>why</th></tr></thead>
<tbody>
${rows}</tbody></table></div>
<p class="note">Median of the posterior ± sd, codes in CapMem LSB. Predictive ratio: distance of emulated draws from the target over that of repeats from each other; 1 is the aim, above ${farAboveFloor} the draws are not the target.</p></section>`;
}

const calibrated = (neurons: readonly NeuronResult[]) =>
  neurons.flatMap(({ verdict }) => (verdict === null ? [] : [verdict]));

function predictiveVerdict(neurons: readonly NeuronResult[]) {
  const all = calibrated(neurons);
  const near = all.filter(({ predictiveRatio }) => predictiveRatio <= farAboveFloor).length;
  return {
    name: "predictive check",
    passed: near === all.length,
    falseAlarmRate: 0,
    text: `draws of ${near} of ${plural(all.length, "neuron")} lie at most twice as far from the target as repeats from each other`,
  };
}

function reachVerdict(neurons: readonly NeuronResult[]) {
  const beyond = neurons.filter(({ reasons }) =>
    reasons.some((why) => why.includes("the chip may not reach it")),
  ).length;
  return {
    name: "target within reach",
    passed: beyond === 0,
    falseAlarmRate: 0.01,
    text: `the target is unlike all recordings for ${beyond} of ${plural(neurons.length, "neuron")} (asked where it was brought along)`,
  };
}
