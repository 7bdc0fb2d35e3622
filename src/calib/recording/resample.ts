/**
 * From irregular samples to the regular grid. Each grid value is the mean, over the grid's cell (one step wide, centred
 * on the point), of the straight lines between neighbouring samples. Reading the lines at the point itself would fold
 * everything above the grid's Nyquist frequency back into the trace: at 2 us per point and 34 ns per sample, 58 of 59
 * samples would be thrown away, and the height of a spike would depend on where the grid happens to cut it. The mean
 * keeps what the 59 samples say (noise falls by the root of 59) and tends to plain linear interpolation when the samples
 * are as sparse as the grid. It does not know where samples come from.
 */
import { FieldOutOfRange } from "../../base/errors.js";
import type { TraceGrid } from "../run-data.js";

/** First and last instant that a grid's cells cover, microseconds from the start of the protocol. */
export function gridSpan(grid: TraceGrid): { readonly fromUs: number; readonly toUs: number } {
  const fromUs = grid.startUs - grid.stepUs / 2;
  return { fromUs, toUs: fromUs + grid.length * grid.stepUs };
}

/**
 * Fill `out` with cell means. Before the first and after the last sample the line goes on at that sample's value; the
 * caller decides how much of that is tolerable.
 * @param times shape (n), n >= 2, not decreasing @param values shape (n) @param out shape (grid.length)
 * @param perUs units of the times in a microsecond
 * @throws FieldOutOfRange for fewer than two samples
 */
export function resample(
  times: ArrayLike<number>,
  values: ArrayLike<number>,
  grid: TraceGrid,
  out: Float32Array,
  perUs = 1,
): Float32Array {
  const n = times.length;
  if (n < 2) throw new FieldOutOfRange("number of samples to resample", n, "2 or more");
  const time = (i: number): number => (times[i] as number) / perUs;
  const value = (i: number): number => values[i] as number;
  const { fromUs } = gridSpan(grid);
  let next = 0; // first sample after the current instant
  while (next < n && time(next) <= fromUs) next++;
  let at = fromUs;
  let level = lineAt(time, n, values, next, at);
  for (let cell = 0; cell < grid.length; cell++) {
    const end = fromUs + (cell + 1) * grid.stepUs;
    let area = 0;
    while (next < n && time(next) <= end) {
      area += (time(next) - at) * 0.5 * (level + value(next));
      at = time(next);
      level = value(next);
      next++;
    }
    const endLevel = lineAt(time, n, values, next, end);
    area += (end - at) * 0.5 * (level + endLevel);
    at = end;
    level = endLevel;
    out[cell] = area / grid.stepUs;
  }
  return out;
}

/** Value at an instant between sample `next - 1` and sample `next`; constant outside of all samples. */
function lineAt(time: (i: number) => number, n: number, values: ArrayLike<number>, next: number, at: number): number {
  if (next === 0) return values[0] as number;
  const before = values[next - 1] as number;
  if (next >= n) return before;
  const from = time(next - 1);
  return before + ((at - from) / (time(next) - from)) * ((values[next] as number) - before);
}
