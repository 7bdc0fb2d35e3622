/**
 * HostARQ frames: names and numbers shared by host and board. Behaviour (windows, timers, resends) is written twice, in
 * `device/link` and in `firmware-sim`, on purpose. Layout: docs/protocol.md, "HostARQ".
 */

export const hostArq = {
  dataPort: 1234,
  resetPort: 45054,
  sequenceSpace: 256,
  windowSize: 128,
  /** Payload words of 64 bit per frame, at most. */
  maxWords: 180,
  headerBytes: 12,
  ackBytes: 4,
  resetBytes: new Uint8Array([0xab, 0xab, 0xab, 0xab]),
} as const;

export const packetType = {
  utMessages: 0x0010,
  flush: 0x8000,
  loopback: 0x8001,
  config: 0x8002,
  dummyData: 0x8003,
  statistics: 0x8004,
  performanceTest: 0x8006,
} as const;

export interface ArqDataFrame {
  readonly kind: "data";
  /** Number of the last frame received in order. */
  readonly ack: number;
  readonly seq: number;
  readonly type: number;
  /** Whole 64-bit words, big-endian; a view into the datagram. */
  readonly payload: Uint8Array;
}
export interface ArqAckFrame {
  readonly kind: "ack";
  readonly ack: number;
}
export type ArqFrame = ArqDataFrame | ArqAckFrame;

/** Which port of the board a datagram goes to or comes from. */
export type DatagramPort = "data" | "reset";

/** A frame or its rejection, which the link counts. */
export type ParsedFrame = ArqFrame | { readonly kind: "invalid"; readonly reason: "length" | "truncated" | "sequence" };
