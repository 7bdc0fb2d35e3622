/** Figure 3: what the autoencoder keeps of a trace and what it loses, on traces that it was not trained with. */
import { codesOf, fixed, listing, plural } from "../format.js";
import { Sheet } from "../svg/sheet.js";
import { roundBelow } from "../svg/ticks.js";
import { type FigureMaker, figureWidth } from "./figure.js";
import { commonRange, drawTracePanel, rowOf } from "./trace-panel.js";

const shown = 3;
const left = 62;
const traceHeight = 104;
const residualHeight = 46;
const pitch = 190;
const legendHeight = 22;

export const reconstructionFigure: FigureMaker = (data, palette, { scale }) => {
  const { dataSet, reconstructions, parameters, stimulus } = data;
  const { grid } = dataSet;
  const count = Math.min(shown, reconstructions.indices.length);
  const rows = Array.from({ length: count }, (_, k) => {
    const trace = rowOf(reconstructions.traces, grid, k);
    const reconstructed = rowOf(reconstructions.reconstructed, grid, k);
    const residual = trace.map((value, i) => value - (reconstructed[i] as number));
    return {
      trace,
      reconstructed,
      residual,
      index: reconstructions.indices[k] as number,
      rms: rootMeanSquare(residual),
    };
  });
  const right = scale === undefined ? 14 : 62;
  const width = figureWidth - left - right;
  const range = commonRange(rows.flatMap(({ trace, reconstructed }) => [trace, reconstructed]));
  const extent = Math.max(...commonRange(rows.map(({ residual }) => residual)).map(Math.abs));
  const residualTick = roundBelow(extent);
  const bottom = legendHeight + Math.max(1, count) * pitch;
  const sheet = new Sheet(figureWidth, bottom + 24, palette);
  sheet.legend(left, 12, [
    { label: "test trace", colour: palette.ink },
    { label: "reconstruction", colour: palette.test },
    { label: "residual: trace − reconstruction", colour: palette.muted },
    { label: "current step", colour: palette.stimulus, area: true },
  ]);
  rows.forEach(({ trace, reconstructed, residual, index, rms }, k) => {
    const y = legendHeight + k * pitch + 20;
    const codes = codesOf(parameters, dataSet.theta, index).join(", ");
    sheet.text(left, y - 6, codes, { fill: palette.muted });
    sheet.text(left + width, y - 6, `RMS residual ${fixed(rms, 1)} LSB`, { anchor: "end", fill: palette.muted });
    const panel = { x: left, width, grid, untilUs: stimulus.endUs, stimulus, valueTicks: true };
    drawTracePanel(sheet, {
      ...panel,
      y,
      height: traceHeight,
      range,
      timeTicks: false,
      voltAxis: scale,
      lines: [
        { trace, colour: palette.ink, width: 1.1 },
        { trace: reconstructed, colour: palette.test, width: 1.3 },
      ],
    });
    drawTracePanel(sheet, {
      ...panel,
      y: y + traceHeight + 4,
      height: residualHeight,
      range: [-extent, extent],
      timeTicks: k === count - 1,
      valueTicksAt: [-residualTick, 0, residualTick],
      zeroLine: true,
      lines: [{ trace: residual, colour: palette.muted, width: 0.9 }],
    });
  });
  sheet.verticalText(11, (legendHeight + bottom) / 2, "membrane and residual (MADC LSB)");
  if (scale !== undefined)
    sheet.verticalText(figureWidth - 3, (legendHeight + bottom) / 2, "membrane (V, nominal scale)");
  sheet.text((figureWidth + left - right) / 2, bottom + 18, "time from the start of the protocol (µs)", {
    anchor: "middle",
  });
  const errors = listing(rows.map(({ rms }) => fixed(rms, 1)));
  return {
    name: "reconstructions",
    title: "Test traces and their reconstructions",
    caption:
      `${plural(count, "trace")} of the test set, which the networks were not trained on, with what a decoder makes ` +
      `of the ${data.autoencoder.latentSize} numbers of the encoder. Below each: trace minus reconstruction, on one scale for all. ` +
      `Root mean square residuals, from top to bottom: ${errors} LSB. The residual is what the decoder could not restore ` +
      `from those numbers: the phase of late spikes, which jitters from repeat to repeat, is not in them.`,
    svg: sheet.toString(),
  };
};

function rootMeanSquare(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum / values.length);
}
