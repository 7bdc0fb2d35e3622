/**
 * The progress of a calibration as a value: events in, state out. No clock of its own, no terminal. Rates are measured
 * over the last seconds, so that the time left follows what the machine does now.
 */
import { elapsedMs, type Instant } from "../../base/clock.js";
import type { CalibrationEvent, Phase } from "../../calib/events.js";

/** Progress older than this does not count for the rate. Our choice: steady display, follows a change in seconds. */
const rateWindowMs = 15_000;

interface Mark {
  readonly at: Instant;
  /** Done in this session. */
  readonly done: number;
}

export interface PhaseProgress {
  readonly phase: Phase;
  readonly label: string;
  readonly total: number;
  readonly unit: string;
  readonly startedAt: Instant;
  readonly done: number;
  /** How much of `done` was there before this session; it counts for no rate. */
  readonly kept: number;
  readonly detail: string | undefined;
  /** Seconds it took; undefined while it runs. */
  readonly seconds: number | undefined;
  /** Recent progress, oldest first; never empty. */
  readonly marks: readonly Mark[];
}

export interface Progress {
  readonly startedAt: Instant;
  readonly phases: readonly PhaseProgress[];
}

export function startProgress(now: Instant): Progress {
  return { startedAt: now, phases: [] };
}

/** Take in one event. Progress of a phase that is not running is ignored. */
export function advance(progress: Progress, event: CalibrationEvent, now: Instant): Progress {
  switch (event.type) {
    case "notice":
      return progress;
    case "phase-started": {
      const { phase, label, total, unit } = event;
      const mark = { at: now, done: 0 };
      const begun = {
        phase,
        label,
        total,
        unit,
        startedAt: now,
        done: 0,
        kept: 0,
        detail: undefined,
        seconds: undefined,
      };
      return { ...progress, phases: [...progress.phases, { ...begun, marks: [mark] }] };
    }
    case "phase-progress":
      return update(progress, event.phase, (running) => ({
        ...running,
        done: event.done,
        kept: event.kept ?? 0,
        detail: event.detail ?? running.detail,
        marks: recent([...running.marks, { at: now, done: event.done - (event.kept ?? 0) }], now),
      }));
    case "phase-finished":
      return update(progress, event.phase, (running) => ({
        ...running,
        seconds: event.seconds,
        detail: event.detail ?? running.detail,
      }));
  }
}

function update(progress: Progress, phase: Phase, change: (running: PhaseProgress) => PhaseProgress): Progress {
  const at = progress.phases.findLastIndex((p) => p.phase === phase && p.seconds === undefined);
  const running = progress.phases[at];
  return running === undefined ? progress : { ...progress, phases: progress.phases.with(at, change(running)) };
}

/** Keep one mark from before the window, so that the rate spans all of it. */
function recent(marks: readonly Mark[], now: Instant): readonly Mark[] {
  const first = marks.findIndex((mark) => elapsedMs(mark.at, now) <= rateWindowMs);
  return marks.slice(Math.max(0, first - 1));
}

/** Units per second over the window, or undefined before anything can be said. */
export function rateOf(phase: PhaseProgress): number | undefined {
  if (phase.seconds !== undefined)
    return phase.seconds > 0 && phase.done > phase.kept ? (phase.done - phase.kept) / phase.seconds : undefined;
  const [first, last] = [phase.marks[0], phase.marks.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const seconds = elapsedMs(first.at, last.at) / 1000;
  return seconds > 0 && last.done > first.done ? (last.done - first.done) / seconds : undefined;
}

/** Estimated seconds to the phase's end, from the measured rate. */
export function secondsLeft(phase: PhaseProgress, now: Instant): number | undefined {
  const rate = rateOf(phase);
  const last = phase.marks.at(-1);
  if (rate === undefined || last === undefined || phase.seconds !== undefined) return undefined;
  return Math.max(0, (phase.total - phase.done) / rate - elapsedMs(last.at, now) / 1000);
}
