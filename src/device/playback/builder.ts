/**
 * Builds playback programs: containers become omnibus writes, those become instruction words at once, so a finished
 * program only has to be sent. Knows the wire through the encoder alone; knows nothing of links and sessions.
 */
import { type Clock, elapsedMs } from "../../base/clock.js";
import { FieldOutOfRange } from "../../base/errors.js";
import { isReadable, readWord, writeWord } from "../../protocol/containers/bus-access.js";
import type { ContainerType } from "../../protocol/containers/container.js";
import { PollingOmnibusBlockConfig } from "../../protocol/containers/executor.js";
import type { Coordinate } from "../../protocol/coordinates/coordinate.js";
import { theFpga } from "../../protocol/coordinates/unique.js";
import { type BarrierName, barrierBits } from "../../protocol/messages/streams.js";
import { createToFpgaEncoder } from "../../protocol/messages/to-fpga.js";
import { AccessRefused, ProgramTooLong } from "../errors.js";
import type { PlaybackProgram, PlaybackProgramBuilder, Ticket } from "../interface/index.js";
import { InstructionIndex } from "./instruction-index.js";
import { createProgram, maxInstructions } from "./program.js";
import { ProgramAnswers, ReadTicket, TickTicket } from "./ticket.js";

export class Builder implements PlaybackProgramBuilder {
  readonly #clock: Clock;
  #encoder = createToFpgaEncoder();
  #answers = new ProgramAnswers();
  #index = new InstructionIndex();
  #encodeMs = 0;

  /** @param clock measures how long encoding takes */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get instructionCount(): number {
    return this.#encoder.messageCount;
  }

  write<C extends string, F extends object>(
    container: ContainerType<C, F>,
    at: Coordinate<C>,
    fields: Partial<F>,
  ): this {
    if (container.access === "r") throw new AccessRefused(container.name, "write");
    const start = this.#clock.now();
    const addresses = container.addresses(container.coordinate.at(at));
    const words = container.encode(fields);
    this.#index.add(this.instructionCount, "write", container, at);
    for (const i of container.writeOrder) {
      writeWord(this.#encoder, container.bus, addresses[i] as number, words[i] as number);
    }
    this.#encodeMs += elapsedMs(start, this.#clock.now());
    return this;
  }

  read<C extends string, F extends object>(container: ContainerType<C, F>, at: Coordinate<C>): Ticket<F> {
    const { bus } = container;
    if (container.access === "w" || !isReadable(bus)) throw new AccessRefused(container.name, "read");
    const addresses = container.addresses(container.coordinate.at(at));
    this.#index.add(this.instructionCount, "read", container, at);
    for (const address of addresses) readWord(this.#encoder, bus, address);
    return new ReadTicket(this.#answers, container, at);
  }

  resetTimer(): this {
    this.#index.add(this.instructionCount, "timer");
    this.#encoder.timingSetup();
    return this;
  }

  waitUntil(cycles: number): this {
    if (!Number.isInteger(cycles) || cycles < 0 || cycles > 0xffff_ffff)
      throw new FieldOutOfRange("waitUntil", cycles, "0..4294967295 FPGA cycles");
    this.#index.add(this.instructionCount, "wait", cycles);
    this.#encoder.waitUntil(cycles);
    return this;
  }

  barrier(...what: readonly [BarrierName, ...BarrierName[]]): this {
    let mask = 0;
    for (const name of what) mask |= barrierBits[name];
    this.#index.add(this.instructionCount, "barrier", what.join("+"));
    this.#encoder.barrier(mask);
    return this;
  }

  spikes(...labels: number[]): this {
    for (const label of labels) {
      if (!Number.isInteger(label) || label < 0 || label > 0xffff)
        throw new FieldOutOfRange("spike label", label, "0..65535");
    }
    const [first, second, third] = labels;
    if (first === undefined || labels.length > 3) throw new FieldOutOfRange("spikes at once", labels.length, "1..3");
    this.#index.add(this.instructionCount, "spikes", labels.join(","));
    if (third !== undefined && second !== undefined) this.#encoder.spikePack3(first, second, third);
    else if (second !== undefined) this.#encoder.spikePack2(first, second);
    else this.#encoder.spikePack1(first);
    return this;
  }

  tick(): Ticket<void> {
    this.#index.add(this.instructionCount, "tick");
    this.#encoder.loopback(true);
    return new TickTicket(this.#answers);
  }

  /**
   * Stall until `(read(address) & mask) == target` is `equal`. Not part of the device interface: it takes an address.
   */
  blockUntil(address: number, mask: number, target: number, equal = true): this {
    this.write(PollingOmnibusBlockConfig, theFpga, { address, mask, target });
    this.#index.add(this.instructionCount, "block", `on address 0x${address.toString(16).padStart(8, "0")}`);
    this.#encoder.barrier(barrierBits.omnibus);
    this.#encoder.pollingOmnibusBlock(equal);
    return this;
  }

  /** Drive the chip's reset line. Not part of the device interface: only a session's opening resets. */
  chipReset(on: boolean): this {
    this.#index.add(this.instructionCount, "reset", on ? "on" : "off");
    this.#encoder.systemReset(on);
    return this;
  }

  /** Start the synchronisation of chip and FPGA time. Not part of the device interface. */
  systimeInit(): this {
    this.#index.add(this.instructionCount, "reset", "of the system time");
    this.#encoder.systimeInit(true);
    return this;
  }

  /** Bring the state machine of the chip's JTAG port to its start. Not part of the device interface. */
  jtagInit(): this {
    this.#index.add(this.instructionCount, "jtag", "init");
    this.#encoder.jtagInit();
    return this;
  }

  /** Divider of the JTAG clock. Not part of the device interface. */
  jtagScaler(divider: number): this {
    if (!Number.isInteger(divider) || divider < 0 || divider > 255)
      throw new FieldOutOfRange("JTAG clock divider", divider, "0..255");
    this.#index.add(this.instructionCount, "jtag", `scaler ${divider}`);
    this.#encoder.jtagScaler(divider);
    return this;
  }

  build(): PlaybackProgram {
    const count = this.instructionCount + 1;
    if (count > maxInstructions) throw new ProgramTooLong(count, maxInstructions);
    const start = this.#clock.now();
    this.#index.add(this.instructionCount, "halt");
    this.#encoder.loopback(false);
    const words = this.#encoder.take();
    const encodeMs = this.#encodeMs + elapsedMs(start, this.#clock.now());
    const program = createProgram({ words, answers: this.#answers, index: this.#index, encodeMs });
    this.#encoder = createToFpgaEncoder();
    this.#answers = new ProgramAnswers();
    this.#index = new InstructionIndex();
    this.#encodeMs = 0;
    return program;
  }
}
