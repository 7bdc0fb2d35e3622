/**
 * The panel that the figures with membranes share: time against MADC LSB, the stimulus window shaded, lines decimated to
 * the pixels they cover. Panels of one figure get one vertical range so that they can be compared.
 */
import * as Plot from "@observablehq/plot";
import type { RunData, TraceGrid } from "../../calib/run-data.js";
import type { CountScale } from "../../calib/target/trace.js";
import { decimate } from "../svg/decimate.js";
import type { Sheet } from "../svg/sheet.js";
import { roundTicks } from "../svg/ticks.js";

export interface PanelLine {
  /** Shape (grid.length), MADC LSB. */
  readonly trace: Float32Array;
  readonly colour: string;
  readonly width?: number;
  readonly opacity?: number;
}

export interface TracePanel {
  readonly x: number;
  readonly y: number;
  /** Size of the area inside the axes. */
  readonly width: number;
  readonly height: number;
  readonly grid: TraceGrid;
  readonly untilUs: number;
  readonly range: readonly [number, number];
  readonly stimulus?: RunData["stimulus"];
  readonly lines: readonly PanelLine[];
  readonly timeTicks: boolean;
  readonly valueTicks: boolean;
  /** Where value ticks lie; without, the library chooses about four. */
  readonly valueTicksAt?: readonly number[];
  /** Volt ticks on the right. */
  readonly voltAxis?: CountScale | undefined;
  readonly zeroLine?: boolean;
}

/** Room for tick labels around the area inside the axes. */
const margin = { left: 44, right: 48, top: 4, bottom: 24 };

export function drawTracePanel(sheet: Sheet, panel: TracePanel): void {
  const { palette } = sheet;
  const { range, untilUs, stimulus, voltAxis } = panel;
  const tick = { tickSize: 4, color: palette.muted, label: null };
  const marks: Plot.Markish[] = [];
  if (stimulus !== undefined && stimulus.onUs < untilUs) {
    const window = { x1: stimulus.onUs, x2: Math.min(stimulus.offUs, untilUs), y1: range[0], y2: range[1] };
    marks.push(Plot.rect([window], { x1: "x1", x2: "x2", y1: "y1", y2: "y2", fill: palette.stimulus }));
  }
  if (panel.zeroLine === true) marks.push(Plot.ruleY([0], { stroke: palette.muted, strokeWidth: 0.6 }));
  for (const { trace, colour, width, opacity } of panel.lines) {
    const { x, y } = decimate(trace, panel.grid, { fromUs: 0, untilUs }, Math.round(panel.width));
    const look = { stroke: colour, strokeWidth: width ?? 1.1, strokeOpacity: opacity ?? 1 };
    marks.push(Plot.line({ length: x.length }, { x, y, ...look }));
  }
  marks.push(Plot.frame({ stroke: palette.rule }));
  if (panel.timeTicks)
    marks.push(Plot.axisX({ ...tick, anchor: "bottom", ticks: Math.round(panel.width / 80), tickFormat: String }));
  if (panel.valueTicks)
    marks.push(Plot.axisY({ ...tick, anchor: "left", ticks: panel.valueTicksAt ?? 4, tickFormat: minus }));
  if (voltAxis !== undefined) marks.push(Plot.axisY({ ...tick, anchor: "right", ...voltTicks(voltAxis, range) }));
  sheet.plot(panel.x - margin.left, panel.y - margin.top, {
    width: panel.width + margin.left + margin.right,
    height: panel.height + margin.top + margin.bottom,
    marginLeft: margin.left,
    marginRight: margin.right,
    marginTop: margin.top,
    marginBottom: margin.bottom,
    x: { domain: [0, untilUs], axis: null },
    y: { domain: range, axis: null },
    marks,
  });
}

/** Smallest and largest finite value of all traces with room around them. */
export function commonRange(traces: readonly ArrayLike<number>[], room = 0.06): readonly [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const trace of traces) {
    for (let i = 0; i < trace.length; i++) {
      const value = trace[i] as number;
      if (!Number.isFinite(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  if (low > high) return [0, 1023];
  const pad = Math.max(1, room * (high - low));
  return [low - pad, high + pad];
}

export function rowOf(matrix: Float32Array, grid: TraceGrid, row: number): Float32Array {
  return matrix.subarray(row * grid.length, (row + 1) * grid.length);
}

/** Values of the first `untilUs` microseconds of a trace. */
export function beginning(trace: Float32Array, grid: TraceGrid, untilUs: number): Float32Array {
  return trace.subarray(0, Math.max(0, Math.floor((untilUs - grid.startUs) / grid.stepUs) + 1));
}

function minus(value: number): string {
  return String(value).replace("-", "−");
}

/** Where round voltages lie on an axis in LSB, and their names. */
function voltTicks({ offsetVolt, voltPerLsb }: CountScale, range: readonly [number, number]): Plot.AxisYOptions {
  const [low, high] = range.map((lsb) => offsetVolt + lsb * voltPerLsb) as [number, number];
  const volts = roundTicks(low, high, 5);
  const digits = Math.max(0, ...volts.map((volt) => String(volt).split(".")[1]?.length ?? 0));
  const names = new Map(
    volts.map((volt) => [(volt - offsetVolt) / voltPerLsb, volt.toFixed(digits).replace("-", "−")]),
  );
  return { ticks: [...names.keys()], tickFormat: (lsb: number) => names.get(lsb) ?? "" };
}
