/** The run's facts and its result as tables. */
import { farAboveFloor } from "../../calib/diagnostics/warnings.js";
import type { RunData, RunDiagnostics } from "../../calib/run-data.js";
import { duration, fixed, percent, roundsText } from "../format.js";
import { type Html, html } from "./html.js";

export function summaryTable({ summary }: RunData): Html {
  const rows = summary.map(({ name, prior: [min, max], truth, mean, sd, q05, median, q95 }) => {
    const priorSd = (max - min) / Math.sqrt(12);
    return html`<tr><td>${name}</td><td>${truth === null ? "not known" : fixed(truth)}</td><td>${fixed(mean, 1)}</td><td>${fixed(sd, 1)}</td><td>${fixed(median)}</td><td>${fixed(q05)} to ${fixed(q95)}</td><td>${min} to ${max}</td><td>${percent((q95 - q05) / (max - min))}</td><td>${percent(sd / priorSd)}</td></tr>
`;
  });
  return html`<div class="wide"><table>
<thead><tr><th>parameter</th><th>truth</th><th>mean</th><th>sd</th><th>median</th><th>90 % interval</th><th>prior</th><th>interval / range</th><th>sd / prior’s sd</th></tr></thead>
<tbody>
${rows}</tbody></table></div>
<p class="note">DAC codes in CapMem LSB. The interval is the central 90 % of the posterior. Its share of the prior’s range would be 90 % if the target said nothing about the parameter.</p>`;
}

/** What speaks for and against the result; nothing for a run that was not examined. */
export function verdictTable({ diagnostics, predictive }: RunData): Html {
  if (diagnostics === undefined || diagnostics.verdicts.length === 0) return html``;
  const ratio = predictive.distance / predictive.noiseFloor;
  const predictiveVerdict = {
    name: "predictive check",
    passed: ratio <= 2,
    falseAlarmRate: 0,
    text: `draws lie ${fixed(ratio, 2)} times as far from the target as repeats from each other; up to ${farAboveFloor} passes`,
  };
  return verdictSection(
    [...diagnostics.verdicts, predictiveVerdict],
    diagnostics.calibration,
    "What is missing here, the run had not the data for: ranks and coverage need 240 emulations or more, the ensemble two members.",
  );
}

/** @param note what else the reader must know */
export function verdictSection(
  verdicts: RunDiagnostics["verdicts"],
  calibration: RunDiagnostics["calibration"],
  note: string,
): Html {
  const rows = verdicts.map(({ name, passed, falseAlarmRate, text }) => {
    return html`<tr><td>${name}</td><td>${passed ? "passed" : "NOT PASSED"}</td><td>${text}</td><td>${falseAlarmRate > 0 ? percent(falseAlarmRate) : "a threshold of our choice"}</td></tr>
`;
  });
  const gain = calibration === null ? "" : ` The trace tells ${fixed(calibration.informationGain, 2)} bits per code.`;
  return html`<section><h2>Diagnostics</h2>
<div class="wide"><table class="verdicts">
<thead><tr><th>diagnostic</th><th>verdict</th><th>number</th><th>false alarms</th></tr></thead>
<tbody>
${rows}</tbody></table></div>
<p class="note">False alarms: how often the diagnostic fails a posterior without fault.${gain} ${note}</p></section>`;
}

export function runFacts(data: RunData): Html {
  const { facts, target, dataSet, split, repeats, draws } = data;
  const { device, seconds } = facts;
  const deviceTable = factTable("Device", [
    ["device", device.url],
    ["board", device.boardId],
    ["bitfile", device.bitfileInfo.trim().replaceAll("\n", ", ")],
    ["neuron", String(facts.neuron)],
    ["task", facts.task],
    ["target", target.source],
  ]);
  const counts = factTable("Emulations", [
    ...facts.perRound.map(({ requested, usable }, round): [string, string] => [
      `round ${round + 1}`,
      `${usable} usable of ${requested} requested`,
    ]),
    ["simulations", roundsText(facts)],
    ["grid", `${dataSet.grid.length} points, ${dataSet.grid.stepUs} µs apart`],
    ["training, validation, test", `${split.train.length}, ${split.validation.length}, ${split.test.length}`],
    ["repeats, emulated draws", `${repeats.count}, ${draws.count}`],
  ]);
  const timeTable = factTable("Time", [
    ["recording", duration(seconds.record)],
    ["training", duration(seconds.train)],
    ["whole run", duration(seconds.total)],
  ]);
  const software = factTable("Software", [
    ["seed", String(facts.seed)],
    ["tensor backend", facts.backend],
    ...Object.entries(facts.versions).sort(([a], [b]) => (a < b ? -1 : 1)),
  ]);
  return html`<section><div class="columns">${deviceTable}${counts}${software}${timeTable}</div></section>`;
}

export function notices(texts: readonly string[]): Html {
  if (texts.length === 0) return html``;
  return html`<section class="notices"><h2>Read this first</h2><ul>${texts.map((text) => html`<li>${text}</li>`)}</ul></section>`;
}

function factTable(title: string, rows: readonly (readonly [string, string])[]): Html {
  return html`<div><h2>${title}</h2><table class="facts"><tbody>
${rows.map(
  ([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>
`,
)}</tbody></table></div>`;
}
