/**
 * The receiving half of the host's ARQ: puts frames into order, keeps those that came early, drops those that came
 * twice. Knows sequence numbers and nothing of time.
 */
import { hostArq } from "../../protocol/host-arq.js";

interface Held {
  readonly type: number;
  readonly payload: Uint8Array;
}

export type Reception = "in-order" | "early" | "dropped";

export class ReceiveWindow {
  readonly #held: (Held | undefined)[] = new Array<Held | undefined>(hostArq.sequenceSpace).fill(undefined);
  #next = 0;

  /** Number of the last frame that came in order: what an acknowledgement carries. 255 when there was none. */
  get acknowledge(): number {
    return (this.#next + hostArq.sequenceSpace - 1) % hostArq.sequenceSpace;
  }

  /**
   * Take one frame and hand on what is now in order. `payload` may be a view that is only good during this call.
   * @param seq 0..255
   */
  accept(
    seq: number,
    type: number,
    payload: Uint8Array,
    deliver: (type: number, payload: Uint8Array) => void,
  ): Reception {
    const ahead = (seq - this.#next + hostArq.sequenceSpace) % hostArq.sequenceSpace;
    if (ahead >= hostArq.windowSize || this.#held[seq] !== undefined) return "dropped";
    if (ahead > 0) {
      this.#held[seq] = { type, payload: payload.slice() };
      return "early";
    }
    this.#advance();
    deliver(type, payload);
    for (;;) {
      const held = this.#held[this.#next];
      if (held === undefined) return "in-order";
      this.#held[this.#next] = undefined;
      this.#advance();
      deliver(held.type, held.payload);
    }
  }

  #advance(): void {
    this.#next = (this.#next + 1) % hostArq.sequenceSpace;
  }
}
