/** The spline kernel: value, inverse and gradients against the float64 body. */
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/base/rng.js";
import { loadKernels } from "../../src/kernels/load.js";
import { KernelSpace } from "../../src/kernels/module.js";
import { referenceSpline } from "../../src/kernels/spline.js";

const loaded = loadKernels();
if (loaded.variant === "none") throw new Error(loaded.why);
const { module } = loaded;
const [rows, bound] = [64, 4];

function setUp(bins: number) {
  const rng = Rng.fromSeed(bins);
  const space = new KernelSpace(module);
  const count = 3 * bins - 1;
  const raw = Float32Array.from({ length: count * rows }, () => rng.normal());
  // Inside, outside and at the ends of the interval.
  const x = Float32Array.from({ length: rows }, (_, i) => (i < 4 ? [-bound, bound, -6, 7][i]! : 2 * rng.normal()));
  const at = {
    raw: space.allocate(count * rows),
    x: space.allocate(rows),
    y: space.allocate(rows),
    l: space.allocate(rows),
  };
  space.view(at.raw, raw.length).set(raw);
  space.view(at.x, rows).set(x);
  const parameters = (row: number): number[] => Array.from({ length: count }, (_, p) => raw[p * rows + row]!);
  return { rng, space, count, raw, x, at, parameters };
}

describe.each([2, 5, 8, 10])("spline with %i bins", (bins) => {
  it("gives the reference's value and log-derivative, and inverts", () => {
    const { space, x, at, parameters } = setUp(bins);
    space.call.splineForward(rows, bins, bound, at.raw, at.x, at.y, at.l);
    const y = space.view(at.y, rows).slice();
    const l = space.view(at.l, rows).slice();
    for (let i = 0; i < rows; i++) {
      const want = referenceSpline(parameters(i), bins, bound, x[i]!);
      expect(Math.abs(y[i]! - want.y)).toBeLessThan(2e-5);
      expect(Math.abs(l[i]! - want.logDet)).toBeLessThan(2e-4);
    }
    space.call.splineInverse(rows, bins, bound, at.raw, at.y, at.x, at.l);
    const back = space.view(at.x, rows);
    const sum = space.view(at.l, rows);
    for (let i = 0; i < rows; i++) {
      expect(Math.abs(back[i]! - x[i]!)).toBeLessThan(5e-5 * Math.exp(Math.max(0, -l[i]!)));
      expect(Math.abs(sum[i]!)).toBeLessThan(2e-3);
    }
  });

  it("has the gradients that finite differences of the reference give", () => {
    const { rng, space, count, x, at, parameters } = setUp(bins);
    const gy = Float32Array.from({ length: rows }, () => rng.normal());
    const gl = Float32Array.from({ length: rows }, () => rng.normal());
    const p = { gy: space.allocate(rows), gl: space.allocate(rows), graw: space.allocate(count * rows) };
    space.view(p.gy, rows).set(gy);
    space.view(p.gl, rows).set(gl);
    space.call.splineBackward(rows, bins, bound, at.raw, at.x, p.gy, p.gl, p.graw);
    const got = space.view(p.graw, count * rows);
    const gx = space.view(p.gy, rows);
    const h = 1e-5;
    for (let i = 4; i < rows; i++) {
      if (Math.abs(x[i]!) > bound - 1e-3) continue;
      const loss = (raw: number[], at: number): number => {
        const { y, logDet } = referenceSpline(raw, bins, bound, at);
        return gy[i]! * y + gl[i]! * logDet;
      };
      const raw = parameters(i);
      const slope = (loss(raw, x[i]! + h) - loss(raw, x[i]! - h)) / (2 * h);
      expect(Math.abs(gx[i]! - slope)).toBeLessThan(2e-3 * (1 + Math.abs(slope)));
      for (let q = 0; q < count; q++) {
        const moved = (by: number): number[] => raw.map((v, j) => (j === q ? v + by : v));
        const want = (loss(moved(h), x[i]!) - loss(moved(-h), x[i]!)) / (2 * h);
        expect(Math.abs(got[q * rows + i]! - want)).toBeLessThan(2e-3 * (1 + Math.abs(want)));
      }
    }
  });
});

it("all-zero parameters are the identity", () => {
  const space = new KernelSpace(module);
  const at = { raw: space.allocate(23 * 8), x: space.allocate(8), y: space.allocate(8), l: space.allocate(8) };
  space.view(at.x, 8).set([-3.5, -2, -1, 0, 0.1, 1, 2, 3.9]);
  space.call.splineForward(8, 8, 4, at.raw, at.x, at.y, at.l);
  const x = space.view(at.x, 8);
  space.view(at.y, 8).forEach((y, i) => {
    expect(Math.abs(y - x[i]!)).toBeLessThan(1e-5);
  });
  space.view(at.l, 8).forEach((l) => {
    expect(Math.abs(l)).toBeLessThan(1e-5);
  });
});
