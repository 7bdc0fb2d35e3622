import fc from "fast-check";
import { expect, test } from "vitest";
import {
  encodeCredit,
  encodeMark,
  encodeSerialFrame,
  maxDatagramBytes,
  parseCredit,
  parseMark,
  type SerialChannel,
  SerialDeframer,
} from "./serial-frame.js";

function deframe(chunks: readonly Uint8Array[]): { frames: [SerialChannel, number[]][]; deframer: SerialDeframer } {
  const frames: [SerialChannel, number[]][] = [];
  const deframer = new SerialDeframer((port, datagram) => frames.push([port, [...datagram]]));
  for (const chunk of chunks) deframer.push(chunk);
  return { frames, deframer };
}
/** Cut `bytes` at the given places, modulo what is left. */
function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = 1 + (sizes[i % sizes.length] ?? 0);
    chunks.push(bytes.slice(at, at + size));
    at += size;
  }
  return chunks;
}
const join = (parts: readonly Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));
const port = fc.constantFrom<SerialChannel>("data", "reset", "mark", "credit");
const datagram = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.array(fc.constantFrom(0, 1, 255), { maxLength: maxDatagramBytes }).map((list) => Uint8Array.from(list)),
);

/** CRC-32C bit by bit, apart from the table code; most significant byte first. */
function checksumOf(...bytes: number[]): number[] {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return [24, 16, 8, 0].map((shift) => (~crc >>> shift) & 0xff);
}

test("a reset frame, byte by byte", () => {
  const datagram = Uint8Array.of(0xab, 0xab, 0xab, 0xab);
  const checksum = checksumOf(1, ...datagram);
  expect(checksum.includes(0)).toBe(false);
  expect([...encodeSerialFrame("reset", datagram)]).toEqual([10, 1, 0xab, 0xab, 0xab, 0xab, ...checksum, 0]);
});

test("any frames in any chunks arrive once and in order", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(port, datagram), { maxLength: 8 }),
      fc.array(fc.nat(300), { minLength: 1, maxLength: 10 }),
      (sent, sizes) => {
        const wire = join(sent.map(([p, d]) => encodeSerialFrame(p, d)));
        expect(deframe(cut(wire, sizes)).frames).toEqual(sent.map(([p, d]) => [p, [...d]]));
      },
    ),
    { seed: 5, numRuns: 150 },
  );
});

test("garbage costs at most the frame that it runs into, and is counted", () => {
  const first = encodeSerialFrame("data", Uint8Array.of(1, 0, 2));
  const second = encodeSerialFrame("data", Uint8Array.of(3, 0, 4));
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 5000 }), (garbage) => {
      const { frames, deframer } = deframe([garbage, first, second]);
      expect(frames.at(-1)).toEqual(["data", [3, 0, 4]]);
      const dropped = Object.values(deframer.discarded).reduce((sum, n) => sum + n, 0);
      if (frames.length === 1) expect(dropped).toBeGreaterThan(0);
    }),
    { seed: 6, numRuns: 300 },
  );
});

test("a single flipped bit never delivers a changed frame", () => {
  const datagram = Uint8Array.from({ length: 60 }, (_, i) => (i % 5 === 0 ? 0 : i));
  const frame = encodeSerialFrame("data", datagram);
  for (let bit = 0; bit < 8 * frame.length; bit++) {
    const damaged = frame.slice();
    damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
    expect(deframe([damaged, Uint8Array.of(0)]).frames).toEqual([]);
  }
});

test.each([
  ["oversize", new Uint8Array(2000).fill(1)],
  ["coding", Uint8Array.of(9, 1, 1)],
  ["short", Uint8Array.of(3, 1, 1)],
  ["checksum", Uint8Array.of(7, 1, 1, 1, 1, 1, 1)],
] as const)("counts %s", (reason, bytes) => {
  const { deframer } = deframe([bytes.subarray(0, bytes.length >> 1), bytes.subarray(bytes.length >> 1)]);
  deframer.push(Uint8Array.of(0, 0, 0));
  expect(deframer.discarded).toEqual({ oversize: 0, coding: 0, short: 0, checksum: 0, channel: 0, [reason]: 1 });
});

test("an intact frame of an unknown channel is counted", () => {
  const checksum = checksumOf(4);
  expect(checksum.includes(0)).toBe(false);
  const { deframer } = deframe([Uint8Array.of(6, 4, ...checksum, 0)]);
  expect(deframer.discarded.channel).toBe(1);
});

test("a datagram longer than a HostARQ frame is refused", () => {
  expect(() => encodeSerialFrame("data", new Uint8Array(maxDatagramBytes + 1))).toThrow("outside 0..1452 bytes");
});

test("marks and credits, both ways", () => {
  const { frames } = deframe([encodeMark(0xfffffffe), encodeCredit(7, 65_536)]);
  expect(frames.map(([channel]) => channel)).toEqual(["mark", "credit"]);
  expect(parseMark(Uint8Array.from(frames[0]![1]))).toBe(0xfffffffe);
  expect(parseCredit(Uint8Array.from(frames[1]![1]))).toEqual({ position: 7, window: 65_536 });
  expect(parseMark(new Uint8Array(5))).toBeUndefined();
  expect(parseCredit(new Uint8Array(7))).toBeUndefined();
});
