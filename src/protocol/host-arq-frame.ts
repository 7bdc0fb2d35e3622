/**
 * HostARQ frames to bytes and back. All numbers are big-endian:
 *
 *   0      4      8     10    12
 *   | ACK  | SEQ  | type| LEN | LEN words of 64 bit |
 *
 * A datagram of four bytes is a pure acknowledgement. Parsing never throws: the link counts what it cannot use.
 * Source: sctrltp `include/sctrltp/packets.h`.
 */
import { FieldOutOfRange } from "../base/errors.js";
import { type ArqDataFrame, hostArq, type ParsedFrame } from "./host-arq.js";

/**
 * @param memory room for the frame, exactly as long as it; default: new
 * @throws FieldOutOfRange when the payload is not 0..180 whole words
 */
export function encodeDataFrame(frame: Omit<ArqDataFrame, "kind">, memory?: Uint8Array): Uint8Array {
  const { payload } = frame;
  if (payload.length % 8 !== 0 || payload.length > 8 * hostArq.maxWords)
    throw new FieldOutOfRange(
      "HostARQ payload length",
      payload.length,
      `0..${8 * hostArq.maxWords} bytes, whole words`,
    );
  const bytes = memory ?? new Uint8Array(hostArq.headerBytes + payload.length);
  bytes.set(payload, hostArq.headerBytes);
  writeDataHeader(bytes, frame);
  return bytes;
}

/** Put the header before a payload that stands in its place. @param datagram header and 0..180 whole words */
export function writeDataHeader(datagram: Uint8Array, frame: Pick<ArqDataFrame, "ack" | "seq" | "type">): void {
  const { ack, seq, type } = frame;
  const words = (datagram.length - hostArq.headerBytes) / 8;
  writeAcknowledge(datagram, ack);
  datagram[4] = seq >>> 24;
  datagram[5] = seq >>> 16;
  datagram[6] = seq >>> 8;
  datagram[7] = seq;
  datagram[8] = type >>> 8;
  datagram[9] = type;
  datagram[10] = words >>> 8;
  datagram[11] = words;
}

/** Put the number of the last frame received in order into a frame that is sent, or sent again. */
export function writeAcknowledge(datagram: Uint8Array, ack: number): void {
  datagram[0] = ack >>> 24;
  datagram[1] = ack >>> 16;
  datagram[2] = ack >>> 8;
  datagram[3] = ack;
}

/** A pure acknowledgement. @param ack number of the last frame received in order */
export function encodeAckFrame(ack: number): Uint8Array {
  const bytes = new Uint8Array(hostArq.ackBytes);
  writeAcknowledge(bytes, ack);
  return bytes;
}

/** Read a datagram of the data port. The payload is a view into the datagram. */
export function parseFrame(datagram: Uint8Array): ParsedFrame {
  if (datagram.length < hostArq.ackBytes) return { kind: "invalid", reason: "truncated" };
  if (datagram.length === hostArq.ackBytes) {
    const ack = uint32(datagram, 0);
    return ack < hostArq.sequenceSpace ? { kind: "ack", ack } : { kind: "invalid", reason: "sequence" };
  }
  if (datagram.length < hostArq.headerBytes) return { kind: "invalid", reason: "truncated" };
  const [ack, seq] = [uint32(datagram, 0), uint32(datagram, 4)];
  const type = uint16(datagram, 8);
  const words = uint16(datagram, 10);
  if (words > hostArq.maxWords || datagram.length !== hostArq.headerBytes + 8 * words)
    return { kind: "invalid", reason: "length" };
  if (ack >= hostArq.sequenceSpace || seq >= hostArq.sequenceSpace) return { kind: "invalid", reason: "sequence" };
  return { kind: "data", ack, seq, type, payload: datagram.subarray(hostArq.headerBytes) };
}

// Byte by byte: a view of its own for each of the frames of a transfer would cost more than all the rest.
function uint32(bytes: Uint8Array, at: number): number {
  return uint16(bytes, at) * 0x1_0000 + uint16(bytes, at + 2);
}

function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}
