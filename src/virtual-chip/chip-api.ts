/** What the board in front of the chip sees of it: pins, an omnibus and events. No behaviour. */
import type { ImperfectionPreset, Imperfections } from "./imperfections.js";

export interface ChipOptions {
  /** Fixes the circuits, their noise and everything else: integer 0..2^53-1. */
  readonly seed: number;
  /** Default `typical`. */
  readonly preset?: ImperfectionPreset;
  /** Single knobs that differ from the preset. */
  readonly knobs?: Partial<Imperfections>;
  /** The compiled kernels (src/kernels/load.ts). Without them the chip does the same, byte for byte, but slowly. */
  readonly kernels?: WebAssembly.Module;
}

/** Events since the last take. Typed arrays of length `count`, only good until the chip is used again. */
export interface MadcEvents {
  readonly count: number;
  /** Chip time that `time` counts from, units of 4 ns. */
  readonly origin: number;
  /** Units of 4 ns, ascending. */
  readonly time: Int32Array;
  /** 14-bit value field: bits 9..0 the sample, bit 10 the channel. */
  readonly value: Uint16Array;
}

export interface SpikeEvents {
  readonly count: number;
  /** Chip time that `time` counts from, units of 4 ns. */
  readonly origin: number;
  /** Units of 4 ns, ascending. */
  readonly time: Int32Array;
  /** 16-bit label. */
  readonly label: Uint16Array;
}

export interface Chip {
  readonly identity: {
    readonly seed: number;
    readonly preset: ImperfectionPreset;
    /** 57-bit identifier: low 32 bits, high 25 bits. */
    readonly dna: readonly [low: number, high: number];
  };
  /** Let time pass. @param time the chip's clock, units of 4 ns; earlier than now is ignored */
  advanceTo(time: number): void;
  /**
   * The chip's clock goes on from another time, as a synchronisation makes it. Levels, registers and counts stay; a
   * recording under way ends, and circuits start from rest when they are observed next.
   * @param time units of 4 ns
   */
  setClock(time: number): void;
  /** @param byteEnables 4 bits @returns false when nothing answers at this address */
  write(address: number, word: number, byteEnables: number): boolean;
  /** @returns undefined when nothing answers at this address */
  read(address: number): number | undefined;
  /** An event from the host arrives at the crossbar. @param label 16 bits */
  spike(label: number): void;
  /**
   * The chip's reset line. While it is on, nothing answers. Switching it on leaves the chip as after power-up, its clock
   * at 0: nothing of what was before can be told.
   */
  reset(on: boolean): void;
  /** No event can leave the chip, however much time passes, before something is written to it. */
  readonly isQuiet: boolean;
  takeMadc(): MadcEvents;
  takeSpikes(): SpikeEvents;
}
