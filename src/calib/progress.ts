/** Turns the course of a calibration into events, and keeps what has to be said at its end: times and notices. */
import { type Clock, elapsedMs, type Instant } from "../base/clock.js";
import type { CalibrationListener, Phase } from "./events.js";

/** Phases that wait for the device, and phases that compute. */
const recordingPhases = ["target", "record", "predictive"] as const satisfies Phase[];
const trainingPhases = ["autoencoder", "posterior"] as const satisfies Phase[];
const isIn = (phases: readonly string[], phase: string): boolean => phases.includes(phase);
export const isRecording = (phase: string): boolean => isIn(recordingPhases, phase);
export const isTraining = (phase: string): boolean => isIn(trainingPhases, phase);

/** Seconds of wall time. */
export interface SecondsSpent {
  readonly record: number;
  readonly train: number;
  readonly total: number;
}

/** Report how much of the current phase is done, and how much of that an earlier session did. */
export type Advance = (done: number, detail?: string, kept?: number) => void;

/** Recordings that are done, and those among them that were there before. */
export function advanceRecordings(advance: Advance, done: number, kept: number): void {
  advance(done, kept > 0 ? `${kept} recorded earlier` : undefined, kept);
}

export class Progress {
  readonly #clock: Clock;
  readonly #started: Instant;
  readonly #listener: CalibrationListener;
  readonly #seconds = new Map<Phase, number>();
  readonly #notices: string[] = [];

  constructor(clock: Clock, listener: CalibrationListener = () => undefined) {
    this.#clock = clock;
    this.#started = clock.now();
    this.#listener = listener;
  }

  /** Run one phase between its two events. `detail` describes its result for people. */
  async phase<T>(
    phase: Phase,
    label: string,
    total: number,
    unit: string,
    work: (advance: Advance) => Promise<T>,
    detail?: (result: T) => string,
  ): Promise<T> {
    const started = this.#clock.now();
    this.#listener({ type: "phase-started", phase, label, total, unit });
    const result = await work((done, progressDetail, kept = 0) => {
      const more = {
        ...(kept === 0 ? {} : { kept }),
        ...(progressDetail === undefined ? {} : { detail: progressDetail }),
      };
      this.#listener({ type: "phase-progress", phase, done, ...more });
    });
    const seconds = elapsedMs(started, this.#clock.now()) / 1000;
    this.#seconds.set(phase, (this.#seconds.get(phase) ?? 0) + seconds);
    const more = detail === undefined ? {} : { detail: detail(result) };
    this.#listener({ type: "phase-finished", phase, seconds, ...more });
    return result;
  }

  /** Seconds spent so far, after those that earlier sessions spent on the same run. */
  spent(earlier: SecondsSpent = { record: 0, train: 0, total: 0 }): SecondsSpent {
    const sum = (wanted: (phase: string) => boolean, before: number): number =>
      [...this.#seconds].reduce((total, [phase, seconds]) => total + (wanted(phase) ? seconds : 0), before);
    return {
      record: sum(isRecording, earlier.record),
      train: sum(isTraining, earlier.train),
      total: earlier.total + elapsedMs(this.#started, this.#clock.now()) / 1000,
    };
  }

  /** Tell the reader something that must not be missed; said once however often it is found. */
  notice(text: string): void {
    if (this.#notices.includes(text)) return;
    this.#notices.push(text);
    this.#listener({ type: "notice", text });
  }

  get notices(): readonly string[] {
    return [...this.#notices];
  }
}
