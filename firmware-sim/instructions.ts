/**
 * What each to-FPGA instruction does to the FPGA. Called by the stream decoder, one instruction at a time; an
 * instruction that must wait leaves a stall in the core. Knows nothing of words, queues and links.
 * Source: hxcomm `vx/instruction/*.h`; choices where sources are silent: docs/decisions/004.
 */
import { barrierBits, type ToFpgaSink } from "../src/protocol/index.js";
import type { FpgaCore } from "./fpga-core.js";
import { JtagTap } from "./jtag-tap.js";

/** JTAG clocks of a shift besides the bits themselves: to the shift state and back to idle. */
const jtagOverheadClocks = 5;

export interface InstructionCounters {
  /** Omnibus data without an address before it. */
  strayData: number;
}

export class Instructions implements ToFpgaSink {
  readonly counters: InstructionCounters = { strayData: 0 };
  readonly tap: JtagTap;
  readonly #core: FpgaCore;
  /** Address of a write that waits for its data. */
  #write: { readonly address: number; readonly byteEnables: number } | undefined;
  #jtagDivider = 1;

  constructor(core: FpgaCore) {
    this.#core = core;
    this.tap = new JtagTap({
      read: (address) => core.readChip(address),
      write: (address, word) => core.writeChip(address, word, 0xf),
    });
  }

  /** A new host: half an access is forgotten. */
  reset(): void {
    this.#write = undefined;
    this.#jtagDivider = 1;
  }

  jtagInit(): void {
    this.tap.init();
  }
  jtagScaler(value: number): void {
    this.#jtagDivider = Math.max(1, value);
  }
  jtagIns(value: number): void {
    this.tap.select(value);
    this.#core.stallUntil(this.#core.cycle + (7 + jtagOverheadClocks) * this.#jtagDivider);
  }
  jtagData(dataHigh: number, dataLow: number, bits: number, keepResponse: boolean): void {
    const response = this.tap.shift((BigInt(dataHigh) << 32n) | BigInt(dataLow), bits);
    if (keepResponse) {
      const high = Number(response >> 32n);
      const low = Number(response & 0xffff_ffffn);
      this.#core.answer((trace, now) => trace.jtagData(now, high, low));
    }
    this.#core.stallUntil(this.#core.cycle + (bits + jtagOverheadClocks) * this.#jtagDivider);
  }
  timingSetup(): void {
    this.#core.resetTimer();
  }
  waitUntil(cycles: number): void {
    this.#core.stallUntilTimer(cycles);
  }
  systimeInit(on: boolean): void {
    if (on) this.#core.synchroniseTime();
  }
  /** JTAG is idle when its instruction ends; other boards and corrections of the time do not exist here. */
  barrier(mask: number): void {
    const core = this.#core;
    const idleAt = Math.max(
      mask & barrierBits.omnibus ? core.omnibusIdleAt : 0,
      mask & barrierBits.systime ? core.systimeIdleAt : 0,
    );
    core.stallUntil(idleAt);
  }
  pollingOmnibusBlock(equal: boolean): void {
    this.#core.stallUntilPoll(equal);
  }
  systemReset(on: boolean): void {
    this.#core.resetChip(on);
  }
  loopback(tick: boolean): void {
    this.#core.loopback(tick);
  }
  omnibusAddress(address: number, read: boolean, byteEnables: number): void {
    if (read) this.#core.readOmnibus(address);
    this.#write = read ? undefined : { address, byteEnables };
  }
  omnibusData(data: number): void {
    const write = this.#write;
    this.#write = undefined;
    if (write) this.#core.writeOmnibus(write.address, data, write.byteEnables);
    else this.counters.strayData++;
  }
  spikePack1(label0: number): void {
    this.#core.spike(label0);
  }
  spikePack2(label0: number, label1: number): void {
    this.#core.spike(label0);
    this.#core.spike(label1);
  }
  spikePack3(label0: number, label1: number, label2: number): void {
    this.#core.spike(label0);
    this.#core.spike(label1);
    this.#core.spike(label2);
  }
}
