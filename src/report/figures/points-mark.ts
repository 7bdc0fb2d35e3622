/**
 * Many dots in few bytes: each dot is a zero-length stroke with round ends inside one of a few paths. Several paths, not
 * one, because only separate paths add up their opacity where dots lie on each other.
 */
import type * as Plot from "@observablehq/plot";
import { type SvgDocument, type SvgElement, svgElement } from "../svg/document.js";

export interface PointsLook {
  readonly colour: string;
  readonly diameter: number;
  readonly opacity: number;
}

const layers = 10;

/** @param xs @param ys equal lengths, in the units of the plot's scales */
export function pointsMark(xs: readonly number[], ys: readonly number[], look: PointsLook): Plot.Markish {
  const render = (
    _index: unknown,
    scales: { readonly x: (value: number) => number; readonly y: (value: number) => number },
    _values: unknown,
    _dimensions: unknown,
    context: { readonly document: SvgDocument },
  ): SvgElement => {
    const group = svgElement(context.document, "g", {
      fill: "none",
      stroke: look.colour,
      "stroke-width": look.diameter.toFixed(1),
      "stroke-opacity": look.opacity,
      "stroke-linecap": "round",
    });
    for (let layer = 0; layer < layers; layer++) {
      let d = "";
      for (let i = layer; i < xs.length; i += layers) {
        d += `M${scales.x(xs[i] as number).toFixed(1)},${scales.y(ys[i] as number).toFixed(1)}h0`;
      }
      if (d !== "") group.append(svgElement(context.document, "path", { d }));
    }
    return group;
  };
  return render as unknown as Plot.RenderFunction;
}
