/**
 * What the board says of itself after a reset: four words (sequence space, window, words per frame, length of the text in
 * words) and the bitfile's info text, ASCII, ended by a zero byte. A long text goes on in further frames.
 * Source: sctrltp `us_sctp_core.cpp`, hxcomm `arqconnection_impl.tcc` (the two keys that clients look for).
 */
import { hostArq } from "../src/protocol/index.js";

/** Info text of the virtual board. `compatible_until` 2 is the newest that clients of the cube boards take. */
export const boardInfo = "version: 2\ncompatible_until: 2\nname: hxloop virtual board\n";

const headWords = 4;

/** Payloads of the answer's frames, in order. @param info ASCII */
export function resetAnswer(info: string): Uint8Array[] {
  const infoWords = Math.ceil((info.length + 1) / 8);
  const bytes = new Uint8Array(8 * (headWords + infoWords));
  const view = new DataView(bytes.buffer);
  [hostArq.sequenceSpace, hostArq.windowSize, hostArq.maxWords, infoWords].forEach((value, word) => {
    view.setUint32(8 * word + 4, value);
  });
  for (let i = 0; i < info.length; i++) bytes[8 * headWords + i] = info.charCodeAt(i) & 0x7f;
  const frameBytes = 8 * hostArq.maxWords;
  return Array.from({ length: Math.ceil(bytes.length / frameBytes) }, (_, i) =>
    bytes.slice(i * frameBytes, (i + 1) * frameBytes),
  );
}
