import fc from "fast-check";
import { expect, test } from "vitest";
import { type CapturedBoard, type CapturedDatagram, CaptureReader } from "./capture-reader.js";
import { CaptureWriter, type DatagramDirection } from "./capture-writer.js";
import { CaptureInvalid } from "./errors.js";
import { linkType } from "./pcapng.js";
import { type CapturedPacket, PcapngReader } from "./pcapng-reader.js";
import { findUdp } from "./udp-packet.js";

function join(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

const recorded = fc.record({
  board: fc.nat(2),
  direction: fc.constantFrom<DatagramDirection>("toBoard", "toHost"),
  port: fc.constantFrom("data" as const, "reset" as const),
  bytes: fc.uint8Array({ minLength: 4, maxLength: 60 }),
  time: fc.bigInt({ min: 0n, max: 2n ** 63n }),
  comment: fc.option(
    fc.string({ maxLength: 20 }).filter((text) => text.trim() !== ""),
    { nil: undefined },
  ),
});
type Recorded = typeof recorded extends fc.Arbitrary<infer T> ? T : never;

/** The blocks of a capture of three boards. */
function write(datagrams: readonly Recorded[]): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  const writer = new CaptureWriter("test 1", (block) => blocks.push(block));
  const boards = [0, 1, 2].map((i) => writer.board(`virtual:?chip=${i}`));
  for (const { board, direction, port, bytes, time, comment } of datagrams) {
    if (comment !== undefined) boards[board]!.comment(comment);
    boards[board]!.datagram(direction, port, bytes, time);
  }
  for (const board of boards) board.end(5n);
  return blocks;
}

function read(bytes: Uint8Array, chunk = bytes.length) {
  const datagrams: CapturedDatagram[] = [];
  const boards: CapturedBoard[] = [];
  const reader = new CaptureReader("test.pcapng", {
    onBoard: (board) => boards.push(board),
    onDatagram: (datagram) => datagrams.push({ ...datagram, bytes: datagram.bytes.slice() }),
  });
  for (let at = 0; at < bytes.length; at += chunk) reader.push(bytes.subarray(at, at + chunk));
  return { reader, datagrams, boards };
}

test("what is recorded is read, however the file is cut into chunks", () => {
  fc.assert(
    fc.property(fc.array(recorded, { maxLength: 12 }), fc.integer({ min: 1, max: 300 }), (written, chunk) => {
      const bytes = join(write(written));
      const { reader, datagrams, boards } = read(bytes, chunk);
      expect(reader.isComplete).toBe(true);
      const seen = new Map(boards.map(({ board, name }) => [board, name]));
      expect(
        datagrams.map(({ board, direction, port, bytes, time, comment, missing }) => {
          return { board: seen.get(board), direction, port, bytes, time, comment, missing };
        }),
      ).toEqual(
        written.map(({ board, comment = "", ...rest }) => {
          return { ...rest, board: `virtual:?chip=${board}`, comment, missing: 0 };
        }),
      );
      for (const { offset, bytes: payload } of datagrams)
        expect(bytes.slice(offset, offset + payload.length)).toEqual(payload);
    }),
    { seed: 21, numRuns: 60 },
  );
});

test("headers carry valid checksums", () => {
  fc.assert(
    fc.property(fc.array(recorded, { minLength: 1, maxLength: 4 }), (written) => {
      const packets: Uint8Array[] = [];
      const onPacket = ({ data }: CapturedPacket) => packets.push(data.slice());
      new PcapngReader("test", { onPacket, onStatistics() {} }).push(join(write(written)));
      expect(packets).toHaveLength(written.length);
      for (const packet of packets) {
        const view = new DataView(packet.buffer);
        // A sum over words with their checksum is all ones.
        const fold = (from: number, to: number, start: number): number => {
          let sum = start;
          for (let at = from; at < to; at += 2) sum += (packet[at]! << 8) | (packet[at + 1] ?? 0);
          while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
          return sum;
        };
        expect(fold(0, 20, 0)).toBe(0xffff);
        expect(fold(12, packet.length, 17 + view.getUint16(24))).toBe(0xffff);
        expect(findUdp(linkType.rawIp, packet)!.payload).toHaveLength(packet.length - 28);
      }
    }),
    { seed: 22, numRuns: 30 },
  );
});

const sample: Recorded[] = [
  {
    board: 0,
    direction: "toBoard",
    port: "reset",
    bytes: Uint8Array.of(0xab, 0xab, 0xab, 0xab),
    time: 1n,
    comment: "a",
  },
  { board: 0, direction: "toHost", port: "data", bytes: Uint8Array.of(0, 0, 0, 9), time: 2n, comment: undefined },
];

test("a file that is cut anywhere is read up to the last whole block, and says where it ends", () => {
  const blocks = write(sample);
  const bytes = join(blocks);
  const starts = blocks.map((_, i) => join(blocks.slice(0, i)).length);
  for (let length = 1; length < bytes.length; length++) {
    const { reader, datagrams } = read(bytes.slice(0, length));
    const whole = starts.filter((start, i) => start + blocks[i]!.length <= length).length;
    // Section, three interfaces, then the packets.
    expect(datagrams).toHaveLength(Math.max(0, Math.min(2, whole - 4)));
    if (datagrams.length === 0) {
      expect(() => reader.end()).toThrow(CaptureInvalid);
      continue;
    }
    const cut = reader.end();
    if (starts.includes(length)) expect(cut).toBeUndefined();
    else expect(cut?.offset).toBe(starts.findLast((start) => start < length));
  }
});

test("sections of the other byte order are read", () => {
  // Section, interface (Ethernet, microseconds), one packet of 46 bytes: a pure acknowledgement in Ethernet, IPv4, UDP.
  const words = (...values: number[]) => join(values.map((v) => Uint8Array.of(v >>> 24, v >>> 16, v >>> 8, v)));
  const packet = Uint8Array.from(
    Buffer.from(
      "0000000000000000000000000800" +
        "4500002032b440004011000000000000000000000".slice(0, 40) +
        "e17004d2000c0000" +
        "00000007",
      "hex",
    ),
  );
  const padding = (4 - (packet.length % 4)) % 4;
  const total = 32 + packet.length + padding;
  const bytes = join([
    words(0x0a0d0d0a, 28, 0x1a2b3c4d, 0x00010000, 0xffffffff, 0xffffffff, 28),
    words(1, 20, 0x00010000, 0, 20),
    words(6, total, 0, 0x00000001, 0x00000002, packet.length, packet.length),
    packet,
    new Uint8Array(padding),
    words(total),
  ]);
  const { reader, datagrams } = read(bytes);
  expect(reader.end()).toBeUndefined();
  expect(datagrams).toMatchObject([
    { direction: "toBoard", port: "data", bytes: Uint8Array.of(0, 0, 0, 7), time: (2n ** 32n + 2n) * 1000n },
  ]);
});

const good = join(write(sample));
function patched(at: number, ...values: number[]): Uint8Array {
  const bytes = good.slice();
  bytes.set(values, at);
  return bytes;
}
const firstInterface = new DataView(good.buffer).getUint32(4, true);

test.each([
  ["another kind of file", Uint8Array.from(Buffer.from("%PDF-1.7 is not a capture")), 0, /starts with 0x46445025/],
  ["classic pcap", Uint8Array.of(0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0), 0, /classic pcap.*editcap -F pcapng/],
  ["classic pcap, big-endian", Uint8Array.of(0xa1, 0xb2, 0x3c, 0x4d, 0, 2, 0, 4, 0, 0, 0, 0), 0, /classic pcap/],
  ["a foreign byte-order magic", patched(8, 1, 2, 3, 4), 8, /byte-order magic 0x04030201/],
  ["a later version of pcapng", patched(12, 2), 12, /pcapng version 2\.0/],
  ["a block of no length", patched(4, 0, 0, 0, 0), 4, /block length 0/],
  ["a block beyond all measure", patched(4, 0, 0, 0, 0x70), 4, /block length 1879048192/],
  ["a length that differs at the end", patched(firstInterface - 4, 0xff), firstInterface - 4, /at its end/],
])("%s is refused with its place", (_, bytes, offset, message) => {
  expect.assertions(3);
  try {
    read(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(CaptureInvalid);
    expect(error).toMatchObject({ offset, failure: "input" });
    expect((error as Error).message).toMatch(message);
  }
});

test("captures without HostARQ are refused with the place of their first packet", () => {
  const onDns = good.slice();
  for (let at = 0; at + 1 < onDns.length; at++)
    if ((onDns[at] === 4 && onDns[at + 1] === 0xd2) || (onDns[at] === 0xaf && onDns[at + 1] === 0xfe))
      onDns.set([0, 53], at);
  const { reader } = read(onDns);
  expect(() => reader.end()).toThrow(/none of 2 packets is HostARQ \(link types 101\)/);
  const other = join(write([{ ...sample[1]!, bytes: Uint8Array.of(1, 2, 3, 4, 5, 6) }]));
  expect(() => read(other).reader.end()).toThrow(/not one datagram on the ports is a frame/);
  expect(() => read(new Uint8Array(0)).reader.end()).toThrow(/byte 0: the file is empty/);
});

test("random and damaged files never throw untyped", () => {
  const damage = fc.record({
    at: fc.nat(good.length - 1),
    bytes: fc.uint8Array({ maxLength: 8 }),
    cut: fc.nat(good.length),
    chunk: fc.integer({ min: 1, max: 64 }),
  });
  fc.assert(
    fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (damages) => {
      let bytes = good.slice();
      for (const { at, bytes: hurt } of damages) bytes.set(hurt.subarray(0, bytes.length - at), at);
      bytes = bytes.slice(0, damages[0]!.cut);
      try {
        read(bytes, damages[0]!.chunk).reader.end();
      } catch (error) {
        expect(error).toBeInstanceOf(CaptureInvalid);
        expect((error as CaptureInvalid).offset).toBeLessThanOrEqual(bytes.length);
      }
    }),
    { seed: 23, numRuns: 2000 },
  );
});
