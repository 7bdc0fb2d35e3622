/**
 * What a client makes of the board's words: messages with FPGA time, events with chip time. The rule of time is restated
 * here by hand (one cycle per message; stamps of 4 ns reach 128 cycles back) and held to test/vectors/board by a test.
 */
import { createFromFpgaDecoder, type FromFpgaSink } from "../../../src/protocol/index.js";

export interface Answer {
  readonly kind: "jtagData" | "omnibusData" | "tick" | "halt" | "timeout" | "link";
  readonly time: number;
  /** Data of an answer, index of the instruction of a timeout. */
  readonly value: number;
}

export interface ReceivedEvent {
  /** Chip time, units of 4 ns. */
  readonly time: number;
  /** FPGA time of the message. */
  readonly sent: number;
  readonly value: number;
}

export class Receiver implements FromFpgaSink {
  readonly answers: Answer[] = [];
  readonly samples: ReceivedEvent[] = [];
  readonly spikes: ReceivedEvent[] = [];
  /** Messages that only carry time. */
  annotations = 0;
  time = 0;
  readonly #decoder = createFromFpgaDecoder(this);

  push(words: Uint8Array): this {
    this.#decoder.push(words);
    return this;
  }
  get messageCount(): number {
    return this.#decoder.messageCount;
  }

  jtagData(high: number, low: number): void {
    this.#answer("jtagData", high * 2 ** 32 + low);
  }
  omnibusData(data: number): void {
    this.#answer("omnibusData", data);
  }
  loopback(tick: boolean): void {
    this.#answer(tick ? "tick" : "halt", 0);
  }
  highspeedLinkNotification(bits: number): void {
    this.#answer("link", bits);
  }
  timeoutNotification(instruction: number): void {
    this.#answer("timeout", instruction);
  }
  systime(fpgaCycles: number): void {
    this.annotations++;
    this.time = fpgaCycles;
  }
  sysdelta(increment: number): void {
    this.annotations++;
    this.time += 1 + increment;
  }
  madcPack1(...events: number[]): void {
    this.#events(this.samples, events);
  }
  madcPack2(...events: number[]): void {
    this.#events(this.samples, events);
  }
  madcPack3(...events: number[]): void {
    this.#events(this.samples, events);
  }
  spikePack1(...events: number[]): void {
    this.#events(this.spikes, events);
  }
  spikePack2(...events: number[]): void {
    this.#events(this.spikes, events);
  }
  spikePack3(...events: number[]): void {
    this.#events(this.spikes, events);
  }

  #answer(kind: Answer["kind"], value: number): void {
    this.time++;
    this.answers.push({ kind, time: this.time, value });
  }

  #events(into: ReceivedEvent[], events: readonly number[]): void {
    this.time++;
    const sent = this.time;
    for (const event of events) {
      const stamp = Math.floor(event / 0x1_0000);
      // In 4 ns: now with the stamp as its low 8 bits, or one round of the stamp earlier when that lies ahead.
      let time = Math.floor(sent / 128) * 256 + stamp;
      if (Math.floor(time / 2) > sent) time -= 256;
      into.push({ time, sent, value: event % 0x1_0000 });
    }
  }
}
