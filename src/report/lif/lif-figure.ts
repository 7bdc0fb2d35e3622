/** The spread of a chip's neurons before and after their direct calibration: one histogram pair per quantity. */
import * as Plot from "@observablehq/plot";
import type { LifResult, LifSpread } from "../../calib/routines/lif-calibration.js";
import { fixed } from "../format.js";
import { lightPalette } from "../svg/palette.js";
import { Sheet } from "../svg/sheet.js";

const panel = { width: 300, height: 220 };
const margins = { marginLeft: 40, marginRight: 12, marginTop: 28, marginBottom: 40 };
const bins = 32;
const palette = lightPalette;

export function renderLifFigure({ spreads, device, neurons }: LifResult): string {
  const [width, height] = [spreads.length * (panel.width + 12) + 20, panel.height + 70];
  const sheet = new Sheet(width, height, palette);
  sheet.rect(0, 0, width, height, { fill: palette.background });
  const good = neurons.filter(({ success }) => success).length;
  sheet.text(24, 18, `${device.url}: ${good} of ${neurons.length} neurons calibrated`, { bold: true, size: 12 });
  sheet.legend(24, 36, [
    { label: "all at the same codes", colour: palette.muted, area: true, opacity: 0.5 },
    { label: "calibrated", colour: palette.draw, area: true, opacity: 0.7 },
  ]);
  spreads.forEach((spread, k) => {
    place(sheet, 12 + k * (panel.width + 12), spread);
  });
  return sheet.toString();
}

function place(sheet: Sheet, x: number, { name, unit, valuesBefore, valuesAfter, before, after }: LifSpread): void {
  const y = 44;
  const all = [...valuesBefore, ...valuesAfter];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const counts = (values: readonly number[]): number[] => {
    const own = new Array<number>(bins).fill(0);
    for (const value of values) {
      const bin = Math.min(bins - 1, Math.floor((bins * (value - low)) / (high - low || 1)));
      own[bin] = (own[bin] ?? 0) + 1;
    }
    return own;
  };
  const bars = (values: readonly number[], fill: string, fillOpacity: number): Plot.Markish =>
    Plot.rectY(
      counts(values).map((count, k) => {
        const edge = (n: number): number => low + ((high - low) * n) / bins;
        return { x1: edge(k), x2: edge(k + 1), count };
      }),
      { x1: "x1", x2: "x2", y: "count", fill, fillOpacity },
    );
  const axis = { color: palette.muted, label: null, tickSize: 4 };
  sheet.plot(x, y, {
    ...panel,
    ...margins,
    x: { label: null },
    y: { label: null },
    marks: [
      bars(valuesBefore, palette.muted, 0.5),
      bars(valuesAfter, palette.draw, 0.7),
      Plot.frame({ stroke: palette.rule }),
      Plot.axisX({ ...axis, ticks: 5, tickFormat: String }),
      Plot.axisY({ ...axis, ticks: 4 }),
    ],
  });
  const sds = `sd ${fixed(before.sd, 1)} to ${fixed(after.sd, 1)} ${unit}`;
  sheet.text(x + margins.marginLeft, y + 18, `${name}: ${sds}`, { bold: true, size: 11 });
  sheet.text(x + (panel.width + margins.marginLeft) / 2, y + panel.height - 6, unit, { anchor: "middle" });
}
