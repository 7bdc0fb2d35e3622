/**
 * The playback executor: runs instructions in order on FPGA time. Time is virtual: an instruction takes one cycle, waits
 * and stalls take what they take, and nothing else moves it - no wall clock, no cut of the stream into frames. What
 * nothing answers stalls until the instruction timeout, as on silicon, and is reported.
 * Written from docs/protocol.md and docs/decisions/004-what-the-instruction-timeout-counts.md.
 */
import { barrierBits, type ToFpgaSink } from "../src/protocol/index.js";
import type { Chip } from "../src/virtual-chip/index.js";
import { FpgaRegisters, register } from "./fpga-registers.js";
import { JtagPort } from "./jtag.js";
import { TraceEncoder } from "./trace-encoder.js";

/** Chip register that holds the time at synchronisation: low word, then 11 bits. */
const systimeBase = 0;
const fpgaBit = 0x80000000;
/** Chip time runs in half FPGA cycles. */
const chipUnits = 2;
/** Longest stretch of waiting between two looks at the chip's events, FPGA cycles: bounds the chip's event buffers. */
const longestStride = 125_000;
/** Time that the synchronisation of chip and FPGA takes, FPGA cycles; our choice. */
const systimeInitCycles = 1250;

export class Executor implements ToFpgaSink {
  readonly trace = new TraceEncoder();
  readonly #chip: Chip;
  readonly #registers: FpgaRegisters;
  readonly #jtag: JtagPort;
  #now = 0;
  /** Cycle of power-up time at which synchronised time was zero. */
  #epoch = 0;
  #timerStart = 0;
  #instruction = 0;
  #address = 0;
  #byteEnables = 0xf;
  #isWritePending = false;
  /** Cycle at which an unanswered access started to stall, or undefined. */
  #stalled: { readonly instruction: number; readonly isRead: boolean } | undefined;

  constructor(chip: Chip) {
    this.#chip = chip;
    this.#registers = new FpgaRegisters(chip.identity.dna, () => (this.#now - this.#timerStart) >>> 0);
    this.#jtag = new JtagPort({
      read: (address) => this.#read(address),
      write: (address, word) => this.#write(address, word, 0xf),
    });
  }

  /** FPGA cycles since power-up. */
  get now(): number {
    return this.#now;
  }

  /** A host has opened the link anew: the instruction count starts again. Board and chip keep their state. */
  restart(): void {
    this.#instruction = 0;
    this.#isWritePending = false;
    this.#stalled = undefined;
  }

  jtagInit(): void {
    this.#begin();
    this.#jtag.reset();
  }

  jtagScaler(): void {
    this.#begin();
  }

  jtagIns(value: number): void {
    this.#begin();
    this.#jtag.select(value);
  }

  jtagData(dataHigh: number, dataLow: number, bits: number, keepResponse: boolean): void {
    this.#begin();
    this.#advanceChip();
    const out = this.#jtag.shift(dataHigh * 2 ** 32 + dataLow, bits);
    if (keepResponse) this.trace.jtagData(this.#systime, Math.floor(out / 2 ** 32), out >>> 0);
  }

  timingSetup(): void {
    this.#begin();
    this.#timerStart = this.#now;
  }

  waitUntil(cycles: number): void {
    const index = this.#begin();
    const due = this.#timerStart + cycles;
    const limit = this.#registers.get(register.instructionTimeout);
    if (due - this.#now > limit) {
      this.#passTo(this.#now + limit);
      this.trace.timeoutNotification(this.#systime, index, 0);
    } else this.#passTo(due);
  }

  systimeInit(on: boolean): void {
    this.#begin();
    if (!on) return;
    this.#passTo(this.#now + systimeInitCycles);
    const base = (this.#chip.read(systimeBase) ?? 0) + ((this.#chip.read(systimeBase + 1) ?? 0) & 0x7ff) * 2 ** 32;
    this.#epoch = this.#now - base;
    this.trace.synchronise(base);
  }

  barrier(mask: number): void {
    const index = this.#begin();
    if ((mask & barrierBits.omnibus) !== 0) this.#settleAccess(index);
  }

  pollingOmnibusBlock(equal: boolean): void {
    const index = this.#begin();
    const get = (address: number): number => this.#registers.get(address);
    const limit = this.#registers.get(register.instructionTimeout);
    const end = this.#now + limit;
    const stride = Math.max(1, Math.floor(limit / 1000));
    for (;;) {
      this.#advanceChip();
      const word = this.#read(get(register.pollAddress));
      const isEqual = word !== undefined && (word & get(register.pollMask)) >>> 0 === get(register.pollTarget);
      if (word !== undefined && isEqual === equal) return;
      if (this.#now >= end) {
        this.trace.timeoutNotification(this.#systime, index, 1);
        return;
      }
      this.#passTo(Math.min(end, this.#now + stride));
    }
  }

  systemReset(on: boolean): void {
    this.#begin();
    this.#advanceChip();
    this.#chip.reset(on);
  }

  loopback(tick: boolean): void {
    const index = this.#begin();
    if (!tick) this.#settleAccess(index);
    this.#drainEvents();
    this.trace.loopback(this.#systime, tick);
    if (!tick) this.#instruction = 0;
  }

  omnibusAddress(address: number, read: boolean, byteEnables: number): void {
    const index = this.#begin();
    this.#isWritePending = !read;
    this.#address = address;
    this.#byteEnables = byteEnables;
    if (!read) return;
    if (this.#stalled !== undefined) this.#settleAccess(index);
    this.#advanceChip();
    const word = this.#read(address);
    if (word === undefined) this.#stalled = { instruction: index, isRead: true };
    else {
      this.#drainEvents();
      this.trace.omnibusData(this.#systime, word);
    }
  }

  omnibusData(data: number): void {
    const index = this.#begin();
    if (!this.#isWritePending) return;
    this.#isWritePending = false;
    if (this.#stalled !== undefined) this.#settleAccess(index);
    this.#advanceChip();
    if (!this.#write(this.#address, data, this.#byteEnables)) this.#stalled = { instruction: index, isRead: false };
  }

  spikePack1(label0: number): void {
    this.#begin();
    this.#spikes(label0);
  }

  spikePack2(label0: number, label1: number): void {
    this.#begin();
    this.#spikes(label0, label1);
  }

  spikePack3(label0: number, label1: number, label2: number): void {
    this.#begin();
    this.#spikes(label0, label1, label2);
  }

  #begin(): number {
    this.#now++;
    return this.#instruction++;
  }

  #spikes(...labels: number[]): void {
    this.#advanceChip();
    for (const label of labels) this.#chip.spike(label);
  }

  /** An access that nothing answered holds up everything behind it until the timeout. */
  #settleAccess(index: number): void {
    const stalled = this.#stalled;
    if (stalled === undefined) return;
    this.#stalled = undefined;
    this.#passTo(this.#now + this.#registers.get(register.instructionTimeout));
    this.trace.timeoutNotification(this.#systime, index, stalled.isRead ? 1 : 0);
  }

  #passTo(due: number): void {
    while (this.#now < due) {
      this.#now = Math.min(due, this.#now + longestStride);
      this.#advanceChip();
      this.#drainEvents();
    }
  }

  #advanceChip(): void {
    this.#chip.advanceTo(this.#now * chipUnits);
  }

  #drainEvents(): void {
    const madc = this.#chip.takeMadc();
    const { count, time, label } = this.#chip.takeSpikes();
    if ((this.#registers.get(register.eventRecording) & 1) === 0) return;
    this.#toSystime(madc.time);
    this.#toSystime(time);
    this.trace.events(madc, { count, time, value: label });
  }

  /** Event times (units of 4 ns since power-up) into synchronised time, in place. */
  #toSystime(times: Float64Array): void {
    const shift = chipUnits * this.#epoch;
    for (let i = 0; i < times.length; i++) times[i] = (times[i] as number) - shift;
  }

  /** Synchronised time, FPGA cycles. */
  get #systime(): number {
    return this.#now - this.#epoch;
  }

  #read(address: number): number | undefined {
    return address >= fpgaBit ? this.#registers.read(address) : this.#chip.read(address);
  }

  #write(address: number, word: number, byteEnables: number): boolean {
    return address >= fpgaBit
      ? this.#registers.write(address, word, byteEnables)
      : this.#chip.write(address, word, byteEnables);
  }
}
