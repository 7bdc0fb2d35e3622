/**
 * One neuron's circuit quantities from its cell levels, switches and mismatch. The only place where transfer functions
 * and the equations meet. Knows no addresses and no time.
 */
import { type NeuronCapMemRow, neuronCapMemRows } from "../../protocol/index.js";
import type { NeuronMismatch } from "./mismatch.js";
import type { AdexParameters } from "./parameters.js";
import * as transfer from "./transfer.js";

const row = (name: NeuronCapMemRow): number => neuronCapMemRows.indexOf(name);

/** Row of each cell that the neuron's circuits use, in its column of the CapMem. */
export const cellRow = {
  vLeak: row("v_leak"),
  vReset: row("v_reset"),
  vThreshold: row("v_threshold"),
  vAdaptLeak: row("v_adapt_leak"),
  vExp: row("v_exp"),
  vAdaptRef: row("v_adapt_ref"),
  iBiasLeak: row("i_bias_leak"),
  iBiasReset: row("i_bias_reset"),
  iBiasAdaptTau: row("i_bias_adapt_tau"),
  iBiasAdaptA: row("i_bias_adapt_a"),
  iBiasAdaptB: row("i_bias_adapt_b"),
  iBiasExp: row("i_bias_exp"),
  iMemOffset: row("i_mem_offset"),
  iBiasNmda: row("i_bias_nmda"),
  iBiasExcTau: row("i_bias_synin_exc_tau"),
  iBiasInhTau: row("i_bias_synin_inh_tau"),
  iBiasExcShift: row("i_bias_synin_exc_shift"),
  iBiasInhShift: row("i_bias_synin_inh_shift"),
  iBiasExcGm: row("i_bias_synin_exc_gm"),
  iBiasInhGm: row("i_bias_synin_inh_gm"),
} as const;

/** Digital settings that act on the circuit. */
export interface CircuitSwitches {
  readonly leakMode: transfer.OtaMode;
  readonly resetMode: transfer.OtaMode;
  /** 0..63 */
  readonly capacitorSize: number;
  readonly enableThreshold: boolean;
  readonly enableFire: boolean;
  readonly enableExponential: boolean;
  readonly enableAdaptation: boolean;
  readonly invertA: boolean;
  readonly invertB: boolean;
  readonly enablePulse: boolean;
  readonly enableOffset: boolean;
  readonly invertOffset: boolean;
  /** The neuron's share of the current DAC, signed codes. */
  readonly stimulusCodes: number;
  readonly pauseDuringReset: boolean;
  /** Synaptic inputs joined with the membrane. */
  readonly enableExcitatory: boolean;
  readonly enableInhibitory: boolean;
  readonly excitatoryInput: transfer.SynapticInputMode;
  readonly inhibitoryInput: transfer.SynapticInputMode;
  /** Conductance between membrane and soma line. */
  readonly enableAxial: boolean;
  readonly axialMode: Pick<transfer.OtaMode, "multiplication" | "division">;
  /** Lengths in grid steps. */
  readonly refractorySteps: number;
  readonly resetSteps: number;
  readonly pulseSteps: number;
}

/** Noise of a typical neuron (docs/chip-model.md, "Noise"): current held for 64 ns, uA rms; spike onset, V rms. */
const noiseCurrent = 0.008;
const onsetNoise = 0.006;

/**
 * Refresh `p` in place.
 * @param level one real-valued code per row, length 24 @param noiseFactor strength of the membrane noise, 1 = typical
 * @param followerBias level of neuron_i_bias_leak_source_follower, codes
 */
export function deriveParameters(
  p: AdexParameters,
  level: Float64Array,
  switches: CircuitSwitches,
  mismatch: NeuronMismatch,
  noiseFactor: number,
  followerBias: number,
): void {
  const drop = transfer.followerDrop(followerBias);
  const code = (cell: number): number => level[cell] as number;
  p.capacitance = transfer.membraneCapacitance(switches.capacitorSize, mismatch.capacitanceGain);
  p.leakConductance = transfer.otaConductance(code(cellRow.iBiasLeak), switches.leakMode, mismatch.leakGain);
  p.leakVoltage = transfer.followerVoltage(code(cellRow.vLeak), mismatch.leakShift, drop);
  p.resetConductance = transfer.resetConductance(code(cellRow.iBiasReset), switches.resetMode, mismatch.resetGain);
  p.resetVoltage = transfer.followerVoltage(code(cellRow.vReset), mismatch.resetShift, drop);
  p.threshold = transfer.cellVoltage(code(cellRow.vThreshold)) + mismatch.thresholdShift;
  p.fires = switches.enableThreshold && switches.enableFire;

  const expBias = code(cellRow.iBiasExp);
  p.exponentialScale = switches.enableExponential
    ? transfer.exponentialScale(expBias, mismatch.exponentialScaleGain)
    : 0;
  p.exponentialVoltage = transfer.exponentialVoltage(code(cellRow.vExp), mismatch.exponentialShift);
  p.exponentialSlope = transfer.exponentialSlope(expBias, mismatch.exponentialSlopeGain);
  p.pauseDuringReset = switches.pauseDuringReset;

  p.adaptationTransconductance = switches.enableAdaptation
    ? transfer.adaptationTransconductance * mismatch.adaptationTransconductanceGain
    : 0;
  p.adaptationReference = transfer.betweenRails(
    transfer.cellVoltage(code(cellRow.vAdaptRef)) + mismatch.adaptationReferenceShift,
  );
  p.adaptationRate = transfer.adaptationRate(code(cellRow.iBiasAdaptTau), mismatch.adaptationRateGain);
  p.adaptationCoupling =
    transfer.adaptationCoupling(code(cellRow.iBiasAdaptA), mismatch.adaptationCouplingGain) *
    (switches.invertA ? -1 : 1);
  p.adaptationLeakVoltage = transfer.betweenRails(
    transfer.cellVoltage(code(cellRow.vAdaptLeak)) + mismatch.adaptationLeakShift,
  );
  p.pulseSlope =
    (transfer.pulseCurrent(code(cellRow.iBiasAdaptB), mismatch.pulseGain) / transfer.adaptationCapacitance) *
    (switches.invertB ? -1 : 1);

  const offset = switches.enableOffset
    ? transfer.offsetCurrent(code(cellRow.iMemOffset), mismatch.offsetCurrentGain) * (switches.invertOffset ? -1 : 1)
    : 0;
  p.offsetCurrent = offset + transfer.stimulusCurrentPerCode * switches.stimulusCodes;
  p.excitatoryTau = transfer.synapticTau(
    code(cellRow.iBiasExcTau),
    switches.excitatoryInput,
    mismatch.excitatoryTauGain,
  );
  p.inhibitoryTau = transfer.synapticTau(
    code(cellRow.iBiasInhTau),
    switches.inhibitoryInput,
    mismatch.inhibitoryTauGain,
  );
  p.excitatoryTransconductance = switches.enableExcitatory
    ? transfer.synapticTransconductance(code(cellRow.iBiasExcGm), mismatch.excitatoryGain)
    : 0;
  p.inhibitoryTransconductance = switches.enableInhibitory
    ? -transfer.synapticTransconductance(code(cellRow.iBiasInhGm), mismatch.inhibitoryGain)
    : 0;
  const standing = (cell: number, shift: number): number => transfer.synapticStandingVoltage(code(cell), shift);
  p.offsetCurrent +=
    p.excitatoryTransconductance * standing(cellRow.iBiasExcShift, mismatch.excitatoryShift) +
    p.inhibitoryTransconductance * standing(cellRow.iBiasInhShift, mismatch.inhibitoryShift);
  p.axialConductance = switches.enableAxial
    ? transfer.axialConductance(code(cellRow.iBiasNmda), switches.axialMode, mismatch.axialGain)
    : 0;
  p.noiseCurrent = noiseCurrent * noiseFactor;
  p.onsetNoise = onsetNoise * noiseFactor;
  p.refractorySteps = switches.refractorySteps;
  p.resetSteps = switches.resetSteps;
  p.pulseSteps = switches.enablePulse ? switches.pulseSteps : 0;
}
