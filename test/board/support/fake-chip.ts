/** A chip of a few registers and scripted events: enough to test what stands in front of it. */
import type { Chip } from "../../../src/virtual-chip/index.js";

/** Chip addresses that answer; 0 and 1 hold the base of the time synchronisation. */
const registers = [0x0000_0000, 0x0000_0001, 0x0010_0000, 0x0014_0000];

export class FakeChip implements Chip {
  readonly identity = { seed: 0, preset: "ideal", dna: [0x1234_5678, 0x1ab_cdef] } as const;
  /** Time told so far, units of 4 ns. */
  now = 0;
  readonly values = new Map<number, number>(registers.map((address) => [address, 0]));
  /** Every access with its time. */
  readonly log: string[] = [];
  /** Distance of MADC samples, units of 4 ns; 0: none. */
  samplePeriod = 0;
  /** Called before each read of 0x100000. */
  onRead: ((now: number) => number) | undefined;
  #isInReset = false;
  #nextSample = 0;
  #spikes: { time: number; label: number }[] = [];

  get isQuiet(): boolean {
    return this.samplePeriod === 0 && this.#spikes.length === 0;
  }
  advanceTo(time: number): void {
    this.now = Math.max(this.now, time);
  }
  setClock(time: number): void {
    this.now = time;
    this.#nextSample = this.samplePeriod > 0 ? Math.ceil(time / this.samplePeriod) : 0;
  }
  write(address: number, word: number, byteEnables: number): boolean {
    if (this.#isInReset || !this.values.has(address)) return false;
    this.log.push(`write ${address.toString(16)} ${word.toString(16)} ${byteEnables.toString(16)} @${this.now}`);
    this.values.set(address, word);
    return true;
  }
  read(address: number): number | undefined {
    if (this.#isInReset) return undefined;
    if (address === 0x0010_0000 && this.onRead) return this.onRead(this.now);
    return this.values.get(address);
  }
  spike(label: number): void {
    this.#spikes.push({ time: this.now, label });
  }
  reset(on: boolean): void {
    this.log.push(`reset ${on} @${this.now}`);
    this.#isInReset = on;
  }
  /** Sample n has the value n modulo 1024. */
  takeMadc() {
    const time: number[] = [];
    const value: number[] = [];
    for (; this.samplePeriod > 0 && this.#nextSample * this.samplePeriod <= this.now; this.#nextSample++) {
      time.push(Math.floor(this.#nextSample * this.samplePeriod));
      value.push(this.#nextSample % 1024);
    }
    return { count: time.length, origin: 0, time: Int32Array.from(time), value: Uint16Array.from(value) };
  }
  takeSpikes() {
    const taken = this.#spikes;
    this.#spikes = [];
    return {
      count: taken.length,
      origin: 0,
      time: Int32Array.from(taken, ({ time }) => time),
      label: Uint16Array.from(taken, ({ label }) => label),
    };
  }
}
