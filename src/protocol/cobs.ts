/**
 * Consistent Overhead Byte Stuffing: codes any bytes without the byte 0, so that 0 can mark the end of a frame. Each
 * block starts with its length: code c < 255 stands for c - 1 bytes and then a zero, 255 for 254 bytes and no zero; the
 * zero of the last block is not part of the data. Source: Cheshire and Baker, IEEE/ACM Trans. Networking 7 (1999) 159.
 */

/** Longest coding of `length` bytes, without the end mark. */
export function cobsMaxLength(length: number): number {
  return length + Math.floor(length / 254) + 1;
}

/** Code `source[0..length)` into `target` from `start`. @returns where the coding ends in `target` */
export function cobsEncode(source: Uint8Array, length: number, target: Uint8Array, start: number): number {
  let codeAt = start;
  let out = start + 1;
  let code = 1;
  for (let i = 0; i < length; i++) {
    const byte = source[i] as number;
    if (byte !== 0) {
      target[out++] = byte;
      if (++code !== 0xff || i === length - 1) continue;
    }
    target[codeAt] = code;
    codeAt = out++;
    code = 1;
  }
  target[codeAt] = code;
  return out;
}

/**
 * Decode `source[from..to)`, which holds no end mark, into `target`, which has room for as many bytes.
 * @returns number of bytes decoded, or -1 when a block runs over the end
 */
export function cobsDecode(source: Uint8Array, from: number, to: number, target: Uint8Array): number {
  let at = from;
  let out = 0;
  while (at < to) {
    // Copy all, then put zeros where code bytes stand, up to a block of 254 bytes: after it the code byte has to go.
    const start = at + 1;
    target.set(source.subarray(start, to), out);
    let code = source[at] as number;
    at += code;
    while (code !== 0xff && code !== 0 && at < to) {
      target[out + at - start] = 0;
      code = source[at] as number;
      at += code;
    }
    if (code === 0 || at > to) return -1;
    out += at - start;
  }
  return out;
}
