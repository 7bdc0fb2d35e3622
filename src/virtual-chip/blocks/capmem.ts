/**
 * The levels of the CapMem cells. A write starts a way from the present level to the new one, which it misses by the
 * write noise; without refresh (word 1023, or the whole block off) a level leaks away slowly. Cells of a block that hold
 * the same code are refreshed at the same moment and pull each other down. Knows codes, not what they drive.
 */
import type { Rng } from "../../base/rng.js";
import { CapMemCellOnDls } from "../../protocol/index.js";
import type { Imperfections } from "../imperfections.js";
import { NoiseStream } from "../noise.js";
import type { BlockRefresh } from "./capmem-refresh.js";

/** Word that stands for "refresh off". */
const refreshOff = 1023;
const words = 1024;
const blocks = 4;
const cellsPerBlock = CapMemCellOnDls.size / blocks;
const rows = 24;
const voltageRows = 8;
/** Time constant of settling, units of 4 ns: 2.2 ms, so that 20 ms leave 1.1e-4 of the way (at most 0.12 code). */
const settlingTime = 550_000;
/** Time constant with which a cell loses its level without refresh, units of 4 ns: 1 s. */
const leakTime = 250_000_000;
/** After this many time constants a way is over. */
const settledAfter = 50;
/** After this many, 20 ms at nominal settings, less than 0.12 code is left of the longest. */
const nearlySettledAfter = 9;
/** Standard deviation of the level that a write leaves, codes, at noise factor 1. */
const writeNoise = 0.5;
/** Shift of a level among very many cells with its code, codes, and how many others make half of it. */
const crosstalkShift = -4;
const crosstalkHalf = 64;

const nominalRefresh: BlockRefresh = {
  isOn: true,
  slowness: 1,
  voltageScale: 1,
  voltageOffset: 0,
  currentScale: 1,
};

const blockOf = (cell: number): number => Math.floor(cell / cellsPerBlock);
const isCurrent = (cell: number): number => (cell % rows < voltageRows ? 0 : 1);

export class CapMem {
  readonly #noise: NoiseStream;
  readonly #noiseFactor: number;
  readonly #crosstalk: number;
  /** A cell's way: from a level to a target with a time constant, since a time. */
  readonly #from = new Float64Array(CapMemCellOnDls.size);
  readonly #target = new Float64Array(CapMemCellOnDls.size);
  readonly #timeConstant = new Float64Array(CapMemCellOnDls.size);
  readonly #since = new Float64Array(CapMemCellOnDls.size);
  readonly #word = new Uint16Array(CapMemCellOnDls.size);
  /** Level that the latest write aimed at, its error included. */
  readonly #aim = new Float64Array(CapMemCellOnDls.size);
  /** Number of cells with a word, by block, kind and word. */
  readonly #alike = new Uint16Array(blocks * 2 * words);
  readonly #refresh: BlockRefresh[] = Array.from({ length: blocks }, () => nominalRefresh);
  readonly #normals = new Float64Array(4);

  constructor(rng: Rng, { writeNoise: noise, crosstalk }: Pick<Imperfections, "writeNoise" | "crosstalk">) {
    this.#noise = new NoiseStream(rng.fork("capmem writes"));
    this.#noiseFactor = noise;
    this.#crosstalk = crosstalkShift * crosstalk;
    this.reset();
  }

  /** @param cell index of CapMemCellOnDls @param word 10 bits @param time units of 4 ns */
  write(cell: number, word: number, time: number): void {
    const { isOn } = this.#refresh[blockOf(cell)] as BlockRefresh;
    this.#noise.normals(this.#normals, time, cell);
    const error = writeNoise * this.#noiseFactor * (this.#normals[0] as number);
    const before = this.#place(cell);
    this.#alike[before] = (this.#alike[before] as number) - 1;
    this.#word[cell] = word;
    const after = this.#place(cell);
    this.#alike[after] = (this.#alike[after] as number) + 1;
    this.#aim[cell] = Math.max(0, word + (word > 0 ? error : 0));
    this.#setOut(cell, time, isOn);
  }

  /** The blocks' settings have changed. @param state one entry per block @param time units of 4 ns */
  configure(state: readonly BlockRefresh[], time: number): void {
    state.forEach((refresh, block) => {
      const wasOn = (this.#refresh[block] as BlockRefresh).isOn;
      this.#refresh[block] = refresh;
      if (wasOn === refresh.isOn) return;
      for (let i = 0; i < cellsPerBlock; i++) this.#setOut(block * cellsPerBlock + i, time, refresh.isOn);
    });
  }

  /** Level of a cell, codes. Before its latest write a cell has the level that the write found. */
  level(cell: number, time: number): number {
    const refresh = this.#refresh[blockOf(cell)] as BlockRefresh;
    const level = this.#charge(cell, time) + this.#shift(cell, refresh.isOn);
    const scaled = isCurrent(cell)
      ? refresh.currentScale * level
      : refresh.voltageScale * level + refresh.voltageOffset;
    return Math.max(0, scaled);
  }

  /** Whether a cell's way is as good as over at a time, and none begins later. */
  isSettled(cell: number, time: number): boolean {
    return time - (this.#since[cell] as number) >= nearlySettledAfter * (this.#timeConstant[cell] as number);
  }

  /** Times are counted from another origin from here on. @param by added to all of them, units of 4 ns */
  shift(by: number): void {
    for (let cell = 0; cell < this.#since.length; cell++) this.#since[cell] = (this.#since[cell] as number) + by;
  }

  /** All cells at level 0, all settings as after power-up. */
  reset(): void {
    this.#from.fill(0);
    this.#target.fill(0);
    this.#timeConstant.fill(settlingTime);
    this.#since.fill(0);
    this.#word.fill(0);
    this.#aim.fill(0);
    this.#alike.fill(0);
    this.#refresh.fill(nominalRefresh);
    for (let cell = 0; cell < this.#word.length; cell++) {
      const place = this.#place(cell);
      this.#alike[place] = (this.#alike[place] as number) + 1;
    }
  }

  #place(cell: number): number {
    return (2 * blockOf(cell) + isCurrent(cell)) * words + (this.#word[cell] as number);
  }

  /** Begin a way from the present charge: to the aim, or down while nothing refreshes the cell. */
  #setOut(cell: number, time: number, isBlockOn: boolean): void {
    const present = this.#charge(cell, time);
    const isRefreshed = isBlockOn && this.#word[cell] !== refreshOff;
    this.#from[cell] = present;
    this.#target[cell] = isRefreshed ? (this.#aim[cell] as number) : 0;
    this.#timeConstant[cell] = isRefreshed
      ? settlingTime * (this.#refresh[blockOf(cell)] as BlockRefresh).slowness
      : leakTime;
    this.#since[cell] = time;
  }

  /** What the cell's capacitor holds, codes. */
  #charge(cell: number, time: number): number {
    const target = this.#target[cell] as number;
    const elapsed = (time - (this.#since[cell] as number)) / (this.#timeConstant[cell] as number);
    if (elapsed >= settledAfter) return target;
    const from = this.#from[cell] as number;
    return elapsed <= 0 ? from : target + (from - target) * Math.exp(-elapsed);
  }

  /** Pull of the other cells with the same word; cells at 0 are not charged at all. */
  #shift(cell: number, isBlockOn: boolean): number {
    const word = this.#word[cell] as number;
    if (this.#crosstalk === 0 || word === 0 || word === refreshOff || !isBlockOn) return 0;
    const others = (this.#alike[this.#place(cell)] as number) - 1;
    return (this.#crosstalk * others) / (others + crosstalkHalf);
  }
}
