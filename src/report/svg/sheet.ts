/**
 * A sheet of paper for one figure: panels made by Observable Plot are placed on it by position, with texts and swatches
 * between them. It knows nothing of the data.
 */
import * as Plot from "@observablehq/plot";
import { newSvgDocument, type SvgElement, svgElement, tidy } from "./document.js";
import type { Palette } from "./palette.js";

export interface TextStyle {
  readonly anchor?: "start" | "middle" | "end";
  readonly size?: number;
  readonly fill?: string;
  readonly bold?: boolean;
}

/** An entry of a legend. `dash` is an SVG dash pattern. */
export interface LegendEntry {
  readonly label: string;
  readonly colour: string;
  readonly dash?: string;
  readonly opacity?: number;
  /** A filled swatch instead of a line. */
  readonly area?: boolean;
}

/** Average width of a letter in units of the font's size, for placing; sans-serif fonts differ by about a tenth. */
const letterWidth = 0.54;

export class Sheet {
  readonly palette: Palette;
  readonly width: number;
  readonly height: number;
  readonly #document = newSvgDocument();
  readonly #root: SvgElement;

  /** @param width @param height user units, one CSS pixel at full size */
  constructor(width: number, height: number, palette: Palette) {
    this.palette = palette;
    this.width = width;
    this.height = height;
    this.#root = svgElement(this.#document, "svg", {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: "img",
      "font-family": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
      "font-size": 11,
      fill: palette.ink,
      color: palette.ink,
    });
  }

  /** Place a plot with its upper left corner at (x, y). */
  plot(x: number, y: number, options: Plot.PlotOptions): void {
    const document = this.#document as unknown as NonNullable<Plot.PlotOptions["document"]>;
    const panel = Plot.plot({ ...options, document }) as unknown as SvgElement;
    tidy(panel);
    panel.setAttribute("x", String(x));
    panel.setAttribute("y", String(y));
    panel.setAttribute("overflow", "visible");
    panel.removeAttribute("viewBox");
    this.#root.append(panel);
  }

  text(x: number, y: number, content: string, style: TextStyle = {}): void {
    const element = svgElement(this.#document, "text", { x: round(x), y: round(y) });
    if (style.anchor !== undefined) element.setAttribute("text-anchor", style.anchor);
    if (style.size !== undefined) element.setAttribute("font-size", String(style.size));
    if (style.fill !== undefined) element.setAttribute("fill", style.fill);
    if (style.bold === true) element.setAttribute("font-weight", "600");
    element.textContent = printable(content);
    this.#root.append(element);
  }

  /** Text turned a quarter to the left, centred at (x, y). */
  verticalText(x: number, y: number, content: string, size = 11): void {
    const element = svgElement(this.#document, "text", {
      transform: `translate(${round(x)},${round(y)}) rotate(-90)`,
      "text-anchor": "middle",
      "font-size": size,
    });
    element.textContent = printable(content);
    this.#root.append(element);
  }

  rect(
    x: number,
    y: number,
    width: number,
    height: number,
    attributes: Readonly<Record<string, string | number>>,
  ): void {
    const shape = { x: round(x), y: round(y), width: round(width), height: round(height), ...attributes };
    this.#root.append(svgElement(this.#document, "rect", shape));
  }

  line(x1: number, y1: number, x2: number, y2: number, attributes: Readonly<Record<string, string | number>>): void {
    const shape = { x1: round(x1), y1: round(y1), x2: round(x2), y2: round(y2), ...attributes };
    this.#root.append(svgElement(this.#document, "line", shape));
  }

  /** One row of swatches with their names, starting at x with its text on the baseline y. */
  legend(x: number, y: number, entries: readonly LegendEntry[]): void {
    let at = x;
    for (const { label, colour, dash, area, opacity } of entries) {
      if (area === true) this.rect(at, y - 9, 18, 10, { fill: colour });
      else {
        const pattern = dash === undefined ? {} : { "stroke-dasharray": dash };
        const look = { stroke: colour, "stroke-width": 2, "stroke-opacity": opacity ?? 1, ...pattern };
        this.line(at, y - 4, at + 18, y - 4, look);
      }
      this.text(at + 23, y, label);
      at += 23 + textWidth(label, 11) + 20;
    }
  }

  /** The figure as an SVG document. */
  toString(): string {
    return this.#root.outerHTML;
  }
}

/** Estimate of a text's width, pixels. */
export function textWidth(text: string, size: number): number {
  return text.length * size * letterWidth;
}

/** Text without control characters, which no XML document may hold. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to be taken out
  return text.replace(/[\u0000-\u001f\u007f-\u009f\ufffe\uffff]/g, "\ufffd");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
