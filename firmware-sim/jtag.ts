/**
 * The chip's JTAG port as the executor sees it: instruction register, data register, access to the omnibus and to
 * registers that are reached in no other way (PLL, PHY). Source of numbers: docs/protocol.md, "JTAG".
 */

export interface OmnibusAccess {
  read(address: number): number | undefined;
  write(address: number, word: number): boolean;
}

const instruction = {
  idcode: 1,
  pllTargetReg: 3,
  shiftPll: 4,
  omnibusAddress: 5,
  omnibusData: 6,
  omnibusRequest: 7,
  bypass: 127,
} as const;

/** Identity that the official software takes for a chip of version 3. */
const chipIdcode = 0x348580af;
const readBit = 0x1_0000_0000;

export class JtagPort {
  readonly #omnibus: OmnibusAccess;
  readonly #kept = new Map<string, number>();
  #instruction: number = instruction.idcode;
  #address = 0;
  #data = 0;
  #pllRegister = 0;

  constructor(omnibus: OmnibusAccess) {
    this.#omnibus = omnibus;
  }

  reset(): void {
    this.#instruction = instruction.idcode;
  }

  select(value: number): void {
    this.#instruction = value;
  }

  /** Shift `bits` (3..33) in; gives what is shifted out, up to 33 bits, as a double. */
  shift(data: number, bits: number): number {
    switch (this.#instruction) {
      case instruction.idcode:
        return chipIdcode;
      case instruction.bypass:
        return (data * 2) % 2 ** bits;
      case instruction.omnibusAddress: {
        this.#address = data % readBit;
        if (data >= readBit) this.#data = this.#omnibus.read(this.#address) ?? 0;
        return 0;
      }
      case instruction.omnibusData: {
        const before = this.#data;
        this.#data = data % readBit;
        return before;
      }
      case instruction.omnibusRequest:
        this.#omnibus.write(this.#address, this.#data);
        return 0;
      case instruction.pllTargetReg:
        this.#pllRegister = data;
        return 0;
      default: {
        const key = this.#instruction === instruction.shiftPll ? `pll ${this.#pllRegister}` : `${this.#instruction}`;
        const before = this.#kept.get(key) ?? 0;
        this.#kept.set(key, data);
        return before;
      }
    }
  }
}
