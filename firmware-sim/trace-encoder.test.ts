import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Rng } from "../src/base/rng.js";
import { Receiver } from "../test/board/support/receiver.js";
import { ByteFifo } from "./byte-fifo.js";
import type { TimedValues } from "./event-queue.js";
import { eventLatency, TraceEncoder } from "./trace-encoder.js";

const none: TimedValues = { count: 0, origin: 0, time: new Int32Array(0), value: new Uint16Array(0) };

function events(times: readonly number[], firstValue = 0): TimedValues {
  return {
    count: times.length,
    origin: times[0] ?? 0,
    time: Int32Array.from(times, (time) => time - times[0]!),
    value: Uint16Array.from(times, (_, i) => (firstValue + i) & 0x3ff),
  };
}

function start(base = 0) {
  const buffer = new ByteFifo();
  const trace = new TraceEncoder(buffer);
  trace.synchronise();
  const receive = (): Receiver => {
    trace.transfer();
    return new Receiver().push(buffer.take(Number.POSITIVE_INFINITY));
  };
  return { trace, receive, base };
}

interface TimedMessage {
  readonly in: string;
  readonly value?: number;
  readonly spike?: number;
  readonly value14?: number;
  readonly spikes?: readonly (readonly [number, number])[];
  readonly timestamp?: number;
  readonly fpga_time?: number;
  readonly chip_time?: number;
  readonly chip_times?: readonly number[];
}

describe("the receiver of these tests", () => {
  it("reads time as the official decoder does", () => {
    const file = new URL("../test/vectors/board/time-annotation.json", import.meta.url);
    const { messages } = JSON.parse(readFileSync(file, "utf8")) as { messages: TimedMessage[] };
    const receiver = new Receiver();
    let checked = 0;
    for (const message of messages) {
      const before = receiver.spikes.length + receiver.samples.length;
      const event = (value: number, stamp: number): number => stamp * 0x1_0000 + value;
      if (message.in === "systime") receiver.systime(message.value!);
      else if (message.in === "sysdelta") receiver.sysdelta(message.value!);
      else if (message.in === "omnibus_data") receiver.omnibusData(message.value!);
      else if (message.in === "spike_pack_1") receiver.spikePack1(event(message.spike!, message.timestamp!));
      else if (message.in === "madc_sample_pack_1") receiver.madcPack1(event(message.value14!, message.timestamp!));
      else receiver.spikePack2(...message.spikes!.map(([spike, stamp]) => event(spike, stamp)));
      if (message.fpga_time === undefined) continue;
      const latest = message.in === "madc_sample_pack_1" ? receiver.samples : receiver.spikes;
      const added = latest.slice(latest.length - (receiver.spikes.length + receiver.samples.length - before));
      expect(receiver.time).toBe(message.fpga_time);
      expect(added.map(({ time }) => Math.floor(time / 2))).toEqual(message.chip_times ?? [message.chip_time]);
      checked++;
    }
    expect(checked).toBe(12);
  });
});

describe("trace encoder", () => {
  it("gives every answer its time, whatever the distance to the one before", () => {
    const { trace, receive } = start();
    const times = [1, 2, 3, 5, 6, 262, 518, 775, 776, 1_000_000, 2 ** 42, 2 ** 42 + 257];
    for (const time of times) trace.omnibusData(time, 7);
    const received = receive();
    expect(received.answers.map(({ time }) => time)).toEqual(times);
    expect(trace.counters.delayedAnswers).toBe(0);
  });

  it("wraps time at 43 bits", () => {
    const { trace, receive } = start();
    trace.omnibusData(2 ** 43 + 100, 7);
    expect(receive().answers.map(({ time }) => time)).toEqual([100]);
  });

  it("tells time in full after a halt, for clients that decode each program anew", () => {
    const { trace, receive } = start();
    trace.loopback(1000, false);
    expect(receive().answers.at(-1)).toMatchObject({ kind: "halt", time: 1000 });
    trace.loopback(1001, true);
    expect(receive().answers.at(-1)).toMatchObject({ kind: "tick", time: 1001 });
  });

  it("sends the MADC's samples with their chip time and few words besides", () => {
    const { trace, receive } = start();
    const times = Array.from({ length: 29_400 }, (_, i) => 1000 + Math.floor(i * 8.5));
    trace.collect(events(times), none, 0);
    trace.drain(200_000);
    const received = receive();
    expect(received.samples.map(({ time }) => time)).toEqual(times);
    expect(received.samples.map(({ value }) => value)).toEqual(times.map((_, i) => i & 0x3ff));
    const packs = times.length / 3;
    expect(received.messageCount).toBeLessThan(1.15 * packs);
    expect(trace.counters.lateEvents).toBe(0);
  });

  it("keeps events back until they could have reached the trace", () => {
    const { trace, receive } = start();
    trace.collect(none, events([2 * 1000, 2 * 1001]), 0);
    trace.omnibusData(1000 + eventLatency, 1);
    trace.omnibusData(1001 + eventLatency, 2);
    const received = receive();
    expect(received.spikes.map(({ time }) => time)).toEqual([2000, 2002]);
    const [first, second] = received.answers;
    expect(received.spikes[0]!.sent).toBeLessThan(first!.time);
    // The second message comes after the first answer and has taken its cycle.
    expect(received.spikes[1]!.sent).toBe(first!.time + 1);
    expect(second!.time).toBe(first!.time + 2);
  });

  it("is right for any mixture of answers, samples and spikes", () => {
    for (let seed = 0; seed < 60; seed++) {
      const rng = Rng.fromSeed(seed);
      const { trace, receive } = start();
      const samples: number[] = [];
      const spikes: number[] = [];
      const answers: number[] = [];
      let now = rng.int(3) === 0 ? 2 ** 40 : rng.int(100);
      let sampleTime = 2 * now;
      for (let step = 0; step < 200; step++) {
        const end = now + 2 + rng.int(rng.int(10) === 0 ? 5000 : 60);
        const newSamples: number[] = [];
        const newSpikes: number[] = [];
        if (rng.int(4) > 0) for (; sampleTime <= 2 * end; sampleTime += 8.5) newSamples.push(Math.floor(sampleTime));
        else sampleTime = Math.max(sampleTime, 2 * end);
        for (let k = rng.int(3); k > 0; k--) newSpikes.push(2 * now + rng.int(2 * (end - now)));
        newSpikes.sort((a, b) => a - b);
        trace.collect(events(newSamples), events(newSpikes), 0);
        samples.push(...newSamples);
        spikes.push(...newSpikes);
        now = end;
        if (rng.int(2) === 0) {
          trace.omnibusData(now, step);
          answers.push(now);
        } else trace.drain(now);
      }
      trace.drain(now + 1000);
      const received = receive();
      const late = `seed ${seed}`;
      expect(
        received.samples.map(({ time }) => time),
        late,
      ).toEqual(samples);
      expect(
        received.spikes.map(({ time }) => time),
        late,
      ).toEqual(spikes);
      const delays = received.answers.map(({ time }, i) => time - answers[i]!);
      expect(Math.min(...delays), late).toBe(0);
      // Where answers come faster than the trace can hold them, time slips a little, and is counted.
      expect(delays.filter((delay) => delay > 0)).toHaveLength(trace.counters.delayedAnswers);
      expect(Math.max(...delays), late).toBeLessThan(16);
      expect(trace.counters.lateEvents).toBe(0);
    }
  });

  it("drops and counts events that come faster than messages can be sent", () => {
    const { trace, receive } = start();
    // Eight spikes in every cycle: three fit into one message, one message into one cycle.
    const times = Array.from({ length: 16_000 }, (_, i) => 2000 + 2 * Math.floor(i / 8));
    trace.collect(none, events(times), 0);
    trace.drain(10_000);
    const received = receive();
    expect(trace.counters.lateEvents).toBeGreaterThan(5000);
    expect(received.spikes.length + trace.counters.lateEvents).toBe(times.length);
    const sent = new Set(times);
    expect(received.spikes.every(({ time }) => sent.has(time))).toBe(true);
  });

  it("ends answers and drains on whole words, so that nothing waits for a filled word", () => {
    const { trace, receive } = start();
    trace.collect(none, events([10, 11, 12]), 0);
    trace.drain(1000);
    expect(receive().spikes).toHaveLength(3);
    trace.collect(none, events([4010, 4011, 4012]), 0);
    trace.omnibusData(2300, 1);
    const received = receive();
    expect(received.spikes).toHaveLength(3);
    expect(received.answers).toHaveLength(1);
  });
});
