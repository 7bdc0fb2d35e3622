/** What every figure is given and gives. */
import type { RunData } from "../../calib/run-data.js";
import type { CountScale } from "../../calib/target/trace.js";
import type { Palette } from "../svg/palette.js";

export interface Figure {
  /** Short name, usable in a file's name. */
  readonly name: string;
  readonly title: string;
  /** What is seen, in sentences. Plain text. */
  readonly caption: string;
  /** An SVG document. */
  readonly svg: string;
}

export interface FigureOptions {
  /** Nominal scale of the MADC; with it, membranes get a second axis in volt. */
  readonly scale?: CountScale;
}

export type FigureMaker = (data: RunData, palette: Palette, options: FigureOptions) => Figure;

/** Width of a figure, CSS pixels: fits a laptop's window and A4 across at full size. */
export const figureWidth = 960;
