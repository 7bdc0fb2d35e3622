/**
 * One direction of a HostARQ link as somebody sees it who listens: which frames are new, which came again, which
 * overtook others, which were acknowledged without having been seen. Keeps frames that came early until they are in
 * order. Neither the host's nor the board's window: it never drops and never answers.
 */
import { crc32c } from "../crc32c.js";
import { hostArq } from "../host-arq.js";
import type { Origin } from "./item.js";

/** A frame's content, when it is its turn. */
export interface Delivery {
  readonly seq: number;
  readonly type: number;
  /** Caller owns. */
  readonly payload: Uint8Array;
  /** The payload's place. */
  readonly origin: Origin;
}

interface Sent {
  readonly packet: number;
  readonly timeNs: number;
  readonly check: number;
  transmissions: number;
}

export interface Sighting {
  readonly verdict: "new" | "early" | "again";
  /** Sequence numbers that this frame overtook. */
  readonly missing: readonly number[];
  /** For "again": the frame's first transmission, and whether the other side had acknowledged it. */
  readonly first?: { readonly packet: number; readonly timeNs: number };
  readonly transmissions: number;
  readonly wasAcknowledged: boolean;
  /** The content differs from that of the first transmission. */
  readonly isAltered: boolean;
}

export type AckSighting =
  | {
      readonly verdict: "frees";
      readonly count: number /** Since the newest of them was sent. */;
      readonly afterNs: number;
    }
  | { readonly verdict: "repeats" | "stale" }
  /** It covers frames that the capture lacks. */
  | { readonly verdict: "unseen"; readonly lost: readonly number[] };

const space = hostArq.sequenceSpace;
const ahead = (from: number, to: number): number => (to - from + space) % space;

export class SeenWindow {
  /** Next in order; undefined until the first frame of a capture that begins inside a session. */
  #next: number | undefined;
  /** Oldest that is not acknowledged. */
  #oldest: number | undefined;
  readonly #sent: (Sent | undefined)[] = new Array<Sent | undefined>(space).fill(undefined);
  readonly #early = new Map<number, Delivery>();
  readonly #deliver: (delivery: Delivery) => void;

  /** @param first sequence number of the first frame; undefined when it cannot be known */
  constructor(first: number | undefined, deliver: (delivery: Delivery) => void) {
    this.#next = first;
    this.#oldest = first;
    this.#deliver = deliver;
  }

  /** A data frame went by. `deliver` must be called after it has been told about. */
  see({ seq, type, payload, origin }: Delivery): { readonly sighting: Sighting; readonly settle: () => void } {
    this.#next ??= seq;
    this.#oldest ??= seq;
    const distance = ahead(this.#next, seq);
    const check = crc32c(payload);
    const earlier = this.#sent[seq];
    if (distance >= hostArq.windowSize || this.#early.has(seq)) {
      if (earlier) earlier.transmissions++;
      const sighting: Sighting = {
        verdict: "again",
        missing: [],
        ...(earlier ? { first: earlier } : {}),
        transmissions: earlier?.transmissions ?? 2,
        wasAcknowledged: ahead(this.#oldest, seq) >= hostArq.windowSize,
        isAltered: earlier !== undefined && earlier.check !== check,
      };
      return { sighting, settle: () => {} };
    }
    this.#sent[seq] = { packet: origin.packet, timeNs: origin.timeNs, check, transmissions: 1 };
    const missing: number[] = [];
    for (let i = 0; i < distance; i++) {
      const number = (this.#next + i) % space;
      if (!this.#early.has(number)) missing.push(number);
    }
    const verdict = distance === 0 ? "new" : "early";
    this.#early.set(seq, { seq, type, payload: payload.slice(), origin });
    const sighting: Sighting = { verdict, missing, transmissions: 1, wasAcknowledged: false, isAltered: false };
    return { sighting, settle: () => this.#deliverInOrder() };
  }

  /** The other side acknowledged everything up to `ack`. */
  acknowledge(ack: number, timeNs: number): AckSighting {
    const after = (ack + 1) % space;
    if (this.#oldest === undefined) {
      this.#next = after;
      this.#oldest = after;
      return { verdict: "repeats" };
    }
    const count = ahead(this.#oldest, after);
    if (count === 0) return { verdict: "repeats" };
    if (count > hostArq.windowSize) return { verdict: "stale" };
    this.#oldest = after;
    const lost = this.#catchUp(after);
    if (lost.length > 0) return { verdict: "unseen", lost };
    return { verdict: "frees", count, afterNs: timeNs - (this.#sent[ack]?.timeNs ?? timeNs) };
  }

  /** What was acknowledged is in order, whether seen or not. @returns what was not seen */
  #catchUp(end: number): readonly number[] {
    const lost: number[] = [];
    const distance = ahead(this.#next as number, end);
    if (distance > hostArq.windowSize) return lost;
    for (let i = 0; i < distance; i++) {
      const seq = this.#next as number;
      if (seq === end) break;
      if (this.#early.has(seq)) this.#deliverInOrder();
      else {
        lost.push(seq);
        this.#sent[seq] = undefined;
        this.#next = (seq + 1) % space;
      }
      if (ahead(this.#next as number, end) > hostArq.windowSize) break;
    }
    this.#deliverInOrder();
    return lost;
  }

  #deliverInOrder(): void {
    for (;;) {
      const delivery = this.#next === undefined ? undefined : this.#early.get(this.#next);
      if (delivery === undefined) return;
      this.#early.delete(delivery.seq);
      this.#next = (delivery.seq + 1) % space;
      this.#deliver(delivery);
    }
  }
}
