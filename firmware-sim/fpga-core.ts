/**
 * What the instructions work on: FPGA time, the registers, the chip behind them, and the way of answers and events into
 * the trace. FPGA time advances here and nowhere else, by instructions and stalls; it never looks at a wall clock.
 * Events are collected at answers and at fixed times, so that the trace does not depend on how execution was sliced.
 */
import type { Chip } from "../src/virtual-chip/index.js";
import { FpgaRegisters, fpgaBase } from "./fpga-registers.js";
import type { TraceEncoder } from "./trace-encoder.js";

/** Events are collected at least this often, FPGA cycles (65.5 us): bounds the work of one step. Our choice. */
const collectionPeriod = 8192;
/**
 * An answer does not collect events again within so many FPGA cycles of the last time: keeps rows of reads cheap. Events
 * that wait meanwhile stay well below the age at which their stamps are misread. Our choice.
 */
const collectionPause = 64;
/** From an access to the end of its answer's way, FPGA cycles; an omnibus barrier waits for it. Our choice. */
const omnibusLatency = 64;
/** Duration of a time synchronisation, FPGA cycles. Our choice. */
const synchronisationCycles = 250;
/** A polling block reads once in so many FPGA cycles. Our choice. */
const pollPeriod = 32;
/** 4 ns units of the chip's time per FPGA cycle. */
const unitsPerCycle = 2;
/** Chip registers with the time that a synchronisation starts from: low 32 bits, high 11 bits. */
const systimeBase = [0x0000_0000, 0x0000_0001] as const;
const timerSpan = 2 ** 32;

/** What holds the executor, from which cycle it counts on. */
type Stall =
  | { readonly kind: "until"; readonly cycle: number; readonly timesOut: boolean }
  | { readonly kind: "poll"; readonly equal: boolean; readonly timeoutCycle: number };

export class FpgaCore {
  readonly chip: Chip;
  readonly registers: FpgaRegisters;
  readonly trace: TraceEncoder;
  /** Timeout notifications sent. */
  timeouts = 0;
  /** Cycles at which the last access and the last synchronisation are over. */
  omnibusIdleAt = 0;
  systimeIdleAt = 0;
  #cycle = 0;
  #collectedAt = 0;
  /** Index of the current instruction since the last halt. */
  #instruction = 0;
  #isProgramEnd = false;
  #stall: Stall | undefined;
  #timerStart = 0;
  readonly #systime = { isActive: false, lastRoundTrip: 0, lastChipTime: 0 };
  /** Systime minus FPGA cycle. */
  #systimeOffset = 0;
  /** The chip's clock minus FPGA cycle. It stays when a new host forgets the systime. */
  #chipOffset = 0;

  constructor(chip: Chip, trace: TraceEncoder) {
    this.chip = chip;
    this.trace = trace;
    this.registers = new FpgaRegisters({
      deviceDna: chip.identity.dna,
      timer: () => this.timer,
      systime: this.#systime,
    });
  }

  /** Cycles since power-up. */
  get cycle(): number {
    return this.#cycle;
  }
  /** Cycles since the last timing setup, 32 bit. */
  get timer(): number {
    return (this.#cycle - this.#timerStart) % timerSpan;
  }
  get isStalled(): boolean {
    return this.#stall !== undefined;
  }
  /** Time that answers carry. */
  get #now(): number {
    return this.#cycle + this.#systimeOffset;
  }
  /** What the chip's clock shows, units of 4 ns. */
  get #chipTime(): number {
    return unitsPerCycle * (this.#cycle + this.#chipOffset);
  }

  /** A new host: registers, time synchronisation and everything under way are gone; time and the chip go on. */
  reset(): void {
    this.#collect();
    this.trace.reset();
    this.registers.reset();
    this.#stall = undefined;
    this.#timerStart = this.#cycle;
    this.omnibusIdleAt = 0;
    this.systimeIdleAt = 0;
    this.#systimeOffset = 0;
    Object.assign(this.#systime, { isActive: false, lastRoundTrip: 0, lastChipTime: 0 });
    this.#instruction = 0;
    this.#isProgramEnd = false;
  }

  /** End the current instruction. */
  finishInstruction(): void {
    this.#instruction = this.#isProgramEnd ? 0 : (this.#instruction + 1) >>> 0;
    this.#isProgramEnd = false;
    this.#advance(this.#cycle + 1);
  }

  /** Carry on with a stall, by a bounded amount of work. Ends the instruction when the stall is over. */
  progress(): void {
    const stall = this.#stall;
    if (!stall) return;
    if (stall.kind === "poll") this.#poll(stall);
    else {
      if (this.chip.isQuiet && this.trace.isIdle) this.#skip(stall.cycle);
      else this.#advance(Math.min(stall.cycle, this.#nextCollection()));
      if (this.#cycle >= stall.cycle) this.#endStall(stall.timesOut);
    }
  }

  /** Hold the current instruction until a cycle, or until the instruction timeout if that comes first. */
  stallUntil(cycle: number): void {
    if (cycle <= this.#cycle) return;
    const timeoutCycle = this.#cycle + this.registers.instructionTimeout;
    const timesOut = cycle > timeoutCycle;
    this.#stall = { kind: "until", cycle: timesOut ? timeoutCycle : cycle, timesOut };
  }

  /** Hold the current instruction until the comparison of the polling registers gives this result. */
  stallUntilPoll(equal: boolean): void {
    this.#stall = { kind: "poll", equal, timeoutCycle: this.#cycle + this.registers.instructionTimeout };
  }

  resetTimer(): void {
    this.#timerStart = this.#cycle;
  }
  stallUntilTimer(value: number): void {
    const missing = value - this.timer;
    if (missing > 0) this.stallUntil(this.#cycle + missing);
  }

  /** Access to the chip alone, at the current time. */
  readChip(address: number): number | undefined {
    this.chip.advanceTo(this.#chipTime);
    return this.chip.read(address);
  }
  writeChip(address: number, word: number, byteEnables: number): boolean {
    this.chip.advanceTo(this.#chipTime);
    return this.chip.write(address, word, byteEnables);
  }

  readOmnibus(address: number): void {
    const word = this.#read(address);
    if (word === undefined) this.stallUntil(Number.POSITIVE_INFINITY);
    else this.answer((trace, now) => trace.omnibusData(now, word));
  }

  writeOmnibus(address: number, word: number, byteEnables: number): void {
    this.omnibusIdleAt = this.#cycle + omnibusLatency;
    // What was recorded so far is kept or dropped as the register stood until now.
    if (address >= fpgaBase) this.#collect();
    const isAnswered =
      address >= fpgaBase
        ? this.registers.write(address, word, byteEnables)
        : this.writeChip(address, word, byteEnables);
    if (!isAnswered) this.stallUntil(Number.POSITIVE_INFINITY);
  }

  spike(label: number): void {
    this.chip.advanceTo(this.#chipTime);
    this.chip.spike(label);
  }

  resetChip(on: boolean): void {
    this.#collect();
    this.chip.reset(on);
    // Its clock begins at zero.
    if (on) this.#chipOffset = -this.#cycle;
  }

  /** Let chip and FPGA time start together, from the base that the chip holds. */
  synchroniseTime(): void {
    const low = this.readChip(systimeBase[0]);
    const high = this.readChip(systimeBase[1]);
    this.#collect();
    this.trace.drain(this.#now);
    if (low === undefined || high === undefined) {
      // Nobody answers: the synchronisation never ends, and a barrier for it times out.
      this.#systime.isActive = false;
      this.systimeIdleAt = Number.POSITIVE_INFINITY;
      return;
    }
    const base = high * 2 ** 32 + low;
    this.trace.synchronise();
    this.chip.setClock(unitsPerCycle * base);
    this.#chipOffset = base - this.#cycle;
    this.#systimeOffset = this.#chipOffset;
    this.systimeIdleAt = this.#cycle + synchronisationCycles;
    Object.assign(this.#systime, { isActive: true, lastRoundTrip: synchronisationCycles, lastChipTime: base });
  }

  /** Send an answer at the current time. */
  answer(send: (trace: TraceEncoder, now: number) => void): void {
    if (this.#cycle - this.#collectedAt >= collectionPause) this.#collect();
    send(this.trace, this.#now);
  }

  /** Answer a loopback. Before a halt come all events that have reached the trace; after it the next program begins. */
  loopback(tick: boolean): void {
    if (!tick) {
      this.#collect();
      this.#isProgramEnd = true;
    }
    this.answer((trace, now) => trace.loopback(now, tick));
  }

  #read(address: number): number | undefined {
    this.omnibusIdleAt = this.#cycle + omnibusLatency;
    return address >= fpgaBase ? this.registers.read(address) : this.readChip(address);
  }

  #poll(stall: Extract<Stall, { kind: "poll" }>): void {
    const { address, target, mask } = this.registers.poll;
    const word = this.#read(address);
    if (word !== undefined && ((word & mask) >>> 0 === target) === stall.equal) {
      this.#endStall(false);
      return;
    }
    this.#advance(Math.min(this.#cycle + pollPeriod, stall.timeoutCycle));
    if (this.#cycle >= stall.timeoutCycle) this.#endStall(true);
  }

  #endStall(timesOut: boolean): void {
    this.#stall = undefined;
    if (timesOut) {
      this.timeouts++;
      this.answer((trace, now) => trace.timeoutNotification(now, this.#instruction, 0, 0));
    }
    this.finishInstruction();
  }

  /** Let time pass, to the next collection at most. */
  #advance(cycle: number): void {
    const isCollection = cycle >= this.#nextCollection();
    this.#cycle = cycle;
    if (!isCollection) return;
    this.#collect();
    this.trace.drain(this.#now);
  }

  /** Let time pass in which every collection finds nothing. */
  #skip(cycle: number): void {
    this.#cycle = cycle;
    this.#collectedAt = Math.max(this.#collectedAt, this.#nextCollection() - collectionPeriod);
  }

  /** Collections lie on a grid of the time that answers carry: what is answered does not depend on what ran before. */
  #nextCollection(): number {
    return (Math.floor(this.#now / collectionPeriod) + 1) * collectionPeriod - this.#systimeOffset;
  }

  /** Take the chip's events up to now: into the trace if they are recorded, else away. */
  #collect(): void {
    this.#collectedAt = this.#cycle;
    this.chip.advanceTo(this.#chipTime);
    const samples = this.chip.takeMadc();
    const spikes = this.chip.takeSpikes();
    if (!this.registers.isRecordingEvents || samples.count + spikes.count === 0) return;
    this.trace.collect(
      samples,
      { count: spikes.count, origin: spikes.origin, time: spikes.time, value: spikes.label },
      unitsPerCycle * (this.#systimeOffset - this.#chipOffset),
    );
  }
}
