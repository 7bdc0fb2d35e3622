import { describe, expect, it } from "vitest";
import type { Instant } from "../../base/clock.js";
import { type ArqAction, ArqMachine } from "./arq-machine.js";
import type { ArqOptions } from "./arq-options.js";

// Frames are written by hand here: ack, seq (32 bit), type, length in words (16 bit), payload; all big-endian.
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
const word = (value: number): string => value.toString(16).padStart(16, "0");
function frame(ack: number, seq: number, type: number, ...words: string[]): Uint8Array {
  const u32 = (v: number): string => v.toString(16).padStart(8, "0");
  const u16 = (v: number): string => v.toString(16).padStart(4, "0");
  return hex(u32(ack) + u32(seq) + u16(type) + u16(words.length) + words.join(""));
}
const ackFrame = (ack: number): Uint8Array => hex(ack.toString(16).padStart(8, "0"));
const at = (ms: number): Instant => ms as Instant;
const loopbackWord = hex(word(0x2a));

/** `reset`, `ack 3`, or `data ack=1 seq=1 type=0010 len=2`. */
function show(action: ArqAction): string {
  if (action.type === "failed") return `failed ${action.error._tag}`;
  if (action.type === "deliver") return `deliver ${Buffer.from(action.payload).toString("hex")}`;
  if (action.type === "opened") return `opened ${action.infoText}`;
  if (action.type === "closed") return `closed ${action.complete}`;
  const { bytes, port } = action;
  if (port === "reset") return `reset ${Buffer.from(bytes).toString("hex")}`;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  if (bytes.byteLength === 4) return `ack ${view.getUint32(0)}`;
  const type = view.getUint16(8).toString(16).padStart(4, "0");
  return `data ack=${view.getUint32(0)} seq=${view.getUint32(4)} type=${type} len=${view.getUint16(10)}`;
}
const shown = (actions: readonly ArqAction[]): string[] => actions.map(show);

const resetAnswer = (ack = 255): Uint8Array => frame(ack, 0, 0x8002, word(256), word(128), word(180), word(0));

function opened(options: Partial<ArqOptions> = {}): ArqMachine {
  const machine = new ArqMachine("test:", options);
  machine.open(loopbackWord, at(0));
  machine.datagram(resetAnswer(), at(0.2));
  machine.datagram(frame(0, 1, 0x8001, word(0x2a)), at(1));
  expect(machine.state).toBe("open");
  return machine;
}
const words = (count: number): Uint8Array => new Uint8Array(8 * count);

describe("opening", () => {
  it("resets, takes the answer, checks the loopback, and acknowledges", () => {
    const machine = new ArqMachine("test:");
    expect(shown(machine.open(loopbackWord, at(0)))).toEqual(["reset abababab"]);
    // The frames of an earlier owner of the board are ignored.
    expect(shown(machine.datagram(frame(7, 0, 0x10, word(1)), at(0.1)))).toEqual([]);
    expect(shown(machine.datagram(resetAnswer(), at(0.2)))).toEqual(["data ack=0 seq=0 type=8001 len=1"]);
    expect(shown(machine.datagram(ackFrame(0), at(0.9)))).toEqual([]);
    expect(shown(machine.datagram(frame(0, 1, 0x8001, word(0x2a)), at(1)))).toEqual(["opened ", "ack 1"]);
    expect(machine.counters).toMatchObject({ ignored: 1, resets: 1, framesSent: 1, acksSent: 1 });
  });

  it("reads an info text that goes on in further frames, also when they come in the wrong order", () => {
    const machine = new ArqMachine("test:");
    machine.open(loopbackWord, at(0));
    const text = Buffer.from("version: 2\0\0\0\0\0\0", "latin1").toString("hex");
    machine.datagram(frame(255, 1, 0x8002, text.slice(16)), at(0.1));
    machine.datagram(frame(255, 0, 0x8002, word(256), word(128), word(180), word(2), text.slice(0, 16)), at(0.2));
    const actions = machine.datagram(frame(0, 2, 0x8001, word(0x2a)), at(1));
    expect(shown(actions)[0]).toBe("opened version: 2");
    expect(machine.counters.outOfOrder).toBe(1);
  });

  it.each([
    ["the older boards' window", [512, 32, 126]],
    ["other frames", [256, 128, 126]],
  ])("refuses %s", (_, [space, window, max]) => {
    const machine = new ArqMachine("test:");
    machine.open(loopbackWord, at(0));
    const answer = frame(255, 0, 0x8002, word(space!), word(window!), word(max!), word(0));
    expect(shown(machine.datagram(answer, at(0.2)))).toEqual(["failed UnsupportedTarget"]);
    expect(machine.state).toBe("closed");
  });

  it("repeats the reset frame while nobody answers, and gives up after 2 s", () => {
    const machine = new ArqMachine("test:");
    machine.open(loopbackWord, at(0));
    const seen: string[] = [];
    for (let guard = 0; machine.state !== "closed" && guard < 100; guard++) {
      const due = machine.deadline!;
      for (const text of shown(machine.tick(due))) seen.push(`${due} ${text}`);
    }
    expect(seen.at(0)).toBe("250 reset abababab");
    expect(seen.at(-1)).toBe("2000 failed LinkTimeout");
    expect(seen).toHaveLength(8);
  });

  it("starts again when the loopback word does not return, and gives up after the third attempt", () => {
    const machine = new ArqMachine("test:", { resendIntervalMs: 10_000 });
    machine.open(loopbackWord, at(0));
    machine.datagram(resetAnswer(), at(1));
    expect(shown(machine.tick(at(401)))).toEqual(["reset abababab"]);
    machine.datagram(resetAnswer(), at(402));
    machine.datagram(frame(0, 1, 0x8001, word(0x2b)), at(500)); // another word: only restarts the limit
    expect(shown(machine.tick(at(802)))).toEqual([]);
    expect(shown(machine.tick(at(900)))).toEqual(["reset abababab"]);
    machine.datagram(resetAnswer(), at(901));
    expect(shown(machine.tick(at(1301)))).toEqual(["failed LinkTimeout"]);
  });
});

describe("sending", () => {
  it("cuts words into frames of at most 180 and keeps at most 128 in flight", () => {
    const machine = opened();
    const first = shown(machine.send(words(130 * 180), at(2)));
    expect(first).toHaveLength(128);
    expect(first[0]).toBe("data ack=1 seq=1 type=0010 len=180");
    expect(first[127]).toBe("data ack=1 seq=128 type=0010 len=180");
    expect(machine.queuedBytes).toBe(2 * 180 * 8);
    expect(shown(machine.datagram(ackFrame(1), at(2.1)))).toEqual(["data ack=1 seq=129 type=0010 len=180"]);
    expect(shown(machine.datagram(ackFrame(128), at(2.2)))).toEqual(["data ack=1 seq=130 type=0010 len=180"]);
  });

  it("wraps sequence numbers at 256", () => {
    const machine = opened();
    for (let n = 1; n < 300; n++) {
      const seq = n % 256;
      expect(shown(machine.send(words(1), at(2)))).toEqual([`data ack=1 seq=${seq} type=0010 len=1`]);
      machine.datagram(ackFrame(seq), at(2));
    }
    expect(machine.isIdle).toBe(true);
  });

  it("drops acknowledgements that name no frame in flight", () => {
    const machine = opened();
    machine.send(words(1), at(2));
    machine.datagram(ackFrame(77), at(2.1));
    machine.datagram(ackFrame(0), at(2.1)); // repeats the last one: no anomaly
    expect(machine.isIdle).toBe(false);
    expect(machine.counters.staleAcks).toBe(1);
  });

  it("resends after 756 us, then at growing distance, with the newest acknowledgement", () => {
    const machine = opened();
    machine.send(words(1), at(2));
    machine.datagram(frame(0, 2, 0x10, word(9)), at(2.1));
    expect(machine.deadline).toBeCloseTo(2.5); // the pure acknowledgement that is still owed
    expect(shown(machine.tick(at(2.5)))).toEqual(["ack 2"]);
    expect(machine.deadline).toBeCloseTo(2.756);
    expect(shown(machine.tick(at(2.7)))).toEqual([]);
    expect(shown(machine.tick(at(2.757)))).toEqual(["data ack=2 seq=1 type=0010 len=1"]);
    expect(machine.deadline).toBeCloseTo(2.757 + 2 * 0.756);
    for (let n = 0; n < 20; n++) machine.tick(machine.deadline!);
    const before = machine.deadline!;
    machine.tick(before);
    expect(machine.deadline! - before).toBeCloseTo(8 * 0.756);
  });

  it("resends later where acknowledgements take longer, and not while they come", () => {
    const machine = opened();
    // Each frame of a hundred is acknowledged after 3 ms, one per 0.1 ms.
    for (let n = 1; n <= 100; n++) {
      machine.send(words(1), at(2 + 0.1 * n));
      if (n > 30) machine.datagram(ackFrame(n - 30), at(2 + 0.1 * n));
    }
    // What has been found late before the first answer was resent; from there on nothing is.
    const before = machine.counters.framesResent;
    for (let n = 71; n <= 100; n++) {
      expect(shown(machine.tick(at(2 + 0.1 * (n + 29.5))))).toEqual([]);
      machine.datagram(ackFrame(n), at(2 + 0.1 * (n + 30)));
    }
    expect(machine.counters.framesResent).toBe(before);
    expect(machine.isIdle).toBe(true);
    machine.send(words(1), at(20));
    expect((machine.deadline as number) - 20).toBeGreaterThan(2.9);
    expect((machine.deadline as number) - 20).toBeLessThan(12);
  });

  it("after a loss sends nothing new until all is acknowledged, then starts from one frame", () => {
    const machine = opened();
    machine.send(words(4 * 180), at(2));
    expect(shown(machine.tick(at(3)))).toEqual(["data ack=1 seq=1 type=0010 len=180"]);
    expect(shown(machine.send(words(3 * 180), at(3)))).toEqual([]);
    // One resend was acknowledged: two may go, as they are due.
    expect(shown(machine.datagram(ackFrame(1), at(3.1)))).toEqual([
      "data ack=1 seq=2 type=0010 len=180",
      "data ack=1 seq=3 type=0010 len=180",
    ]);
    expect(shown(machine.datagram(ackFrame(3), at(3.2)))).toEqual(["data ack=1 seq=4 type=0010 len=180"]);
    expect(shown(machine.datagram(ackFrame(4), at(3.3)))).toEqual(["data ack=1 seq=5 type=0010 len=180"]);
    expect(shown(machine.datagram(ackFrame(5), at(3.4)))).toEqual([
      "data ack=1 seq=6 type=0010 len=180",
      "data ack=1 seq=7 type=0010 len=180",
    ]);
    expect(machine.counters).toMatchObject({ congestions: 1, framesResent: 4 });
  });

  it("gives up on a dead peer in the time of 10,000 transmissions of the official host", () => {
    const machine = opened({ silenceLimitMs: 0 });
    machine.send(words(1), at(2));
    let last: readonly ArqAction[] = [];
    let now = 2;
    for (let guard = 0; machine.state === "open" && guard < 10_000; guard++) {
      now = machine.deadline!;
      last = machine.tick(at(now));
    }
    expect(shown(last)).toEqual(["failed LinkTimeout"]);
    expect(now).toBeGreaterThan(0.99 * 10_000 * 0.756);
    expect(now).toBeLessThan(1.01 * 10_000 * 0.756);
  });

  it("counts late timers once: a host that was busy for a minute does not blame its peer", () => {
    const machine = opened();
    machine.send(words(1), at(2));
    machine.tick(at(60_000));
    machine.tick(at(120_000));
    expect(machine.state).toBe("open");
  });
});

describe("receiving", () => {
  it("delivers in order, once", () => {
    const machine = opened();
    expect(shown(machine.datagram(frame(0, 3, 0x10, word(3)), at(2)))).toEqual(["ack 1"]);
    expect(shown(machine.datagram(frame(0, 3, 0x10, word(3)), at(2.1)))).toEqual([]);
    expect(shown(machine.datagram(frame(0, 2, 0x10, word(2)), at(2.2)))).toEqual([
      `deliver ${word(2)}`,
      `deliver ${word(3)}`,
    ]);
    expect(shown(machine.datagram(frame(0, 2, 0x10, word(2)), at(2.3)))).toEqual([]);
    expect(shown(machine.datagram(frame(0, 131, 0x10, word(4)), at(2.4)))).toEqual([]); // one: just inside
    expect(shown(machine.datagram(frame(0, 132, 0x10, word(5)), at(2.4)))).toEqual([]); // just outside
    expect(machine.counters).toMatchObject({ duplicates: 3, outOfOrder: 2, framesDelivered: 4 });
  });

  it("holds its own copy of early frames", () => {
    const machine = opened();
    const early = frame(0, 3, 0x10, word(3));
    machine.datagram(early, at(2));
    early.fill(0xff);
    expect(shown(machine.datagram(frame(0, 2, 0x10, word(2)), at(2.2)))).toContain(`deliver ${word(3)}`);
  });

  it("acknowledges at most every 500 us, at once for a batch, and never leaves a burst unacknowledged", () => {
    const machine = opened({ ackBatch: 4 });
    const receive = (seq: number, ms: number): string[] =>
      shown(machine.datagram(frame(0, seq, 0x10, word(seq)), at(ms))).filter((text) => text.startsWith("ack"));
    expect(receive(2, 2)).toEqual(["ack 2"]);
    expect([receive(3, 2.1), receive(4, 2.2), receive(5, 2.3)].flat()).toEqual([]);
    expect(receive(6, 2.35)).toEqual(["ack 6"]);
    expect(receive(7, 2.4)).toEqual([]);
    expect(machine.deadline).toBeCloseTo(2.85);
    expect(shown(machine.tick(at(2.85)))).toEqual(["ack 7"]);
    expect(machine.deadline).toBeUndefined();
  });

  it("lets a data frame carry the acknowledgement", () => {
    const machine = opened();
    machine.datagram(frame(0, 2, 0x10, word(2)), at(1.1));
    expect(shown(machine.send(words(1), at(1.2)))).toEqual(["data ack=2 seq=1 type=0010 len=1"]);
    machine.datagram(ackFrame(1), at(1.25));
    expect(machine.deadline).toBeUndefined();
  });

  it("counts what is no frame and goes on", () => {
    const machine = opened();
    machine.datagram(frame(0, 2, 0x10, word(2)).subarray(0, 15), at(2));
    machine.datagram(hex("00000001 00000300 0010 0001 0000000000000000"), at(2)); // sequence number 768
    expect(machine.counters.invalid).toBe(2);
    expect(machine.state).toBe("open");
  });

  it("ends with LinkReset when the board starts anew", () => {
    const machine = opened();
    expect(shown(machine.datagram(frame(255, 2, 0x8002, word(256)), at(2)))[0]).toBe("failed LinkReset");
  });
});

describe("closing", () => {
  it("sends one flush word, acknowledges, and ends when it is acknowledged", () => {
    const machine = opened();
    machine.datagram(frame(0, 2, 0x10, word(2)), at(1.1));
    expect(shown(machine.close(at(2)))).toEqual(["data ack=2 seq=1 type=8000 len=1"]);
    machine.datagram(frame(0, 3, 0x10, word(3)), at(2.1));
    expect(shown(machine.datagram(ackFrame(1), at(2.2)))).toEqual(["ack 3", "closed true"]);
    expect(machine.deadline).toBeUndefined();
    expect(shown(machine.close(at(3)))).toEqual([]);
  });

  it("does not wait longer than 500 ms", () => {
    const machine = opened();
    machine.close(at(2));
    expect(shown(machine.tick(at(501.9))).at(-1)).not.toBe("closed false");
    expect(shown(machine.tick(at(502))).at(-1)).toBe("closed false");
  });

  it("ends an opening at once", () => {
    const machine = new ArqMachine("test:");
    machine.open(loopbackWord, at(0));
    expect(shown(machine.close(at(1)))).toEqual(["closed false"]);
  });
});

// The official client's conversation (docs/protocol.md, "HostARQ"): headers of its data frames, and what the peer sent
// before each. Reset; loopback; 3 words; an init program of 349; 2003 words in frames of 180; flush.
describe("beside the official client", () => {
  it("sends the same frames in the same order for the same programs and answers", () => {
    const machine = new ArqMachine("test:");
    const sent: string[] = [];
    const note = (actions: readonly ArqAction[]): void => {
      sent.push(...shown(actions).filter((text) => text.startsWith("data") || text.startsWith("reset")));
    };
    note(machine.open(loopbackWord, at(0)));
    note(machine.datagram(frame(255, 0, 0x8002, word(256), word(128), word(180), word(0)), at(0.212)));
    note(machine.datagram(frame(0, 1, 0x8001, word(0x2a)), at(5.926)));
    note(machine.send(words(3), at(6.048)));
    note(machine.datagram(frame(1, 2, 0x10, word(0), word(0), word(0)), at(6.106)));
    note(machine.send(words(349), at(7.252)));
    note(machine.datagram(ackFrame(2), at(7.34)));
    note(machine.datagram(frame(3, 3, 0x10, word(0)), at(7.451)));
    note(machine.send(words(2003), at(8.354)));
    for (let seq = 4; seq < 15; seq++) note(machine.datagram(ackFrame(seq), at(8.419)));
    note(machine.datagram(frame(15, 4, 0x10, word(0), word(0)), at(8.916)));
    note(machine.close(at(9.456)));
    const bulk = Array.from({ length: 11 }, (_, i) => `data ack=3 seq=${4 + i} type=0010 len=180`);
    expect(sent).toEqual([
      "reset abababab",
      "data ack=0 seq=0 type=8001 len=1",
      "data ack=1 seq=1 type=0010 len=3",
      "data ack=2 seq=2 type=0010 len=180",
      "data ack=2 seq=3 type=0010 len=169",
      ...bulk,
      "data ack=3 seq=15 type=0010 len=23",
      "data ack=4 seq=16 type=8000 len=1",
    ]);
  });
});

describe("a silent board", () => {
  /** Actions of the ticks until the link ends or the time is over, with their times. */
  function ticksUntil(machine: ArqMachine, endMs: number): string[] {
    const seen: string[] = [];
    for (let due = machine.deadline; due !== undefined && due <= endMs; due = machine.deadline)
      for (const text of shown(machine.tick(due))) seen.push(`${Math.round(due)} ${text}`);
    return seen;
  }
  /** A program that has been taken whole; its answers are waited for. */
  function waiting(options: Partial<ArqOptions> = {}): ArqMachine {
    const machine = opened(options);
    machine.await(true, at(2));
    machine.send(words(3), at(2));
    machine.datagram(ackFrame(1), at(3));
    return machine;
  }

  it("is asked by the last frame that it has acknowledged, and is dead after five seconds", () => {
    const probe = "data ack=1 seq=1 type=0010 len=3";
    expect(ticksUntil(waiting(), 100_000)).toEqual([
      `1003 ${probe}`,
      `2003 ${probe}`,
      `3003 ${probe}`,
      `4003 ${probe}`,
      "5003 failed LinkTimeout",
    ]);
  });

  it("lives as long as it answers, however long the program takes", () => {
    const machine = waiting();
    for (let now = 3; now < 60_000; now = machine.deadline!) {
      machine.tick(at(now));
      machine.datagram(ackFrame(1), at(now + 0.2));
    }
    expect(machine.state).toBe("open");
    expect(machine.counters).toMatchObject({ probes: 59, staleAcks: 0 });
  });

  it("is left in peace when nothing is waited for", () => {
    const machine = waiting();
    machine.await(false, at(10));
    expect(machine.deadline).toBeUndefined();
    machine.await(true, at(90_000));
    expect(machine.deadline).toBe(91_000);
  });

  it("is not blamed by a host that was held up itself", () => {
    const machine = waiting();
    machine.tick(at(60_000));
    expect(machine.state).toBe("open");
    machine.datagram(ackFrame(1), at(60_000));
    expect(machine.deadline).toBe(61_000);
  });

  it("is waited for without end when the limit is 0", () => {
    expect(ticksUntil(waiting({ silenceLimitMs: 0 }), 1e9)).toEqual([]);
  });
});
