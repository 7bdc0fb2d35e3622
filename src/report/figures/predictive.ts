/** Figure 5: do emulations of the posterior look like the target, and how alike are two emulations of one setting? */
import * as Plot from "@observablehq/plot";
import type { PredictiveCheck, RunData } from "../../calib/run-data.js";
import { codesOf, fixed, plural } from "../format.js";
import { Sheet, textWidth } from "../svg/sheet.js";
import { type FigureMaker, figureWidth } from "./figure.js";
import { drawPredictiveRows, predictiveRange, targetOpacity } from "./predictive-rows.js";

const shown = 4;
const left = 62;
const gap = 34;
const header = 60;
const panelHeight = 76;
const pitch = 100;

export const predictiveFigure: FigureMaker = (data, palette, { scale }) => {
  const { repeats, draws, predictive, parameters } = data;
  const numRepeats = Math.min(shown, repeats.count);
  const numDraws = Math.min(shown, draws.count);
  const right = scale === undefined ? 14 : 62;
  const width = (figureWidth - left - right - gap) / 2;
  const bottom = header + Math.max(1, numRepeats, numDraws) * pitch;
  const sheet = new Sheet(figureWidth, bottom + 112, palette);
  const range = predictiveRange(data, shown);
  const drawsX = left + width + gap;

  sheet.text(left, 13, `Repeats at ${sameCodes(data)}`, { bold: true, size: 12.5, fill: palette.repeat });
  sheet.text(drawsX, 13, "Draws of the posterior, emulated again", { bold: true, size: 12.5, fill: palette.draw });
  sheet.legend(left, 32, [
    { label: "target", colour: palette.ink, opacity: targetOpacity },
    { label: "repeat", colour: palette.repeat },
    { label: "current step", colour: palette.stimulus, area: true },
  ]);
  sheet.legend(drawsX, 32, [
    { label: "target", colour: palette.ink, opacity: targetOpacity },
    { label: "posterior draw", colour: palette.draw },
  ]);
  const shared = { y: header, width, height: panelHeight, pitch, range, timeTicks: true };
  const repeatCodes = repeats.count > 0 ? codesWithin(codesOf(parameters, repeats.theta, 0), width) : "";
  drawPredictiveRows(sheet, data, {
    ...shared,
    set: repeats,
    colour: palette.repeat,
    x: left,
    labels: Array.from({ length: numRepeats }, (_, k) => (k === 0 ? `repeat 1, ${repeatCodes}` : `repeat ${k + 1}`)),
    valueTicks: true,
  });
  drawPredictiveRows(sheet, data, {
    ...shared,
    set: draws,
    colour: palette.draw,
    x: drawsX,
    labels: Array.from({ length: numDraws }, (_, k) => {
      const distance = `distance ${fixed(predictive.drawDistances[k] ?? Number.NaN, 2)}`;
      return `${distance}: ${codesWithin(codesOf(parameters, draws.theta, k), width - 90)}`;
    }),
    valueTicks: false,
    voltAxis: scale,
  });
  sheet.verticalText(11, (header + bottom) / 2 - 10, "membrane (MADC LSB)");
  if (scale !== undefined)
    sheet.verticalText(figureWidth - 3, (header + bottom) / 2 - 10, "membrane (V, nominal scale)");
  for (const x of [left, drawsX]) {
    sheet.text(x + width / 2, bottom + 14, "time from the start of the protocol (µs)", { anchor: "middle" });
  }
  drawDistances(sheet, predictive, bottom + 26);
  return {
    name: "predictive-check",
    title: "Posterior predictive check",
    caption: caption(data),
    svg: sheet.toString(),
  };
};

/** All distances as ticks on one axis, the medians as heavy ones. */
function drawDistances(
  sheet: Sheet,
  { drawDistances, floorDistances, distance, noiseFloor }: PredictiveCheck,
  y: number,
): void {
  const { palette } = sheet;
  const finite = (values: readonly number[]): number[] => values.filter(Number.isFinite);
  const rows = [
    { name: "draws to target", values: finite(drawDistances), median: distance, colour: palette.draw },
    { name: "repeat to repeat", values: finite(floorDistances), median: noiseFloor, colour: palette.repeat },
  ];
  const largest = rows.flatMap(({ values }) => values).reduce((a, b) => Math.max(a, b), 0);
  const nameWidth = 216;
  sheet.plot(0, y, {
    width: figureWidth,
    height: 86,
    marginLeft: nameWidth,
    marginRight: 14,
    marginTop: 4,
    marginBottom: 36,
    x: { domain: [0, largest > 0 ? largest * 1.04 : 1], axis: null },
    y: { domain: [2, 0], axis: null },
    marks: [
      Plot.frame({ stroke: palette.rule }),
      ...rows.flatMap(({ values, median, colour }, k) => [
        Plot.ruleX(values, { y1: k + 0.2, y2: k + 0.8, stroke: colour, strokeWidth: 1.5, strokeOpacity: 0.55 }),
        ...(Number.isFinite(median)
          ? [Plot.ruleX([median], { y1: k + 0.04, y2: k + 0.96, stroke: colour, strokeWidth: 4 })]
          : []),
      ]),
      Plot.axisX({ tickSize: 4, color: palette.muted, label: null, anchor: "bottom", ticks: 8 }),
    ],
  });
  rows.forEach(({ name, median, colour }, k) => {
    const label = `${name}: median ${fixed(median, 2)}`;
    sheet.text(nameWidth - 8, y + 4 + 23 * (k + 0.5) + 4, label, { anchor: "end", fill: colour, bold: true });
  });
  sheet.text((nameWidth + figureWidth) / 2, y + 84, "distance in the embedding (standard deviations of the data set)", {
    anchor: "middle",
  });
}

function sameCodes({ target }: RunData): string {
  return target.theta === null ? "the posterior’s median" : "the target’s codes";
}

/** As many codes as the width allows. */
function codesWithin(codes: readonly string[], width: number): string {
  const all = codes.join(", ");
  if (textWidth(all, 10.5) <= width) return all;
  const bare = codes.map((text) => text.split(" ").at(-1)).join(" · ");
  return `codes ${bare}`;
}

function caption(data: RunData): string {
  const { predictive, repeats, draws, target } = data;
  const { distance, noiseFloor, drawDistances, floorDistances } = predictive;
  const unknown =
    target.theta === null
      ? " The target’s codes are not known: the repeats are made at the posterior’s median, so the left side tells how well that setting does."
      : "";
  return (
    `Left: ${Math.min(shown, repeats.count)} of ${plural(repeats.count, "emulation")} at one and the same setting ` +
    `(${sameCodes(data)}); their differences are the chip’s noise from trial to trial. Right: ` +
    `${Math.min(shown, draws.count)} of ${plural(draws.count, "draw")} of the posterior, sent to the chip again. ` +
    `Both over the target (grey). Bottom: distance in the embedding between target and each of ` +
    `${plural(drawDistances.length, "draw")} (median ${fixed(distance, 2)}) and within ` +
    `${plural(floorDistances.length, "pair")} of repeats (median ${fixed(noiseFloor, 2)}); ratio ` +
    `${fixed(distance / noiseFloor, 2)}, where 1 means that draws are as near to the target as the chip is to itself.${unknown}`
  );
}
