import { describe, expect, it } from "vitest";
import { Rng } from "../src/base/rng.js";
import { type DatagramPort, encodeAckFrame, encodeDataFrame } from "../src/protocol/index.js";
import { fromHex } from "../test/board/support/words.js";
import { ArqPeer } from "./arq-peer.js";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const word = (value: number): Uint8Array => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setUint32(4, value);
  return bytes;
};
const ut = (seq: number, ack: number, value = seq): Uint8Array =>
  encodeDataFrame({ ack, seq, type: 0x0010, payload: word(value) });

/** A peer with what it does on record. */
function start(options: { info?: string; maxTransmissions?: number } = {}) {
  const sent: string[] = [];
  const delivered: string[] = [];
  const events: string[] = [];
  let hasRoom = true;
  const peer = new ArqPeer(
    {
      transmit: (datagram) => void sent.push(hex(datagram)),
      deliver: (words) => void delivered.push(hex(words)),
      hasRoomFor: () => hasRoom,
      restart: () => void events.push("restart"),
      abandon: () => void events.push("abandon"),
    },
    { info: "", ...options },
  );
  const receive = (port: DatagramPort, datagram: Uint8Array, now = 0): string[] => {
    sent.length = 0;
    peer.receive(port, datagram, now);
    peer.endBatch();
    return [...sent];
  };
  const open = (): void => {
    receive("reset", fromHex("abababab"));
    receive("data", encodeAckFrame(0));
  };
  const setRoom = (room: boolean): void => {
    hasRoom = room;
  };
  return { peer, sent, delivered, events, receive, open, setRoom };
}

describe("link peer", () => {
  it("answers a reset with its numbers and the info text", () => {
    const { receive, events } = start({ info: "version: 2\n" });
    const [answer, ...more] = receive("reset", fromHex("abababab"));
    // ACK 255, SEQ 0, type 0x8002, 6 words: 256, 128, 180, 2 words of text.
    const head = "000000ff000000008002000600000000000001000000000000000080" + "00000000000000b40000000000000002";
    expect(answer).toBe(`${head}${hex(new TextEncoder().encode("version: 2\n"))}0000000000`);
    expect(more).toEqual([]);
    expect(events).toEqual(["restart"]);
  });

  it("goes on with a long info text in further frames, ended by a zero byte", () => {
    const info = "x".repeat(8 * 176);
    const frames = start({ info }).receive("reset", fromHex("abababab")).map(fromHex);
    expect(frames.map((frame) => frame[7])).toEqual([0, 1]);
    const words = frames.map((frame) => frame.subarray(12));
    expect(words.map((part) => part.length)).toEqual([1440, 8]);
    expect(words[0]![31]).toBe(177);
    expect(hex(words[1]!)).toBe("0000000000000000");
  });

  it("sends an echo of a loopback frame, and acknowledges with it", () => {
    const { receive, open } = start();
    open();
    // As published: first data frame after the reset, and its echo.
    expect(receive("data", fromHex("000000000000000080010001000000000000002a"))).toEqual([
      "000000000000000180010001000000000000002a",
    ]);
  });

  it("delivers UT frames, acknowledges each batch once, and swallows a flush", () => {
    const { peer, receive, open, delivered, sent } = start();
    open();
    expect(receive("data", ut(0, 0))).toEqual(["00000000"]);
    sent.length = 0;
    for (const seq of [1, 2, 3]) peer.receive("data", ut(seq, 0), 0);
    peer.endBatch();
    expect(sent).toEqual(["00000003"]);
    expect(delivered).toEqual([0, 1, 2, 3].map((value) => hex(word(value))));
    const flush = encodeDataFrame({ ack: 0, seq: 4, type: 0x8000, payload: word(0) });
    expect(receive("data", flush)).toEqual(["00000004"]);
    expect(peer.counters.flushes).toBe(1);
  });

  it("does not let a long batch wait for its acknowledgement", () => {
    const { peer, open, sent } = start();
    open();
    sent.length = 0;
    for (let seq = 0; seq < 100; seq++) peer.receive("data", ut(seq, 0), 0);
    expect(sent.length).toBeGreaterThanOrEqual(3);
  });

  it("puts frames in order and acknowledges repeated ones without delivering them again", () => {
    const { peer, receive, open, delivered } = start();
    open();
    expect(receive("data", ut(2, 0))).toEqual(["000000ff"]);
    expect(receive("data", ut(1, 0))).toEqual(["000000ff"]);
    expect(receive("data", ut(1, 0))).toEqual(["000000ff"]);
    expect(receive("data", ut(0, 0))).toEqual(["00000002"]);
    expect(receive("data", ut(0, 0))).toEqual(["00000002"]);
    // 131 lies outside the window of 128 that begins at 3.
    expect(receive("data", ut(131, 0))).toEqual(["00000002"]);
    expect(receive("data", ut(130, 0))).toEqual(["00000002"]);
    expect(delivered).toEqual([0, 1, 2].map((value) => hex(word(value))));
    expect(peer.counters).toMatchObject({ duplicates: 3, early: 3, framesReceived: 3 });
  });

  it("keeps at most 128 frames on the way, and sends more as they are acknowledged", () => {
    const { peer, receive, open } = start();
    open();
    let count = 0;
    while (peer.room > 0) peer.send(word(count++), 0);
    expect(count).toBe(128);
    receive("data", encodeAckFrame(5));
    expect(peer.room).toBe(5);
    // 129 is not on the way: frames 6 to 128 are.
    receive("data", encodeAckFrame(129));
    expect(peer.counters.badAcks).toBe(1);
    receive("data", encodeAckFrame(128));
    expect(peer.room).toBe(128);
  });

  it("resends what is not acknowledged, later and later, with the newest acknowledgement", () => {
    const { peer, sent, receive, open } = start();
    open();
    peer.send(word(7), 100);
    receive("data", ut(0, 0), 100);
    const times: number[] = [];
    sent.length = 0;
    for (let due = peer.nextResend!; times.length < 10; due = peer.nextResend!) {
      peer.resend(due - 0.01);
      expect(sent).toHaveLength(times.length);
      peer.resend(due);
      expect(sent).toHaveLength(times.length + 1);
      times.push(due - 100);
    }
    expect(times.slice(0, 4)).toEqual([4, 12, 28, 60]);
    expect(times[9]! - times[8]!).toBe(500);
    expect(new Set(sent)).toEqual(new Set([`0000000000000001001000010000000000000007`]));
    receive("data", encodeAckFrame(1));
    expect(peer.nextResend).toBeUndefined();
  });

  it("gives a host up that acknowledges nothing, and takes the next one", () => {
    const { peer, open, events, receive } = start({ maxTransmissions: 5 });
    open();
    peer.send(word(7), 0);
    for (let due = peer.nextResend; due !== undefined; due = peer.nextResend) peer.resend(due);
    expect(events).toEqual(["restart", "abandon"]);
    expect(peer.room).toBe(0);
    receive("data", ut(0, 0));
    expect(peer.counters).toMatchObject({ hostsLost: 1, withoutHost: 1 });
    open();
    expect(peer.room).toBe(128);
  });

  it("starts anew for a second host in the middle of everything", () => {
    const { peer, receive, open, delivered, events } = start();
    open();
    for (let i = 0; i < 50; i++) peer.send(word(i), 0);
    receive("data", ut(0, 0));
    receive("data", ut(9, 0));
    delivered.length = 0;
    const [answer] = receive("reset", fromHex("abababab"));
    expect(answer?.startsWith("000000ff000000008002")).toBe(true);
    expect(receive("data", ut(0, 0, 77))).toEqual(["00000000"]);
    expect(delivered).toEqual([hex(word(77))]);
    expect(events).toEqual(["restart", "restart"]);
    expect(peer.room).toBe(128);
  });

  it("drops and counts what is no frame", () => {
    const { peer, receive, open, delivered } = start();
    receive("data", ut(0, 0));
    open();
    expect(receive("reset", fromHex("abababac"))).toEqual([]);
    expect(receive("reset", fromHex("ababababab"))).toEqual([]);
    const tooShort = ut(0, 0).subarray(0, 19);
    const tooLong = fromHex(`${hex(ut(0, 0))}00`);
    const sequence = fromHex("0000000000000100001000010000000000000001");
    for (const datagram of [new Uint8Array(0), fromHex("ab"), tooShort, tooLong, sequence, fromHex("00000100")])
      expect(receive("data", datagram)).toEqual([]);
    const config = encodeDataFrame({ ack: 0, seq: 0, type: 0x8002, payload: word(1) });
    expect(receive("data", config)).toEqual(["00000000"]);
    expect(delivered).toEqual([]);
    expect(peer.counters).toMatchObject({ withoutHost: 1, badResets: 2, invalid: 6, unexpectedType: 1 });
  });

  it("lets frames come again while the playback memory is full", () => {
    const { peer, receive, open, delivered, setRoom } = start();
    open();
    setRoom(false);
    expect(receive("data", ut(0, 0))).toEqual([]);
    setRoom(true);
    expect(receive("data", ut(0, 0))).toEqual(["00000000"]);
    expect(delivered).toHaveLength(1);
    expect(peer.counters.refused).toBe(1);
  });

  it("survives any bytes", () => {
    const { peer, receive } = start();
    const rng = Rng.fromSeed(5);
    for (let i = 0; i < 3000; i++) {
      const bytes = Uint8Array.from({ length: rng.int(30) }, () => (rng.int(3) === 0 ? rng.int(256) : 0));
      if (i % 500 === 0) receive("reset", fromHex("abababab"), i);
      receive(rng.int(10) === 0 ? "reset" : "data", bytes, i);
      peer.resend(i);
    }
    expect(peer.counters.resets).toBeGreaterThanOrEqual(6);
    expect(peer.counters.invalid).toBeGreaterThan(1000);
  });
});
