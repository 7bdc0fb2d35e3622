/** One training step of a deeper autoencoder on long traces: three strided convolutions to a code of 12 and back. */
import { Rng } from "../../src/base/rng.js";
import { Optimiser } from "../../src/calib/flow/optimiser.js";
import { type ChainLayer, ConvNet } from "../../src/calib/nn/conv-net.js";
import type { Kernels } from "../../src/kernels/spaces.js";

const batch = 64;
const samplesPerPass = 16;

function chain(length: number): ChainLayer[] {
  const [wide, narrow] = [
    { stride: 4, overlap: 2 },
    { stride: 2, overlap: 3 },
  ];
  return [
    { type: "conv", ...wide, filters: 16, activation: "leaky-relu" },
    { type: "conv", ...wide, filters: 32, activation: "leaky-relu" },
    { type: "conv", ...narrow, filters: 64, activation: "leaky-relu" },
    { type: "dense", filters: 12, activation: "none" },
    { type: "dense", filters: 2 * length, length: length / 32, activation: "none" },
    { type: "conv-transpose", ...narrow, filters: 32, activation: "leaky-relu" },
    { type: "conv-transpose", ...wide, filters: 16, activation: "leaky-relu" },
    { type: "conv-transpose", ...wide, filters: 1, activation: "none" },
  ];
}

/** Milliseconds of each of `count` steps, after a warm-up. */
export function autoencoderTimes(kernels: Kernels, length: number, count: number): number[] {
  return kernels.lend((space) => {
    const rng = Rng.fromSeed(1);
    const net = new ConvNet(space, { length, channels: 1 }, chain(length), samplesPerPass);
    const pointWeights = space.allocate(length);
    const weights = Float32Array.from({ length: net.size }, () => 0.05 * rng.normal());
    const zeros = new Float32Array(net.size);
    const start = { weights, mean: zeros, square: zeros, average: weights };
    const optimiser = new Optimiser(space, start, 0, { clipNorm: 1e9, weightDecay: 0, averaging: 0 });
    space.view(pointWeights, length).fill(1);
    const data = Array.from({ length: batch }, () => Float32Array.from({ length }, () => rng.normal()));
    return Array.from({ length: count + 5 }, () => {
      const from = performance.now();
      net.setWeights(optimiser.weights);
      net.clearGradient();
      for (let b = 0; b < batch; b += samplesPerPass) {
        for (let i = 0; i < samplesPerPass; i++) net.inputOf(i).set(data[b + i] as Float32Array);
        net.forward();
        net.residual(samplesPerPass, pointWeights, 2 / (batch * length));
        net.backward(samplesPerPass);
      }
      net.gradient(optimiser.gradient);
      optimiser.update(1e-3);
      return performance.now() - from;
    }).slice(5);
  });
}
