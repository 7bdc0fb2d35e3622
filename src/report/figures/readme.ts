/** The README's picture: the posterior and its check in one figure with a background of its own. */
import type { RunData } from "../../calib/run-data.js";
import { fixed, listing, percent } from "../format.js";
import { lightPalette } from "../svg/palette.js";
import { Sheet } from "../svg/sheet.js";
import { drawPairGrid } from "./pair-grid.js";
import { drawPredictiveRows, predictiveRange } from "./predictive-rows.js";

const size = { width: 960, height: 480 };
const numRepeats = 2;
const numDraws = 3;
const rows = { x: 540, width: 400, height: 50, pitch: 70 };

/** Figures 4 and 5 in short, a standalone SVG document; readable on light and dark pages. */
export function posteriorFigureForReadme(data: RunData): string {
  const palette = lightPalette;
  const { target, summary, predictive } = data;
  const sheet = new Sheet(size.width, size.height, palette);
  sheet.rect(0.5, 0.5, size.width - 1, size.height - 1, { rx: 8, fill: palette.background, stroke: palette.rule });
  const shares = summary.map(({ q05, q95, prior: [min, max] }) => percent((q95 - q05) / (max - min)));
  sheet.text(24, 28, "Posterior of the DAC codes", { bold: true, size: 14 });
  sheet.text(24, 46, `Its central 90 % fill ${listing(shares)} of the prior’s range`, {
    fill: palette.muted,
    size: 11.5,
  });
  if (target.theta !== null) {
    sheet.line(372, 24, 396, 24, { stroke: palette.ink, "stroke-width": 1.4, "stroke-dasharray": "5 3" });
    sheet.text(402, 28, "target’s codes", { fill: palette.muted });
  }
  drawPairGrid(sheet, data, { x: 8, y: 62, width: 470, height: 404, numSamples: 500 });

  const range = predictiveRange(data, Math.max(numRepeats, numDraws));
  const repeatCount = Math.min(numRepeats, data.repeats.count);
  const drawCount = Math.min(numDraws, data.draws.count);
  const setting = target.theta === null ? "posterior’s median" : "target’s codes";
  const shared = { ...rows, range, valueTicks: true };
  sheet.text(rows.x, 28, "Emulated again, over the target", { bold: true, size: 14 });
  const distance = `Distance of draws ${fixed(predictive.distance, 2)}, of repeats ${fixed(predictive.noiseFloor, 2)} (embedding, medians)`;
  sheet.text(rows.x, 46, distance, { fill: palette.muted, size: 11.5 });
  drawPredictiveRows(sheet, data, {
    ...shared,
    set: data.repeats,
    colour: palette.repeat,
    y: 80,
    labels: Array.from({ length: repeatCount }, (_, k) => `repeat ${k + 1} at the ${setting}`),
    timeTicks: drawCount === 0,
  });
  drawPredictiveRows(sheet, data, {
    ...shared,
    set: data.draws,
    colour: palette.draw,
    y: 80 + repeatCount * rows.pitch,
    labels: Array.from({ length: drawCount }, (_, k) => `posterior draw ${k + 1}`),
    timeTicks: true,
  });
  sheet.verticalText(rows.x - 46, 250, "membrane (MADC LSB)");
  sheet.text(rows.x + rows.width / 2, 80 + (repeatCount + drawCount) * rows.pitch + 14, "time (µs)", {
    anchor: "middle",
  });
  return sheet.toString();
}
