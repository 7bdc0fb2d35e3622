/**
 * A membrane trace that somebody brought along: what it must fulfil, and its way onto the task's grid in MADC LSB. The
 * same rules hold for a file and for arrays given to the API; only the name of the place differs (line or sample).
 */
import { TargetInvalid } from "../errors.js";
import { gridSpan, resample } from "../recording/resample.js";
import type { TraceGrid } from "../run-data.js";

/** Unit of the values: volt at the membrane, or counts of the MADC. */
export type TraceUnit = "v" | "lsb";

export interface TraceTarget {
  readonly kind: "trace";
  /** Where it came from, for people: a file's name. */
  readonly source: string;
  /** Microseconds from the start of the protocol, shape (n), increasing. */
  readonly timeUs: Float64Array;
  /** Shape (n). */
  readonly values: Float64Array;
  readonly unit: TraceUnit;
  /** How it came from what was recorded to this; said again with the result. */
  readonly notes?: readonly string[];
}

/** Nominal line from counts to volts; a real converter deviates from it by some per cent. */
export interface CountScale {
  readonly voltPerLsb: number;
  readonly offsetVolt: number;
}

export interface TraceRules {
  readonly grid: TraceGrid;
  readonly scale: CountScale;
  /** Longest stretch between two samples, microseconds. */
  readonly maxGapUs: number;
}

const largestCount = 1023;

/** Legal values in the trace's own unit. */
export function valueRange(unit: TraceUnit, scale: CountScale): readonly [number, number] {
  return unit === "lsb" ? [0, largestCount] : [scale.offsetVolt, scale.offsetVolt + largestCount * scale.voltPerLsb];
}

/**
 * Check a trace against the rules.
 * @param place names sample `i` for people, for example its line
 * @throws TargetInvalid naming the first place that breaks a rule, its value and what is legal
 */
export function checkTrace(
  target: TraceTarget,
  rules: TraceRules,
  place: (index: number) => string = (i) => `sample ${i}`,
): void {
  const { source, timeUs, values, unit } = target;
  const n = timeUs.length;
  const fail = (index: number | undefined, object: string, value: string, legal: string): never => {
    throw new TargetInvalid(source, index === undefined ? undefined : place(index), object, value, legal);
  };
  if (values.length !== n) fail(undefined, "number of values", String(values.length), `${n}, one per time`);
  const [low, high] = valueRange(unit, rules.scale);
  const legal = unit === "lsb" ? `${low}..${high} LSB` : `${low.toFixed(3)}..${high.toFixed(3)} V`;
  for (let i = 0; i < n; i++) {
    const t = timeUs[i] as number;
    const v = values[i] as number;
    const before = i === 0 ? t : (timeUs[i - 1] as number);
    if (!Number.isFinite(t)) fail(i, "time", String(t), "a finite number of microseconds");
    if (!Number.isFinite(v)) fail(i, "membrane", String(v), `a finite number, ${legal}`);
    if (v < low || v > high) fail(i, "membrane", `${v} ${unit === "lsb" ? "LSB" : "V"}`, legal);
    if (i > 0 && t <= before) fail(i, "time", `${t} us`, `above the time before it, ${before} us`);
    if (t - before > rules.maxGapUs) {
      fail(i, "gap since the sample before", `${(t - before).toPrecision(4)} us`, `at most ${rules.maxGapUs} us`);
    }
  }
  const { fromUs, toUs } = gridSpan(rules.grid);
  const span = n === 0 ? "empty" : `${timeUs[0]}..${timeUs[n - 1]} us`;
  // The last cell may lie past the last sample by as much as two samples may lie apart.
  const covered = n > 1 && timeUs[0] !== undefined && timeUs[0] <= fromUs + rules.maxGapUs;
  if (!covered || (timeUs[n - 1] as number) < toUs - rules.maxGapUs) {
    fail(undefined, "recorded stretch", span, `the whole protocol, ${fromUs}..${toUs} us`);
  }
}

/** The trace on the grid. @returns shape (grid.length), MADC LSB @throws TargetInvalid */
export function traceOnGrid(target: TraceTarget, rules: TraceRules): Float32Array {
  checkTrace(target, rules);
  const onGrid = resample(target.timeUs, target.values, rules.grid, new Float32Array(rules.grid.length));
  if (target.unit === "lsb") return onGrid;
  const { voltPerLsb, offsetVolt } = rules.scale;
  return onGrid.map((volt) => (volt - offsetVolt) / voltPerLsb);
}
