/** One recording of the MADC: when its samples are taken, of which input, and which of them are good. */
import type { MadcConfig } from "../../protocol/index.js";
import type { EventBuffer } from "../event-buffer.js";
import { unitsPerStep } from "../physics/adex.js";
import type { SamplePlace } from "./line-kernel.js";
import type { Converter } from "./madc-path.js";
import type { BufferInput } from "./readout.js";
import type { ReadoutLine } from "./readout-line.js";

/** Time after a start in which samples are garbage, units of 4 ns: 8 us. */
const invalidUnits = 2000;
/** Cycles of the 500 MHz clock in a unit of 4 ns. */
const cyclesPerUnit = 2;
/**
 * Sampling instants lie on this fraction of a unit, 1/4096 of a step, so that sums of them are exact and no cut can shift
 * one; kernels count in it.
 */
const instantGrid = 1024;
const shortestSampleCycles = 12;
/** Steps of the analog path, and samples, that are computed at a time. */
export const longestStretch = 2048;
const channelBit = 10;

export interface Recording {
  /** Time of the start, units of 4 ns. */
  readonly start: number;
  readonly firstSample: number;
  /** Distance of samples. */
  readonly period: number;
  /** From sampling to the event. */
  readonly latency: number;
  /** Infinity in continuous mode. */
  readonly samples: number;
  readonly firstInput: number;
  /** Samples between switches of the input; Infinity without switching. */
  readonly switchAfter: number;
  /** Sample numbers instead of samples. */
  readonly isDummy: boolean;
  /** Number of the next sample. */
  next: number;
  /** Grid step up to which the analog path has been computed. */
  step: number;
}

/** One of the two inputs of the multiplexer. */
export interface Channel {
  readonly line: ReadoutLine;
  input: BufferInput;
}

/** Whether the channel's voltage is computed: something drives it, or an amplifier without power holds it. */
export function isComputed({ drivers, poleMHz }: BufferInput): boolean {
  return drivers.length > 0 || poleMHz === 0;
}

/** @param start units of 4 ns @param phase of the MADC's clock against chip time, [0, 1) */
export function planRecording(
  config: ReturnType<typeof MadcConfig.decode>,
  isContinuous: boolean,
  start: number,
  phase: number,
): Recording {
  const scale = config.enableMadcClockScaling ? 2 * (config.madcClockScaleValue + 1) : 1;
  const period = ((shortestSampleCycles + config.sampleDurationAdjust) * scale) / cyclesPerUnit;
  return {
    start,
    firstSample: start + Math.floor(phase * period * instantGrid) / instantGrid,
    period,
    latency: period,
    samples: isContinuous ? Infinity : config.numberOfSamples,
    firstInput: config.activeMuxInitiallySelectedInput,
    switchAfter: config.activeMuxInputSelectLength === 0 ? Infinity : config.activeMuxInputSelectLength,
    isDummy: config.enableDummyData,
    next: 0,
    step: Math.floor(start / unitsPerStep),
  };
}

/** Step at whose end the last sample is known. */
export function lastStep({ firstSample, period, samples }: Recording): number {
  return Math.floor((firstSample + (samples - 1) * period) / unitsPerStep) + 1;
}

/** Samples that fall before the grid step `end`, in runs of one input and one kind. */
export function takeSamples(
  recording: Recording,
  end: number,
  { converter, events }: { readonly converter: Converter; readonly events: EventBuffer },
  channels: readonly [Channel, Channel],
): void {
  const { start, firstSample, period, latency, samples, firstInput, switchAfter, step, isDummy } = recording;
  const spacing = period / unitsPerStep;
  const firstPosition = firstSample / unitsPerStep - step;
  // Number of samples whose instant lies before a time.
  const before = (time: number): number => Math.max(0, Math.ceil((time - firstSample) / period));
  const due = Math.min(samples, before(end * unitsPerStep));
  const firstValid = before(start + invalidUnits);
  let next = recording.next;
  while (next < due) {
    const turn = switchAfter === Infinity ? 0 : Math.floor(next / switchAfter);
    const index = firstInput ^ (turn & 1);
    const isValid = isDummy || next >= firstValid;
    const runEnd = Math.min(due, isValid ? due : firstValid, next + longestStretch, (turn + 1) * switchAfter);
    const count = runEnd - next;
    const { line, input } = channels[index === 0 ? 0 : 1];
    const place: SamplePlace = {
      index: next,
      count,
      position: firstPosition + next * spacing,
      spacing,
      origin: firstSample + latency - events.originFor(Math.floor(firstSample + latency + next * period)),
      period,
      bits: index << channelBit,
    };
    const run = isDummy
      ? converter.count(place)
      : isValid
        ? converter.convert(line, isComputed(input), place)
        : converter.garbage(place);
    for (let from = next; from < runEnd; ) {
      const lost = converter.nextLost(from, runEnd);
      events.pushRun(run.times, run.values, from - next, lost - next);
      from = lost + 1;
    }
    next = runEnd;
  }
  recording.next = next;
}
