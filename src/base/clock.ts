/**
 * Time as a parameter. Instants and durations are different types (both in milliseconds of wall time), so that an
 * absolute time cannot be passed where a difference is due. Nothing outside `base` reads the system clock.
 */

declare const instant: unique symbol;
/** A point in time, ms since an arbitrary origin. */
export type Instant = number & { readonly [instant]: true };
/** A length of time, ms. */
export type DurationMs = number;

export interface Alarm {
  cancel(): void;
}

export interface Clock {
  now(): Instant;
  /** Call `fire` once after `delayMs`. */
  after(delayMs: DurationMs, fire: () => void): Alarm;
  /** Call `fire` when what has come in by now was dealt with: an alarm goes off before that, and would find it missing. */
  afterInput(fire: () => void): Alarm;
}

export function elapsedMs(from: Instant, to: Instant): DurationMs {
  return to - from;
}

/** Monotonic wall time. */
export const systemClock: Clock = {
  now: () => performance.now() as Instant,
  after(delayMs, fire) {
    const timer = setTimeout(fire, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
  afterInput(fire) {
    const check = setImmediate(fire);
    return { cancel: () => clearImmediate(check) };
  },
};

/** A clock that moves only when told to: for tests and for simulated links. */
export class ManualClock implements Clock {
  #now = 0;
  #nextId = 0;
  readonly #alarms = new Map<number, { at: number; fire: () => void }>();

  now(): Instant {
    return this.#now as Instant;
  }

  after(delayMs: DurationMs, fire: () => void): Alarm {
    const id = this.#nextId++;
    this.#alarms.set(id, { at: this.#now + Math.max(0, delayMs), fire });
    return { cancel: () => void this.#alarms.delete(id) };
  }

  /** Nothing comes in while this clock stands still. */
  afterInput(fire: () => void): Alarm {
    fire();
    return { cancel: () => {} };
  }

  /** Move forward by a duration, firing due alarms in order of time, then of creation. */
  advance(byMs: DurationMs): void {
    const end = this.#now + byMs;
    for (;;) {
      let due: { id: number; at: number; fire: () => void } | undefined;
      for (const [id, alarm] of this.#alarms) {
        if (alarm.at <= end && (due === undefined || alarm.at < due.at)) due = { id, ...alarm };
      }
      if (due === undefined) break;
      this.#alarms.delete(due.id);
      this.#now = due.at;
      due.fire();
    }
    this.#now = end;
  }

  get pendingAlarms(): number {
    return this.#alarms.size;
  }
}

/** The calendar time, ISO 8601 in UTC, for records that people read. Never used to measure a duration. */
export function wallTime(): string {
  return new Date().toISOString();
}
