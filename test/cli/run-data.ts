/** A small, whole result made by hand from a seed; enough for every array and every field to be there. */
import { Rng } from "../../src/base/rng.js";
import type { Recording, RunData, TraceSet } from "../../src/calib/run-data.js";
import { someDiagnostics } from "../support/some-diagnostics.js";

const grid = { length: 8, stepUs: 0.5, startUs: 0 };

function traceSet(rng: Rng, count: number): TraceSet {
  return {
    grid,
    count,
    theta: Int32Array.from({ length: count * 2 }, () => rng.int(1023)),
    traces: Float32Array.from({ length: count * grid.length }, () => 1023 * rng.uniform()),
  };
}

export function smallRunData(seed = 1): RunData {
  const rng = Rng.fromSeed(seed);
  const loss = (): number[] => Array.from({ length: 3 }, () => rng.uniform());
  return {
    parameters: [
      { name: "v_reset", min: 0, max: 1022 },
      { name: "i_bias_adapt_tau", min: 0, max: 1022 },
    ],
    facts: {
      device: { url: "virtual:?chip=1", boardId: "00000001", bitfileInfo: "virtual board" },
      neuron: 0,
      task: "paper",
      seed,
      simulations: 6,
      rounds: 2,
      perRound: [
        { requested: 3, usable: 3 },
        { requested: 3, usable: 2 },
      ],
      backend: "cpu",
      versions: { hxloop: "0.0.0" },
      seconds: { record: 1, train: 2, total: 3 },
      notices: ["one recording was dropped"],
    },
    target: { source: "codes 400, 500", trace: traceSet(rng, 1).traces, theta: Int32Array.of(400, 500) },
    stimulus: { onUs: 1, offUs: 3, endUs: 4 },
    dataSet: traceSet(rng, 5),
    split: { train: Uint32Array.of(0, 1, 2), validation: Uint32Array.of(3), test: Uint32Array.of(4) },
    autoencoder: {
      history: { train: loss(), validation: loss(), validationSd: loss(), test: loss(), testSd: loss() },
      latentSize: 2,
      views: ["the trace"],
    },
    reconstructions: {
      indices: Uint32Array.of(4),
      traces: traceSet(rng, 1).traces,
      reconstructed: traceSet(rng, 1).traces,
    },
    posterior: { count: 7, samples: traceSet(rng, 7).theta },
    summary: ["v_reset", "i_bias_adapt_tau"].map((name, i) => ({
      name,
      prior: [0, 1022] as const,
      truth: [400, 500][i] ?? null,
      mean: 401.5,
      sd: 12.25,
      q05: 380,
      median: 401,
      q95: 422,
    })),
    repeats: traceSet(rng, 3),
    draws: traceSet(rng, 4),
    predictive: { drawDistances: [1.5, 0.25], floorDistances: [1, 0.5, 0.75], distance: 0.875, noiseFloor: 0.75 },
    features: {
      size: 3,
      dataSet: Float32Array.from({ length: 15 }, () => rng.uniform()),
      target: Float32Array.of(1, 2, 3),
    },
    diagnostics: someDiagnostics(rng, ["v_reset", "i_bias_adapt_tau"]),
  };
}

/** Recordings of unequal length on the chip's 4 ns ticks; the last one is empty and marked. */
export function smallBatch(seed: number): Recording[] {
  const rng = Rng.fromSeed(seed);
  return [5, 9, 0].map((length, row) => {
    const first = rng.int(40) - 20;
    return {
      theta: Int32Array.of(rng.int(1023), rng.int(1023)),
      samples: Uint16Array.from({ length }, () => rng.int(1024)),
      ticks: Int32Array.from({ length }, (_, i) => first + Math.floor(8.5 * i)),
      ...(row === 2 ? { invalid: "missing-samples" } : {}),
    };
  });
}
