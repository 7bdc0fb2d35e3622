/** Figures of a chip's identity card: transfer curves, the spread of its neurons, a neuron's f-I curve. */
import * as Plot from "@observablehq/plot";
import type { ChipCard } from "../../calib/routines/chip-card.js";
import { fixed } from "../format.js";
import { lightPalette } from "../svg/palette.js";
import { drawPanel, histogram } from "../svg/panel.js";
import { Sheet } from "../svg/sheet.js";

/** An SVG document and the name of its file. */
export interface ChipFigure {
  readonly name: string;
  readonly svg: string;
}

const width = 960;
const panel = { width: 450, height: 250 };
const palette = lightPalette;

/** @param shown neurons whose transfer curves are drawn; the band holds the middle 90 % of all */
export function renderChipFigures(card: ChipCard, shown: readonly number[]): ChipFigure[] {
  return [
    { name: "transfer-curves", svg: transferFigure(card, shown) },
    { name: "mismatch", svg: mismatchFigure(card) },
    { name: "f-i-curve", svg: fiFigure(card) },
  ];
}

function emptySheet(height: number): Sheet {
  const sheet = new Sheet(width, height, palette);
  sheet.rect(0, 0, width, height, { fill: palette.background });
  return sheet;
}

function place(sheet: Sheet, k: number, title: string, labels: readonly [string, string], marks: Plot.Markish[]): void {
  const [x, y] = [20 + (k % 2) * (panel.width + 20), 24 + Math.floor(k / 2) * (panel.height + 16)];
  drawPanel(sheet, { x, y, ...panel, title, labels }, marks);
}

function transferFigure({ transfers }: ChipCard, shown: readonly number[]): string {
  const sheet = emptySheet(24 + 2 * (panel.height + 16) + 20);
  sheet.text(24, 18, `Grey: the middle 90 % of all neurons. Lines: neurons ${shown.join(", ")}.`, {
    fill: palette.muted,
  });
  transfers.forEach(({ cell, name, unit, codes, values }, k) => {
    const band = codes.flatMap((code, j) => {
      const sorted = (values[j] ?? []).filter(Number.isFinite).sort((a, b) => a - b);
      const [low, high] = [sorted[Math.floor(0.05 * sorted.length)], sorted[Math.floor(0.95 * sorted.length)]];
      return low === undefined || high === undefined ? [] : [{ code, low, high }];
    });
    const lines = shown.map((neuron) =>
      Plot.line(
        codes.map((code, j) => [code, values[j]?.[neuron] ?? Number.NaN] as [number, number]),
        { stroke: palette.draw, strokeWidth: 1.2, strokeOpacity: 0.8 },
      ),
    );
    place(
      sheet,
      k,
      `${cell}: ${name}`,
      [`${cell} (code)`, `${name.replace(/ at .*/, "")} (${unit})`],
      [Plot.areaY(band, { x: "code", y1: "low", y2: "high", fill: palette.prior }), ...lines],
    );
  });
  return sheet.toString();
}

function mismatchFigure({ spreads }: ChipCard): string {
  const sheet = emptySheet(24 + 3 * (panel.height + 16) + 10);
  spreads.forEach(({ name, unit, digits, values, mean, sd }, k) => {
    const title = `${name}: ${fixed(mean, digits)} ± ${fixed(sd, digits)} ${unit}`;
    const marks =
      values.length === 0
        ? []
        : [
            // Neurons that are all alike get a bar, not an axis of rounding errors.
            ...histogram([...values], 30, palette.draw, 20 * 10 ** -digits),
            Plot.ruleX([mean], { stroke: palette.ink, strokeDasharray: "5 3" }),
          ];
    place(sheet, k, title, [unit, "neurons"], marks);
  });
  return sheet.toString();
}

function fiFigure({ fiCurve: { neuron, points } }: ChipCard): string {
  const sheet = emptySheet(24 + panel.height + 16);
  place(
    sheet,
    0,
    `f-I curve of neuron ${neuron}`,
    ["i_mem_offset (code)", "rate (kHz)"],
    [
      Plot.ruleX(points, {
        x: "code",
        y1: (p: (typeof points)[number]) => p.rateKhz - p.sdKhz,
        y2: (p: (typeof points)[number]) => p.rateKhz + p.sdKhz,
        stroke: palette.muted,
      }),
      Plot.line(points, { x: "code", y: "rateKhz", stroke: palette.draw, strokeWidth: 1.6 }),
      Plot.dot(points, { x: "code", y: "rateKhz", fill: palette.draw, r: 3 }),
    ],
  );
  return sheet.toString();
}
