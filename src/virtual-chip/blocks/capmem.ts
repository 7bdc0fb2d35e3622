/**
 * The levels of the CapMem cells. A write starts a way from the present level to the new one, which it misses by the
 * write noise; the word 1023 switches the refresh off and the level stays where it is. Knows codes, not what they drive.
 */
import type { Rng } from "../../base/rng.js";
import { CapMemCellOnDls } from "../../protocol/index.js";
import { NoiseStream } from "../noise.js";

/** Word that stands for "refresh off". */
const refreshOff = 1023;
/** Time constant of settling, units of 4 ns: 2.2 ms, so that 20 ms leave 1.1e-4 of the way (at most 0.12 code). */
const settlingTime = 550_000;
/** After this long (50 time constants) a level counts as settled. */
const settledAfter = 50 * settlingTime;
/** Standard deviation of the level that a write leaves, codes, at noise factor 1. */
const writeNoise = 0.5;

export class CapMem {
  readonly #noise: NoiseStream;
  readonly #noiseFactor: number;
  readonly #from = new Float64Array(CapMemCellOnDls.size);
  readonly #target = new Float64Array(CapMemCellOnDls.size);
  readonly #since = new Float64Array(CapMemCellOnDls.size);
  readonly #normals = new Float64Array(4);

  constructor(rng: Rng, noiseFactor: number) {
    this.#noise = new NoiseStream(rng.fork("capmem writes"));
    this.#noiseFactor = noiseFactor;
  }

  /** @param cell index of CapMemCellOnDls @param word 10 bits @param time units of 4 ns */
  write(cell: number, word: number, time: number): void {
    const present = this.level(cell, time);
    this.#noise.normals(this.#normals, time, cell);
    const error = writeNoise * this.#noiseFactor * (this.#normals[0] as number);
    this.#from[cell] = present;
    this.#target[cell] = word === refreshOff ? present : Math.max(0, word + (word > 0 ? error : 0));
    this.#since[cell] = time;
  }

  /** Level of a cell, codes. Before its latest write a cell has the level that the write found. */
  level(cell: number, time: number): number {
    const target = this.#target[cell] as number;
    const elapsed = time - (this.#since[cell] as number);
    if (elapsed >= settledAfter) return target;
    const from = this.#from[cell] as number;
    return elapsed <= 0 ? from : target + (from - target) * Math.exp(-elapsed / settlingTime);
  }

  /** Times are counted from another origin from here on. @param by added to all of them, units of 4 ns */
  shift(by: number): void {
    for (let cell = 0; cell < this.#since.length; cell++) this.#since[cell] = (this.#since[cell] as number) + by;
  }

  /** All cells at level 0. */
  reset(): void {
    this.#from.fill(0);
    this.#target.fill(0);
    this.#since.fill(0);
  }
}
