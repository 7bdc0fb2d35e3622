/**
 * A membrane recording as it was brought along: seconds and volts of its own world, which may be biology's. Its way to a
 * target: a stretch as long as the protocol is cut out, time is divided by the chip's speed-up, and volts are scaled and
 * shifted onto the chip's range. What was done is said in the target's notes, which end in the result and the report.
 */
import { TargetInvalid } from "../errors.js";
import { gridSpan } from "../recording/resample.js";
import { type Task, traceRules } from "../task/task.js";
import { type TraceTarget, valueRange } from "./trace.js";

export interface SampledRecording {
  /** For people: file, sweep. */
  readonly source: string;
  /** Seconds, increasing; shape (n). */
  readonly seconds: Float64Array;
  /** Shape (n). */
  readonly volts: Float64Array;
  /** When the step of current was on, seconds, where the file says so. */
  readonly step?: { readonly onS: number; readonly offS: number };
}

export interface RecordingMapping {
  /** How many times faster the chip is than what was recorded; 1 for recordings of chips. */
  readonly speedUp: number;
  /** Volts on the chip per volt in the recording. */
  readonly voltScale: number;
  /** Added after scaling, V; undefined: the potential before the step comes to lie at `restVolt`. */
  readonly voltOffset?: number;
  /** Where the protocol starts in the recording, seconds; undefined: so that the steps begin together, else at 0. */
  readonly startS?: number;
}

/** The chip is this much faster than biology. */
export const biologicalSpeedUp = 1000;
/** 10 mV on the chip for 1 mV of a cell: 100 mV of spike and reset fill the 1.2 V. Our choice. */
export const biologicalVoltScale = 10;
/** Rest on the chip, V: about where the shipped tasks' leak code puts it. Our choice. */
const restVolt = 0.65;

/** @throws TargetInvalid when the recording does not cover the protocol, or a value is no number */
export function mapRecording(recording: SampledRecording, mapping: RecordingMapping, task: Task): TraceTarget {
  const { source, seconds, volts, step } = recording;
  const { speedUp, voltScale } = mapping;
  const { onUs, offUs } = task.stimulus;
  const usPerS = 1e6 / speedUp;
  const startS = mapping.startS ?? (step === undefined ? 0 : step.onS - onUs / usPerS);
  const rules = traceRules(task);
  const { fromUs, toUs } = gridSpan(task.grid);
  const timeUs = seconds.map((s) => (s - startS) * usPerS);
  const first = timeUs.findIndex((t) => t >= fromUs - rules.maxGapUs);
  const after = timeUs.findIndex((t) => t > toUs + rules.maxGapUs);
  const last = after < 0 ? timeUs.length : after;
  if (first < 0 || last - first < 2 || (timeUs[last - 1] as number) < toUs - rules.maxGapUs) {
    const has = `${(seconds[0] ?? 0).toPrecision(4)}..${(seconds.at(-1) ?? 0).toPrecision(4)} s`;
    const needs = `${(startS + fromUs / usPerS).toPrecision(4)}..${(startS + toUs / usPerS).toPrecision(4)} s`;
    throw new TargetInvalid(source, undefined, "recorded stretch", has, `${needs}, the protocol from its start on`);
  }
  const offset = mapping.voltOffset ?? restVolt - voltScale * potentialBefore(timeUs, volts, onUs, fromUs);
  const [low, high] = valueRange("v", task.scale);
  let clipped = 0;
  const values = volts.slice(first, last).map((volt) => {
    const mapped = voltScale * volt + offset;
    if (mapped < low || mapped > high) clipped++;
    return Math.min(high, Math.max(low, mapped));
  });
  const notes = [
    `target ${source} was mapped to the chip: time divided by ${speedUp} from ${startS.toPrecision(6)} s on; volts times ${voltScale} plus ${offset.toFixed(4)} V`,
  ];
  if (clipped > 0) {
    const share = ((100 * clipped) / values.length).toFixed(1);
    notes.push(
      `${share} % of the target's samples were cut off at the converter's range ${low.toFixed(3)}..${high.toFixed(3)} V`,
    );
  }
  const lasts = step === undefined ? offUs - onUs : (step.offS - step.onS) * usPerS;
  if (Math.abs(lasts - (offUs - onUs)) > 0.01 * (offUs - onUs)) {
    notes.push(
      `the step in ${source} lasts ${lasts.toFixed(1)} us of chip time, that of task ${task.name} ${offUs - onUs} us: set [stimulus] in a task file`,
    );
  }
  return { kind: "trace", source, timeUs: timeUs.slice(first, last), values, unit: "v", notes };
}

/** Median potential between the protocol's start and the step, V. */
function potentialBefore(timeUs: Float64Array, volts: Float64Array, onUs: number, fromUs: number): number {
  const before = volts.filter((_, i) => (timeUs[i] as number) >= fromUs && (timeUs[i] as number) < onUs).sort();
  return before[before.length >> 1] ?? (volts[0] as number);
}
