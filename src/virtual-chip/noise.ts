/**
 * Noise that is addressed, not drawn: a value belongs to (stream, what, when), so it does not depend on how many values
 * were asked for before, on the cut of a program into reads, or on what else is observed. A stream is a Philox key.
 */
import { philox4x32 } from "../base/philox.js";
import type { Rng } from "../base/rng.js";

const twoTo32 = 0x1_0000_0000;
/** A sum of four bytes has mean 4 * 127.5 and variance 4 * (256^2 - 1) / 12. */
const byteSumMean = 510;
const byteSumScale = 1 / Math.sqrt(21845);

/**
 * One nearly normal value of mean 0 and variance 1 from the four bytes of a word (Irwin-Hall law of four: kurtosis
 * -0.3, nothing beyond 3.45 sd). Four of these per Philox block; several times cheaper than Box-Muller.
 */
export function normalFromWord(word: number): number {
  const pairs = (word & 0x00ff00ff) + ((word >>> 8) & 0x00ff00ff);
  return ((pairs & 0xffff) + (pairs >>> 16) - byteSumMean) * byteSumScale;
}

export class NoiseStream {
  /** The stream's Philox key, for kernels that address the same values. */
  readonly key: readonly [number, number];
  readonly #key0: number;
  readonly #key1: number;
  readonly #words = new Uint32Array(4);

  constructor(rng: Rng) {
    this.key = rng.key;
    [this.#key0, this.#key1] = rng.key;
  }

  /**
   * Four values of mean 0 and variance 1.
   * @param out receives 4 values @param index integer 0..2^53-1, usually a time @param what integer 0..2^32-1
   */
  normals(out: Float64Array, index: number, what: number, kind = 0): void {
    const words = this.#words;
    philox4x32(words, index % twoTo32, Math.floor(index / twoTo32), what, kind, this.#key0, this.#key1);
    for (let i = 0; i < 4; i++) out[i] = normalFromWord(words[i] as number);
  }

  /**
   * The values of successive `what`s, four for each.
   * @param out receives them; its length is a multiple of 4 @param what of the first four
   */
  row(out: Float64Array, index: number, what: number, kind = 0): void {
    for (let at = 0; at < out.length; at += 4) this.normals(out.subarray(at, at + 4), index, what + at / 4, kind);
  }

  /** One uniform value in [0, 1). */
  uniform(index: number, what: number, kind = 0): number {
    const words = this.#words;
    philox4x32(words, index % twoTo32, Math.floor(index / twoTo32), what, kind, this.#key0, this.#key1);
    return (words[0] as number) / twoTo32;
  }
}
