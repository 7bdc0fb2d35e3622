/** The figures in the order of the method. */
import type { RunData } from "../../calib/run-data.js";
import { type Palette, pagePalette } from "../svg/palette.js";
import { diagnosticFigures } from "./diagnostics.js";
import type { Figure, FigureMaker, FigureOptions } from "./figure.js";
import { lossFigure } from "./loss.js";
import { pairPlot } from "./pair-plot.js";
import { predictiveFigure } from "./predictive.js";
import { randomTraces } from "./random-traces.js";
import { reconstructionFigure } from "./reconstruction.js";

const makers: readonly FigureMaker[] = [randomTraces, lossFigure, reconstructionFigure, pairPlot, predictiveFigure];

/** @param palette colours; by default CSS variables that fall back to light colours */
export function renderFigures(
  data: RunData,
  options: FigureOptions = {},
  palette: Palette = pagePalette,
): readonly Figure[] {
  return [...makers.map((make) => make(data, palette, options)), ...diagnosticFigures(data, palette)];
}
