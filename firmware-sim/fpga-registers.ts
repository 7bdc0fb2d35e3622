/**
 * Registers of the FPGA: which addresses answer, which bits they keep, what they hold after a reset. Registers that show
 * something that lives elsewhere (timer, serial number, time synchronisation) ask for it. An address that is not listed
 * does not answer. Source of addresses: haldls `vx/omnibus_constants.tcc`, fisch `vx/omnibus_constants.h`; sizes of
 * memories and meaning of status bits beyond those are our choice (docs/decisions/004).
 */

/** First address of the FPGA; below are the chip's. */
export const fpgaBase = 0x8000_0000;

const address = {
  memory: 0x8000_0000,
  deviceDna: 0x8800_0003,
  eventRecording: 0x8800_0005,
  pollAddress: 0x8800_0006,
  pollTarget: 0x8800_0007,
  pollMask: 0x8800_0008,
  instructionTimeout: 0x8800_0009,
  systimeCorrectionInterrupt: 0x8800_000b,
  timer: 0x8800_000c,
  systimeRetries: 0x8800_2000,
  systimeLastRoundTrip: 0x8800_2001,
  systimeLastChipTime: 0x8800_2003,
  systimeActive: 0x8800_2005,
  phyEnableMask: 0x8800_4000,
  phyStatus: 0x8800_4004,
  phyConfig: 0x8800_6000,
  spi: 0x8800_7000,
  i2c: 0x8800_7800,
  eventSwitch: 0x8800_7c00,
  performanceTest: 0x8800_8000,
  linkLayer: 0x8800_c000,
  inputRouting: 0x880c_0000,
  outputRouting: 0x880d_0000,
} as const;

/** Blocks of plain memory. Sizes in words. */
const memories = [
  { base: address.memory, words: 0x4_0000 },
  { base: address.i2c, words: 0x201 },
  { base: address.inputRouting, words: 0x1_0000 },
  { base: address.outputRouting, words: 0x1_0000 },
];

const numPhys = 8;
const allBits = 0xffff_ffff;
const defaultTimeout = 1_250_000;
const defaultPhyConfig = 0x20_4040;

/** What some registers show. Times in FPGA cycles. */
export interface FpgaView {
  /** Low 32 and high 25 bits of the serial number. */
  readonly deviceDna: readonly [low: number, high: number];
  timer(): number;
  readonly systime: { readonly isActive: boolean; readonly lastRoundTrip: number; readonly lastChipTime: number };
}

interface Register {
  readonly usedBits: number;
  readonly reset: number;
  readonly isWritable: boolean;
  /** Undefined: write-only. */
  readonly show: "stored" | (() => number) | undefined;
}

/** Bits that the byte enables let through; enable 0 is bits 7..0. */
function byteMask(byteEnables: number): number {
  let mask = 0;
  for (let byte = 0; byte < 4; byte++) if (byteEnables & (1 << byte)) mask |= 0xff << (8 * byte);
  return mask >>> 0;
}

function merge(old: number, word: number, mask: number): number {
  return ((old & ~mask) | (word & mask)) >>> 0;
}

export class FpgaRegisters {
  readonly #registers = new Map<number, Register>();
  readonly #values = new Map<number, number>();

  constructor(view: FpgaView) {
    const stored = (at: number, usedBits: number, reset = 0): void =>
      void this.#registers.set(at, { usedBits, reset, isWritable: true, show: "stored" });
    const shown = (at: number, show: () => number): void =>
      void this.#registers.set(at, { usedBits: 0, reset: 0, isWritable: false, show });
    const accepted = (at: number): void =>
      void this.#registers.set(at, { usedBits: 0, reset: 0, isWritable: true, show: undefined });
    const many = (count: number, make: (index: number) => void): void =>
      Array.from({ length: count }).forEach((_, i) => {
        make(i);
      });
    const high = (time: number): number => Math.floor(time / 2 ** 32);

    shown(address.deviceDna, () => view.deviceDna[1]);
    shown(address.deviceDna + 1, () => view.deviceDna[0]);
    stored(address.eventRecording, 1);
    stored(address.pollAddress, allBits);
    stored(address.pollTarget, allBits);
    stored(address.pollMask, allBits);
    stored(address.instructionTimeout, allBits, defaultTimeout);
    accepted(address.systimeCorrectionInterrupt);
    shown(address.timer, () => view.timer());
    stored(address.systimeRetries, 0xf);
    shown(address.systimeLastRoundTrip, () => high(view.systime.lastRoundTrip));
    shown(address.systimeLastRoundTrip + 1, () => view.systime.lastRoundTrip >>> 0);
    shown(address.systimeLastChipTime, () => high(view.systime.lastChipTime));
    shown(address.systimeLastChipTime + 1, () => view.systime.lastChipTime >>> 0);
    shown(address.systimeActive, () => Number(view.systime.isActive));
    stored(address.phyEnableMask, 0xff);
    // No link of ours ever loses a symbol: all counts and error flags stay at zero.
    many(3 * numPhys, (i) => shown(address.phyStatus + i, () => 0));
    many(numPhys, (p) => stored(address.phyConfig + p, 0x3f_ffff, defaultPhyConfig));
    for (const client of [1, 2, 4]) accepted(address.spi + client);
    for (const word of [0, 1, 2, 3, 4, 6, 8]) stored(address.eventSwitch + word, allBits);
    stored(address.performanceTest, allBits);
    many(2 * numPhys + 1, (i) => shown(address.linkLayer + i, () => 0));
  }

  get isRecordingEvents(): boolean {
    return this.#stored(address.eventRecording) === 1;
  }
  /** FPGA cycles that an instruction may stall. */
  get instructionTimeout(): number {
    return this.#stored(address.instructionTimeout);
  }
  get poll(): { readonly address: number; readonly target: number; readonly mask: number } {
    return {
      address: this.#stored(address.pollAddress),
      target: this.#stored(address.pollTarget),
      mask: this.#stored(address.pollMask),
    };
  }

  /** @returns false when nothing answers at this address */
  write(at: number, word: number, byteEnables: number): boolean {
    const register = this.#registers.get(at);
    if (register?.isWritable) {
      const mask = (register.usedBits & byteMask(byteEnables)) >>> 0;
      this.#values.set(at, merge(this.#stored(at), word, mask));
      return true;
    }
    if (!isMemory(at)) return false;
    this.#values.set(at, merge(this.#values.get(at) ?? 0, word, byteMask(byteEnables)));
    return true;
  }

  /** @returns undefined when nothing answers at this address */
  read(at: number): number | undefined {
    const show = this.#registers.get(at)?.show;
    if (show === "stored") return this.#stored(at);
    if (show) return show() >>> 0;
    return isMemory(at) ? (this.#values.get(at) ?? 0) : undefined;
  }

  /** As after power-up. */
  reset(): void {
    this.#values.clear();
  }

  #stored(at: number): number {
    return this.#values.get(at) ?? this.#registers.get(at)?.reset ?? 0;
  }
}

function isMemory(at: number): boolean {
  return memories.some(({ base, words }) => at >= base && at < base + words);
}
