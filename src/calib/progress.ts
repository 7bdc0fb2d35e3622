/** Turns the course of a calibration into events, and keeps what has to be said at its end: times and notices. */
import { type Clock, elapsedMs } from "../base/clock.js";
import type { CalibrationListener, Phase } from "./events.js";

/** Report how much of the current phase is done. */
export type Advance = (done: number, detail?: string) => void;

export class Progress {
  readonly #clock: Clock;
  readonly #listener: CalibrationListener;
  readonly #seconds = new Map<Phase, number>();
  readonly #notices: string[] = [];

  constructor(clock: Clock, listener: CalibrationListener = () => undefined) {
    this.#clock = clock;
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
    const result = await work((done, progressDetail) => {
      const more = progressDetail === undefined ? {} : { detail: progressDetail };
      this.#listener({ type: "phase-progress", phase, done, ...more });
    });
    const seconds = elapsedMs(started, this.#clock.now()) / 1000;
    this.#seconds.set(phase, this.seconds(phase) + seconds);
    const more = detail === undefined ? {} : { detail: detail(result) };
    this.#listener({ type: "phase-finished", phase, seconds, ...more });
    return result;
  }

  /** Seconds spent in all phases of the given kinds so far. */
  seconds(...phases: readonly Phase[]): number {
    return phases.reduce((sum, phase) => sum + (this.#seconds.get(phase) ?? 0), 0);
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
