/**
 * Whose turn it is on one board: sessions in a circle, each for a time slice as long as others wait, and never cut where
 * its programs hang together. Pure: time is passed in, and what runs is not known here.
 */
import { type DurationMs, elapsedMs, type Instant } from "../base/clock.js";
import type { Sharing } from "../protocol/gateway-api.js";

/** What a session wants. */
export interface Turn {
  readonly session: string;
  readonly sharing: Sharing;
  /** Runs that wait. */
  readonly waiting: number;
  /** The first of them needs nothing that was there before. */
  readonly isFresh: boolean;
}
export type TurnOf = (session: string) => Turn | undefined;

/** `waitMs`: nobody may run yet; look again after this long. */
export type NextTurn = { readonly session: string } | { readonly waitMs: DurationMs } | undefined;

/**
 * A session that was just answered keeps the board for this long, ms, for the next request to arrive: within its slice, and
 * longer while a chain may go on. Our choice.
 */
const lingerMs = { restored: 20, chains: 500 } as const;

export class Turns {
  readonly #sliceMs: DurationMs;
  readonly #maxHoldMs: DurationMs;
  /** Sessions in the order in which they are served. */
  #circle: string[] = [];
  #current: string | undefined;
  #since: Instant | undefined;
  #servedAt: Instant | undefined;

  /** @param maxHoldMs how long a session may hold the board while others wait */
  constructor(sliceMs: DurationMs, maxHoldMs: DurationMs) {
    this.#sliceMs = sliceMs;
    this.#maxHoldMs = maxHoldMs;
  }

  add(session: string): void {
    this.#circle.push(session);
  }

  remove(session: string): void {
    this.#circle = this.#circle.filter((other) => other !== session);
    if (this.#current === session) this.#current = undefined;
  }

  /** The current session's run is over. */
  served(now: Instant): void {
    this.#servedAt = now;
  }

  /** The session whose run is next; it has the turn from here on. */
  next(now: Instant, turnOf: TurnOf): NextTurn {
    const own = this.#current === undefined ? undefined : turnOf(this.#current);
    const first = this.#inOrder(turnOf)[0];
    if (own !== undefined) {
      const leaveMs = this.#leaveMs(own, now, first !== undefined);
      if (leaveMs > 0) {
        if (own.waiting > 0) return { session: own.session };
        return first === undefined || leaveMs === Number.POSITIVE_INFINITY ? undefined : { waitMs: leaveMs };
      }
    }
    const session = first ?? (own !== undefined && own.waiting > 0 ? own.session : undefined);
    if (session === undefined) return undefined;
    if (session !== this.#current) this.#since = now;
    this.#current = session;
    // Who has the turn goes to the end of the circle.
    this.#circle = [...this.#circle.filter((other) => other !== session), session];
    return { session };
  }

  /** Sessions that have their turn before this one's next. */
  ahead(session: string, turnOf: TurnOf): number {
    if (session === this.#current) return 0;
    const own = this.#current === undefined ? undefined : turnOf(this.#current);
    const before = this.#inOrder(turnOf);
    const at = before.indexOf(session);
    const currentIsAhead = own !== undefined && (own.sharing === "hold" || own.waiting > 0) ? 1 : 0;
    return (at < 0 ? before.length : at) + currentIsAhead;
  }

  /** How long the current session keeps the board for certain, ms; 0: it may be taken from it. */
  #leaveMs(own: Turn, now: Instant, isWanted: boolean): DurationMs {
    const hasHad = this.#since === undefined ? Number.POSITIVE_INFINITY : elapsedMs(this.#since, now);
    if (own.sharing === "hold") return isWanted ? this.#maxHoldMs - hasHad : Number.POSITIVE_INFINITY;
    if (!isWanted) return 0;
    const sliceLeft = this.#sliceMs - hasHad;
    const linger = lingerMs[own.sharing] - (this.#servedAt === undefined ? 0 : elapsedMs(this.#servedAt, now));
    if (own.waiting > 0) return own.sharing === "chains" && !own.isFresh ? 1 : sliceLeft;
    return own.sharing === "chains" ? linger : Math.min(linger, sliceLeft);
  }

  /** Others than the current one that want to run, in order. */
  #inOrder(turnOf: TurnOf): string[] {
    return this.#circle.filter((session) => session !== this.#current && (turnOf(session)?.waiting ?? 0) > 0);
  }
}
