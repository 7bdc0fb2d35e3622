/**
 * What lives beside the sessions' records and ends with the process: leases, those who listen, those who wait for a run,
 * and the run that is on the board.
 */
import type { Alarm, Clock } from "../base/clock.js";

/** What happens to a session, for those who listen. */
export type SessionEvent =
  | { readonly type: "turn"; readonly hasTurn: boolean }
  | { readonly type: "run"; readonly run: string; readonly state: string }
  | { readonly type: "closed"; readonly why: string };

export interface RunningRun {
  readonly run: string;
  readonly abort: AbortController;
}

interface Live {
  readonly leaseMs: number;
  lease: Alarm | undefined;
  readonly listeners: Set<(event: SessionEvent) => void>;
  /** By run. */
  readonly waiters: Map<string, Set<() => void>>;
  running: RunningRun | undefined;
  hasTurn: boolean;
}

export class LiveSessions {
  readonly #clock: Clock;
  readonly #onExpired: (session: string) => void;
  readonly #live = new Map<string, Live>();

  /** @param onExpired nothing was heard of a session's user for the time of its lease */
  constructor(clock: Clock, onExpired: (session: string) => void) {
    this.#clock = clock;
    this.#onExpired = onExpired;
  }

  add(session: string, leaseMs: number): void {
    const none = { lease: undefined, running: undefined, hasTurn: false };
    this.#live.set(session, { leaseMs, listeners: new Set(), waiters: new Map(), ...none });
    this.renew(session);
  }

  /** The lease starts anew. A request that waits, or an event stream, keeps the session as long as it lasts. */
  renew(session: string): void {
    const live = this.#live.get(session);
    if (live === undefined) return;
    live.lease?.cancel();
    live.lease = this.#clock.after(live.leaseMs, () => {
      const isHeard = live.listeners.size > 0 || [...live.waiters.values()].some(({ size }) => size > 0);
      if (isHeard) this.renew(session);
      else this.#onExpired(session);
    });
  }

  hasTurn(session: string): boolean {
    return this.#live.get(session)?.hasTurn ?? false;
  }
  setTurn(session: string, hasTurn: boolean): void {
    const live = this.#live.get(session);
    if (live === undefined) return;
    live.hasTurn = hasTurn;
    this.tell(session, { type: "turn", hasTurn });
  }

  running(session: string): RunningRun | undefined {
    return this.#live.get(session)?.running;
  }
  /** @returns false when the session has ended */
  setRunning(session: string, running: RunningRun | undefined): boolean {
    const live = this.#live.get(session);
    if (live !== undefined) live.running = running;
    return live !== undefined;
  }

  /** @returns how to stop listening */
  listen(session: string, listener: (event: SessionEvent) => void): () => void {
    const listeners = this.#live.get(session)?.listeners;
    listeners?.add(listener);
    return () => void listeners?.delete(listener);
  }

  tell(session: string, event: SessionEvent): void {
    for (const listener of this.#live.get(session)?.listeners ?? []) listener(event);
  }

  /** Resolves when the run is over, the session has ended, the time is up, or the signal aborts. */
  async waitFor(session: string, run: string, waitMs: number, signal: AbortSignal): Promise<void> {
    const waiters = this.#live.get(session)?.waiters;
    if (waiters === undefined || waitMs <= 0 || signal.aborted) return;
    const waiting = waiters.get(run) ?? new Set();
    waiters.set(run, waiting);
    await new Promise<void>((resolve) => {
      const done = (): void => {
        alarm.cancel();
        signal.removeEventListener("abort", done);
        waiting.delete(done);
        resolve();
      };
      const alarm = this.#clock.after(waitMs, done);
      signal.addEventListener("abort", done);
      waiting.add(done);
    });
    this.renew(session);
  }

  /** The run is over. */
  release(session: string, run: string): void {
    const waiters = this.#live.get(session)?.waiters;
    const waiting = waiters?.get(run);
    waiters?.delete(run);
    for (const done of [...(waiting ?? [])]) done();
  }

  /** End a session: everybody who waits or listens hears of it. @returns the run that was on the board */
  remove(session: string, why: string): RunningRun | undefined {
    const live = this.#live.get(session);
    if (live === undefined) return undefined;
    live.lease?.cancel();
    this.tell(session, { type: "closed", why });
    this.#live.delete(session);
    for (const waiting of live.waiters.values()) for (const done of [...waiting]) done();
    return live.running;
  }

  removeAll(why: string): void {
    for (const session of [...this.#live.keys()]) this.remove(session, why);
  }
}
