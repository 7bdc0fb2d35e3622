/**
 * One direction of a bad wire, by seed: datagrams go in, and come out late, twice, damaged, in another order, or not at
 * all. Which datagrams are hit depends on the seed and their number alone.
 *
 * Nothing is overtaken by more than one datagram, and a delay holds up what follows it: the link's numbers come round
 * after 256 frames, and an acknowledgement may leap by a whole window of 128. No receiver could tell one that two others
 * have overtaken from a new one. Wires of the field keep to that; a fault layer that does not would test a promise that
 * the protocol does not make (docs/discoveries/late-frames.md).
 */
import type { Alarm, Clock } from "../clock.js";
import type { Rng } from "../rng.js";
import { type FaultName, type FaultSpec, faultNames } from "./fault-spec.js";

export interface FaultLaneOptions {
  readonly spec: FaultSpec;
  readonly rng: Rng;
  readonly clock: Clock;
  /** What damage does: `flip` some bits, where the receiver has a checksum; `lose` it, where the system below has one. */
  readonly corruption: "flip" | "lose";
  deliver(datagram: Uint8Array): void;
  /** The cable is pulled. What is on its way is lost; the lane takes more. */
  cut?(): void;
  /** The board restarts. */
  restart?(): void;
}

export type FaultCounters = Record<FaultName | "passed", number>;

/** Longest time that a datagram waits to be overtaken by the next, ms. */
const patienceMs = 4;
/** Range of a delay and of a standstill, ms. Our choice. */
const delayMs = [0.2, 5] as const;
const stallMs = [50, 300] as const;
/** Bits that one damage flips at most. */
const mostFlips = 5;

interface Held {
  readonly datagram: Uint8Array;
  readonly until: number;
}

export class FaultLane {
  readonly counters: FaultCounters;
  readonly #options: FaultLaneOptions;
  readonly #draws = new Map<FaultName, Rng>();
  /** On the wire, in order; the first leaves at `#freeAt` when the wire stands still. */
  #queue: { readonly datagram: Uint8Array; readonly at: number }[] = [];
  /** Waits to be overtaken. */
  #held: Held | undefined;
  #count = 0;
  #freeAt = Number.NEGATIVE_INFINITY;
  #alarm: { readonly at: number; readonly handle: Alarm } | undefined;
  #isClosed = false;

  constructor(options: FaultLaneOptions) {
    this.#options = options;
    this.counters = Object.fromEntries([...faultNames, "passed"].map((name) => [name, 0])) as FaultCounters;
    for (const name of faultNames) if (options.spec[name]) this.#draws.set(name, options.rng.fork(name));
  }

  /** A datagram enters the wire. The lane keeps the bytes. */
  push(datagram: Uint8Array): void {
    if (this.#isClosed) return;
    const { clock, cut, restart } = this.#options;
    this.#count++;
    if (this.#hits("disconnect")) {
      this.#clear();
      cut?.();
      return;
    }
    if (this.#hits("restart")) {
      restart?.();
      return;
    }
    const isDropped = this.#hits("drop");
    const damaged = this.#damage(datagram);
    const isTwice = this.#hits("duplicate");
    const isOvertaken = this.#hits("reorder");
    const now = clock.now();
    this.#holdUp("delay", delayMs, now);
    this.#holdUp("stall", stallMs, now);
    if (isDropped || damaged === undefined) return;
    if (isOvertaken && this.#held === undefined) this.#held = { datagram: damaged, until: now + patienceMs };
    else this.#enter(damaged, now);
    if (isTwice) this.#enter(damaged.slice(), now);
    this.#arm(now);
  }

  /** Nothing more comes out. */
  close(): void {
    this.#isClosed = true;
    this.#clear();
  }

  #draw(name: FaultName): Rng {
    return this.#draws.get(name) as Rng;
  }

  #hits(name: FaultName): boolean {
    const rate = this.#options.spec[name];
    if (rate === undefined) return false;
    const isHit = "at" in rate ? this.#count === rate.at : this.#draw(name).uniform() < rate.chance;
    if (isHit) this.counters[name]++;
    return isHit;
  }

  /** @returns undefined when nothing is left of it */
  #damage(datagram: Uint8Array): Uint8Array | undefined {
    let bytes = datagram;
    if (this.#hits("corrupt")) {
      if (this.#options.corruption === "lose" || bytes.length === 0) return undefined;
      bytes = bytes.slice();
      const rng = this.#draw("corrupt");
      for (let flips = 1 + rng.int(mostFlips); flips > 0; flips--) {
        const at = rng.int(bytes.length);
        bytes[at] = (bytes[at] as number) ^ (1 << rng.int(8));
      }
    }
    if (this.#hits("truncate") && bytes.length > 0) bytes = bytes.slice(0, this.#draw("truncate").int(bytes.length));
    return bytes;
  }

  #holdUp(name: "delay" | "stall", [least, most]: readonly [number, number], now: number): void {
    if (this.#hits(name))
      this.#freeAt = Math.max(this.#freeAt, now + least + this.#draw(name).uniform() * (most - least));
  }

  /** Behind what is on the wire; then the one that waits to be overtaken. */
  #enter(datagram: Uint8Array, now: number): void {
    this.#leave(datagram, now);
    this.#release(now);
  }

  #release(now: number): void {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.#leave(held.datagram, now);
  }

  #leave(datagram: Uint8Array, now: number): void {
    if (this.#queue.length === 0 && this.#freeAt <= now) this.#deliver(datagram);
    else this.#queue.push({ datagram, at: this.#freeAt });
  }

  #deliver(datagram: Uint8Array): void {
    this.counters.passed++;
    this.#options.deliver(datagram);
  }

  #arm(now: number): void {
    const never = Number.POSITIVE_INFINITY;
    const next = Math.min(this.#queue[0]?.at ?? never, this.#held?.until ?? never);
    if (next === never || (this.#alarm !== undefined && this.#alarm.at <= next)) return;
    this.#alarm?.handle.cancel();
    const handle = this.#options.clock.after(Math.max(0, next - now), () => this.#onAlarm());
    this.#alarm = { at: next, handle };
  }

  #onAlarm(): void {
    this.#alarm = undefined;
    const now = this.#options.clock.now();
    while (!this.#isClosed && this.#queue[0] !== undefined && this.#queue[0].at <= now) {
      const { datagram } = this.#queue.shift() as { datagram: Uint8Array };
      this.#deliver(datagram);
    }
    if (this.#isClosed) return;
    if (this.#held !== undefined && this.#held.until <= now) this.#release(now);
    this.#arm(now);
  }

  #clear(): void {
    this.#alarm?.handle.cancel();
    this.#alarm = undefined;
    this.#queue = [];
    this.#held = undefined;
    this.#freeAt = Number.NEGATIVE_INFINITY;
  }
}
