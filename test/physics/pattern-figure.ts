/** The eight firing patterns as recorded from a chip, one panel each. */
import * as Plot from "@observablehq/plot";
import { decimate } from "../../src/report/svg/decimate.js";
import { lightPalette } from "../../src/report/svg/palette.js";
import { Sheet } from "../../src/report/svg/sheet.js";
import type { PatternRecording } from "./record-pattern.js";

const [width, height, rows] = [460, 120, 4];

export function patternFigure(recordings: ReadonlyMap<string, PatternRecording>): string {
  const sheet = new Sheet(2 * width + 40, rows * (height + 18) + 40, lightPalette);
  sheet.rect(0, 0, sheet.width, sheet.height, { fill: lightPalette.background });
  [...recordings].forEach(([name, { timesUs, counts, spikesUs }], k) => {
    const [x, y] = [26 + (k % 2) * width, 10 + Math.floor(k / 2) * (height + 18)];
    const startUs = timesUs[0] ?? 0;
    const stepUs = ((timesUs.at(-1) ?? 1) - startUs) / (timesUs.length - 1);
    const grid = { startUs, stepUs, length: counts.length };
    const line = decimate(counts, grid, { fromUs: -50, untilUs: 650 }, 420);
    sheet.plot(x, y, {
      width,
      height,
      marginLeft: 36,
      marginRight: 8,
      marginTop: 18,
      marginBottom: 16,
      x: { domain: [-50, 650], label: null },
      y: { domain: [0.1, 0.8], label: null },
      marks: [
        Plot.rectY([0], { x1: 0, x2: 600, y1: 0.1, y2: 0.8, fill: lightPalette.stimulus }),
        Plot.line(
          line.x.map((t, i) => [t, ((line.y[i] as number) * 1.2) / 1024] as [number, number]),
          {
            stroke: lightPalette.draw,
            strokeWidth: 0.9,
          },
        ),
        Plot.frame({ stroke: lightPalette.rule }),
        Plot.axisX({ ticks: 7, tickSize: 3, label: null, color: lightPalette.muted }),
        Plot.axisY({ ticks: 4, tickSize: 3, label: null, color: lightPalette.muted }),
      ],
    });
    sheet.text(x + 36, y + 13, `${name}: ${spikesUs.length} ${spikesUs.length === 1 ? "spike" : "spikes"}`, {
      bold: true,
    });
  });
  sheet.text(sheet.width / 2, sheet.height - 8, "time from the step's onset (µs)", { anchor: "middle" });
  sheet.verticalText(16, sheet.height / 2, "membrane (V, nominal)");
  return sheet.toString();
}
