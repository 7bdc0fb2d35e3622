/**
 * The FPGA's own omnibus: executor, time keeping, and the parts of the board that keep what is written to them. The
 * address map is that of docs/registers.md. Knows nothing of time; the executor hands in what changes.
 */

const executor = 0x88000000;
export const register = {
  dnaHigh: executor + 3,
  dnaLow: executor + 4,
  eventRecording: executor + 5,
  pollAddress: executor + 6,
  pollTarget: executor + 7,
  pollMask: executor + 8,
  instructionTimeout: executor + 9,
  systimeCorrectionInterrupt: executor + 0xb,
  timer: executor + 0xc,
} as const;

/** Ranges of words that keep what is written: systime, PHY and UT, SPI and I2C, event switch, link layer, routing. */
const plainRanges: readonly (readonly [from: number, to: number])[] = [
  [0x80000000, 0x800fffff],
  [0x88002000, 0x880020ff],
  [0x88004000, 0x880040ff],
  [0x88006000, 0x88006007],
  [0x88007000, 0x88007fff],
  [0x88008000, 0x8800cfff],
  [0x880c0000, 0x880dffff],
];
const writable = new Map<number, number>([
  [register.eventRecording, 0],
  [register.pollAddress, 0],
  [register.pollTarget, 0],
  [register.pollMask, 0],
  [register.instructionTimeout, 1_250_000],
  [register.systimeCorrectionInterrupt, 0],
]);

export class FpgaRegisters {
  readonly #values = new Map(writable);
  readonly #dna: readonly [number, number];
  /** Reads the playback timer. */
  readonly #timer: () => number;

  constructor(dna: readonly [low: number, high: number], timer: () => number) {
    this.#dna = dna;
    this.#timer = timer;
  }

  get(address: number): number {
    return this.#values.get(address) ?? 0;
  }

  /** @returns undefined when nothing answers */
  read(address: number): number | undefined {
    if (address === register.dnaHigh) return this.#dna[1];
    if (address === register.dnaLow) return this.#dna[0];
    if (address === register.timer) return this.#timer();
    if (this.#values.has(address) || isPlain(address)) return this.get(address);
    return undefined;
  }

  /** @returns false when nothing answers */
  write(address: number, word: number, byteEnables: number): boolean {
    if (!writable.has(address) && !isPlain(address)) return false;
    let mask = 0;
    for (let byte = 0; byte < 4; byte++) if ((byteEnables >>> byte) & 1) mask |= 0xff << (8 * byte);
    this.#values.set(address, ((this.get(address) & ~mask) | (word & mask)) >>> 0);
    return true;
  }
}

function isPlain(address: number): boolean {
  return plainRanges.some(([from, to]) => address >= from && address <= to);
}
