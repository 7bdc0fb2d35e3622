/**
 * Words of runs as the HostARQ frames that a board's link would have carried them in, for captures: what was asked and
 * answered is true, the frames around it are made up. No link is behind it.
 */
import { hostArq, packetType } from "../../protocol/host-arq.js";
import { encodeAckFrame, encodeDataFrame } from "../../protocol/host-arq-frame.js";
import type { DatagramRecorder } from "../transport/record.js";

const frameBytes = 8 * hostArq.maxWords;
/** Frames between two acknowledgements: well within the window, as on a link. */
const ackEvery = hostArq.windowSize / 4;
const before = (seq: number): number => (seq + hostArq.sequenceSpace - 1) % hostArq.sequenceSpace;

export class FrameNotes {
  readonly #recorder: DatagramRecorder;
  readonly #seq = { toBoard: 0, toHost: 0 };

  /** @param info the bitfile's text: readers of a capture ignore what a board says before it has answered the reset */
  constructor(recorder: DatagramRecorder, info: string) {
    this.#recorder = recorder;
    recorder.datagram("toBoard", "reset", hostArq.resetBytes);
    this.#frames("toHost", packetType.config, resetAnswer(info));
  }

  note(direction: "toBoard" | "toHost", words: Uint8Array): void {
    this.#frames(direction, packetType.utMessages, words);
  }

  #frames(direction: "toBoard" | "toHost", type: number, words: Uint8Array): void {
    const other = direction === "toBoard" ? "toHost" : "toBoard";
    for (let at = 0; at < words.length; at += frameBytes) {
      const seq = this.#seq[direction];
      const payload = words.subarray(at, at + frameBytes);
      const frame = { ack: before(this.#seq[other]), seq, type, payload };
      this.#recorder.datagram(direction, "data", encodeDataFrame(frame));
      this.#seq[direction] = (seq + 1) % hostArq.sequenceSpace;
      const isLast = at + frameBytes >= words.length;
      if (isLast || seq % ackEvery === 0) this.#recorder.datagram(other, "data", encodeAckFrame(seq));
    }
  }
}

/** Three constants of the link, the length of the text in words, the text, ended by a zero byte. */
function resetAnswer(info: string): Uint8Array {
  const text = new TextEncoder().encode(info);
  const infoWords = Math.ceil((text.length + 1) / 8);
  const bytes = new Uint8Array(8 * (4 + infoWords));
  const view = new DataView(bytes.buffer);
  const head = [hostArq.sequenceSpace, hostArq.windowSize, hostArq.maxWords, infoWords];
  for (const [word, value] of head.entries()) view.setUint32(8 * word + 4, value);
  bytes.set(text, 32);
  return bytes;
}
