/**
 * A made-up run with the shapes, sizes and looks of a real one: membranes of a leaky integrator with adaptation that
 * spikes, a smooth reconstruction with ripple, a correlated posterior. Seeded; it stands for no chip and no method.
 */
import { Rng } from "../../../src/base/rng.js";
import type { ParameterSpec, ParameterSummary, RunData, TraceGrid, TraceSet } from "../../../src/calib/run-data.js";

export const parameterNames = [
  "v_reset",
  "i_bias_adapt_tau",
  "v_leak",
  "i_bias_leak",
  "i_bias_adapt_a",
  "i_bias_adapt_b",
  "v_exp",
] as const;

export interface SyntheticOptions {
  readonly seed?: number;
  /** 1..7 */
  readonly numParameters?: number;
  readonly knowsTruth?: boolean;
  readonly gridLength?: number;
  readonly dataSetCount?: number;
  readonly posteriorCount?: number;
  readonly source?: string;
}

const stimulus = { onUs: 100, offUs: 700, endUs: 1000 };

/** Membrane in MADC LSB on the grid. `codes[0]` sets the reset, `codes[1]` the adaptation's time constant. */
function membrane(codes: ArrayLike<number>, grid: TraceGrid, rng: Rng): Float32Array {
  const dt = 0.5;
  const reset = 120 + 0.38 * (codes[0] as number);
  const tauW = 15 + 0.35 * (codes[1] ?? 400);
  const leak = 260;
  const threshold = 600;
  let v = leak + 3 * rng.normal();
  let w = 0;
  let refractory = 0;
  const trace = new Float32Array(grid.length);
  const steps = Math.ceil(stimulus.endUs / dt) + 1;
  let next = 0;
  for (let k = 0; k < steps && next < grid.length; k++) {
    const t = k * dt;
    const drive = t >= stimulus.onUs && t < stimulus.offUs ? 720 : 0;
    if (refractory > 0) refractory -= dt;
    else v += (dt * (leak - v + drive - w)) / 12 + 2.2 * rng.normal();
    w -= (dt * w) / tauW;
    if (v > threshold) {
      v = reset;
      w += 42;
      refractory = 1.5;
    }
    if (t >= grid.startUs + next * grid.stepUs) trace[next++] = v + 2.5 * rng.normal();
  }
  return trace;
}

function traceSet(grid: TraceGrid, rows: readonly Int32Array[], rng: Rng): TraceSet {
  const width = rows[0]?.length ?? 0;
  const theta = new Int32Array(rows.length * width);
  const traces = new Float32Array(rows.length * grid.length);
  rows.forEach((codes, i) => {
    theta.set(codes, i * width);
    traces.set(membrane(codes, grid, rng), i * grid.length);
  });
  return { grid, count: rows.length, theta, traces };
}

/** A low-pass with ripple, as an autoencoder that has lost the fast parts. */
function blur(trace: Float32Array, rng: Rng): Float32Array {
  const phase = 6.28 * rng.uniform();
  return trace.map((_, i) => {
    let sum = 0;
    let weight = 0;
    for (let k = -6; k <= 6; k++) {
      const value = trace[i + k];
      if (value === undefined) continue;
      const share = Math.exp(-(k * k) / 5);
      sum += share * value;
      weight += share;
    }
    return sum / weight + 9 * Math.sin(i * 1.1 + phase);
  });
}

function samplesAround(truth: Int32Array, parameters: readonly ParameterSpec[], count: number, rng: Rng): Int32Array {
  const samples = new Int32Array(count * truth.length);
  for (let i = 0; i < count; i++) {
    const shared = rng.normal();
    truth.forEach((code, j) => {
      const sd = [14, 46, 90, 30, 8, 120, 60][j] ?? 20;
      const value = code + sd * (0.35 + 0.6 * shared * (j % 2 === 0 ? 1 : -1) + 0.8 * rng.normal());
      const { min, max } = parameters[j] as ParameterSpec;
      samples[i * truth.length + j] = Math.min(max, Math.max(min, Math.round(value)));
    });
  }
  return samples;
}

function summarise(
  parameters: readonly ParameterSpec[],
  samples: Int32Array,
  truth: Int32Array | null,
): ParameterSummary[] {
  const width = parameters.length;
  return parameters.map(({ name, min, max }, j) => {
    const codes = [...samples.filter((_, i) => i % width === j)].sort((a, b) => a - b);
    const mean = codes.reduce((a, b) => a + b, 0) / codes.length;
    const sd = Math.sqrt(codes.reduce((a, b) => a + (b - mean) ** 2, 0) / codes.length);
    const quantile = (q: number): number => codes[Math.floor(q * (codes.length - 1))] as number;
    return {
      name,
      prior: [min, max],
      truth: truth?.[j] ?? null,
      mean,
      sd,
      q05: quantile(0.05),
      median: quantile(0.5),
      q95: quantile(0.95),
    };
  });
}

export function syntheticRun(options: SyntheticOptions = {}): RunData {
  const { seed = 7, numParameters = 2, knowsTruth = true, gridLength = 500, dataSetCount = 200 } = options;
  const rng = Rng.fromSeed(seed);
  const grid = { length: gridLength, stepUs: stimulus.endUs / gridLength, startUs: stimulus.endUs / gridLength / 2 };
  const parameters = parameterNames.slice(0, numParameters).map((name) => ({ name, min: 0, max: 1022 }));
  const fromPrior = (): Int32Array => Int32Array.from(parameters, ({ max }) => rng.int(max + 1));
  const truth = Int32Array.from(parameters, (_, j) => [520, 340, 300, 700, 610, 450, 200][j] as number);
  const dataSet = traceSet(grid, Array.from({ length: dataSetCount }, fromPrior), rng.fork("data set"));
  const count = options.posteriorCount ?? 500;
  const samples = samplesAround(truth, parameters, count, rng.fork("posterior"));
  const row = (i: number): Int32Array => samples.subarray(i * numParameters, (i + 1) * numParameters);
  const order = Uint32Array.from({ length: dataSetCount }, (_, i) => i);
  const [a, b] = [Math.floor(0.8 * dataSetCount), Math.floor(0.9 * dataSetCount)];
  const indices = order.subarray(b, b + 4);
  const picked = Array.from(indices, (i) => dataSet.traces.subarray(i * gridLength, (i + 1) * gridLength));
  const joined = (rows: readonly Float32Array[]): Float32Array =>
    Float32Array.from(rows.flatMap((trace) => [...trace]));
  const epochs = Array.from({ length: 40 }, (_, i) => i);
  const decay = (floor: number): number[] => epochs.map((i) => floor + 0.8 * Math.exp(-i / 6) + 0.01 * rng.uniform());
  const validation = decay(0.075);
  const test = decay(0.082);
  const summary = summarise(parameters, samples, knowsTruth ? truth : null);
  const median = Int32Array.from(summary, (one) => one.median);
  const draws = Array.from({ length: 16 }, (_, i) => row(i));
  return {
    parameters,
    facts: {
      device: { url: "virtual:?chip=1", boardId: "00c0ffee12345678", bitfileInfo: "virtual board, bitfile 0x5a1e" },
      neuron: 0,
      task: "paper",
      seed,
      simulations: 1600,
      rounds: 2,
      perRound: [
        { requested: 800, usable: 800 },
        { requested: 800, usable: 797 },
      ],
      backend: "wasm",
      versions: { hxloop: "0.1.0", node: "20.19.4", "@tensorflow/tfjs-core": "4.22.0" },
      seconds: { record: 31.4, train: 95.2, total: 141.8 },
      notices: ["3 of 800 recordings of round 2 could not be used (missing-samples)"],
    },
    target: {
      source: options.source ?? "codes v_reset 520, i_bias_adapt_tau 340",
      trace: membrane(truth, grid, rng.fork("target")),
      theta: knowsTruth ? truth : null,
    },
    stimulus,
    dataSet,
    split: { train: order.subarray(0, a), validation: order.subarray(a, b), test: order.subarray(b) },
    autoencoder: {
      history: {
        train: decay(0.06),
        validation,
        validationSd: validation.map((loss) => 0.45 * loss),
        test,
        testSd: test.map((loss) => 0.5 * loss),
      },
      latentSize: 12,
      views: ["running count of resets", "mean in windows of 40 µs"],
    },
    reconstructions: {
      indices,
      traces: joined(picked),
      reconstructed: joined(picked.map((trace) => blur(trace, rng))),
    },
    posterior: { count, samples },
    summary,
    repeats: traceSet(grid, new Array(10).fill(knowsTruth ? truth : median), rng.fork("repeats")),
    draws: traceSet(grid, draws, rng.fork("draws")),
    predictive: {
      drawDistances: draws.map(() => 1 + 0.6 * rng.uniform()),
      floorDistances: Array.from({ length: 45 }, () => 0.7 + 0.6 * rng.uniform()),
      distance: 1.31,
      noiseFloor: 1.02,
    },
  };
}
