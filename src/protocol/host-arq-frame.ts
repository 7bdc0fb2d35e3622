/**
 * HostARQ frames to bytes and back. All numbers are big-endian:
 *
 *   0      4      8     10    12
 *   | ACK  | SEQ  | type| LEN | LEN words of 64 bit |
 *
 * A datagram of four bytes is a pure acknowledgement. Parsing never throws: the link counts what it cannot use.
 * Source: sctrltp `include/sctrltp/packets.h`.
 */
import { Parser } from "binary-parser";
import { FieldOutOfRange } from "../base/errors.js";
import { type ArqDataFrame, hostArq, type ParsedFrame } from "./host-arq.js";

const header = new Parser().endianness("big").uint32("ack").uint32("seq").uint16("type").uint16("words");
const acknowledgement = new Parser().endianness("big").uint32("ack");

/** @throws FieldOutOfRange when the payload is not 0..180 whole words */
export function encodeDataFrame(frame: Omit<ArqDataFrame, "kind">): Uint8Array {
  const { payload } = frame;
  if (payload.length % 8 !== 0 || payload.length > 8 * hostArq.maxWords)
    throw new FieldOutOfRange(
      "HostARQ payload length",
      payload.length,
      `0..${8 * hostArq.maxWords} bytes, whole words`,
    );
  const bytes = new Uint8Array(hostArq.headerBytes + payload.length);
  bytes.set(payload, hostArq.headerBytes);
  writeDataHeader(bytes, frame);
  return bytes;
}

/** Put the header before a payload that stands in its place. @param datagram header and 0..180 whole words */
export function writeDataHeader(datagram: Uint8Array, frame: Pick<ArqDataFrame, "ack" | "seq" | "type">): void {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength);
  view.setUint32(0, frame.ack);
  view.setUint32(4, frame.seq);
  view.setUint16(8, frame.type);
  view.setUint16(10, (datagram.length - hostArq.headerBytes) / 8);
}

/** A pure acknowledgement. @param ack number of the last frame received in order */
export function encodeAckFrame(ack: number): Uint8Array {
  const bytes = new Uint8Array(hostArq.ackBytes);
  new DataView(bytes.buffer).setUint32(0, ack);
  return bytes;
}

/** Read a datagram of the data port. The payload is a view into the datagram. */
export function parseFrame(datagram: Uint8Array): ParsedFrame {
  if (datagram.length < hostArq.ackBytes) return { kind: "invalid", reason: "truncated" };
  if (datagram.length === hostArq.ackBytes) {
    const { ack } = acknowledgement.parse(datagram);
    return ack < hostArq.sequenceSpace ? { kind: "ack", ack } : { kind: "invalid", reason: "sequence" };
  }
  if (datagram.length < hostArq.headerBytes) return { kind: "invalid", reason: "truncated" };
  const { ack, seq, type, words } = header.parse(datagram);
  if (words > hostArq.maxWords || datagram.length !== hostArq.headerBytes + 8 * words)
    return { kind: "invalid", reason: "length" };
  if (ack >= hostArq.sequenceSpace || seq >= hostArq.sequenceSpace) return { kind: "invalid", reason: "sequence" };
  return { kind: "data", ack, seq, type, payload: datagram.subarray(hostArq.headerBytes) };
}
