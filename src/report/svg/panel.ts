/** A framed plot with a title, named axes and light rules, at a place on a sheet. Knows no data. */
import * as Plot from "@observablehq/plot";
import type { Sheet } from "./sheet.js";

export const panelMargins = { left: 58, right: 14, top: 28, bottom: 40 };

export interface Panel {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly title: string;
  /** Names of the axes with their units. */
  readonly labels: readonly [string, string];
  readonly domains?: { readonly x?: readonly [number, number]; readonly y?: readonly [number, number] };
  /** Places of ticks on the horizontal axis; default round ones. */
  readonly xTicks?: readonly number[];
}

export function drawPanel(sheet: Sheet, panel: Panel, marks: Plot.Markish[]): void {
  const { palette } = sheet;
  const { x, y, width, height, title, labels, domains, xTicks } = panel;
  const { left, right, top, bottom } = panelMargins;
  const axis = { color: palette.muted, label: null, tickSize: 4 };
  sheet.plot(x, y, {
    width,
    height,
    marginLeft: left,
    marginRight: right,
    marginTop: top,
    marginBottom: bottom,
    x: { label: null, ...(domains?.x === undefined ? {} : { domain: [...domains.x] }) },
    y: { label: null, ...(domains?.y === undefined ? { nice: true } : { domain: [...domains.y] }) },
    marks: [
      Plot.gridY({ stroke: palette.rule, strokeOpacity: 0.5, ticks: 5 }),
      ...marks,
      Plot.frame({ stroke: palette.rule }),
      Plot.axisX({
        ...axis,
        ticks: xTicks === undefined ? 6 : [...xTicks],
        tickFormat: (value: number) => String(Number(value.toPrecision(6))),
      }),
      Plot.axisY({ ...axis, ticks: 5, tickFormat: (value: number) => String(Number(value.toPrecision(6))) }),
    ],
  });
  sheet.text(x + left, y + 18, title, { bold: true, size: 11 });
  sheet.text(x + (width + left) / 2, y + height - 6, labels[0], { anchor: "middle" });
  sheet.verticalText(x + 12, y + height / 2, labels[1]);
}

/** A histogram, with a line at a value of interest. */
export function histogram(values: readonly number[], bins: number, colour: string, leastWidth = 0): Plot.Markish[] {
  if (values.length === 0) return [];
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const [middle, half] = [(least + most) / 2, Math.max(most - least, leastWidth) / 2];
  const domain = most - least < leastWidth ? { domain: [middle - half, middle + half] as [number, number] } : {};
  const thresholds = { x: (value: number) => value, thresholds: bins, ...domain };
  return [Plot.rectY(values, { ...Plot.binX({ y: "count" }, thresholds), fill: colour, fillOpacity: 0.6 })];
}
