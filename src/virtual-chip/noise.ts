/**
 * Noise that is addressed, not drawn: a value belongs to (stream, what, when), so it does not depend on how many values
 * were asked for before, on the cut of a program into reads, or on what else is observed. A stream is a Philox key.
 */
import { philox4x32 } from "../base/philox.js";
import type { Rng } from "../base/rng.js";
import { KernelSpace } from "../kernels/module.js";

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

/** Blocks of a row in one call of the kernel. */
const rowBlocks = 512;

/** The generator's kernel: the same values, many at a time. */
export class NoiseKernel {
  readonly #space: KernelSpace;
  readonly #at: number;
  readonly #values: Float64Array;

  constructor(module: WebAssembly.Module) {
    this.#space = new KernelSpace(module);
    this.#at = this.#space.allocate(2 * 4 * rowBlocks);
    this.#values = new Float64Array(this.#space.memory.buffer, this.#at, 4 * rowBlocks);
  }

  /** Fill `out` with the values of a row of blocks from `what` on. */
  fill(out: Float64Array, index: number, what: number, kind: number, key: readonly [number, number]): void {
    const [low, high] = [index % twoTo32, Math.floor(index / twoTo32)];
    for (let at = 0; at < out.length; at += 4 * rowBlocks) {
      const count = Math.min(4 * rowBlocks, out.length - at);
      const blocks = 4 * Math.ceil(count / 16);
      this.#space.call.noiseRow(this.#at, blocks, low, high, what + at / 4, kind, key[0], key[1]);
      out.set(this.#values.subarray(0, count), at);
    }
  }
}

export class NoiseStream {
  /** The stream's Philox key, for kernels that address the same values. */
  readonly key: readonly [number, number];
  readonly #key0: number;
  readonly #key1: number;
  readonly #words = new Uint32Array(4);

  readonly #kernel: NoiseKernel | undefined;

  /** @param kernel makes rows faster; the values are the same */
  constructor(rng: Rng, kernel?: NoiseKernel) {
    this.#kernel = kernel;
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
    if (this.#kernel) this.#kernel.fill(out, index, what, kind, this.key);
    else for (let at = 0; at < out.length; at += 4) this.normals(out.subarray(at, at + 4), index, what + at / 4, kind);
  }

  /** One uniform value in [0, 1). */
  uniform(index: number, what: number, kind = 0): number {
    const words = this.#words;
    philox4x32(words, index % twoTo32, Math.floor(index / twoTo32), what, kind, this.#key0, this.#key1);
    return (words[0] as number) / twoTo32;
  }
}
