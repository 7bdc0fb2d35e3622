/** A wire between host and board double that loses, doubles, delays and damages datagrams, by seed. */
import type { Clock } from "../../src/base/clock.js";
import type { Rng } from "../../src/base/rng.js";
import type { DatagramTransport } from "../../src/device/transport/transport.js";
import { type BoardBehaviour, BoardDouble } from "./board-double.js";

export interface Faults {
  /** Chances per datagram. */
  readonly drop: number;
  readonly duplicate: number;
  /** Cut short: what a receiver must notice by itself. */
  readonly truncate: number;
  /** Each datagram takes between 0.05 ms and this long, so later ones may overtake it. */
  readonly maxDelayMs: number;
}

export const noFaults: Faults = { drop: 0, duplicate: 0, truncate: 0, maxDelayMs: 0.05 };

export class FaultyWire implements DatagramTransport {
  readonly url = "test:wire";
  readonly board: BoardDouble;
  faults: Faults;
  isClosed = false;
  readonly #clock: Clock;
  readonly #rng: Rng;
  #receive: (datagram: Uint8Array) => void = () => {};
  #closeListener: ((error?: Error) => void) | undefined;

  constructor(clock: Clock, rng: Rng, faults: Faults, behaviour: BoardBehaviour) {
    this.#clock = clock;
    this.#rng = rng;
    this.faults = faults;
    this.board = new BoardDouble(clock, behaviour, (datagram) => this.#carry(datagram, (d) => this.#receive(d)));
  }

  /** A reset frame may get lost, but is not doubled or late: a late one is a second reset, which is tested apart. */
  send(port: "data" | "reset", datagram: Uint8Array): void {
    const faults = port === "data" ? this.faults : { ...noFaults, drop: this.faults.drop };
    this.#carry(datagram.slice(), (d) => this.board.datagram(port, d), faults);
  }

  onDatagram(receive: (datagram: Uint8Array) => void): void {
    this.#receive = receive;
  }

  onClose(listener: (error?: Error) => void): void {
    this.#closeListener = listener;
  }

  /** Pull the plug. */
  fail(error: Error): void {
    this.#closeListener?.(error);
  }

  async drained(): Promise<void> {}

  async close(): Promise<void> {
    this.isClosed = true;
  }

  #carry(datagram: Uint8Array, arrive: (datagram: Uint8Array) => void, faults = this.faults): void {
    const { drop, duplicate, truncate, maxDelayMs } = faults;
    if (this.isClosed || this.#rng.uniform() < drop) return;
    const bytes = this.#rng.uniform() < truncate ? datagram.slice(0, this.#rng.int(datagram.byteLength)) : datagram;
    const copies = this.#rng.uniform() < duplicate ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      const delay = 0.05 + this.#rng.uniform() * (maxDelayMs - 0.05);
      this.#clock.after(delay, () => arrive(bytes.slice()));
    }
  }
}
