/** Differences between runs as lines for people and as objects for programs. */
import type { Difference } from "../protocol/explain/compare.js";

/** @param names what the two sides are called */
export function differenceText(difference: Difference, names: readonly [string, string]): string {
  const { program, index, what, a, b, context, isNote } = difference;
  const place = `program ${program}${index === undefined ? "" : `, instruction ${index}`}`;
  const width = Math.max(names[0].length, names[1].length);
  const side = (name: string, text: string): string => `  ${name.padEnd(width)}  ${text}`;
  const blank = " ".repeat(width);
  return [
    `${isNote ? "note: " : ""}${place}: ${what} not the same`,
    ...context.map((text) => side(blank, text)),
    side(names[0], a),
    side(names[1], b),
  ].join("\n");
}

/** Differences that are shown; the rest is counted. */
export const shownDifferences = 20;
