/**
 * Turns the board's answer stream into tickets, MADC samples and spikes, and keeps FPGA time. One decoder lives as long
 * as a link, because time annotations refer to what came before; programs take turns in it. Runs once per message, with
 * numbers: no object is made per sample. Time rules: docs/protocol.md, "Time".
 */
import type { FromFpgaSink, MessageRun } from "../../protocol/messages/streams.js";
import type { MadcSamples, SpikeEvents } from "../interface/index.js";
import { EventBuffer } from "./event-buffer.js";
import { type SplitTime, takeSampleRun } from "./sample-run.js";
import type { ProgramAnswers } from "./ticket.js";

/** FPGA and chip time have 43 bits, cycles of 8 ns. */
const timeRange = 2 ** 43;
/** An event's stamp covers this many FPGA cycles. */
const stampRange = 128;
/** Densest are packs of three events in 10 bytes; one more may have begun in the words before. */
const mostEvents = (bytes: number): number => Math.ceil((3 * bytes) / 10) + 3;

export interface TimeoutNotification {
  readonly instruction: number;
  readonly stallCount: number;
  readonly readsInFlight: number;
}

export interface AnswerListener {
  /** The program's halt came back at this FPGA time. */
  onHalt(fpgaTime: number): void;
  onTimeoutNotification(notification: TimeoutNotification): void;
}

export interface DecoderCounters {
  /** Read answers and ticks that no program asked for. */
  stray: number;
  highspeedLinkNotifications: number;
  timeoutNotifications: number;
}

/** Bits of an event's 16 that are no sample. */
const beyondSample = 0xfc00;

/**
 * Leave the converted values in place.
 * @param fields an array that begins with its buffer @param bits that any of them has @param spare memory for the channels
 * @returns the channels
 */
function splitSamples(fields: Uint16Array, bits: number, spare: Uint8Array): Uint8Array {
  const { length } = fields;
  const even = length + (length & 1);
  const channel = spare.length < even ? new Uint8Array(even) : spare.subarray(0, even).fill(0);
  // With one channel in use there is nothing to part.
  if ((bits & beyondSample) !== 0) splitPairs(fields, new Uint32Array(fields.buffer, 0, length >> 1), channel);
  return channel.subarray(0, length);
}

/** Two samples at a time, in a function of its own that is compiled as one loop. */
function splitPairs(fields: Uint16Array, pairs: Uint32Array, channel: Uint8Array): void {
  const { length } = fields;
  const channels = new Uint16Array(channel.buffer, 0, channel.length >> 1);
  for (let i = 0; i < pairs.length; i++) {
    const pair = pairs[i] as number;
    channels[i] = ((pair >>> 10) & 1) | ((pair >>> 18) & 0x100);
    pairs[i] = pair & 0x3ff_03ff;
  }
  if (length & 1) {
    const last = fields[length - 1] as number;
    channel[length - 1] = (last >>> 10) & 1;
    fields[length - 1] = last & 0x3ff;
  }
}

export class AnswerDecoder implements FromFpgaSink {
  readonly counters: DecoderCounters = { stray: 0, highspeedLinkNotifications: 0, timeoutNotifications: 0 };
  readonly #madc = new EventBuffer();
  readonly #spikes = new EventBuffer();
  /** FPGA time without its low 7 bits, which stand in `low`: events need both, and a remainder of doubles is slow. */
  readonly #time: SplitTime = { high: 0, low: 0 };
  #spareChannel: Uint8Array = new Uint8Array(0);
  #answers: ProgramAnswers | undefined;
  #listener: AnswerListener | undefined;

  /** FPGA time of the last message, cycles. */
  get fpgaTime(): number {
    return this.#time.high + this.#time.low;
  }

  /** New samples may be put where these are, which nobody needs any more. */
  recycle({ time, value, channel }: MadcSamples): void {
    this.#madc.recycle({ time, payload: value });
    if (channel.byteOffset === 0) this.#spareChannel = new Uint8Array(channel.buffer);
  }

  /** From now on, answers belong to this program. Events that came before are dropped. */
  begin(answers: ProgramAnswers, listener: AnswerListener): void {
    answers.allocate();
    this.#madc.take();
    this.#spikes.take();
    this.#answers = answers;
    this.#listener = listener;
  }

  /** The program's turn is over. */
  end(): { readonly madc: MadcSamples; readonly spikes: SpikeEvents } {
    this.#answers = undefined;
    this.#listener = undefined;
    const madc = this.#madc.take();
    const spikes = this.#spikes.take();
    const channel = splitSamples(madc.payload, madc.bits, this.#spareChannel);
    this.#spareChannel = new Uint8Array(0);
    return {
      madc: { origin: madc.origin, time: madc.time, value: madc.payload, channel },
      spikes: { chipTime: Float64Array.from(spikes.time, (time) => spikes.origin + time), label: spikes.payload },
    };
  }

  expect(bytes: number): void {
    const count = mostEvents(bytes);
    this.#madc.expect(count);
    this.#spikes.expect(count);
  }

  madcRun(view: DataView, end: number, run: MessageRun): void {
    takeSampleRun(this.#madc, this.#time, timeRange, view, end, run);
  }

  jtagData(high: number, low: number): void {
    this.#advance(1);
    const answers = this.#answers;
    if (answers === undefined || answers.jtagCount === answers.expectedJtag) {
      this.counters.stray++;
      return;
    }
    answers.jtagTimes[answers.jtagCount] = this.fpgaTime;
    answers.jtagData[answers.jtagCount++] = high * 2 ** 32 + low;
  }

  omnibusData(data: number): void {
    this.#advance(1);
    const answers = this.#answers;
    if (answers === undefined || answers.wordCount === answers.expectedWords) {
      this.counters.stray++;
      return;
    }
    answers.wordTimes[answers.wordCount] = this.fpgaTime;
    answers.words[answers.wordCount++] = data;
  }

  loopback(tick: boolean): void {
    this.#advance(1);
    const answers = this.#answers;
    if (!tick && this.#listener !== undefined) this.#listener.onHalt(this.fpgaTime);
    else if (tick && answers !== undefined && answers.tickCount < answers.expectedTicks)
      answers.tickTimes[answers.tickCount++] = this.fpgaTime;
    else this.counters.stray++;
  }

  highspeedLinkNotification(): void {
    this.#advance(1);
    this.counters.highspeedLinkNotifications++;
  }

  timeoutNotification(instruction: number, stallCount: number, readsInFlight: number): void {
    this.#advance(1);
    this.counters.timeoutNotifications++;
    this.#listener?.onTimeoutNotification({ instruction, stallCount, readsInFlight });
  }

  systime(fpgaCycles: number): void {
    this.#time.low = fpgaCycles % stampRange;
    this.#time.high = fpgaCycles - this.#time.low;
  }

  sysdelta(increment: number): void {
    this.#advance(increment + 1);
  }

  madcPack1(sample0: number): void {
    this.#advance(1);
    this.#madc.push(this.#chipTime(sample0), sample0 & 0xffff);
  }

  madcPack2(sample0: number, sample1: number): void {
    this.#advance(1);
    this.#madc.push(this.#chipTime(sample0), sample0 & 0xffff);
    this.#madc.push(this.#chipTime(sample1), sample1 & 0xffff);
  }

  madcPack3(sample0: number, sample1: number, sample2: number): void {
    this.#advance(1);
    this.#madc.push(this.#chipTime(sample0), sample0 & 0xffff);
    this.#madc.push(this.#chipTime(sample1), sample1 & 0xffff);
    this.#madc.push(this.#chipTime(sample2), sample2 & 0xffff);
  }

  spikePack1(spike0: number): void {
    this.#advance(1);
    this.#spikes.push(this.#chipTime(spike0), spike0 & 0xffff);
  }

  spikePack2(spike0: number, spike1: number): void {
    this.#advance(1);
    this.#spikes.push(this.#chipTime(spike0), spike0 & 0xffff);
    this.#spikes.push(this.#chipTime(spike1), spike1 & 0xffff);
  }

  spikePack3(spike0: number, spike1: number, spike2: number): void {
    this.#advance(1);
    this.#spikes.push(this.#chipTime(spike0), spike0 & 0xffff);
    this.#spikes.push(this.#chipTime(spike1), spike1 & 0xffff);
    this.#spikes.push(this.#chipTime(spike2), spike2 & 0xffff);
  }

  /** Every message takes one cycle; a sysdelta adds its value to that. */
  #advance(cycles: number): void {
    const time = this.#time;
    const low = time.low + cycles;
    time.low = low & (stampRange - 1);
    if (low < stampRange) return;
    time.high += low - time.low;
    if (time.high >= timeRange) time.high -= timeRange;
  }

  /**
   * Chip time of an event, units of 4 ns: the stamp's upper 7 bits replace the low 7 bits of FPGA time, one range
   * earlier when that would lie ahead of now; its lowest bit is half a cycle.
   * @param event 24 bits, stamp in 23..16
   */
  #chipTime(event: number): number {
    const stamp = (event >>> 16) & 0xff;
    const time = 2 * this.#time.high + stamp;
    if (stamp >> 1 <= this.#time.low) return time;
    return time >= 2 * stampRange ? time - 2 * stampRange : time - 2 * stampRange + 2 * timeRange;
  }
}
