/**
 * Fewer points for the same picture: within each pixel column a line keeps its smallest and its largest value in their
 * order, so that every spike stays as high as it was. A value that is not finite breaks the line.
 */
import type { TraceGrid } from "../../calib/run-data.js";

export interface Polyline {
  /** Microseconds. */
  readonly x: number[];
  /** Unit of the trace; NaN where the line is broken. */
  readonly y: number[];
}

/**
 * @param trace shape (grid.length)
 * @param columns width of the drawing, pixels
 */
export function decimate(
  trace: ArrayLike<number>,
  grid: TraceGrid,
  window: { readonly fromUs: number; readonly untilUs: number },
  columns: number,
): Polyline {
  const x: number[] = [];
  const y: number[] = [];
  const push = (i: number): void => {
    const value = trace[i] as number;
    x.push(grid.startUs + i * grid.stepUs);
    y.push(Number.isFinite(value) ? value : Number.NaN);
  };
  const first = Math.max(0, Math.ceil((window.fromUs - grid.startUs) / grid.stepUs));
  const last = Math.min(trace.length - 1, Math.floor((window.untilUs - grid.startUs) / grid.stepUs));
  const count = last - first + 1;
  if (count <= 2 * columns) {
    for (let i = first; i <= last; i++) push(i);
    return { x, y };
  }
  for (let column = 0; column < columns; column++) {
    const from = first + Math.floor((column * count) / columns);
    const until = first + Math.floor(((column + 1) * count) / columns);
    let low = -1;
    let high = -1;
    for (let i = from; i < until; i++) {
      const value = trace[i] as number;
      if (!Number.isFinite(value)) continue;
      if (low < 0 || value < (trace[low] as number)) low = i;
      if (high < 0 || value > (trace[high] as number)) high = i;
    }
    if (low < 0) {
      push(from);
      continue;
    }
    push(Math.min(low, high));
    if (low !== high) push(Math.max(low, high));
  }
  return { x, y };
}
