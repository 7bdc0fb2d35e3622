/** Writes pcapng as other tools do: Ethernet frames, microseconds, no directions, no names, either byte order. */
export interface ForeignDatagram {
  /** Microseconds since 1970. */
  readonly micros: bigint;
  readonly from: number;
  readonly to: number;
  readonly payload: Uint8Array;
}

/** Addresses are 127.0.0.1; checksums are left at zero, as offloading leaves them. */
export function foreignCapture(datagrams: readonly ForeignDatagram[], littleEndian = true): Uint8Array {
  const parts: Uint8Array[] = [];
  const words = (...values: number[]): Uint8Array => {
    const bytes = new Uint8Array(4 * values.length);
    for (const [i, value] of values.entries()) new DataView(bytes.buffer).setUint32(4 * i, value, littleEndian);
    return bytes;
  };
  const pair = (first: number, second: number): number =>
    littleEndian ? first | (second << 16) : ((first << 16) | second) >>> 0;
  parts.push(words(0x0a0d0d0a, 28, 0x1a2b3c4d, pair(1, 0), 0xffffffff, 0xffffffff, 28));
  parts.push(words(1, 20, pair(1, 0), 262144, 20));
  for (const { micros, from, to, payload } of datagrams) {
    const packet = new Uint8Array(42 + payload.length);
    const view = new DataView(packet.buffer);
    view.setUint16(12, 0x0800);
    packet.set([0x45, 0], 14);
    view.setUint16(16, 28 + payload.length);
    packet.set([0x40, 0, 64, 17, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1], 20);
    view.setUint16(34, from);
    view.setUint16(36, to);
    view.setUint16(38, 8 + payload.length);
    packet.set(payload, 42);
    const padding = new Uint8Array((4 - (packet.length % 4)) % 4);
    const total = 32 + packet.length + padding.length;
    const [high, low] = [Number(micros >> 32n), Number(micros & 0xffff_ffffn)];
    parts.push(words(6, total, 0, high, low, packet.length, packet.length), packet, padding, words(total));
  }
  return new Uint8Array(Buffer.concat(parts));
}
