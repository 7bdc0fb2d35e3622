/**
 * From a neuron's register words to the switches of its circuit. A snapshot holds the words of config, backend and common
 * backend as they were at one moment; it is decoded only when a circuit needs it.
 */
import {
  type AtomicNeuron,
  CapMemBlockOnDls,
  CommonNeuronBackendConfig,
  NeuronBackendConfig,
  NeuronConfig,
  neuronBlock,
  sharedCapMemCell,
} from "../../protocol/index.js";
import { unitsPerStep } from "../physics/adex.js";
import type { CircuitSwitches } from "../physics/circuit.js";
import { joinsFrom, type NeuronJoins } from "./neuron-joins.js";
import { stimulusOf } from "./stimulus-line.js";

/** Words of NeuronConfig, NeuronBackendConfig and CommonNeuronBackendConfig, in this order, and the stimulus word. */
export type NeuronWords = Uint32Array;

const backendAt = NeuronConfig.wordCount;
const commonAt = backendAt + NeuronBackendConfig.wordCount;
const stimulusAt = commonAt + CommonNeuronBackendConfig.wordCount;

/** @param stimulus what the neuron gets of the current DAC: stimulus-line.ts */
export function snapshotWords(
  config: Uint32Array,
  backend: Uint32Array,
  common: Uint32Array,
  stimulus = 0,
): NeuronWords {
  const words = new Uint32Array(stimulusAt + 1);
  words[stimulusAt] = stimulus;
  words.set(config);
  words.set(backend, backendAt);
  words.set(common, commonAt);
  return words;
}

export const powerUpWords = snapshotWords(
  NeuronConfig.encode({}),
  NeuronBackendConfig.encode({}),
  CommonNeuronBackendConfig.encode({}),
);

const biasCells = Array.from({ length: CapMemBlockOnDls.size }, (_, index) => {
  const block = CapMemBlockOnDls.at(index);
  return {
    comparator: sharedCapMemCell(block, "neuron_i_bias_spike_comparator"),
    follower: sharedCapMemCell(block, "neuron_i_bias_leak_source_follower"),
  };
});

/** Cells of the biases that a neuron shares with its quadrant. */
export const biasCellsOf = (neuron: AtomicNeuron): (typeof biasCells)[number] =>
  biasCells[neuronBlock(neuron)] as (typeof biasCells)[number];

/** A snapshot, decoded: the switches of the circuit, and what acts beside the circuit. */
export interface NeuronSettings {
  readonly switches: CircuitSwitches;
  readonly joins: NeuronJoins;
  readonly forceReset: boolean;
}

/** Cycles of the input clock from the release of the reset to the end of the refractory time. */
const holdoffCycles = (code: number): number => 31 - 2 * code;

/** Length of a tick, units of 4 ns: the clock is 250 MHz / 2^(scale + 1). */
const tick = (scale: number): number => 2 ** (scale + 1);
const toSteps = (units: number): number => Math.ceil(units / unitsPerStep);

export function decodeSettings(words: NeuronWords): NeuronSettings {
  const config = NeuronConfig.decode(words.subarray(0, backendAt));
  const backend = NeuronBackendConfig.decode(words.subarray(backendAt, commonAt));
  const common = CommonNeuronBackendConfig.decode(words.subarray(commonAt, stimulusAt));
  // Input clock 0 is taken for the slow one; the sources do not say (docs/chip-model.md, "Digital backend").
  const refractoryTick = tick(backend.selectInputClock === 0 ? common.clockScaleSlow : common.clockScaleFast);
  // The counter needs one tick even for a refractory time of zero.
  const refractoryTicks = Math.max(1, backend.refractoryTime);
  const resetTicks = Math.max(0, refractoryTicks - holdoffCycles(backend.resetHoldoff));
  return {
    forceReset: common.forceReset,
    joins: joinsFrom({
      somaRight: config.connectSomaRight,
      bottom: config.connectBottom,
      membraneRight: config.connectMembraneRight,
      soma: config.connectSoma,
      conductance: config.enableMulticompartmentConductance,
      fireBottom: backend.connectFireBottom,
      fireFromRight: backend.connectFireFromRight,
      fireToRight: backend.connectFireToRight,
      fireMaster: backend.enableNeuronMaster,
      fireSlave: backend.enableNeuronSlave,
    }),
    switches: {
      leakMode: {
        multiplication: config.enableLeakMultiplication,
        division: config.enableLeakDivision,
        degeneration: config.enableLeakDegeneration,
      },
      resetMode: {
        multiplication: config.enableResetMultiplication,
        division: config.enableResetDivision,
        degeneration: config.enableResetDegeneration,
      },
      capacitorSize: config.membraneCapacitorSize,
      enableThreshold: config.enableThresholdComparator,
      enableFire: config.enableFire && common.enableClocks,
      enableExponential: config.enableExponential,
      enableAdaptation: config.enableAdaptation,
      invertA: config.invertAdaptationA,
      invertB: config.invertAdaptationB,
      enablePulse: backend.enableAdaptationPulse,
      enableOffset: config.enableMembraneOffset,
      invertOffset: config.invertMembraneOffset,
      stimulusCodes: stimulusOf(words[stimulusAt] as number),
      pauseDuringReset: config.enablePauseDuringReset,
      enableExcitatory: config.enableSynapticInputExcitatory,
      enableInhibitory: config.enableSynapticInputInhibitory,
      excitatoryInput: {
        smallCapacitance: config.enableSynapticInputExcitatorySmallCapacitance,
        highResistance: config.enableSynapticInputExcitatoryHighResistance,
      },
      inhibitoryInput: {
        smallCapacitance: config.enableSynapticInputInhibitorySmallCapacitance,
        highResistance: config.enableSynapticInputInhibitoryHighResistance,
      },
      enableAxial: config.enableMulticompartmentConductance,
      axialMode: {
        multiplication: config.enableMultiplyMulticompartmentConductanceBias,
        division: config.enableDivideMulticompartmentConductanceBias,
      },
      refractorySteps: toSteps(refractoryTicks * refractoryTick),
      resetSteps: toSteps(resetTicks * refractoryTick),
      pulseSteps: toSteps(tick(common.clockScaleAdaptationPulse)),
    },
  };
}
