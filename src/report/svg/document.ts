/**
 * The one place where SVG elements are made: a headless document (linkedom) narrowed to what the figures use. Text goes
 * in as text nodes and is escaped on output; attributes must hold constants and numbers only, because the serialiser
 * leaves `<` and `&` in attributes as they are, which HTML allows and XML does not.
 */
import { parseHTML } from "linkedom";

export interface SvgElement {
  readonly tagName: string;
  readonly attributes: Iterable<{ readonly name: string; value: string }>;
  textContent: string | null;
  readonly outerHTML: string;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  append(...children: SvgElement[]): void;
  remove(): void;
  querySelectorAll(selector: string): Iterable<SvgElement>;
}

export interface SvgDocument {
  createElementNS(namespace: string, name: string): SvgElement;
}

const svgNamespace = "http://www.w3.org/2000/svg";

export function newSvgDocument(): SvgDocument {
  const { document } = parseHTML("<html><body></body></html>") as unknown as { document: SvgDocument };
  return document;
}

/** @param attributes constants and numbers; never text that came from outside */
export function svgElement(
  document: SvgDocument,
  name: string,
  attributes: Readonly<Record<string, string | number>> = {},
): SvgElement {
  const element = document.createElementNS(svgNamespace, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}

const geometry = new Set(["d", "transform", "x", "y", "x1", "x2", "y1", "y2", "width", "height", "dy", "dx"]);
const plotClutter = ["class", "font-family", "font-size", "aria-hidden", "aria-label", "aria-description"];

/**
 * Make a finished plot small and self-standing: styles, class names and labels that repeat the page's are taken out, and
 * coordinates are rounded to a tenth of a pixel.
 */
export function tidy(plot: SvgElement): void {
  for (const style of [...plot.querySelectorAll("style")]) style.remove();
  for (const element of [plot, ...plot.querySelectorAll("*")]) {
    for (const name of plotClutter) element.removeAttribute(name);
    for (const attribute of element.attributes) {
      if (geometry.has(attribute.name)) attribute.value = roundNumbers(attribute.value);
    }
  }
}

/** Lengths in em need their second decimal; pixels do not. */
function roundNumbers(text: string): string {
  return text.replace(/-?\d+\.\d+(?!\d|em)/g, (number) => String(Math.round(Number(number) * 10) / 10));
}
