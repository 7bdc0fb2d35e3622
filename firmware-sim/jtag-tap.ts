/**
 * The JTAG port of the chip: instruction registers, what shifting through them returns, and what an update does. Data
 * goes lowest bit first; a register of W bits returns what it captured in the first W bits of a shift, and after them
 * what was shifted in. Source: fisch `vx/jtag.h`, hxcomm `test-jtag_loopback.cpp`, `test-readout_jtag_id.cpp`.
 */

const instruction = {
  idcode: 1,
  pllTarget: 3,
  shiftPll: 4,
  omnibusAddress: 5,
  omnibusData: 6,
  omnibusRequest: 7,
  bypass: 127,
  /** PHY p: 64 + 8 p + 4. */
  phy: 68,
} as const;

/** Identification of chip version 3 (our reading of the list in `test-readout_jtag_id.cpp`). */
const idcode = 0x3485_80afn;
const numPhys = 8;
const lastAddressBit = 32n;

/** The chip's register bus behind the port. */
export interface JtagOmnibus {
  read(address: number): number | undefined;
  write(address: number, word: number): boolean;
}

const low = (bits: number): bigint => (1n << BigInt(bits)) - 1n;

export class JtagTap {
  /** Requests that no register has answered: the port gives no sign of them. */
  unanswered = 0;
  readonly #omnibus: JtagOmnibus;
  #instruction: number = instruction.idcode;
  #pllTarget = 0n;
  readonly #pll = new Map<bigint, bigint>();
  readonly #phy: bigint[] = Array.from({ length: numPhys }, () => 0n);
  #address = 0n;
  #data = 0n;

  constructor(omnibus: JtagOmnibus) {
    this.#omnibus = omnibus;
  }

  /** Back to the state after power-up of the port; the registers behind it keep their values. */
  init(): void {
    this.#instruction = instruction.idcode;
  }

  select(value: number): void {
    this.#instruction = value;
  }

  /** Shift `bits` bits through the selected register. @returns what comes out, `bits` bits */
  shift(data: bigint, bits: number): bigint {
    const { width, value } = this.#capture();
    const through = value | ((data & low(bits)) << BigInt(width));
    this.#update((through >> BigInt(bits)) & low(width));
    return through & low(bits);
  }

  #phyIndex(): number | undefined {
    const offset = this.#instruction - instruction.phy;
    return offset >= 0 && offset % 8 === 0 && offset / 8 < numPhys ? offset / 8 : undefined;
  }

  #capture(): { readonly width: number; readonly value: bigint } {
    switch (this.#instruction) {
      case instruction.idcode:
        return { width: 32, value: idcode };
      case instruction.pllTarget:
        return { width: 4, value: this.#pllTarget };
      case instruction.shiftPll:
        return { width: 32, value: this.#pll.get(this.#pllTarget) ?? 0n };
      case instruction.omnibusAddress:
        return { width: 33, value: this.#address };
      case instruction.omnibusData:
        return { width: 32, value: this.#data };
      case instruction.omnibusRequest:
        return { width: 3, value: 0n };
      default: {
        const phy = this.#phyIndex();
        if (phy !== undefined) return { width: 22, value: this.#phy[phy] ?? 0n };
        // BYPASS, and every code that selects nothing.
        return { width: 1, value: 0n };
      }
    }
  }

  #update(value: bigint): void {
    switch (this.#instruction) {
      case instruction.pllTarget:
        this.#pllTarget = value;
        return;
      case instruction.shiftPll:
        this.#pll.set(this.#pllTarget, value);
        return;
      case instruction.omnibusAddress:
        this.#address = value;
        return;
      case instruction.omnibusData:
        this.#data = value;
        return;
      case instruction.omnibusRequest:
        this.#request();
        return;
      default: {
        const phy = this.#phyIndex();
        if (phy !== undefined) this.#phy[phy] = value;
      }
    }
  }

  #request(): void {
    const address = Number(this.#address & low(32));
    if (this.#address >> lastAddressBit) {
      const word = this.#omnibus.read(address);
      if (word === undefined) this.unanswered++;
      this.#data = BigInt(word ?? 0);
    } else if (!this.#omnibus.write(address, Number(this.#data))) this.unanswered++;
  }
}
