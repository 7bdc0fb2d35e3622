// Feature-major helpers: matrices stand as (features x columns), a column is one row of data, and with atoms the columns
// are ordered atom by atom: column a * R + r is atom a of simulation r. Column counts are multiples of 4.
import { fma, splat, vexp, vsigmoid } from "./simd";

/** Every column of C (M x N) := bias (M). */
export function fillColumns(M: i32, N: i32, bias: usize, C: usize): void {
  for (let m = 0; m < M; m++) {
    const b = v128.load32_splat(bias + (<usize>m << 2));
    for (const end = C + (<usize>N << 2); C < end; C += 16) v128.store(C, b);
  }
}

/** C (M x A R) := S (M x R), repeated for each of A atoms. */
export function tileColumns(M: i32, R: i32, A: i32, S: usize, C: usize): void {
  const bytes = <usize>R << 2;
  for (let m = 0; m < M; m++, S += bytes) {
    for (let a = 0; a < A; a++, C += bytes) memory.copy(C, S, bytes);
  }
}

/** S (M x R) += the sum of G (M x A R) over its A atoms. */
export function sumTiles(M: i32, R: i32, A: i32, G: usize, S: usize): void {
  const bytes = <usize>R << 2;
  for (let m = 0; m < M; m++, S += bytes) {
    for (let a = 0; a < A; a++) {
      for (let r: usize = 0; r < bytes; r += 16, G += 16) {
        v128.store(S + r, f32x4.add(v128.load(S + r), v128.load(G)));
      }
    }
  }
}

/** out (M) += the sum of G (M x N) over its columns: the gradient of a bias. */
export function sumColumns(M: i32, N: i32, G: usize, out: usize): void {
  for (let m = 0; m < M; m++, out += 4) {
    let s = splat(0);
    for (const end = G + (<usize>N << 2); G < end; G += 16) s = f32x4.add(s, v128.load(G));
    const sum = (f32x4.extract_lane(s, 0) + f32x4.extract_lane(s, 1)) + (f32x4.extract_lane(s, 2) + f32x4.extract_lane(s, 3));
    store<f32>(out, load<f32>(out) + sum);
  }
}

/** o = a * mask, element by element. */
export function multiply(o: usize, a: usize, mask: usize, n: i32): void {
  for (const end = o + (<usize>n << 2); o < end; o += 16, a += 16, mask += 16) {
    v128.store(o, f32x4.mul(v128.load(a), v128.load(mask)));
  }
}

/** Largest |log scale| of an affine transform: wide enough for any posterior, too narrow to overflow. */
const limit: f32 = 4;

/** y = (x - m) e^a, logDet += a, with a = 8 sigmoid(raw) - 4; raw rows: raw scale, then m. y may be x. */
export function affineForward(N: i32, raw: usize, x: usize, y: usize, logDet: usize): void {
  const bytes = <usize>N << 2;
  for (let r: usize = 0; r < bytes; r += 16) {
    const a = f32x4.sub(f32x4.mul(splat(2 * limit), vsigmoid(v128.load(raw + r))), splat(limit));
    v128.store(y + r, f32x4.mul(f32x4.sub(v128.load(x + r), v128.load(raw + bytes + r)), vexp(a)));
    v128.store(logDet + r, f32x4.add(v128.load(logDet + r), a));
  }
}

/** x = y e^-a + m, logDet -= a. */
export function affineInverse(N: i32, raw: usize, y: usize, x: usize, logDet: usize): void {
  const bytes = <usize>N << 2;
  for (let r: usize = 0; r < bytes; r += 16) {
    const a = f32x4.sub(f32x4.mul(splat(2 * limit), vsigmoid(v128.load(raw + r))), splat(limit));
    v128.store(x + r, fma(v128.load(y + r), vexp(f32x4.neg(a)), v128.load(raw + bytes + r)));
    v128.store(logDet + r, f32x4.sub(v128.load(logDet + r), a));
  }
}

/** Gradients of affineForward; gy becomes the gradient with respect to x; graw is overwritten. */
export function affineBackward(N: i32, raw: usize, x: usize, gy: usize, gl: usize, graw: usize): void {
  const bytes = <usize>N << 2;
  for (let r: usize = 0; r < bytes; r += 16) {
    const s = vsigmoid(v128.load(raw + r));
    const e = vexp(f32x4.sub(f32x4.mul(splat(2 * limit), s), splat(limit)));
    const g = f32x4.mul(v128.load(gy + r), e);
    const d = f32x4.sub(v128.load(x + r), v128.load(raw + bytes + r));
    const ga = fma(g, d, v128.load(gl + r));
    v128.store(gy + r, g);
    v128.store(graw + bytes + r, f32x4.neg(g));
    v128.store(graw + r, f32x4.mul(ga, f32x4.mul(splat(2 * limit), f32x4.mul(s, f32x4.sub(splat(1), s)))));
  }
}

/** logQ (N) += -1/2 z^2 - 1/2 ln 2 pi for one dimension z (N). */
export function addNormalLogDensity(N: i32, z: usize, logQ: usize): void {
  const bytes = <usize>N << 2;
  for (let r: usize = 0; r < bytes; r += 16) {
    const v = v128.load(z + r);
    const l = fma(f32x4.mul(v, v), splat(-0.5), splat(-0.9189385332));
    v128.store(logQ + r, f32x4.add(v128.load(logQ + r), l));
  }
}
