/** What a virtual board is made of; the same for every listener. */
import type { ImperfectionPreset, Imperfections } from "../src/virtual-chip/index.js";

export interface VirtualBoardOptions {
  /** Chip seed, 0..2^32-1: another number is another chip. */
  readonly chip: number;
  readonly preset?: ImperfectionPreset;
  /** Single imperfections that differ from the preset. */
  readonly knobs?: Partial<Imperfections>;
}
