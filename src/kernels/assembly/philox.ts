// Philox4x32-10 four blocks at a time, and the nearly normal values made of its words: src/virtual-chip/noise.ts.

/** High and low words of the products of four unsigned 32-bit numbers with a constant. */
// @ts-ignore: decorator
@inline
function high(even: v128, odd: v128): v128 {
  return v128.shuffle<i32>(even, odd, 1, 3, 5, 7);
}

// @ts-ignore: decorator
@inline
function low(even: v128, odd: v128): v128 {
  return v128.shuffle<i32>(even, odd, 0, 2, 4, 6);
}

/**
 * The generator's factors and what its keys grow by, each for four lanes: the engine makes a constant anew at each use,
 * but does not load it anew.
 */
const constants = memory.data<u32>(
  [
    0xd2511f53, 0xd2511f53, 0xd2511f53, 0xd2511f53, 0xcd9e8d57, 0xcd9e8d57, 0xcd9e8d57, 0xcd9e8d57, 0x9e3779b9,
    0x9e3779b9, 0x9e3779b9, 0x9e3779b9, 0xbb67ae85, 0xbb67ae85, 0xbb67ae85, 0xbb67ae85,
  ],
  16,
);

/** Values of variance 1 from the four words of a generator lane: the sum of four bytes, as in noise.ts. */
// @ts-ignore: decorator
@inline
function byteSum(x: v128): v128 {
  const mask = i32x4.splat(0x00ff00ff);
  const pairs = i32x4.add(v128.and(x, mask), v128.and(i32x4.shr_u(x, 8), mask));
  const sum = i32x4.add(v128.and(pairs, i32x4.splat(0xffff)), i32x4.shr_u(pairs, 16));
  return i32x4.sub(sum, i32x4.splat(510));
}

const byteSumScale: f64 = 0.006765875086793228;

/** Values of variance 1 of four sums of bytes. */
// @ts-ignore: decorator
@inline
function lower(sums: v128): v128 {
  return f64x2.mul(f64x2.convert_low_i32x4_s(sums), f64x2.splat(byteSumScale));
}

// @ts-ignore: decorator
@inline
function upper(sums: v128): v128 {
  return lower(v128.shuffle<i32>(sums, sums, 2, 3, 2, 3));
}

/** Lanes are two blocks of two circuits. */
// @ts-ignore: decorator
@inline
function storeOfPair(out: usize, sums: v128): void {
  v128.store(out, lower(sums));
  v128.store(out, upper(sums), 64);
}

/** Four words of a generator lane become four values in a row. */
// @ts-ignore: decorator
@inline
function storeRow(out: usize, sums: v128): void {
  v128.store(out, lower(sums));
  v128.store(out, upper(sums), 16);
}

/** The sums of bytes of the generator's four words, of four blocks each. */
const words = memory.data(4 * 16, 16);

/** The generator on four blocks, one in each lane; leaves the sums of bytes of its four words in `words`. */
function rounds(x0: v128, x1: v128, x2: v128, x3: v128, key0: i32, key1: i32): void {
  const m0 = v128.load(constants);
  const m1 = v128.load(constants, 16);
  const step0 = v128.load(constants, 32);
  const step1 = v128.load(constants, 48);
  let k0 = i32x4.splat(key0);
  let k1 = i32x4.splat(key1);
  for (let round = 0; round < 10; round++) {
    const a0 = i64x2.extmul_low_i32x4_u(x0, m0);
    const a1 = i64x2.extmul_high_i32x4_u(x0, m0);
    const e0 = i64x2.extmul_low_i32x4_u(x2, m1);
    const e1 = i64x2.extmul_high_i32x4_u(x2, m1);
    x0 = v128.xor(high(e0, e1), v128.xor(x1, k0));
    x2 = v128.xor(high(a0, a1), v128.xor(x3, k1));
    x1 = low(e0, e1);
    x3 = low(a0, a1);
    k0 = i32x4.add(k0, step0);
    k1 = i32x4.add(k1, step1);
  }
  v128.store(words, byteSum(x0));
  v128.store(words, byteSum(x1), 16);
  v128.store(words, byteSum(x2), 32);
  v128.store(words, byteSum(x3), 48);
}

/**
 * Eight noise values of two circuits: those of the blocks `block` and `block + 1`, `block` even.
 * @param out receives 8 pairs of f64
 */
export function normalsOfPair(out: usize, block: u64, circuits: usize, kind: i32, key0: i32, key1: i32): void {
  const c = v128.load64_zero(circuits);
  const x0 = i32x4.add(i32x4.splat(<i32>block), i32x4(0, 0, 1, 1));
  const x2 = v128.shuffle<i32>(c, c, 0, 1, 0, 1);
  rounds(x0, i32x4.splat(<i32>(block >> 32)), x2, i32x4.splat(kind), key0, key1);
  for (let word: usize = 0; word < 64; word += 16) storeOfPair(out + word, v128.load(words + word));
}

/** The sixteen values of four blocks, those of each block in a row. @param out receives 16 f64 @param x0 lanes are blocks */
function fourBlocks(out: usize, x0: v128, x1: v128, x2: v128, x3: v128, key0: i32, key1: i32): void {
  rounds(x0, x1, x2, x3, key0, key1);
  const s0 = v128.load(words);
  const s1 = v128.load(words, 16);
  const s2 = v128.load(words, 32);
  const s3 = v128.load(words, 48);
  // Lanes are blocks: turn them into rows of words.
  const p = v128.shuffle<i32>(s0, s1, 0, 4, 1, 5);
  const q = v128.shuffle<i32>(s2, s3, 0, 4, 1, 5);
  const t = v128.shuffle<i32>(s0, s1, 2, 6, 3, 7);
  const u = v128.shuffle<i32>(s2, s3, 2, 6, 3, 7);
  storeRow(out, v128.shuffle<i64>(p, q, 0, 2));
  storeRow(out + 32, v128.shuffle<i64>(p, q, 1, 3));
  storeRow(out + 64, v128.shuffle<i64>(t, u, 0, 2));
  storeRow(out + 96, v128.shuffle<i64>(t, u, 1, 3));
}

/** Sixteen values of one circuit: those of the blocks `block` .. `block + 3`, `block` a multiple of 4. */
export function normalsAlone(out: usize, block: u64, circuit: i32, kind: i32, key0: i32, key1: i32): void {
  const x0 = i32x4.add(i32x4.splat(<i32>block), i32x4(0, 1, 2, 3));
  fourBlocks(out, x0, i32x4.splat(<i32>(block >> 32)), i32x4.splat(circuit), i32x4.splat(kind), key0, key1);
}

/**
 * Values of variance 1 of a row of generator blocks, as NoiseStream gives them.
 * @param out receives 4 f64 for each block @param blocks multiple of 4 @param c0 @param c1 low and high word of the index
 * @param what number of the first block; the others follow
 */
export function noiseRow(out: usize, blocks: i32, c0: i32, c1: i32, what: i32, kind: i32, key0: i32, key1: i32): void {
  for (let b = 0; b < blocks; b += 4, out += 128) {
    const x2 = i32x4.add(i32x4.splat(what + b), i32x4(0, 1, 2, 3));
    fourBlocks(out, i32x4.splat(c0), i32x4.splat(c1), x2, i32x4.splat(kind), key0, key1);
  }
}
