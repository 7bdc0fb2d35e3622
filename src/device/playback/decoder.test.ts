import { describe, expect, it } from "vitest";
import { Rng } from "../../base/rng.js";
import { createFromFpgaDecoder, createFromFpgaEncoder } from "../../protocol/messages/from-fpga.js";
import { madcChipTimes } from "../interface/index.js";
import { AnswerDecoder, type AnswerListener } from "./decoder.js";
import { ProgramAnswers } from "./ticket.js";

const ignore: AnswerListener = { onHalt() {}, onTimeoutNotification() {} };
const event = (stamp: number, payload: number): number => (stamp << 16) | payload;

function begun(expectedWords = 0, expectedTicks = 0) {
  const decoder = new AnswerDecoder();
  const answers = new ProgramAnswers();
  answers.expectedWords = expectedWords;
  answers.expectedTicks = expectedTicks;
  decoder.begin(answers, ignore);
  return { decoder, answers };
}

describe("time annotation", () => {
  // Messages and times as the official decoder (fisch `playback_decoder.cpp`) annotates them; chip times in FPGA cycles.
  it("gives the times of the official decoder", () => {
    const { decoder } = begun(1);
    const fpgaTimes: number[] = [];
    const step = (message: () => void): void => {
      message();
      fpgaTimes.push(decoder.fpgaTime);
    };
    decoder.systime(1000);
    step(() => decoder.spikePack1(event(200, 258)));
    step(() => decoder.spikePack1(event(255, 258)));
    step(() => decoder.spikePack1(event(0, 7)));
    decoder.omnibusData(5);
    step(() => decoder.spikePack1(event(210, 7)));
    decoder.sysdelta(100);
    step(() => decoder.spikePack1(event(180, 7)));
    step(() => decoder.spikePack1(event(2, 9)));
    step(() => decoder.madcPack1(event(12, 683)));
    step(() => decoder.madcPack1(event(13, 1101)));
    step(() => decoder.spikePack2(event(14, 1), event(15, 2)));
    decoder.sysdelta(255);
    step(() => decoder.spikePack1(event(100, 3)));
    decoder.systime(78_187_493_530);
    step(() => decoder.spikePack1(event(53, 4)));
    step(() => decoder.madcPack1(event(255, 1023)));
    expect(fpgaTimes).toEqual([
      1001, 1002, 1003, 1005, 1107, 1108, 1109, 1110, 1111, 1368, 78_187_493_531, 78_187_493_532,
    ]);

    const { madc, spikes } = decoder.end();
    // Units of 4 ns: twice the cycles plus the stamp's lowest bit; sorted by chip time.
    const expected = [
      [996, 200, 258],
      [895, 255, 258],
      [896, 0, 7],
      [1001, 210, 7],
      [986, 180, 7],
      [1025, 2, 9],
      [1031, 14, 1],
      [1031, 15, 2],
      [1330, 100, 3],
      [78_187_493_530, 53, 4],
    ] as const;
    const byTime = expected
      .map(([cycles, stamp, label]) => ({ time: 2 * cycles + (stamp & 1), label }))
      .sort((a, b) => a.time - b.time);
    expect([...spikes.chipTime]).toEqual(byTime.map(({ time }) => time));
    expect([...spikes.label]).toEqual(byTime.map(({ label }) => label));
    expect([...madcChipTimes(madc)]).toEqual([2 * 1030, 2 * 1030 + 1, 2 * 78_187_493_503 + 1]);
    expect([...madc.value]).toEqual([683, 77, 1023]);
    expect([...madc.channel]).toEqual([0, 1, 0]);
  });

  it("wraps at 43 bits, for the FPGA and for an event from before the wrap", () => {
    const { decoder } = begun();
    const end = 2 ** 43;
    decoder.systime(end - 1);
    decoder.spikePack1(event(254, 1)); // FPGA time 0, stamp 127 cycles: the last cycle before the wrap
    expect(decoder.fpgaTime).toBe(0);
    decoder.spikePack1(event(2, 2));
    const { spikes } = decoder.end();
    expect([...spikes.chipTime]).toEqual([2, 2 * (end - 1)]);
    expect([...spikes.label]).toEqual([2, 1]);
  });

  it("keeps time over programs", () => {
    const { decoder } = begun();
    decoder.systime(5000);
    decoder.end();
    const next = new ProgramAnswers();
    next.expectedTicks = 1;
    decoder.begin(next, ignore);
    decoder.loopback(true);
    expect(next.tickTimes[0]).toBe(5001);
  });
});

describe("answers", () => {
  it("go to the reads and ticks in order, with their times", () => {
    const { decoder, answers } = begun(2, 1);
    decoder.omnibusData(10);
    decoder.loopback(true);
    expect(answers.isFull).toBe(false);
    decoder.omnibusData(0xffff_ffff);
    expect(answers.isFull).toBe(true);
    expect([...answers.words]).toEqual([10, 0xffff_ffff]);
    expect([...answers.wordTimes]).toEqual([1, 3]);
    expect([...answers.tickTimes]).toEqual([2]);
  });

  it("of JTAG shifts have 33 bits and a column of their own", () => {
    const decoder = new AnswerDecoder();
    const answers = new ProgramAnswers();
    answers.expectedJtag = 2;
    decoder.begin(answers, ignore);
    decoder.jtagData(0, 0x3485_80af);
    expect(answers.isFull).toBe(false);
    decoder.jtagData(1, 5);
    decoder.jtagData(0, 6);
    expect(answers.isFull).toBe(true);
    expect([...answers.jtagData]).toEqual([0x3485_80af, 2 ** 32 + 5]);
    expect([...answers.jtagTimes]).toEqual([1, 2]);
    expect(decoder.counters.stray).toBe(1);
  });

  it("that nobody asked for are counted, not taken", () => {
    const { decoder, answers } = begun(1, 0);
    decoder.omnibusData(1);
    decoder.omnibusData(2);
    decoder.loopback(true);
    decoder.end();
    decoder.omnibusData(3);
    decoder.loopback(false);
    expect(decoder.counters.stray).toBe(4);
    expect([...answers.words]).toEqual([1]);
  });

  it("report the halt's time and a stuck instruction", () => {
    const decoder = new AnswerDecoder();
    const seen: unknown[] = [];
    decoder.begin(new ProgramAnswers(), {
      onHalt: (time) => seen.push(time),
      onTimeoutNotification: (notification) => seen.push(notification),
    });
    decoder.timeoutNotification(7, 3, 2);
    decoder.loopback(false);
    expect(seen).toEqual([{ instruction: 7, stallCount: 3, readsInFlight: 2 }, 2]);
  });
});

describe("many samples", () => {
  it("survive the growth of the columns, in packs of any size", () => {
    const { decoder } = begun();
    const count = 30_000;
    let stamp = 0;
    const next = (): number => event(stamp & 0xff, stamp++ & 0x3ff);
    while (stamp < count) {
      decoder.systime((stamp >> 1) + 8);
      if (stamp % 3 === 0) decoder.madcPack3(next(), next(), next());
      else if (stamp % 3 === 1) decoder.madcPack2(next(), next());
      else decoder.madcPack1(next());
    }
    const { madc } = decoder.end();
    expect(madc.value).toHaveLength(count);
    expect(madcChipTimes(madc).every((time, i) => time === i)).toBe(true);
    expect(madc.value.every((value, i) => value === (i & 0x3ff))).toBe(true);
  });
});

describe("runs of samples", () => {
  const columns = ["time", "value", "channel"] as const;

  /** Decode with and without the loop for runs. */
  function both(words: Uint8Array, cut: number): void {
    const decoders = [true, false].map((hasRuns) => {
      const decoder = new AnswerDecoder();
      decoder.begin(new ProgramAnswers(), ignore);
      if (!hasRuns) Object.defineProperty(decoder, "madcRun", { value: undefined });
      const stream = createFromFpgaDecoder(decoder);
      for (let at = 0; at < words.length; at += cut) stream.push(words.subarray(at, at + cut));
      return { time: decoder.fpgaTime, count: stream.messageCount, ...decoder.end() };
    });
    const [fast, slow] = decoders as [(typeof decoders)[number], (typeof decoders)[number]];
    expect(fast.time).toBe(slow.time);
    expect(fast.count).toBe(slow.count);
    expect(fast.madc.origin).toBe(slow.madc.origin);
    const bytesOf = ({
      buffer,
      byteOffset,
      byteLength,
    }: Uint8Array | Uint16Array | Int32Array | Float64Array): Buffer => Buffer.from(buffer, byteOffset, byteLength);
    const areEqual = columns.map((column) => bytesOf(fast.madc[column]).equals(bytesOf(slow.madc[column])));
    expect(areEqual).toEqual([true, true, true]);
    expect(bytesOf(fast.spikes.chipTime).equals(bytesOf(slow.spikes.chipTime))).toBe(true);
  }

  it("decode as they do message by message, whatever stands between them and wherever they are cut", () => {
    const rng = Rng.fromSeed(8);
    for (const start of [0, 50, 1000, 2 ** 43 - 3000, 78_187_493_530]) {
      const encoder = createFromFpgaEncoder();
      encoder.systime(start);
      for (let i = 0; i < 6000; i++) {
        const draw = rng.int(40);
        const random = (): number => rng.int(2 ** 24);
        if (draw === 0) encoder.omnibusData(random());
        else if (draw === 1) encoder.spikePack1(random());
        else if (draw === 2) encoder.madcPack2(random(), random());
        else if (draw === 3) encoder.systime(start + rng.int(2 ** 20));
        else if (draw < 10) encoder.sysdelta(rng.int(256));
        else encoder.madcPack3(random(), random(), random());
      }
      const words = encoder.take();
      for (const cut of [words.length, 1440, 8]) both(words, cut);
    }
  });

  it("keep what fills more than one block, and its order", () => {
    const encoder = createFromFpgaEncoder();
    encoder.systime(10_000);
    for (let i = 0; i < 30_000; i++)
      encoder.madcPack3(event(i & 0xff, i & 0x3ff), event(i & 0xff, 1), event(i & 0xff, 2));
    both(encoder.take(), 1440);
  });
});
