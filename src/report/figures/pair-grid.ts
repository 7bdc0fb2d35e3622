/**
 * A grid of panels, one row and one column per parameter. Diagonal: histogram of the samples, below a bar that stands for
 * the prior's whole range. Lower triangle: pairs of samples, enlarged to where they are. Upper triangle: the same pairs in
 * the prior's whole range, so that the shrinkage is seen. Two figures place it: the report's and the README's.
 */
import * as Plot from "@observablehq/plot";
import type { ParameterSpec, RunData } from "../../calib/run-data.js";
import { type Sheet, textWidth } from "../svg/sheet.js";
import { roundTicks } from "../svg/ticks.js";
import { pointsMark } from "./points-mark.js";

export interface PairGridPlace {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Samples that are drawn, from the first on. */
  readonly numSamples: number;
}

interface Axis extends ParameterSpec {
  /** Codes of the samples that are drawn. */
  readonly codes: readonly number[];
  /** Part of the range that is enlarged, CapMem LSB. */
  readonly zoom: readonly [number, number];
  readonly truth: number | null;
  readonly interval: readonly [number, number];
}

/** Room for ticks and names: enlarged panels have theirs left and below, those of the prior's range above and right. */
const outer = { left: 58, bottom: 38, top: 36, right: 58 };
/** Above a histogram: name and bar, and the range in numbers where there is room for it. */
const header = { tall: 40, low: 28 };
const lowBox = 110;
const narrow = 280;
const unitText = " (CapMem LSB)";
const targetDash = "5 3";

export function drawPairGrid(sheet: Sheet, data: RunData, place: PairGridPlace): void {
  const axes = pairAxes(data, place.numSamples);
  const n = axes.length;
  const last = n - 1;
  const gap = n > 4 ? 8 : 14;
  // A single parameter has no pairs and therefore no axes above and at the right.
  const [top, right] = n > 1 ? [outer.top, outer.right] : [0, 12];
  const width = (place.width - outer.left - right - last * gap) / n;
  const height = (place.height - top - outer.bottom - last * gap) / n;
  const room = Math.min(width, n > 1 ? height : width);
  const unit = axes.every(({ name }) => textWidth(name + unitText, 11) <= room) ? unitText : "";
  axes.forEach((vertical, i) => {
    axes.forEach((horizontal, j) => {
      const x = place.x + outer.left + j * (width + gap);
      const box = { x, y: place.y + top + i * (height + gap), width, height };
      if (i === j) drawMarginal(sheet, horizontal, box);
      else drawPair(sheet, horizontal, vertical, box, i > j ? "zoom" : "prior");
      if (i === last) drawAxis(sheet, horizontal, box, "bottom", unit);
      if (j === 0 && i > 0) drawAxis(sheet, vertical, box, "left", unit);
      if (i === 0 && j > 0) drawAxis(sheet, horizontal, box, "top", unit);
      if (j === last && i < last) drawAxis(sheet, vertical, box, "right", unit);
    });
  });
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Share of the prior's range above which a posterior is drawn in the whole of it. */
const wideShare = 0.7;

function pairAxes({ parameters, posterior, target, summary }: RunData, numSamples: number): Axis[] {
  const width = parameters.length;
  const count = Math.min(numSamples, posterior.count);
  return parameters.map((parameter, j) => {
    const codes = Array.from({ length: count }, (_, i) => posterior.samples[i * width + j] as number);
    const truth = target.theta?.[j] ?? null;
    const { q05 = Number.NaN, q95 = Number.NaN } = summary.find(({ name }) => name === parameter.name) ?? {};
    return { ...parameter, codes, truth, interval: [q05, q95], zoom: zoomRange(parameter, codes, truth) };
  });
}

function zoomRange(
  { min, max }: ParameterSpec,
  codes: readonly number[],
  truth: number | null,
): readonly [number, number] {
  const seen = truth === null ? codes : [...codes, truth];
  if (seen.length === 0) return [min, max];
  const low = seen.reduce((a, b) => Math.min(a, b));
  const high = seen.reduce((a, b) => Math.max(a, b));
  if (high - low > wideShare * (max - min)) return [min, max];
  const room = Math.max(3, Math.round(0.08 * (high - low)));
  return [Math.max(min, low - room), Math.min(max, high + room)];
}

/** Plot without margins over a box; ticks are drawn apart so that boxes stay aligned. */
function bare(box: Box): Plot.PlotOptions {
  return { width: box.width, height: box.height, margin: 0 };
}

function drawMarginal(sheet: Sheet, axis: Axis, box: Box): void {
  const { palette } = sheet;
  drawPriorBar(sheet, axis, box);
  const [low, high] = axis.zoom;
  const binWidth = Math.max(1, Math.ceil((high - low + 1) / Math.min(28, Math.max(8, box.width / 9))));
  const numBins = Math.ceil((high - low + 1) / binWidth);
  const counts = new Array<number>(numBins).fill(0);
  for (const code of axis.codes) {
    const bin = Math.floor((code - low) / binWidth);
    if (counts[bin] !== undefined) counts[bin]++;
  }
  const bars = counts.map((count, k) => {
    const from = low - 0.5 + k * binWidth;
    return { from, until: Math.min(from + binWidth, high + 0.5), count };
  });
  const above = box.height < lowBox ? header.low : header.tall;
  const inner = { ...box, y: box.y + above, height: box.height - above };
  sheet.plot(inner.x, inner.y, {
    ...bare(inner),
    x: { domain: [low - 0.5, high + 0.5], axis: null },
    y: { domain: [0, Math.max(1, ...counts) * 1.06], axis: null },
    marks: [
      Plot.rect(
        bars.filter(({ count }) => count > 0),
        { x1: "from", x2: "until", y1: 0, y2: "count", fill: palette.draw, fillOpacity: 0.75, inset: 0.3 },
      ),
      Plot.ruleY([0], { stroke: palette.muted, strokeWidth: 0.8 }),
      ...truthMark(sheet, axis.truth, "x"),
    ],
  });
}

/** The prior's whole range as a bar, the central 90 % of the posterior in it, and the target's code as a tick. */
function drawPriorBar(sheet: Sheet, { name, min, max, interval, truth }: Axis, box: Box): void {
  const { palette } = sheet;
  const at = (code: number): number => box.x + ((code - min) / Math.max(1, max - min)) * box.width;
  const size = Math.min(12, box.width / Math.max(1, textWidth(name, 1)));
  sheet.text(box.x + box.width / 2, box.y + 10, name, {
    anchor: "middle",
    bold: true,
    size: Math.round(10 * size) / 10,
  });
  const y = box.y + 17;
  sheet.rect(box.x, y, box.width, 6, { fill: palette.prior });
  if (interval.every(Number.isFinite)) {
    const width = Math.max(2, at(interval[1]) - at(interval[0]));
    sheet.rect(Math.min(at(interval[0]), box.x + box.width - width), y, width, 6, { fill: palette.draw });
  }
  if (truth !== null) sheet.line(at(truth), y - 3, at(truth), y + 9, { stroke: palette.ink, "stroke-width": 1.4 });
  if (box.height < lowBox) return;
  const small = { size: 9, fill: palette.muted };
  sheet.text(box.x, y + 16, String(min), small);
  sheet.text(box.x + box.width, y + 16, String(max), { ...small, anchor: "end" });
  if (box.width > 110) sheet.text(box.x + box.width / 2, y + 16, "prior’s range", { ...small, anchor: "middle" });
}

function drawPair(sheet: Sheet, horizontal: Axis, vertical: Axis, box: Box, view: "zoom" | "prior"): void {
  const { palette } = sheet;
  const isZoom = view === "zoom";
  const domain = ({ zoom, min, max }: Axis): readonly [number, number] => (isZoom ? zoom : [min, max]);
  const [x1, x2] = horizontal.zoom;
  const [y1, y2] = vertical.zoom;
  const window = Plot.rect([0], { x1, x2, y1, y2, stroke: palette.draw, strokeWidth: 0.8, strokeDasharray: "2 2" });
  const frame = isZoom ? { stroke: palette.rule } : { fill: palette.prior, fillOpacity: 0.45, stroke: palette.rule };
  sheet.plot(box.x, box.y, {
    ...bare(box),
    x: { domain: [...domain(horizontal)], axis: null },
    y: { domain: [...domain(vertical)], axis: null },
    marks: [
      Plot.frame(frame),
      pointsMark(horizontal.codes, vertical.codes, {
        colour: palette.draw,
        diameter: isZoom ? Math.min(4, 2 + box.width / 150) : 1.6,
        opacity: isZoom ? 0.5 : 0.7,
      }),
      ...(isZoom ? [] : [window]),
      ...truthMark(sheet, horizontal.truth, "x", isZoom ? 1.2 : 0.7),
      ...truthMark(sheet, vertical.truth, "y", isZoom ? 1.2 : 0.7),
    ],
  });
}

function truthMark(sheet: Sheet, truth: number | null, channel: "x" | "y", strokeWidth = 1.2): Plot.Markish[] {
  if (truth === null) return [];
  const look = { stroke: sheet.palette.ink, strokeWidth, strokeDasharray: targetDash };
  return [channel === "x" ? Plot.ruleX([truth], look) : Plot.ruleY([truth], look)];
}

type Side = "left" | "right" | "top" | "bottom";

/** Ticks and name along one side of a box: of the enlarged part below and at the left, else of the prior's range. */
function drawAxis(sheet: Sheet, axis: Axis, box: Box, side: Side, unit: string): void {
  const isUpright = side === "left" || side === "right";
  const room = isUpright ? box.height : box.width;
  const domain = side === "left" || side === "bottom" ? axis.zoom : ([axis.min, axis.max] as const);
  const ticks = codeTicks(domain, room, isUpright);
  const look = { ticks, tickSize: 4, color: sheet.palette.muted, label: null, tickFormat: String };
  const name = `${axis.name}${unit}`;
  const size = fontSize(name, room);
  if (isUpright) {
    const marks = [Plot.axisY({ ...look, anchor: side })];
    sheet.plot(box.x, box.y, { ...bare(box), y: { domain: [...domain], axis: null }, marks });
    const x = side === "left" ? box.x - 44 : box.x + box.width + 52;
    sheet.verticalText(x, box.y + box.height / 2, name, size);
  } else {
    const marks = [Plot.axisX({ ...look, anchor: side })];
    sheet.plot(box.x, box.y, { ...bare(box), x: { domain: [...domain], axis: null }, marks });
    const y = side === "bottom" ? box.y + box.height + 34 : box.y - 24;
    sheet.text(box.x + box.width / 2, y, name, { anchor: "middle", size });
  }
}

/** Round codes; in narrow boxes those near the ends are left out, where they would meet the neighbour's. */
function codeTicks([low, high]: readonly [number, number], room: number, isUpright: boolean): number[] {
  const most = Math.max(2, room / (isUpright ? 40 : 50));
  if (room > narrow) return roundTicks(low, high, most, 1);
  const edge = isUpright ? 5 : 12;
  const at = (value: number): number => ((value - low) / Math.max(1, high - low)) * room;
  let inside: number[] = [];
  // One tick gives no scale: ask for more of them until two are left.
  for (let more = 1; inside.length < 2 && more < 3; more += 0.5) {
    inside = roundTicks(low, high, more * most, 1).filter((value) => at(value) >= edge && at(value) <= room - edge);
  }
  // And fewer again where their names would touch.
  const spacing = at((inside[1] ?? high) - (inside[0] ?? low) + low);
  const stride = isUpright ? 1 : Math.max(1, Math.ceil(26 / Math.max(1, spacing)));
  return inside.filter((_, k) => k % stride === 0);
}

/** Size at which a name fits, within what can be read. */
function fontSize(name: string, room: number): number {
  return Math.round(10 * Math.min(11, Math.max(9, room / Math.max(1, textWidth(name, 1))))) / 10;
}
