/**
 * The board's answers as words: answers at their FPGA time, events packed three by three, and just enough systime and
 * sysdelta between them that the receiver's clock shows what is meant. The receiver adds one cycle per message, so time
 * only needs words where it runs faster than the messages; an event may be up to 127 cycles old when its message is
 * sent, so one sysdelta serves several packs of samples. Knows nothing of chips, instructions and links.
 *
 * The bytes depend on what is put in, and when in FPGA time, alone: every answer and every drain ends on a whole word.
 * Source: fisch `playback_decoder.cpp` (how time is read), hxcomm `from_fpga.h` (messages).
 */
import { type AnswerEncoder, createFromFpgaEncoder } from "../src/protocol/index.js";
import type { ByteFifo } from "./byte-fifo.js";
import { EventQueue, type TimedValues } from "./event-queue.js";
import { type PackLimits, TraceKernel } from "./trace-kernel.js";

/** Time of FPGA and chip has 43 bits. */
const timeSpan = 2 ** 43;
/** Oldest age of an event at which its 8-bit stamp is still read right, FPGA cycles. */
const oldestAge = 127;
/**
 * A jump of time goes so far beyond the oldest event of its pack, FPGA cycles: far, so that many packs share the jump, but
 * with room for those that follow at almost the same time, one cycle each. Our choice.
 */
const jumpAge = 96;
/** Events of one pack lie at most this far apart, FPGA cycles: leaves room in the receiver's window. Our choice. */
const widestPack = 64;
/** Events this young have not reached the trace when an answer passes, FPGA cycles. Our choice; the real one is unknown. */
export const eventLatency = 32;
/** Messages that may follow a jump of time before it could catch up with the next answer. Our choice. */
const jumpReserve = 24;
/** A longer gap of time is told in full. */
const longestGap = 256;
/** Times further than this from the queue's base, FPGA cycles, lie beyond all of its events; they fit into 32 bits. */
const beyondEvents = 2 ** 30;
/** Words move to the trace buffer when this many bytes have come together. */
const transferBytes = 1440;

export interface TraceCounters {
  /** Events that were too old for their stamp and were dropped. */
  lateEvents: number;
  /** Answers that carry a later time than their own, because the trace was busy. */
  delayedAnswers: number;
}

export class TraceEncoder {
  readonly counters: TraceCounters = { lateEvents: 0, delayedAnswers: 0 };
  readonly #buffer: ByteFifo;
  readonly #out: AnswerEncoder = createFromFpgaEncoder();
  readonly #kernel: TraceKernel | undefined;
  readonly #samples: EventQueue;
  readonly #spikes = new EventQueue();
  /** What the receiver's clock shows after the last message; NaN when it must be told anew. */
  #receiverTime = Number.NaN;
  #isAnnotating = false;
  /** Bytes beyond the last whole word. */
  #overhang = 0;

  /** @param kernels without them the bytes are the same, but come more slowly */
  constructor(buffer: ByteFifo, kernels?: WebAssembly.Module) {
    this.#buffer = buffer;
    this.#kernel = kernels && new TraceKernel(kernels);
    this.#samples = new EventQueue(this.#kernel);
  }

  /** Bytes that wait for the host, in whole words. */
  get byteLength(): number {
    return this.#buffer.length + this.#out.byteLength;
  }

  /** No events wait, and the last word is whole: time may pass without a word. */
  get isIdle(): boolean {
    return this.#overhang === 0 && this.#samples.length === 0 && this.#spikes.length === 0;
  }

  /** As after power-up: no events, no time annotation. The trace buffer belongs to the caller. */
  reset(): void {
    this.#samples.clear();
    this.#spikes.clear();
    this.#out.take();
    this.#overhang = 0;
    this.#isAnnotating = false;
    this.#receiverTime = Number.NaN;
  }

  /** Time begins anew: from here on messages carry it. Events that wait are sent first, under the old time. */
  synchronise(): void {
    this.#sendEvents(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
    this.#endWord();
    this.#isAnnotating = true;
    this.#receiverTime = Number.NaN;
  }

  /** Take over events. @param shift added to their times, units of 4 ns */
  collect(samples: TimedValues, spikes: TimedValues, shift: number): void {
    if (samples.count > 0) this.#samples.append(samples, shift);
    if (spikes.count > 0) this.#spikes.append(spikes, shift);
  }

  /** Send the events that have reached the trace. @param now FPGA cycles */
  drain(now: number): void {
    this.#sendEventsBefore(now);
    this.#endWord();
  }

  jtagData(now: number, high: number, low: number): void {
    this.#beginAnswer(now);
    this.#out.jtagData(high, low);
    this.#endWord();
  }
  omnibusData(now: number, data: number): void {
    this.#beginAnswer(now);
    this.#out.omnibusData(data);
    this.#endWord();
  }
  /** The clock of a receiver that starts with the next program is unknown: after a halt, time is told in full. */
  loopback(now: number, tick: boolean): void {
    this.#beginAnswer(now);
    this.#out.loopback(tick);
    if (!tick) this.#receiverTime = Number.NaN;
    this.#endWord();
  }
  timeoutNotification(now: number, instruction: number, stallCount: number, readsInFlight: number): void {
    this.#beginAnswer(now);
    this.#out.timeoutNotification(instruction, stallCount, readsInFlight);
    this.#endWord();
  }

  readonly #takeWords = (words: Uint8Array): void => this.#buffer.push(words);

  /** Move all words to the trace buffer. */
  transfer(): void {
    if (this.#out.byteLength > 0) this.#out.moveTo(this.#takeWords);
  }

  /** Let the receiver's clock show `now` at the next message. */
  #beginAnswer(now: number): void {
    this.#sendEventsBefore(now);
    if (this.#isAnnotating) this.#setTime(now);
  }

  #setTime(target: number): void {
    const gap = target - 1 - this.#receiverTime;
    if (gap < 0) {
      this.counters.delayedAnswers++;
      this.#receiverTime++;
      return;
    }
    // Also when nothing is known of the receiver.
    if (!(gap <= longestGap)) this.#out.systime((((target - 1) % timeSpan) + timeSpan) % timeSpan);
    else if (gap > 0) this.#out.sysdelta(gap - 1);
    this.#receiverTime = target;
  }

  #sendEventsBefore(now: number): void {
    const horizon = now - eventLatency;
    this.#sendEvents(horizon, now - jumpReserve);
  }

  /** Send events not younger than `horizon`; a jump of time goes no further than `latest`. */
  #sendEvents(horizon: number, latest: number): void {
    if (this.#isAnnotating && this.#spikes.length === 0) this.#sendSamples(horizon, latest);
    for (;;) {
      const queue = this.#earliest();
      if (!queue || queue.cycleAt(0) > horizon) return;
      const first = queue.cycleAt(0);
      let count = 1;
      let last = first;
      while (count < 3 && count < queue.length) {
        const cycle = queue.cycleAt(count);
        if (cycle > horizon || cycle - first > widestPack) break;
        last = cycle;
        count++;
      }
      if (this.#isAnnotating && !this.#timeFor(first, last, latest)) {
        queue.drop(1);
        this.counters.lateEvents++;
        continue;
      }
      this.#pack(queue, count);
      queue.drop(count);
    }
  }

  /** Full packs of samples while nothing else waits: what `#sendEvents` does with them, in one loop of whole numbers. */
  #sendSamples(horizon: number, latest: number): void {
    const { baseCycle } = this.#samples.columns;
    const time = this.#receiverTime - baseCycle;
    // Also when nothing is known of the receiver.
    if (!(Math.abs(time) < beyondEvents)) return;
    const limits: PackLimits = {
      newest: Math.min(horizon - baseCycle, beyondEvents),
      farthest: Math.min(latest - baseCycle, beyondEvents),
      widestPack,
      oldestAge,
      jumpAge,
      longestGap,
    };
    for (;;) {
      const before = this.#receiverTime;
      const count = this.#kernel
        ? this.#packByKernel(this.#kernel, before - baseCycle, limits)
        : this.#packInTurn(before - baseCycle, limits);
      if (count === 0) return;
      this.#samples.drop(count);
      this.#overhang = (this.#overhang + (2 * count) / 3) & 7;
    }
  }

  /** @param time that the receiver's clock shows, FPGA cycles from the queue's base @returns samples packed */
  #packByKernel(kernel: TraceKernel, time: number, limits: PackLimits): number {
    const { baseCycle, from, to } = this.#samples.columns;
    const row = kernel.pack(from, to, time, limits);
    this.#out.encoded(row.bytes);
    this.#receiverTime = row.time + baseCycle;
    return row.samples;
  }

  /** The same without kernels. */
  #packInTurn(start: number, { newest, farthest }: PackLimits): number {
    const out = this.#out;
    const { baseCycle, cycle, bits, from, to } = this.#samples.columns;
    let time = start;
    let at = from;
    for (; at + 3 <= to; at += 3) {
      const first = cycle[at] as number;
      const last = cycle[at + 2] as number;
      if (last > newest || last - first > widestPack) break;
      if (time + 1 >= last) {
        if (time + 1 > first + oldestAge) break;
        time++;
      } else {
        const target = Math.max(last, Math.min(first + jumpAge, farthest));
        const gap = target - 1 - time;
        if (gap > longestGap) break;
        if (gap > 0) out.sysdelta(gap - 1);
        time = target;
      }
      out.madcPack3(bits[at] as number, bits[at + 1] as number, bits[at + 2] as number);
    }
    this.#receiverTime = time + baseCycle;
    return at - from;
  }

  /** Let the clock at the next message lie between the youngest event and the limit of age. @returns false if too late */
  #timeFor(first: number, last: number, latest: number): boolean {
    const next = this.#receiverTime + 1;
    if (next > first + oldestAge) return false;
    if (next >= last) this.#receiverTime = next;
    else this.#setTime(Math.max(last, Math.min(first + jumpAge, latest)));
    return true;
  }

  #earliest(): EventQueue | undefined {
    if (this.#samples.length === 0) return this.#spikes.length === 0 ? undefined : this.#spikes;
    if (this.#spikes.length === 0) return this.#samples;
    return this.#spikes.cycleAt(0) < this.#samples.cycleAt(0) ? this.#spikes : this.#samples;
  }

  #pack(queue: EventQueue, count: number): void {
    const out = this.#out;
    const isSamples = queue === this.#samples;
    const first = queue.bitsAt(0);
    if (count === 3) {
      const second = queue.bitsAt(1);
      const third = queue.bitsAt(2);
      if (isSamples) out.madcPack3(first, second, third);
      else out.spikePack3(first, second, third);
      this.#overhang = (this.#overhang + 2) & 7;
    } else if (count === 2) {
      if (isSamples) out.madcPack2(first, queue.bitsAt(1));
      else out.spikePack2(first, queue.bitsAt(1));
    } else if (isSamples) out.madcPack1(first);
    else out.spikePack1(first);
  }

  #endWord(): void {
    if (this.#overhang === 0 && this.#out.byteLength < transferBytes) return;
    this.#out.moveTo(this.#takeWords);
    this.#overhang = 0;
  }
}
