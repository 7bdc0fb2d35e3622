/** When the steps of opening a link were on the wire: watches the datagrams, as a capture does. */
import { type Clock, elapsedMs, type Instant } from "../../base/clock.js";
import type { CaptureSink, DatagramRecorder } from "../../device/transport/record.js";
import { packetType } from "../../protocol/host-arq.js";
import { parseFrame } from "../../protocol/host-arq-frame.js";

export class WireTimes implements CaptureSink {
  /** Reset frames sent until the first answer. */
  resets = 0;
  readonly #clock: Clock;
  #resetAt: Instant | undefined;
  #answeredAt: Instant | undefined;
  #loopbackAt: Instant | undefined;
  #returnedAt: Instant | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** From the last reset frame to its answer, ms; undefined when none was seen. */
  get resetMs(): number | undefined {
    return between(this.#resetAt, this.#answeredAt);
  }

  /** From the loopback frame to its return, ms. */
  get loopbackMs(): number | undefined {
    return between(this.#loopbackAt, this.#returnedAt);
  }

  board(): DatagramRecorder {
    return {
      datagram: (direction, port, bytes) => {
        if (this.#returnedAt !== undefined) return;
        const now = this.#clock.now();
        if (port === "reset") {
          if (this.#answeredAt !== undefined) return;
          this.resets++;
          this.#resetAt = now;
          return;
        }
        const frame = parseFrame(bytes);
        if (frame.kind !== "data") return;
        if (frame.type === packetType.config && direction === "toHost") this.#answeredAt ??= now;
        if (frame.type !== packetType.loopback) return;
        if (direction === "toBoard") this.#loopbackAt ??= now;
        else this.#returnedAt = now;
      },
      identify() {},
      end() {},
    };
  }
}

function between(from: Instant | undefined, to: Instant | undefined): number | undefined {
  return from === undefined || to === undefined ? undefined : elapsedMs(from, to);
}
