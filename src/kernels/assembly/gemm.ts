// Matrix products on float32, row-major, with leading dimensions in elements. Rows may overlap in memory (lda < K):
// that is how a strided convolution becomes a product without copies. N must be a multiple of 8 in storage; M is free.
import { fma, put, splat } from "./simd";

/** C (M x N) = A (M x K) B (K x N), or C += when accumulate. N a multiple of 4. */
export function gemm(
  M: i32,
  N: i32,
  K: i32,
  A: usize,
  lda: i32,
  B: usize,
  ldb: i32,
  C: usize,
  ldc: i32,
  accumulate: bool,
): void {
  const la = (<usize>lda) << 2;
  const lb = (<usize>ldb) << 2;
  const lc = (<usize>ldc) << 2;
  const kb = (<usize>K) << 2;
  const wide = N & ~7;
  for (let j = 0; j < wide; j += 8) {
    let i = 0;
    for (; i + 4 <= M; i += 4) {
      let a = A + <usize>i * la;
      let b = B + ((<usize>j) << 2);
      const end = a + kb;
      let c00 = splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
      for (; a < end; a += 4, b += lb) {
        const b0 = v128.load(b);
        const b1 = v128.load(b, 16);
        let x = v128.load32_splat(a);
        c00 = fma(x, b0, c00); c01 = fma(x, b1, c01);
        x = v128.load32_splat(a + la);
        c10 = fma(x, b0, c10); c11 = fma(x, b1, c11);
        x = v128.load32_splat(a + 2 * la);
        c20 = fma(x, b0, c20); c21 = fma(x, b1, c21);
        x = v128.load32_splat(a + 3 * la);
        c30 = fma(x, b0, c30); c31 = fma(x, b1, c31);
      }
      let c = C + <usize>i * lc + ((<usize>j) << 2);
      put(c, c00, accumulate); put(c + 16, c01, accumulate);
      c += lc;
      put(c, c10, accumulate); put(c + 16, c11, accumulate);
      c += lc;
      put(c, c20, accumulate); put(c + 16, c21, accumulate);
      c += lc;
      put(c, c30, accumulate); put(c + 16, c31, accumulate);
    }
    for (; i < M; i++) {
      let a = A + <usize>i * la;
      let b = B + ((<usize>j) << 2);
      const end = a + kb;
      let c0 = splat(0), c1 = c0;
      for (; a < end; a += 4, b += lb) {
        const x = v128.load32_splat(a);
        c0 = fma(x, v128.load(b), c0);
        c1 = fma(x, v128.load(b, 16), c1);
      }
      const c = C + <usize>i * lc + ((<usize>j) << 2);
      put(c, c0, accumulate); put(c + 16, c1, accumulate);
    }
  }
  if (wide == N) return;
  let i = 0;
  for (; i + 4 <= M; i += 4) {
    let a = A + <usize>i * la;
    let b = B + ((<usize>wide) << 2);
    const end = a + kb;
    let c0 = splat(0), c1 = c0, c2 = c0, c3 = c0;
    for (; a < end; a += 4, b += lb) {
      const x = v128.load(b);
      c0 = fma(v128.load32_splat(a), x, c0);
      c1 = fma(v128.load32_splat(a + la), x, c1);
      c2 = fma(v128.load32_splat(a + 2 * la), x, c2);
      c3 = fma(v128.load32_splat(a + 3 * la), x, c3);
    }
    const c = C + <usize>i * lc + ((<usize>wide) << 2);
    put(c, c0, accumulate);
    put(c + lc, c1, accumulate);
    put(c + 2 * lc, c2, accumulate);
    put(c + 3 * lc, c3, accumulate);
  }
  for (; i < M; i++) {
    let a = A + <usize>i * la;
    let b = B + ((<usize>wide) << 2);
    const end = a + kb;
    let c0 = splat(0);
    for (; a < end; a += 4, b += lb) c0 = fma(v128.load32_splat(a), v128.load(b), c0);
    put(C + <usize>i * lc + ((<usize>wide) << 2), c0, accumulate);
  }
}

/**
 * C (I x J) += A^T B for A (n x I), B (n x J), or C = without accumulate. J a multiple of 4, I free. The fastest of the
 * family: what stands in A is read with constant offsets, so weights are best kept transposed.
 */
export function gemmTn(
  n: i32, I: i32, J: i32, A: usize, lda: i32, B: usize, ldb: i32, C: usize, ldc: i32, accumulate: bool,
): void {
  const la = (<usize>lda) << 2;
  const lb = (<usize>ldb) << 2;
  const lc = (<usize>ldc) << 2;
  const wide = J & ~7;
  for (let j = 0; j < wide; j += 8) {
    let i = 0;
    for (; i + 4 <= I; i += 4) {
      let a = A + ((<usize>i) << 2);
      let b = B + ((<usize>j) << 2);
      const end = b + <usize>n * lb;
      let c00 = splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
      for (; b < end; a += la, b += lb) {
        const b0 = v128.load(b);
        const b1 = v128.load(b, 16);
        let x = v128.load32_splat(a);
        c00 = fma(x, b0, c00); c01 = fma(x, b1, c01);
        x = v128.load32_splat(a, 4);
        c10 = fma(x, b0, c10); c11 = fma(x, b1, c11);
        x = v128.load32_splat(a, 8);
        c20 = fma(x, b0, c20); c21 = fma(x, b1, c21);
        x = v128.load32_splat(a, 12);
        c30 = fma(x, b0, c30); c31 = fma(x, b1, c31);
      }
      let c = C + <usize>i * lc + ((<usize>j) << 2);
      put(c, c00, accumulate); put(c + 16, c01, accumulate);
      c += lc;
      put(c, c10, accumulate); put(c + 16, c11, accumulate);
      c += lc;
      put(c, c20, accumulate); put(c + 16, c21, accumulate);
      c += lc;
      put(c, c30, accumulate); put(c + 16, c31, accumulate);
    }
    if (i + 2 <= I) {
      let a = A + ((<usize>i) << 2);
      let b = B + ((<usize>j) << 2);
      const end = b + <usize>n * lb;
      let c00 = splat(0), c01 = c00, c10 = c00, c11 = c00;
      for (; b < end; a += la, b += lb) {
        const b0 = v128.load(b);
        const b1 = v128.load(b, 16);
        let x = v128.load32_splat(a);
        c00 = fma(x, b0, c00); c01 = fma(x, b1, c01);
        x = v128.load32_splat(a, 4);
        c10 = fma(x, b0, c10); c11 = fma(x, b1, c11);
      }
      const c = C + <usize>i * lc + ((<usize>j) << 2);
      put(c, c00, accumulate); put(c + 16, c01, accumulate);
      put(c + lc, c10, accumulate); put(c + lc + 16, c11, accumulate);
      i += 2;
    }
    if (i < I) {
      let a = A + ((<usize>i) << 2);
      let b = B + ((<usize>j) << 2);
      const end = b + <usize>n * lb;
      let c0 = splat(0), c1 = c0;
      for (; b < end; a += la, b += lb) {
        const x = v128.load32_splat(a);
        c0 = fma(x, v128.load(b), c0);
        c1 = fma(x, v128.load(b, 16), c1);
      }
      const c = C + <usize>i * lc + ((<usize>j) << 2);
      put(c, c0, accumulate); put(c + 16, c1, accumulate);
    }
  }
  if (wide == J) return;
  let i = 0;
  for (; i + 4 <= I; i += 4) {
    let a = A + ((<usize>i) << 2);
    let b = B + ((<usize>wide) << 2);
    const end = b + <usize>n * lb;
    let c0 = splat(0), c1 = c0, c2 = c0, c3 = c0;
    for (; b < end; a += la, b += lb) {
      const x = v128.load(b);
      c0 = fma(v128.load32_splat(a), x, c0);
      c1 = fma(v128.load32_splat(a, 4), x, c1);
      c2 = fma(v128.load32_splat(a, 8), x, c2);
      c3 = fma(v128.load32_splat(a, 12), x, c3);
    }
    const c = C + <usize>i * lc + ((<usize>wide) << 2);
    put(c, c0, accumulate);
    put(c + lc, c1, accumulate);
    put(c + 2 * lc, c2, accumulate);
    put(c + 3 * lc, c3, accumulate);
  }
  for (; i < I; i++) {
    let a = A + ((<usize>i) << 2);
    let b = B + ((<usize>wide) << 2);
    const end = b + <usize>n * lb;
    let c0 = splat(0);
    for (; b < end; a += la, b += lb) c0 = fma(v128.load32_splat(a), v128.load(b), c0);
    put(C + <usize>i * lc + ((<usize>wide) << 2), c0, accumulate);
  }
}

/** O (columns x rows) = A^T for A (rows x columns), four by four and the rest one by one. */
export function transpose(rows: i32, columns: i32, A: usize, lda: i32, O: usize, ldo: i32): void {
  const la = <usize>lda << 2;
  const lo = <usize>ldo << 2;
  const r4 = rows & ~3;
  const c4 = columns & ~3;
  for (let i = 0; i < r4; i += 4) {
    let a = A + <usize>i * la;
    let o = O + (<usize>i << 2);
    for (let j = 0; j < c4; j += 4, a += 16, o += 4 * lo) {
      const x0 = v128.load(a);
      const x1 = v128.load(a + la);
      const x2 = v128.load(a + 2 * la);
      const x3 = v128.load(a + 3 * la);
      const y0 = v128.shuffle<f32>(x0, x1, 0, 4, 1, 5);
      const y1 = v128.shuffle<f32>(x2, x3, 0, 4, 1, 5);
      const y2 = v128.shuffle<f32>(x0, x1, 2, 6, 3, 7);
      const y3 = v128.shuffle<f32>(x2, x3, 2, 6, 3, 7);
      v128.store(o, v128.shuffle<f32>(y0, y1, 0, 1, 4, 5));
      v128.store(o + lo, v128.shuffle<f32>(y0, y1, 2, 3, 6, 7));
      v128.store(o + 2 * lo, v128.shuffle<f32>(y2, y3, 0, 1, 4, 5));
      v128.store(o + 3 * lo, v128.shuffle<f32>(y2, y3, 2, 3, 6, 7));
    }
  }
  for (let i = 0; i < rows; i++) {
    for (let j = i < r4 ? c4 : 0; j < columns; j++) {
      store<f32>(O + <usize>j * lo + (<usize>i << 2), load<f32>(A + <usize>i * la + (<usize>j << 2)));
    }
  }
}

/**
 * C (I x J) += A B^T for A (I x n), B (J x n), n a multiple of 4: the gradient of a weight in feature-major layout.
 * I and J are free; rows beyond the last tile of 4 x 2 are done one by one.
 */
export function gemmNt(n: i32, I: i32, J: i32, A: usize, lda: i32, B: usize, ldb: i32, C: usize, ldc: i32): void {
  const la = <usize>lda << 2;
  const lb = <usize>ldb << 2;
  const nb = <usize>n << 2;
  for (let i = 0; i < I; i += 4) {
    // A tile that reaches over the edge repeats its last row; the surplus is not stored.
    const a0 = A + <usize>i * la;
    const a1 = A + <usize>min(i + 1, I - 1) * la;
    const a2 = A + <usize>min(i + 2, I - 1) * la;
    const a3 = A + <usize>min(i + 3, I - 1) * la;
    for (let j = 0; j < J; j += 2) {
      const b0 = B + <usize>j * lb;
      const b1 = B + <usize>min(j + 1, J - 1) * lb;
      let c00 = splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
      for (let r: usize = 0; r < nb; r += 16) {
        const y0 = v128.load(b0 + r);
        const y1 = v128.load(b1 + r);
        let x = v128.load(a0 + r);
        c00 = fma(x, y0, c00); c01 = fma(x, y1, c01);
        x = v128.load(a1 + r);
        c10 = fma(x, y0, c10); c11 = fma(x, y1, c11);
        x = v128.load(a2 + r);
        c20 = fma(x, y0, c20); c21 = fma(x, y1, c21);
        x = v128.load(a3 + r);
        c30 = fma(x, y0, c30); c31 = fma(x, y1, c31);
      }
      const two = j + 1 < J;
      addDot(C, ldc, i, j, c00);
      if (two) addDot(C, ldc, i, j + 1, c01);
      if (i + 1 < I) { addDot(C, ldc, i + 1, j, c10); if (two) addDot(C, ldc, i + 1, j + 1, c11); }
      if (i + 2 < I) { addDot(C, ldc, i + 2, j, c20); if (two) addDot(C, ldc, i + 2, j + 1, c21); }
      if (i + 3 < I) { addDot(C, ldc, i + 3, j, c30); if (two) addDot(C, ldc, i + 3, j + 1, c31); }
    }
  }
}

// @ts-ignore: decorator
@inline
function addDot(C: usize, ldc: i32, i: i32, j: i32, x: v128): void {
  const at = C + ((<usize>i * ldc + j) << 2);
  const sum = (f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1)) + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3));
  store<f32>(at, load<f32>(at) + sum);
}
