/**
 * The answer stream of the playback executor: answers and events in order of FPGA time, with time annotations such that
 * the host's count of time is right. The host adds one cycle per message, so a message that is due later needs a
 * sysdelta or a systime before it; event stamps reach 128 cycles back, so events are sent in groups of that span and
 * share one annotation. Written from docs/protocol.md; knows nothing of the chip or the link.
 */
import { createFromFpgaEncoder } from "../src/protocol/index.js";

/** Longest gap that a sysdelta covers, FPGA cycles; 255 plus the cycle of the message itself. */
const longestDelta = 256;
/** Cycles of events that share one annotation; stamps reach 128 back, and the group's messages take cycles themselves. */
const groupSpan = 80;
const stampMask = 0xff;

/** Timed 16-bit events; `time` in units of 4 ns, ascending. */
export interface Events {
  readonly count: number;
  readonly time: Float64Array;
  readonly value: Uint16Array;
}

const noEvents: Events = { count: 0, time: new Float64Array(0), value: new Uint16Array(0) };

export class TraceEncoder {
  readonly #encoder = createFromFpgaEncoder();
  /** FPGA time that the host will have after the last message. */
  #hostTime = 0;
  /** Without time synchronisation the board sends no annotation. */
  isAnnotated = false;

  get byteLength(): number {
    return this.#encoder.byteLength;
  }

  /** Take the words that are complete; a message that is cut stays. */
  takeComplete(): Uint8Array {
    return this.#encoder.takeComplete();
  }

  /** Flush and take everything so far. */
  take(): Uint8Array {
    return this.#encoder.take();
  }

  /** The synchronised clock was set anew. */
  synchronise(fpgaTime: number): void {
    this.isAnnotated = true;
    this.#encoder.systime(fpgaTime);
    this.#hostTime = fpgaTime;
  }

  jtagData(fpgaTime: number, high: number, low: number): void {
    this.#annotate(fpgaTime);
    this.#encoder.jtagData(high, low);
  }

  omnibusData(fpgaTime: number, data: number): void {
    this.#annotate(fpgaTime);
    this.#encoder.omnibusData(data);
  }

  loopback(fpgaTime: number, tick: boolean): void {
    this.#annotate(fpgaTime);
    this.#encoder.loopback(tick);
  }

  timeoutNotification(fpgaTime: number, instruction: number, readsInFlight: number): void {
    this.#annotate(fpgaTime);
    this.#encoder.timeoutNotification(instruction, 0, readsInFlight);
  }

  /** Samples and spikes up to now, each ascending in time; what is recorded at the same time is sent together. */
  events(madc: Events, spikes: Events = noEvents): void {
    let m = 0;
    let s = 0;
    while (m < madc.count || s < spikes.count) {
      // A group: everything whose stamps are still in reach when the group's last message is sent.
      const start = Math.min(cycleOf(madc, m), cycleOf(spikes, s));
      const mEnd = endOfGroup(madc, m, start);
      const sEnd = endOfGroup(spikes, s, start);
      const last = Math.max(mEnd > m ? cycleOf(madc, mEnd - 1) : start, sEnd > s ? cycleOf(spikes, sEnd - 1) : start);
      this.#annotate(Math.max(last, this.#hostTime + 1));
      const messages = this.#packMadc(madc, m, mEnd) + this.#packSpikes(spikes, s, sEnd);
      // The annotation counted the first of them.
      this.#hostTime += messages - 1;
      m = mEnd;
      s = sEnd;
    }
  }

  #packMadc(events: Events, from: number, to: number): number {
    const encoder = this.#encoder;
    let k = from;
    for (; k + 3 <= to; k += 3) encoder.madcPack3(packed(events, k), packed(events, k + 1), packed(events, k + 2));
    if (to - k === 2) encoder.madcPack2(packed(events, k), packed(events, k + 1));
    else if (to - k === 1) encoder.madcPack1(packed(events, k));
    return Math.ceil((to - from) / 3);
  }

  #packSpikes(events: Events, from: number, to: number): number {
    const encoder = this.#encoder;
    let k = from;
    for (; k + 3 <= to; k += 3) encoder.spikePack3(packed(events, k), packed(events, k + 1), packed(events, k + 2));
    if (to - k === 2) encoder.spikePack2(packed(events, k), packed(events, k + 1));
    else if (to - k === 1) encoder.spikePack1(packed(events, k));
    return Math.ceil((to - from) / 3);
  }

  /** Bring the host's time to `due` for the next message, which itself counts one cycle. */
  #annotate(due: number): void {
    const gap = due - this.#hostTime;
    if (this.isAnnotated && gap > 1) {
      // A sysdelta message counts one cycle and adds its value; the next message counts one more.
      const delta = gap - 2;
      if (delta >= 0 && delta < longestDelta) this.#encoder.sysdelta(delta);
      else this.#encoder.systime(due - 1);
    }
    this.#hostTime = gap > 1 && this.isAnnotated ? due : this.#hostTime + 1;
  }
}

/** FPGA cycle of an event; beyond the last one, never. */
function cycleOf(events: Events, k: number): number {
  return k < events.count ? Math.floor((events.time[k] as number) / 2) : Number.POSITIVE_INFINITY;
}

function endOfGroup(events: Events, from: number, start: number): number {
  let end = from;
  while (end < events.count && cycleOf(events, end) - start < groupSpan) end++;
  return end;
}

/** The 24 bits of an event: stamp, then its value. */
function packed(events: Events, k: number): number {
  return (((events.time[k] as number) & stampMask) << 16) | (events.value[k] as number);
}
