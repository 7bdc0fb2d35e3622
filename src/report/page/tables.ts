/** The run's facts and its result as tables. */
import type { RunData } from "../../calib/run-data.js";
import { duration, fixed, percent } from "../format.js";
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
    ["simulations, rounds", `${facts.simulations}, ${facts.rounds}`],
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

export function notices({ facts }: RunData): Html {
  if (facts.notices.length === 0) return html``;
  return html`<section class="notices"><h2>Read this first</h2><ul>${facts.notices.map((notice) => html`<li>${notice}</li>`)}</ul></section>`;
}

function factTable(title: string, rows: readonly (readonly [string, string])[]): Html {
  return html`<div><h2>${title}</h2><table class="facts"><tbody>
${rows.map(
  ([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>
`,
)}</tbody></table></div>`;
}
