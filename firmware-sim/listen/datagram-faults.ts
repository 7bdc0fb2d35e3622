/**
 * A bad network in front of the board's sockets. A damaged datagram is a lost one here, as it is where UDP's checksum
 * throws it away; a truncated one arrives, and its length gives it away. A pulled cable stays out for some seconds.
 */
import type { Clock } from "../../src/base/clock.js";
import { type FaultCounters, FaultLane } from "../../src/base/faults/fault-lane.js";
import type { FaultSpec } from "../../src/base/faults/fault-spec.js";
import { Rng } from "../../src/base/rng.js";
import type { DatagramPort } from "../../src/protocol/index.js";

/** How long the cable is out, ms. Our choice: longer than a host of the field waits before it gives up (7.6 s). */
const outageMs = 10_000;

export interface DatagramEnds {
  toHost(datagram: Uint8Array): void;
  toBoard(port: DatagramPort, datagram: Uint8Array): void;
  /** The board restarts. */
  restart(): void;
}

export class DatagramFaults {
  readonly counters: { readonly toBoard: FaultCounters; readonly toHost: FaultCounters };
  readonly #clock: Clock;
  readonly #lanes: Readonly<Record<DatagramPort | "host", FaultLane>>;
  #outUntil = Number.NEGATIVE_INFINITY;

  constructor(spec: FaultSpec, seed: number, clock: Clock, ends: DatagramEnds) {
    this.#clock = clock;
    const rng = Rng.fromSeed(seed).fork("faults");
    const cut = (): void => {
      this.#outUntil = clock.now() + outageMs;
    };
    const lane = (name: string, deliver: (datagram: Uint8Array) => void, own = spec): FaultLane =>
      new FaultLane({ spec: own, rng: rng.fork(name), clock, corruption: "lose", deliver, cut, restart: ends.restart });
    const { restart: _restart, ...spoken } = spec;
    // Of a direction's one-time faults, the data lane has them.
    const chances = Object.fromEntries(Object.entries(spec).filter(([, rate]) => "chance" in rate)) as FaultSpec;
    this.#lanes = {
      data: lane("to board", (datagram) => ends.toBoard("data", datagram)),
      reset: lane("reset", (datagram) => ends.toBoard("reset", datagram), chances),
      host: lane("to host", (datagram) => ends.toHost(datagram), spoken),
    };
    this.counters = { toBoard: this.#lanes.data.counters, toHost: this.#lanes.host.counters };
  }

  readonly toBoard = (port: DatagramPort, datagram: Uint8Array): void => this.#push(port, datagram);
  readonly toHost = (datagram: Uint8Array): void => this.#push("host", datagram);

  close(): void {
    for (const lane of Object.values(this.#lanes)) lane.close();
  }

  #push(lane: DatagramPort | "host", datagram: Uint8Array): void {
    if (this.#clock.now() >= this.#outUntil) this.#lanes[lane].push(datagram);
  }
}
