/**
 * The task of the paper: reset potential and adaptation time constant of one AdEx neuron, from its response to a 0.6 ms
 * step of current. The codes of the other cells are chosen so that, over most of the prior, the neuron fires regularly
 * with adaptation; they are the same for every chip, nothing is trimmed. The paper does not state them, nor its
 * stimulus or its budget: the step is that of the public AdEx tutorials for this chip, the rest is our choice.
 * Source: Huhle, Kaiser, Mueller, Schemmel, arXiv 2412.02437 (parameters, prior, method).
 */
import type { Task } from "./task.js";

/** All codes that software may send; 1023 means that a cell is not refreshed. */
const wholeRange = { min: 0, max: 1022 } as const;

export const paperTask: Task = {
  name: "paper",
  description: "Reset potential and adaptation time constant of an AdEx neuron under a step of current",
  parameters: [
    { name: "v_reset", ...wholeRange },
    { name: "i_bias_adapt_tau", ...wholeRange },
  ],
  // Outside of it the reset meets the lower rail or the threshold, few spikes are left to carry the time constant, or
  // the adaptation is so fast that it has died away before the next spike.
  demoRegion: [
    { name: "v_reset", min: 340, max: 680 },
    { name: "i_bias_adapt_tau", min: 60, max: 500 },
  ],
  neuronCodes: {
    v_leak: 530,
    v_threshold: 590,
    e_synin_exc_rev: 300,
    e_synin_inh_rev: 300,
    v_adapt_leak: 330,
    v_exp: 860,
    v_adapt_ref: 300,
    i_bias_leak: 140,
    i_bias_reset: 1022,
    i_bias_synin_exc_tau: 0,
    i_bias_synin_exc_coba: 0,
    i_bias_synin_exc_shift: 0,
    i_bias_synin_exc_gm: 0,
    i_bias_synin_inh_tau: 0,
    i_bias_synin_inh_coba: 0,
    i_bias_synin_inh_shift: 0,
    i_bias_synin_inh_gm: 0,
    i_bias_adapt_a: 50,
    i_bias_adapt_b: 400,
    i_bias_exp: 300,
    i_mem_offset: 700,
    i_bias_nmda: 0,
  },
  sharedCodes: {
    neuron_i_bias_readout_amp: 110,
    neuron_i_bias_leak_source_follower: 100,
    neuron_i_bias_spike_comparator: 200,
    readout_ac_mux_i_bias: 500,
    readout_madc_in_500na: 500,
    readout_sc_amp_i_bias: 500,
    readout_sc_amp_v_ref: 400,
  },
  neuronConfig: {
    enableResetMultiplication: true,
    membraneCapacitorSize: 63,
    enableAdaptation: true,
    enableExponential: true,
    enablePauseDuringReset: true,
    enableFire: true,
    enableThresholdComparator: true,
    enableReadoutAmplifier: true,
    readoutSource: 0,
    enableReadout: true,
  },
  backendConfig: {
    refractoryTime: 30,
    resetHoldoff: 15,
    enableAdaptationPulse: true,
    enableBayesianExtension: false,
  },
  // Both input clocks alike, so that it does not matter which of them a neuron takes.
  commonBackendConfig: { clockScaleSlow: 3, clockScaleFast: 3, clockScaleAdaptationPulse: 7 },
  // 500 MHz / (12 + 5) = 29.41 MHz, one sample per 34 ns.
  madcConfig: { sampleDurationAdjust: 5 },
  timing: { settleUs: 20_000, madcWarmUpUs: 12, marginUs: 2, madcSamplePeriodUs: 17 / 500 },
  stimulus: { onUs: 100, offUs: 700, endUs: 1000 },
  // Cells of 2 us side by side from 0 to 1000 us.
  grid: { length: 500, stepUs: 2, startUs: 1 },
  // Full scale 1.2 V in 1024 counts.
  scale: { voltPerLsb: 1.2 / 1024, offsetVolt: 0 },
  // Half a cell of the device's own recordings may be bridged; a brought trace may be as coarse as two cells.
  maxGapUs: { recording: 1, target: 4 },
  maxMissing: 0.01,
  // Resets fall by 60 LSB and more within 2 us; noise moves a cell's mean by 3 LSB or less.
  spike: { fallLsb: 20, withinUs: 4 },
  views: { everyUs: 10, envelopeUs: 40 },
  batchSize: 20,
  // The paper has the autoencoder alone. Its code holds the course of the trace, the features to what it does not resolve:
  // beside it they halve the spread of the time constant (docs/results/studies.md).
  embedding: "autoencoder-and-spike-features",
  autoencoder: { latentSize: 12, epochs: 150, decoderEpochs: 60, batchSize: 32, learningRate: 3e-3 },
  estimator: { scheme: "tsnpe", members: 2 },
  budget: { simulations: 2500, rounds: 5, draws: 16, repeats: 10, posteriorSamples: 500, summarySamples: 10_000 },
};
