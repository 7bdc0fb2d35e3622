/**
 * Seeded randomness, the only source of it. A stream is a Philox key; `fork(label)` derives an independent stream from
 * a name, so that adding a consumer never shifts the numbers that another one sees.
 */
import { philox4x32 } from "./philox.js";

/** FNV-1a over UTF-16 code units with a final avalanche: maps (seed, label) to a 32-bit key half. */
function hashLabel(h: number, label: string): number {
  let x = h >>> 0;
  for (let i = 0; i < label.length; i++) {
    x = Math.imul(x ^ label.charCodeAt(i), 0x01000193) >>> 0;
  }
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b) >>> 0;
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35) >>> 0;
  return (x ^ (x >>> 16)) >>> 0;
}

export class Rng {
  readonly #key0: number;
  readonly #key1: number;
  #block = 0;
  #blockHigh = 0;
  #next = 4;
  readonly #words = new Uint32Array(4);
  #spareNormal: number | undefined;

  /** @param key0 @param key1 the two 32-bit halves of the stream's key */
  constructor(key0: number, key1: number) {
    this.#key0 = key0 >>> 0;
    this.#key1 = key1 >>> 0;
  }

  /** A root stream. @param seed integer, 0..2^53-1 */
  static fromSeed(seed: number): Rng {
    const low = seed >>> 0;
    const high = Math.floor(seed / 0x1_0000_0000) >>> 0;
    return new Rng(hashLabel(low ^ 0x811c9dc5, "low"), hashLabel(high ^ Math.imul(low, 0x9e3779b9), "high"));
  }

  /** An independent stream named by a label; does not advance this one. */
  fork(label: string): Rng {
    return new Rng(hashLabel(this.#key0 ^ 0x811c9dc5, label), hashLabel(this.#key1 ^ 0x9e3779b9, label));
  }

  /** The stream's key, for counter-based kernels that address values by what they are for. */
  get key(): readonly [number, number] {
    return [this.#key0, this.#key1];
  }

  /** 32 random bits. */
  nextUint32(): number {
    if (this.#next === 4) {
      philox4x32(this.#words, this.#block, this.#blockHigh, 0, 0, this.#key0, this.#key1);
      this.#block = (this.#block + 1) >>> 0;
      if (this.#block === 0) this.#blockHigh++;
      this.#next = 0;
    }
    return this.#words[this.#next++] as number;
  }

  /** Uniform on the open interval (0, 1), 53 bits. */
  uniform(): number {
    const high = this.nextUint32() >>> 5;
    const low = this.nextUint32() >>> 6;
    return (high * 0x4000000 + low + 0.5) / 0x20000000000000;
  }

  /** Uniform integer in [0, n). @param n 1..2^32 */
  int(n: number): number {
    const limit = Math.floor(0x1_0000_0000 / n) * n;
    let x = this.nextUint32();
    while (x >= limit) x = this.nextUint32();
    return x % n;
  }

  /** Standard normal (Box-Muller, both values used). */
  normal(): number {
    const spare = this.#spareNormal;
    if (spare !== undefined) {
      this.#spareNormal = undefined;
      return spare;
    }
    const r = Math.sqrt(-2 * Math.log(this.uniform()));
    const phi = 2 * Math.PI * this.uniform();
    this.#spareNormal = r * Math.sin(phi);
    return r * Math.cos(phi);
  }

  /** A random order of 0..n-1 (Fisher-Yates). */
  permutation(n: number): Uint32Array {
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.int(i + 1);
      const swap = order[i] as number;
      order[i] = order[j] as number;
      order[j] = swap;
    }
    return order;
  }
}
