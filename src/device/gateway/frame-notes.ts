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

  constructor(recorder: DatagramRecorder) {
    this.#recorder = recorder;
    recorder.datagram("toBoard", "reset", hostArq.resetBytes);
  }

  note(direction: "toBoard" | "toHost", words: Uint8Array): void {
    const other = direction === "toBoard" ? "toHost" : "toBoard";
    for (let at = 0; at < words.length; at += frameBytes) {
      const seq = this.#seq[direction];
      const payload = words.subarray(at, at + frameBytes);
      const frame = { ack: before(this.#seq[other]), seq, type: packetType.utMessages, payload };
      this.#recorder.datagram(direction, "data", encodeDataFrame(frame));
      this.#seq[direction] = (seq + 1) % hostArq.sequenceSpace;
      const isLast = at + frameBytes >= words.length;
      if (isLast || seq % ackEvery === 0) this.#recorder.datagram(other, "data", encodeAckFrame(seq));
    }
  }
}
