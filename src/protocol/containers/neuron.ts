/**
 * The analog part of a neuron: switches of its circuits. Bits stand as in the register map of the chip; defaults are all
 * off. Source: haldls `vx/v3/neuron.{h,cpp}`.
 */
import { AtomicNeuronOnDls, neuronBlock, neuronIndexInBlock } from "../coordinates/neuron.js";
import { defineContainer } from "./define-container.js";
import { choice, flag, uint } from "./field.js";

/** Signals that the neuron's readout amplifier can show; index is the value of `readoutSource`. */
export const neuronReadoutSources = ["membrane", "excitatoryInput", "inhibitoryInput", "adaptation"] as const;

export const NeuronConfig = defineContainer({
  name: "NeuronConfig",
  doc: "Switches of one neuron's analog circuits.",
  coordinate: AtomicNeuronOnDls,
  address: (at) => 0x160000 + 0x8000 * neuronBlock(at) + 8 * neuronIndexInBlock(at) + 2,
  offsets: [0, 1, 2, 3, 4, 5],
  fields: {
    enableResetDegeneration: flag(0, 0, "source degeneration of the reset conductance"),
    enableResetDivision: flag(0, 1, "reset conductance divided by 8"),
    enableResetMultiplication: flag(0, 2, "reset conductance times 8"),
    enableLeakDegeneration: flag(0, 3, "source degeneration of the leak conductance"),
    enableLeakDivision: flag(0, 4, "leak conductance divided by 8"),
    enableLeakMultiplication: flag(0, 5, "leak conductance times 8"),
    enableStrongFire: flag(0, 6, "strong fire signal"),
    enableSynapticInputInhibitoryCobaMode: flag(1, 1, "conductance-based inhibitory input"),
    enableSynapticInputExcitatoryCobaMode: flag(1, 2, "conductance-based excitatory input"),
    enableUnbufferedAccess: flag(1, 3, "membrane on the readout line without amplifier"),
    enableReadoutAmplifier: flag(1, 4, "power for the readout amplifier"),
    readoutSource: choice(1, 5, 2, neuronReadoutSources, "signal of the readout amplifier"),
    enableReadout: flag(1, 7, "readout amplifier onto the shared readout line"),
    invertAdaptationB: flag(2, 0, "sign of the spike-triggered adaptation inverted"),
    invertAdaptationA: flag(2, 1, "sign of the sub-threshold adaptation inverted"),
    enableAdaptation: flag(2, 2, "adaptation current onto the membrane"),
    enableExponential: flag(2, 3, "exponential term"),
    enableSynapticInputInhibitorySmallCapacitance: flag(2, 4, "small capacitance, inhibitory input"),
    enableSynapticInputExcitatorySmallCapacitance: flag(2, 5, "small capacitance, excitatory input"),
    enableSynapticInputInhibitoryHighResistance: flag(2, 6, "high resistance, inhibitory input"),
    enableSynapticInputExcitatoryHighResistance: flag(2, 7, "high resistance, excitatory input"),
    enableMembraneOffset: flag(3, 0, "offset current onto the membrane"),
    membraneCapacitorSize: uint(3, 2, 6, "membrane capacitor; 63 is about 2.3 pF"),
    invertMembraneOffset: flag(4, 0, "sign of the offset current inverted"),
    enableFire: flag(4, 2, "fire output to the digital backend"),
    enableThresholdComparator: flag(4, 3, "spike comparator"),
    enableSynapticInputInhibitory: flag(4, 4, "inhibitory input onto the membrane"),
    enableSynapticInputExcitatory: flag(4, 5, "excitatory input onto the membrane"),
    enableBypassInhibitory: flag(4, 6, "inhibitory event makes a spike at once"),
    enableBypassExcitatory: flag(4, 7, "excitatory event makes a spike at once"),
    connectSomaRight: flag(5, 0, "soma line joined with the right neighbour"),
    connectBottom: flag(5, 1, "joined with the neuron of the other row"),
    enableMulticompartmentConductance: flag(5, 2, "conductance between compartments"),
    connectMembraneRight: flag(5, 3, "membrane joined with the right neighbour"),
    connectSoma: flag(5, 4, "membrane joined with the soma line"),
    enableMultiplyMulticompartmentConductanceBias: flag(5, 5, "inter-compartment conductance times 4"),
    enableDivideMulticompartmentConductanceBias: flag(5, 6, "inter-compartment conductance divided by 4"),
    enablePauseDuringReset: flag(5, 7, "inter-compartment conductance off during reset"),
  },
});
