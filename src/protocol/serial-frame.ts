/**
 * Datagrams on a byte pipe (serial line, worker's message port). A frame is COBS(channel, payload, CRC-32C) and the end
 * mark 0; channel is 0 for the data port, 1 for the reset port, 2 for a mark and 3 for a credit; the checksum covers
 * channel and payload and stands most significant byte first. Damage costs the frame that it hits, nothing after the
 * next end mark. Our own framing: the boards of the field speak HostARQ over UDP only. Whole link: docs/serial-link.md.
 */
import { FieldOutOfRange } from "../base/errors.js";
import { cobsDecode, cobsEncode, cobsMaxLength } from "./cobs.js";
import { crc32c } from "./crc32c.js";
import { type DatagramPort, hostArq } from "./host-arq.js";

/** What a sender may have on the line before it knows more, bytes: one longest frame and a mark. */
export const firstWindowBytes = 2048;

/** Longest datagram: a full HostARQ frame. */
export const maxDatagramBytes = hostArq.headerBytes + 8 * hostArq.maxWords;

/** What a frame is for: a datagram of one of the two ports, or the line's own flow control. */
export type SerialChannel = DatagramPort | "mark" | "credit";

const channels: readonly SerialChannel[] = ["data", "reset", "mark", "credit"];
const checksumBytes = 4;
const maxRawBytes = 1 + maxDatagramBytes + checksumBytes;
const maxCodedBytes = cobsMaxLength(maxRawBytes);

const raw = new Uint8Array(maxRawBytes);
const rawView = new DataView(raw.buffer);

/** One frame, ready for the pipe; caller owns. @throws FieldOutOfRange when the datagram is longer than a HostARQ frame */
export function encodeSerialFrame(channel: SerialChannel, datagram: Uint8Array): Uint8Array {
  if (datagram.length > maxDatagramBytes)
    throw new FieldOutOfRange("datagram length", datagram.length, `0..${maxDatagramBytes} bytes`);
  raw[0] = channels.indexOf(channel);
  raw.set(datagram, 1);
  const checked = 1 + datagram.length;
  rawView.setUint32(checked, crc32c(raw, 0, checked));
  const frame = new Uint8Array(cobsMaxLength(checked + checksumBytes) + 1);
  const end = cobsEncode(raw, checked + checksumBytes, frame, 0);
  return frame.subarray(0, end + 1);
}

/** "So many bytes came before this": modulo 2^32. The receiver answers with a credit. */
export function encodeMark(position: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, position);
  return encodeSerialFrame("mark", bytes);
}

/** "Everything up to this mark is off the line, and there is room for so many bytes beyond it." */
export function encodeCredit(position: number, window: number): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, position);
  view.setUint32(4, window);
  return encodeSerialFrame("credit", bytes);
}

/** @returns the position that a mark's payload names, undefined when it has not 4 bytes */
export function parseMark(payload: Uint8Array): number | undefined {
  if (payload.length !== 4) return undefined;
  return new DataView(payload.buffer, payload.byteOffset).getUint32(0);
}

/** @returns undefined when the payload has not 8 bytes */
export function parseCredit(payload: Uint8Array): { readonly position: number; readonly window: number } | undefined {
  if (payload.length !== 8) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset);
  return { position: view.getUint32(0), window: view.getUint32(4) };
}

/** Why bytes between two end marks were dropped. */
export interface DiscardedFrames {
  /** Longer than any frame. */
  oversize: number;
  /** Not a COBS coding. */
  coding: number;
  /** Too short for channel and checksum. */
  short: number;
  checksum: number;
  /** Intact, of a channel that does not exist. */
  channel: number;
}

/** Finds frames in a stream of chunks; never throws, holds at most one frame. */
export class SerialDeframer {
  readonly #onFrame: (channel: SerialChannel, payload: Uint8Array) => void;
  readonly #partial = new Uint8Array(maxCodedBytes);
  readonly #raw = new Uint8Array(maxCodedBytes);
  readonly #rawView = new DataView(this.#raw.buffer);
  readonly #discarded: DiscardedFrames = { oversize: 0, coding: 0, short: 0, checksum: 0, channel: 0 };
  #held = 0;
  #isOversize = false;

  /** @param onFrame called once per intact frame, in order; the payload is a copy that the callee owns */
  constructor(onFrame: (channel: SerialChannel, payload: Uint8Array) => void) {
    this.#onFrame = onFrame;
  }

  /** Frames dropped so far, by reason. */
  get discarded(): Readonly<DiscardedFrames> {
    return this.#discarded;
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      const end = chunk.indexOf(0, at);
      if (end < 0) {
        this.#hold(chunk, at, chunk.length);
        return;
      }
      if (this.#held === 0 && !this.#isOversize) this.#segment(chunk, at, end);
      else {
        this.#hold(chunk, at, end);
        const held = this.#held;
        this.#held = 0;
        if (this.#isOversize) this.#discarded.oversize++;
        else this.#segment(this.#partial, 0, held);
        this.#isOversize = false;
      }
      at = end + 1;
    }
  }

  #hold(chunk: Uint8Array, from: number, to: number): void {
    if (this.#isOversize) return;
    if (this.#held + to - from > maxCodedBytes) {
      this.#isOversize = true;
      this.#held = 0;
      return;
    }
    this.#partial.set(chunk.subarray(from, to), this.#held);
    this.#held += to - from;
  }

  /** The bytes between two end marks. Nothing between them is no frame: end marks may be repeated. */
  #segment(bytes: Uint8Array, from: number, to: number): void {
    if (from === to) return;
    if (to - from > maxCodedBytes) {
      this.#discarded.oversize++;
      return;
    }
    const length = cobsDecode(bytes, from, to, this.#raw);
    const checked = length - checksumBytes;
    const channel = channels[this.#raw[0] as number];
    if (length < 0) this.#discarded.coding++;
    else if (checked < 1) this.#discarded.short++;
    else if (this.#rawView.getUint32(checked) !== crc32c(this.#raw, 0, checked)) this.#discarded.checksum++;
    else if (channel === undefined) this.#discarded.channel++;
    else this.#onFrame(channel, this.#raw.slice(1, checked));
  }
}
