/**
 * Reads the board's answer to a link reset: three numbers that both sides must agree on, then the bitfile's info text,
 * which may continue over several frames. Source: docs/protocol.md, "HostARQ", opening.
 */
import { hostArq } from "../../protocol/host-arq.js";
import { UnsupportedTarget } from "../errors.js";

/** Our choice: more text than this is no info text. */
const maxInfoWords = 8192;

const expected = [
  ["sequence numbers", hostArq.sequenceSpace],
  ["window", hostArq.windowSize],
  ["words per frame", hostArq.maxWords],
] as const;

export class ResetAnswer {
  #bytes = new Uint8Array(0);

  /** Some of the answer is there. */
  get hasBegun(): boolean {
    return this.#bytes.byteLength > 0;
  }

  /** The info text up to its zero byte; only meaningful when complete. */
  get infoText(): string {
    const text = this.#bytes.subarray(32, 32 + 8 * this.#word(3));
    const end = text.indexOf(0);
    return new TextDecoder("latin1").decode(end < 0 ? text : text.subarray(0, end));
  }

  /** Append one frame's payload. @returns an error when the board speaks with other constants */
  push(payload: Uint8Array, url: string): "incomplete" | "complete" | UnsupportedTarget {
    const joined = new Uint8Array(this.#bytes.byteLength + payload.byteLength);
    joined.set(this.#bytes);
    joined.set(payload, this.#bytes.byteLength);
    this.#bytes = joined;
    if (joined.byteLength < 32) return "incomplete";
    for (const [index, [name, value]] of expected.entries()) {
      const answered = this.#word(index);
      if (answered !== value)
        return new UnsupportedTarget(
          url,
          `the board speaks HostARQ with ${name} = ${answered}; this driver with ${value}`,
        );
    }
    const words = this.#word(3);
    if (words > maxInfoWords)
      return new UnsupportedTarget(url, `info text of ${words} words is outside 0..${maxInfoWords}`);
    return joined.byteLength >= 32 + 8 * words ? "complete" : "incomplete";
  }

  #word(index: number): number {
    return Number(new DataView(this.#bytes.buffer).getBigUint64(8 * index));
  }
}
