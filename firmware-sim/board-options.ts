/** What a virtual board is made of; the same for every listener. */
import type { FaultSpec } from "../src/base/faults/fault-spec.js";
import type { ImperfectionPreset, Imperfections } from "../src/virtual-chip/index.js";

export interface VirtualBoardOptions {
  /** Chip seed, 0..2^53-1: another number is another chip. */
  readonly chip: number;
  /** Default `typical`. */
  readonly preset?: ImperfectionPreset;
  /** Single imperfections that differ from the preset: factors 0..10 on a typical chip's. */
  readonly knobs?: Partial<Imperfections>;
  /** The compiled kernels of src/kernels. Without them the chip gives the same bytes, but slowly. */
  readonly kernels?: WebAssembly.Module;
  /** What goes wrong on the wire, in both directions. Default: nothing. */
  readonly faults?: FaultSpec;
  /** Seed of the faults, 0..2^53-1. Default 0. */
  readonly faultSeed?: number;
}
