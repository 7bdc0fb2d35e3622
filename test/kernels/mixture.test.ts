/** The mixture kernel: value and gradients against the float64 body. */
import { expect, it } from "vitest";
import { Rng } from "../../src/base/rng.js";
import { loadKernels } from "../../src/kernels/load.js";
import { referenceMixture } from "../../src/kernels/mixture.js";
import { KernelSpace } from "../../src/kernels/module.js";

const loaded = loadKernels();
if (loaded.variant === "none") throw new Error(loaded.why);
const { module } = loaded;

it.each([
  [1, 1],
  [2, 5],
  [4, 3],
])("mixture of %i parameters and %i components", (d, components) => {
  const n = 16;
  const rng = Rng.fromSeed(d);
  const space = new KernelSpace(module);
  const rows = components * (1 + 2 * d + (d * (d - 1)) / 2);
  const raw = Float32Array.from({ length: rows * n }, () => rng.normal());
  const z = Float32Array.from({ length: d * n }, () => rng.normal());
  const g = Float32Array.from({ length: n }, () => rng.normal());
  const at = {
    raw: space.allocate(rows * n),
    z: space.allocate(d * n),
    logQ: space.allocate(n),
    share: space.allocate(components * n),
    g: space.allocate(n),
    graw: space.allocate(rows * n),
  };
  space.view(at.raw, rows * n).set(raw);
  space.view(at.z, d * n).set(z);
  space.view(at.g, n).set(g);
  space.call.mixtureForward(n, d, components, at.raw, at.z, at.logQ, at.share);
  space.call.mixtureBackward(n, d, components, at.raw, at.z, at.share, at.g, at.graw);
  const logQ = space.view(at.logQ, n);
  const graw = space.view(at.graw, rows * n);
  for (let c = 0; c < n; c++) {
    const own = Array.from({ length: rows }, (_, r) => raw[r * n + c]!);
    const theta = Array.from({ length: d }, (_, i) => z[i * n + c]!);
    const value = referenceMixture(own, d, components, theta);
    expect(Math.abs(logQ[c]! - value)).toBeLessThan(1e-5 * (1 + Math.abs(value)));
    const h = 1e-5;
    for (let r = 0; r < rows; r++) {
      const moved = (by: number): number =>
        referenceMixture(
          own.map((v, i) => (i === r ? v + by : v)),
          d,
          components,
          theta,
        );
      const want = (g[c]! * (moved(h) - moved(-h))) / (2 * h);
      expect(Math.abs(graw[r * n + c]! - want)).toBeLessThan(2e-4 * (1 + Math.abs(want)));
    }
  }
});
