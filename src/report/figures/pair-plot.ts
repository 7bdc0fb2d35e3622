/** Figure 4: the answer. Samples of the posterior, where the prior was, and the codes that made the target when known. */
import type { RunData } from "../../calib/run-data.js";
import { fixed, listing, percent, plural } from "../format.js";
import { Sheet } from "../svg/sheet.js";
import { type FigureMaker, figureWidth } from "./figure.js";
import { drawPairGrid } from "./pair-grid.js";

export const numPairSamples = 500;
const legendHeight = 26;
/** One page across in print; more parameters need more, and are made smaller there. */
const largestHeight = 560;
const largestHeightOfMany = 720;

export const pairPlot: FigureMaker = (data, palette) => {
  const n = data.parameters.length;
  const width = n === 1 ? 560 : n === 2 ? 800 : figureWidth;
  const height = Math.min(n > 4 ? largestHeightOfMany : largestHeight, n * 300);
  const sheet = new Sheet(width, height + legendHeight, palette);
  sheet.legend(58, 12, [
    { label: "posterior sample", colour: palette.draw, area: true },
    { label: "prior’s range", colour: palette.prior, area: true },
    ...(data.target.theta === null ? [] : [{ label: "code that made the target", colour: palette.ink, dash: "5 3" }]),
  ]);
  drawPairGrid(sheet, data, { x: 0, y: legendHeight, width, height, numSamples: numPairSamples });
  return { name: "posterior", title: "Posterior of the parameters", caption: caption(data), svg: sheet.toString() };
};

function caption(data: RunData): string {
  const { posterior, parameters } = data;
  const shown = Math.min(numPairSamples, posterior.count);
  const source = shown === posterior.count ? "" : ` (the first of ${posterior.count})`;
  const ranges = new Set(parameters.map(({ min, max }) => `${min} to ${max}`));
  const prior =
    ranges.size === 1
      ? `uniform from ${[...ranges].join()} for every parameter`
      : `uniform: ${listing(parameters.map(({ name, min, max }) => `${name} from ${min} to ${max}`))}`;
  const pairs =
    parameters.length === 1
      ? ""
      : " Below the diagonal: pairs of parameters, enlarged to where the samples lie. Above it: the same pairs in the " +
        "prior’s whole range (shaded); the dashed blue box is what is enlarged.";
  const histogram = parameters.length === 1 ? "Histogram" : "Diagonal: histogram";
  return (
    `${plural(shown, "sample")}${source} of the posterior, DAC codes in CapMem LSB. The prior is ${prior}. ` +
    `${histogram} of the samples; the bar above it is the prior’s range, its blue part the central 90 % of the ` +
    `posterior (${widths(data)}; an uninformed posterior would fill 90 %).${pairs} ${truthText(data)}`
  );
}

/** More parameters than this are summed up in the caption; the table has them all. */
const mostListed = 3;

function widths({ summary }: RunData): string {
  const shares = summary.map(({ q05, q95, prior: [min, max] }) => (q95 - q05) / (max - min));
  if (summary.length > mostListed)
    return `${percent(Math.min(...shares))} to ${percent(Math.max(...shares))} of the range`;
  return listing(summary.map(({ name }, j) => `${percent(shares[j] ?? Number.NaN)} of the range for ${name}`));
}

function truthText({ target, summary }: RunData): string {
  if (target.theta === null) {
    return "The codes that made the target are not known, so no lines mark them and nothing here says how near the posterior is to them.";
  }
  const places = summary.map(({ name, truth, q05, q95 }) => {
    const isInside = truth !== null && truth >= q05 && truth <= q95;
    return { name, isInside, text: `${name} = ${fixed(truth)}, ${isInside ? "inside" : "outside"} the central 90 %` };
  });
  const outside = places.filter(({ isInside }) => !isInside).map(({ name }) => name);
  const many =
    `${places.length - outside.length} of ${places.length} inside their central 90 %` +
    (outside.length === 0 ? "" : `; outside: ${listing(outside)}`);
  const text = places.length > mostListed ? many : places.map((place) => place.text).join("; ");
  return `Dashed lines: the codes that made the target (${text}).`;
}
