/**
 * The words that a board sent, as messages with FPGA time. Decodes word by word, so that a word that is none can be
 * named by its place. Time rules: docs/protocol.md, "Time".
 */
import { HxError } from "../../base/errors.js";
import { createFromFpgaDecoder } from "../messages/from-fpga.js";
import type { FromFpgaSink } from "../messages/streams.js";
import { timeRange } from "../messages/time.js";
import type { Origin } from "./item.js";

/** Where and when a message came. */
export interface MessagePlace {
  readonly origin: Origin;
  /** FPGA cycles. */
  readonly fpgaTime: number;
}

export interface MessageListener {
  answer(kind: "omnibus" | "jtag", data: number, place: MessagePlace): void;
  loopback(tick: boolean, place: MessagePlace): void;
  timeout(instruction: number, stallCount: number, readsInFlight: number, place: MessagePlace): void;
  /** @param bits of the notification, 8 bit */
  linkNotification(bits: number, place: MessagePlace): void;
  /** @param events 24 bits each: stamp in 23..16 */
  events(kind: "madc" | "spikes", events: readonly number[], place: MessagePlace): void;
  time?(name: "systime" | "sysdelta", value: number, place: MessagePlace): void;
}

export class HostWords {
  readonly #listener: MessageListener;
  #decoder: ReturnType<typeof createFromFpgaDecoder>;
  #fpgaTime = 0;
  #origin: Origin = { timeNs: 0, packet: 0, board: 0, offset: 0 };

  constructor(listener: MessageListener) {
    this.#listener = listener;
    this.#decoder = createFromFpgaDecoder(this.#sink());
  }

  /** A reset: time and words start anew. */
  restart(): void {
    this.#fpgaTime = 0;
    this.#decoder = createFromFpgaDecoder(this.#sink());
  }

  /** @returns what is wrong and where, for the first word that is no message; the rest of the payload is passed over */
  push(payload: Uint8Array, origin: Origin): { readonly error: HxError; readonly origin: Origin } | undefined {
    for (let at = 0; at < payload.length; at += 8) {
      this.#origin = at === 0 ? origin : { ...origin, offset: origin.offset + at };
      try {
        this.#decoder.push(payload.subarray(at, at + 8));
      } catch (error) {
        if (!(error instanceof HxError)) throw error;
        return { error, origin: this.#origin };
      }
    }
    return undefined;
  }

  #place(): MessagePlace {
    return { origin: this.#origin, fpgaTime: this.#fpgaTime };
  }

  /** Every message takes one cycle. */
  #advance(cycles: number): void {
    this.#fpgaTime = (this.#fpgaTime + cycles) % timeRange;
  }

  #sink(): FromFpgaSink {
    const listener = this.#listener;
    const after = (use: (place: MessagePlace) => void): void => {
      this.#advance(1);
      use(this.#place());
    };
    const events = (kind: "madc" | "spikes", list: readonly number[]): void =>
      after((place) => listener.events(kind, list, place));
    return {
      jtagData: (high, low) => after((place) => listener.answer("jtag", high * 2 ** 32 + low, place)),
      omnibusData: (data) => after((place) => listener.answer("omnibus", data, place)),
      loopback: (tick) => after((place) => listener.loopback(tick, place)),
      highspeedLinkNotification: (bits) => after((place) => listener.linkNotification(bits, place)),
      timeoutNotification: (instruction, stalls, reads) =>
        after((place) => listener.timeout(instruction, stalls, reads, place)),
      systime: (cycles) => {
        this.#fpgaTime = cycles;
        listener.time?.("systime", cycles, this.#place());
      },
      sysdelta: (increment) => {
        this.#advance(increment + 1);
        listener.time?.("sysdelta", increment, this.#place());
      },
      madcPack1: (a) => events("madc", [a]),
      madcPack2: (a, b) => events("madc", [a, b]),
      madcPack3: (a, b, c) => events("madc", [a, b, c]),
      spikePack1: (a) => events("spikes", [a]),
      spikePack2: (a, b) => events("spikes", [a, b]),
      spikePack3: (a, b, c) => events("spikes", [a, b, c]),
    };
  }
}
