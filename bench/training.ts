/** Training steps beside PyTorch, and seconds per epoch of the main job's autoencoder on made data of its shape. */
import { Rng } from "../src/base/rng.js";
import { paperTask } from "../src/calib/index.js";
import { trainAutoencoder } from "../src/calib/nn/autoencoder.js";
import { selectBackend } from "../src/calib/nn/backend.js";
import { viewLength, viewStride, views } from "../src/calib/recording/views.js";
import { type Bench, median, row } from "./harness.js";
import { stepRows } from "./training/steps.js";

const traces = 1000;

/** Times between calls, seconds; the first, which includes set-up, is left out. */
function stopwatch(): { lap: () => void; seconds: () => number } {
  const laps: number[] = [];
  let last = performance.now();
  return {
    lap() {
      const now = performance.now();
      laps.push((now - last) / 1000);
      last = now;
    },
    seconds: () => median(laps.slice(1)),
  };
}

export const trainingBench: Bench = {
  name: "training",
  about: `training steps beside PyTorch; one epoch of the autoencoder on ${traces} traces of ${views.length} views and ${viewLength(paperTask)} points`,
  async run(note) {
    const backend = await selectBackend("auto");
    note(`tensor backend: ${backend.name}`);
    const rng = Rng.fromSeed(3);
    const length = viewLength(paperTask);
    const channelWeights = views.map(({ weight }) => weight);
    const data = Float32Array.from(
      { length: traces * channelWeights.length * length },
      (_, i) => Math.sin((i % length) / 20) + 0.1 * rng.normal(),
    );
    const order = rng.permutation(traces);
    const split = { train: order.slice(0, 800), validation: order.slice(800, 900), test: order.slice(900) };
    const { latentSize, batchSize, learningRate } = paperTask.autoencoder;
    const epochs = 6;
    const network = stopwatch();
    await trainAutoencoder({ traces: data, count: traces, length, channelWeights }, split, {
      outerStride: viewStride,
      latentSize,
      batchSize,
      learningRate,
      epochs,
      seed: 1,
      onEpoch: network.lap,
    });
    return [...(await stepRows(note)), row("autoencoder, epoch", network.seconds(), "s", "less")];
  },
};
