/** The autoencoder on the kernels against the composed tensor ops: loss, errors, gradient, a whole training. */
import { beforeAll, expect, it } from "vitest";
import { Rng } from "../../src/base/rng.js";
import { trainAutoencoder } from "../../src/calib/nn/autoencoder.js";
import { AutoencoderNetwork, ComposedAutoencoder } from "../../src/calib/nn/autoencoder-composed.js";
import { AutoencoderKernels } from "../../src/calib/nn/autoencoder-kernels.js";
import { initialWeights } from "../../src/calib/nn/autoencoder-network.js";
import { selectBackend } from "../../src/calib/nn/backend.js";
import { fitScaling } from "../../src/calib/nn/scaling.js";
import { loadKernels } from "../../src/kernels/load.js";
import { Kernels } from "../../src/kernels/spaces.js";

const loaded = loadKernels();
if (loaded.variant === "none") throw new Error(loaded.why);
const kernels = new Kernels(loaded.variant, loaded.module);

beforeAll(async () => {
  await selectBackend("cpu");
});

const count = 60;
const length = 75;
const rng = Rng.fromSeed(3);
const waves = (channels: number): Float32Array =>
  Float32Array.from(
    { length: count * channels * length },
    (_, i) => Math.sin((i % length) / 7 + i / 900) + rng.normal(),
  );

it.each([
  [1, 8, 12],
  [2, 8, 10],
  [1, 4, 3],
])("has the composed loss and gradient: %i channels, stride %i, code of %i", (channels, outerStride, latentSize) => {
  const traces = waves(channels);
  const channelWeights = channels === 1 ? [1] : [0.3, 0.7];
  const network = new AutoencoderNetwork({ length, channels, latentSize, outerStride });
  const rows = Uint32Array.from({ length: 21 }, (_, i) => 2 * i);
  const scaling = fitScaling(traces, channels, length, rows);
  const weights = initialWeights(network.layout, rng);
  for (let i = 0; i < weights.length; i++) weights[i] = weights[i]! + 0.02 * rng.normal();
  const composed = new ComposedAutoencoder(network, scaling, channelWeights, traces);
  const fast = new AutoencoderKernels(kernels, network.shape, network.paddedLength, scaling, channelWeights, traces);
  const [want, got] = [new Float32Array(weights.length), new Float32Array(weights.length)];
  const loss = composed.lossAndGradient(weights, rows, want);
  expect(Math.abs(fast.lossAndGradient(weights, rows, got) - loss)).toBeLessThan(1e-5 * loss);
  const norm = Math.sqrt(want.reduce((s, g) => s + g * g, 0));
  for (const block of network.layout.blocks) {
    const part = (g: Float32Array): Float32Array => network.layout.view(g, block.name);
    const error = Math.sqrt(part(got).reduce((s, g, i) => s + (g - part(want)[i]!) ** 2, 0));
    expect(error / norm, block.name).toBeLessThan(2e-5);
  }
  const each = fast.errors(weights, rows);
  composed.errors(weights, rows).forEach((e, i) => {
    expect(Math.abs(each[i]! - e)).toBeLessThan(1e-5 * (1 + e));
  });
  fast.release();
});

it("trains to the same losses as the tensor ops, to float32", async () => {
  const data = { traces: waves(1), count, length };
  const of = (from: number, to: number): Uint32Array => Uint32Array.from({ length: to - from }, (_, i) => from + i);
  const split = { train: of(0, 40), validation: of(40, 50), test: of(50, 60) };
  const options = { seed: 4, epochs: 3, latentSize: 4 };
  const slow = await trainAutoencoder(data, split, options);
  const before = kernels.spaces;
  const fast = await trainAutoencoder(data, split, { ...options, kernels });
  fast.history.train.forEach((l, i) => {
    expect(Math.abs(l - slow.history.train[i]!)).toBeLessThan(1e-3 * l);
  });
  expect(kernels.spaces).toBe(before);
});
