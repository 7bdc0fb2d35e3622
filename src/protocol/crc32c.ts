/**
 * CRC-32C (Castagnoli): polynomial 0x1EDC6F41, bits reflected, start and final inversion. Takes four bytes per step with
 * four tables. Source: RFC 3720, appendix B.4.
 */

/** The polynomial with its bits reversed. */
const polynomial = 0x82f63b78;

function makeTables(): readonly [Uint32Array, Uint32Array, Uint32Array, Uint32Array] {
  const tables = [0, 1, 2, 3].map(() => new Uint32Array(256));
  const [t0, t1, t2, t3] = tables as [Uint32Array, Uint32Array, Uint32Array, Uint32Array];
  for (let n = 0; n < 256; n++) {
    let crc = n;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    t0[n] = crc;
  }
  const step = (crc: number): number => (crc >>> 8) ^ (t0[crc & 0xff] as number);
  for (let n = 0; n < 256; n++) {
    t1[n] = step(t0[n] as number);
    t2[n] = step(t1[n] as number);
    t3[n] = step(t2[n] as number);
  }
  return [t0, t1, t2, t3];
}
const [t0, t1, t2, t3] = makeTables();

/** Checksum of `bytes[from..to)`, unsigned 32 bit. @param before checksum of what these bytes follow */
export function crc32c(bytes: Uint8Array, from = 0, to = bytes.length, before = 0): number {
  let crc = ~before;
  let at = from;
  for (const fast = to - 3; at < fast; at += 4) {
    crc ^=
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    crc =
      (t3[crc & 0xff] as number) ^
      (t2[(crc >>> 8) & 0xff] as number) ^
      (t1[(crc >>> 16) & 0xff] as number) ^
      (t0[crc >>> 24] as number);
  }
  for (; at < to; at++) crc = (crc >>> 8) ^ (t0[(crc ^ (bytes[at] as number)) & 0xff] as number);
  return ~crc >>> 0;
}
