/** The paper's task cut down to what a test can afford: a coarse grid, a slow converter, small networks. */
import { type CalibrationRequest, requestOf } from "../../../src/calib/request.js";
import { paperTask } from "../../../src/calib/task/paper.js";
import type { Task } from "../../../src/calib/task/task.js";
import { AtomicNeuronOnDls, capMemCellOfNeuron } from "../../../src/device/interface/index.js";
import { type ToyOptions, ToySession } from "./toy-session.js";

export const toyTask: Task = {
  ...paperTask,
  name: "toy",
  timing: { settleUs: 12_000, madcWarmUpUs: 12, marginUs: 2, madcSamplePeriodUs: 1 },
  grid: { length: 200, stepUs: 5, startUs: 2.5 },
  maxGapUs: { recording: 5, target: 10 },
  spike: { fallLsb: 20, withinUs: 10 },
  batchSize: 8,
  autoencoder: { latentSize: 4, epochs: 120, decoderEpochs: 2, batchSize: 16, learningRate: 3e-3 },
  estimator: { scheme: "tsnpe", members: 1, steps: 150 },
  budget: { simulations: 120, rounds: 2, draws: 6, repeats: 4, posteriorSamples: 50, summarySamples: 400 },
};

export const toyNeuron = 300;

export function toySession(options: Partial<ToyOptions> = {}): ToySession {
  const neuron = AtomicNeuronOnDls.at(toyNeuron);
  return new ToySession({
    resetCell: capMemCellOfNeuron(neuron, "v_reset"),
    adaptationCell: capMemCellOfNeuron(neuron, "i_bias_adapt_tau"),
    ...options,
  });
}

export function toyRequest(changes: Partial<CalibrationRequest> = {}): CalibrationRequest {
  const target = { kind: "theta", codes: Int32Array.of(400, 500) } as const;
  return { ...requestOf(toyTask, toyNeuron, target, 11), ...changes };
}
