/** Figure 1: what the prior makes the neuron do. A random choice of the first data set, the same for the same run. */
import { Rng } from "../../base/rng.js";
import { codesOf, plural, wrap } from "../format.js";
import { Sheet } from "../svg/sheet.js";
import { type FigureMaker, figureWidth } from "./figure.js";
import { beginning, commonRange, drawTracePanel, rowOf } from "./trace-panel.js";

const shown = 12;
const columns = 3;
const windowUs = 300;
const left = 62;
const gap = 28;

export const randomTraces: FigureMaker = (data, palette, { scale }) => {
  const { dataSet, parameters, stimulus, facts } = data;
  const { grid } = dataSet;
  const chosen = [...Rng.fromSeed(facts.seed).fork("report/random-traces").permutation(dataSet.count)].slice(0, shown);
  const numRows = Math.max(1, Math.ceil(chosen.length / columns));
  const right = scale === undefined ? 10 : 62;
  const width = (figureWidth - left - right - (columns - 1) * gap) / columns;
  const labels = chosen.map((row) => wrap(codesOf(parameters, dataSet.theta, row), 52));
  const labelHeight = 13 * Math.max(1, ...labels.map(({ length }) => length)) + 5;
  const height = Math.max(62, 118 - labelHeight);
  const pitch = height + labelHeight + 10;
  const untilUs = Math.min(windowUs, stimulus.endUs);
  const traces = chosen.map((row) => beginning(rowOf(dataSet.traces, grid, row), grid, untilUs));
  const range = commonRange(traces);
  const bottom = numRows * pitch;
  const sheet = new Sheet(figureWidth, bottom + 40, palette);

  traces.forEach((trace, k) => {
    const column = k % columns;
    const row = Math.floor(k / columns);
    const x = left + column * (width + gap);
    const y = row * pitch + labelHeight;
    labels[k]?.forEach((line, i) => {
      sheet.text(x, row * pitch + 11 + 13 * i, line, { fill: palette.muted });
    });
    drawTracePanel(sheet, {
      x,
      y,
      width,
      height,
      grid,
      untilUs,
      range,
      stimulus,
      lines: [{ trace, colour: palette.ink }],
      timeTicks: k + columns >= traces.length,
      valueTicks: column === 0,
      voltAxis: column === columns - 1 ? scale : undefined,
    });
  });
  sheet.verticalText(11, bottom / 2, "membrane (MADC LSB)");
  if (scale !== undefined) sheet.verticalText(figureWidth - 3, bottom / 2, "membrane (V, nominal scale)");
  sheet.text((figureWidth + left - right) / 2, bottom + 34, "time from the start of the protocol (µs)", {
    anchor: "middle",
  });
  const window =
    stimulus.onUs < untilUs
      ? ` The current step starts at ${stimulus.onUs} µs; the time in which it is on is shaded.`
      : "";
  return {
    name: "random-traces",
    title: "Random traces of the data set",
    caption:
      `The first ${untilUs} µs of ${plural(traces.length, "membrane trace")} drawn at random from the ${dataSet.count} ` +
      `of the first round, whose codes come from the prior. Above each trace: the DAC codes that made it (CapMem LSB). ` +
      `All panels have the same axes. Traces are drawn on the grid of ${grid.stepUs} µs on which the method sees them, ` +
      `so a spike’s height depends on where it falls between two points.${window}`,
    svg: sheet.toString(),
  };
};
