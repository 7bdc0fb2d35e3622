/** Rows of emulations, each over the target; the report's figure and the README's place them. */
import type { RunData, TraceSet } from "../../calib/run-data.js";
import type { CountScale } from "../../calib/target/trace.js";
import type { Sheet } from "../svg/sheet.js";
import { roundTicks } from "../svg/ticks.js";
import { commonRange, drawTracePanel, rowOf } from "./trace-panel.js";

export interface PredictiveRows {
  readonly set: TraceSet;
  readonly colour: string;
  /** Text above each row. */
  readonly labels: readonly string[];
  readonly x: number;
  readonly y: number;
  readonly width: number;
  /** Height of one panel. */
  readonly height: number;
  readonly pitch: number;
  readonly range: readonly [number, number];
  readonly valueTicks: boolean;
  readonly timeTicks: boolean;
  readonly voltAxis?: CountScale | undefined;
}

/** The target lies under what is compared with it, wide and pale. */
export const targetOpacity = 0.45;

export function drawPredictiveRows(sheet: Sheet, { target, stimulus }: RunData, rows: PredictiveRows): void {
  const { set, colour, x, width, height, range, valueTicks, labels } = rows;
  labels.forEach((label, k) => {
    const y = rows.y + k * rows.pitch;
    sheet.text(x, y - 5, label, { size: 10.5, fill: sheet.palette.muted });
    drawTracePanel(sheet, {
      x,
      y,
      width,
      height,
      grid: set.grid,
      untilUs: stimulus.endUs,
      range,
      stimulus,
      lines: [
        { trace: target.trace, colour: sheet.palette.ink, width: 1.8, opacity: targetOpacity },
        { trace: rowOf(set.traces, set.grid, k), colour, width: 1 },
      ],
      timeTicks: rows.timeTicks && k === labels.length - 1,
      valueTicks,
      valueTicksAt: roundTicks(...range, 4),
      voltAxis: rows.voltAxis,
    });
  });
}

/** One vertical range for the target and the first `numRows` of both sets. */
export function predictiveRange({ target, repeats, draws }: RunData, numRows: number): readonly [number, number] {
  const first = ({ traces, grid, count }: TraceSet): Float32Array =>
    traces.subarray(0, Math.min(numRows, count) * grid.length);
  return commonRange([target.trace, first(repeats), first(draws)]);
}
