/** Every kernel against float64, over shapes that leave remainders, in the variant that this engine takes. */
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/base/rng.js";
import { loadKernels } from "../../src/kernels/load.js";
import { KernelSpace } from "../../src/kernels/module.js";

const loaded = loadKernels();
if (loaded.variant === "none") throw new Error(loaded.why);
const { module } = loaded;

const random = (rng: Rng, n: number, scale = 1): Float32Array =>
  Float32Array.from({ length: n }, () => scale * rng.normal());

function place(space: KernelSpace, values: Float32Array): number {
  const at = space.allocate(values.length);
  space.view(at, values.length).set(values);
  return at;
}

/** Largest |got - want| relative to the largest |want|. */
function error(got: ArrayLike<number>, want: ArrayLike<number>): number {
  let worst = 0;
  let scale = 0;
  for (let i = 0; i < want.length; i++) {
    worst = Math.max(worst, Math.abs((got[i] as number) - (want[i] as number)));
    scale = Math.max(scale, Math.abs(want[i] as number));
  }
  return worst / scale;
}

describe("matrix products", () => {
  it.each([
    [4, 8, 1],
    [5, 8, 3],
    [7, 16, 50],
    [6, 12, 9],
    [33, 24, 129],
  ])("gemm %i x %i x %i agrees with float64", (M, N, K) => {
    const rng = Rng.fromSeed(M * 1000 + N);
    const space = new KernelSpace(module);
    const a = random(rng, M * K);
    const b = random(rng, K * N);
    const c = random(rng, M * N);
    const [pa, pb, pc] = [place(space, a), place(space, b), place(space, c)];
    const want = new Float64Array(M * N);
    for (let i = 0; i < M; i++)
      for (let j = 0; j < N; j++) for (let k = 0; k < K; k++) want[i * N + j]! += a[i * K + k]! * b[k * N + j]!;
    space.call.gemm(M, N, K, pa, K, pb, N, pc, N, 0);
    expect(error(space.view(pc, M * N), want)).toBeLessThan(2e-6);
    space.call.gemm(M, N, K, pa, K, pb, N, pc, N, 1);
    expect(
      error(
        space.view(pc, M * N),
        want.map((x) => 2 * x),
      ),
    ).toBeLessThan(2e-6);
  });

  it("gemm takes overlapping rows, so that a strided convolution needs no copy", () => {
    const space = new KernelSpace(module);
    const x = Float32Array.from({ length: 20 }, (_, i) => i);
    const w = Float32Array.from({ length: 4 * 8 }, (_, i) => (i % 8 === 0 ? 1 : 0));
    const [px, pw, py] = [place(space, x), place(space, w), place(space, new Float32Array(9 * 8))];
    space.call.gemm(9, 8, 4, px, 2, pw, 8, py, 8, 0);
    const first = Array.from({ length: 9 }, (_, i) => space.view(py, 72)[i * 8]);
    expect(first).toEqual(Array.from({ length: 9 }, (_, i) => 4 * (2 * i) + 6));
  });

  it.each([
    [12, 16],
    [14, 16],
    [9, 12],
    [8, 4],
  ])("gemmTn gives A^T B for %i and %i columns", (I, J) => {
    const rng = Rng.fromSeed(2);
    const space = new KernelSpace(module);
    const n = 37;
    const a = random(rng, n * I);
    const b = random(rng, n * J);
    const [pa, pb, pc] = [place(space, a), place(space, b), place(space, new Float32Array(I * J))];
    const want = new Float64Array(I * J);
    for (let r = 0; r < n; r++)
      for (let i = 0; i < I; i++) for (let j = 0; j < J; j++) want[i * J + j]! += a[r * I + i]! * b[r * J + j]!;
    space.call.gemmTn(n, I, J, pa, I, pb, J, pc, J, 0);
    expect(error(space.view(pc, I * J), want)).toBeLessThan(2e-6);
    space.call.gemmTn(n, I, J, pa, I, pb, J, pc, J, 1);
    const twice = want.map((x) => 2 * x);
    expect(error(space.view(pc, I * J), twice)).toBeLessThan(2e-6);
  });

  it.each([
    [8, 12],
    [7, 5],
    [4, 9],
  ])("transpose turns %i rows and %i columns", (rows, columns) => {
    const space = new KernelSpace(module);
    const a = random(Rng.fromSeed(3), rows * columns);
    const [pa, po] = [place(space, a), space.allocate(rows * columns)];
    space.call.transpose(rows, columns, pa, columns, po, rows);
    const got = space.view(po, rows * columns);
    a.forEach((v, i) => {
      expect(got[(i % columns) * rows + Math.floor(i / columns)]).toBe(v);
    });
  });
});

describe("gemmNt", () => {
  it.each([
    [4, 4, 2],
    [8, 7, 5],
    [64, 50, 23],
  ])("adds A B^T over %i rows for %i x %i", (n, I, J) => {
    const rng = Rng.fromSeed(n + I);
    const space = new KernelSpace(module);
    const a = random(rng, I * n);
    const b = random(rng, J * n);
    const c = random(rng, I * J);
    const want = Float64Array.from(c);
    for (let i = 0; i < I; i++)
      for (let j = 0; j < J; j++) for (let r = 0; r < n; r++) want[i * J + j]! += a[i * n + r]! * b[j * n + r]!;
    const [pa, pb, pc] = [place(space, a), place(space, b), place(space, c)];
    space.call.gemmNt(n, I, J, pa, n, pb, n, pc, J);
    expect(error(space.view(pc, I * J), want)).toBeLessThan(2e-6);
  });
});

describe("element-wise functions", () => {
  const inputs = Float32Array.from({ length: 4000 }, (_, i) => -12 + (24 * i) / 3999);
  const apply = (values: Float32Array, f: (space: KernelSpace, at: number, out: number) => void): Float32Array => {
    const space = new KernelSpace(module);
    const at = place(space, values);
    const out = space.allocate(values.length);
    f(space, at, out);
    return space.view(out, values.length).slice();
  };
  const worst = (got: Float32Array, from: Float32Array, f: (x: number) => number, relative: boolean): number =>
    from.reduce((w, x, i) => Math.max(w, Math.abs(got[i]! - f(x)) / (relative ? Math.abs(f(x)) : 1)), 0);

  it("exp, log, sigmoid, softplus, tanh keep their stated accuracy", () => {
    const exp = apply(inputs, (s, x, y) => s.call.expForward(x, y, 4000));
    expect(worst(exp, inputs, Math.exp, true)).toBeLessThan(3e-7);
    const positive = inputs.map((x) => Math.exp(x));
    const log = apply(positive, (s, x, y) => s.call.logForward(x, y, 4000));
    expect(worst(log, positive, Math.log, false)).toBeLessThan(1e-6);
    const sigmoid = apply(inputs, (s, x, y) => s.call.sigmoidForward(x, y, 4000));
    expect(worst(sigmoid, inputs, (x) => 1 / (1 + Math.exp(-x)), false)).toBeLessThan(2e-7);
    const softplus = apply(inputs, (s, x, y) => s.call.softplusForward(x, y, 4000));
    expect(worst(softplus, inputs, (x) => Math.log1p(Math.exp(x)), false)).toBeLessThan(1.5e-6);
    const tanh = apply(inputs, (s, x, y) => {
      s.view(y, 4000).set(s.view(x, 4000));
      s.call.tanhForward(y, 4000);
    });
    expect(worst(tanh, inputs, Math.tanh, false)).toBeLessThan(3e-7);
  });

  it("silu and its derivative agree with float64", () => {
    const silu = (x: number): number => x / (1 + Math.exp(-x));
    const got = apply(inputs, (s, x, y) => s.call.siluForward(x, y, 4000));
    expect(worst(got, inputs, silu, false)).toBeLessThan(2e-6);
    const slope = apply(inputs, (s, x, g) => {
      s.view(g, 4000).fill(1);
      s.call.siluBackward(g, x, 4000);
    });
    const h = 1e-4;
    expect(worst(slope, inputs, (x) => (silu(x + h) - silu(x - h)) / (2 * h), false)).toBeLessThan(2e-6);
  });

  it("adamw takes the step of the formula", () => {
    const rng = Rng.fromSeed(4);
    const space = new KernelSpace(module);
    const n = 21;
    const [p, g] = [random(rng, n), random(rng, n)];
    const [pp, pg, pm, ps] = [place(space, p), place(space, g), space.allocate(n), space.allocate(n)];
    space.call.adamw(pp, pg, pm, ps, n, 1e-2, 0.9, 0.999, 1e-8, 1 / (1 - 0.9), 1 / (1 - 0.999), 0.5, 0.1);
    const want = Float64Array.from(p, (x, i) => {
      const q = 0.5 * g[i]!;
      return x * (1 - 1e-3) - (1e-2 * q) / (Math.abs(q) + 1e-8);
    });
    expect(error(space.view(pp, n), want)).toBeLessThan(2e-6);
  });
});
