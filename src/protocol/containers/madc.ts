/**
 * The MADC: one fast 10-bit converter for two analog lines. Sample rate = clock / (12 + sampleDurationAdjust), divided
 * by 2 * (scale + 1) with clock scaling; 500 MHz / 17 = 29.41 MHz by default. Source: haldls `vx/madc.{h,cpp}`.
 */
import { OnDls } from "../coordinates/unique.js";
import { defineContainer } from "./define-container.js";
import { flag, uint } from "./field.js";

export const MadcControl = defineContainer({
  name: "MadcControl",
  doc: "Commands to the MADC; a command bit must be cleared by the next write.",
  coordinate: OnDls,
  access: "w",
  address: () => 0xc0000,
  fields: {
    wakeUp: flag(0, 0, "power up"),
    startRecording: flag(0, 1, "start sampling"),
    stopRecording: flag(0, 2, "stop sampling"),
    enablePowerDownAfterSampling: flag(0, 3, "power down when the samples are taken"),
    enableContinuousSampling: flag(0, 4, "sample until stopped"),
    enablePreAmplifier: flag(0, 5, "voltage amplifier on"),
    enableIconvAmplifier: flag(0, 6, "current-conversion amplifier on"),
  },
});

export const MadcConfig = defineContainer({
  name: "MadcConfig",
  doc: "Timing and analog routing of the MADC.",
  coordinate: OnDls,
  address: () => 0xc0001,
  offsets: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  fields: {
    activeMuxInitiallySelectedInput: uint(0, 3, 1, "line sampled first"),
    activeMuxInputSelectLength: uint(0, 4, 4, "samples between switches of the line; 0: no switching"),
    sampleDurationAdjust: uint(0, 8, 3, "clock cycles per sample beyond 12", { default: 5 }),
    enableSarResetOnFall: flag(0, 11, "SAR reset at the falling edge"),
    sarResetWait: uint(0, 12, 2, "wait before the SAR reset", { default: 3 }),
    sarResetLength: uint(0, 14, 2, "length of the SAR reset"),
    powerupWaitValue: uint(1, 0, 10, "wait after power up", { default: 96 }),
    conversionCyclesOffset: uint(1, 12, 4, "offset of the conversion cycles", { default: 12 }),
    calibrationWaitValue: uint(2, 0, 10, "wait of the calibration"),
    enableCalibration: flag(2, 15, "calibration on"),
    numberOfSamples: uint(3, 0, 16, "samples per start"),
    preampSamplingWindowStart: uint(4, 0, 5, "start of the sampling window, voltage amplifier", { default: 3 }),
    preampSamplingWindowEnd: uint(4, 5, 5, "end of the sampling window, voltage amplifier", { default: 8 }),
    iconvSamplingWindowStart: uint(5, 0, 5, "start of the sampling window, current conversion", { default: 9 }),
    iconvSamplingWindowEnd: uint(5, 5, 5, "end of the sampling window, current conversion", { default: 14 }),
    sampleOnPositiveEdge: flag(6, 0, "sample at the positive edge", { default: true }),
    enableDummyData: flag(6, 1, "counter values instead of samples"),
    connectPreampToMadc: flag(7, 0, "voltage amplifier to the converter", { default: true }),
    connectPadsToMadc: flag(7, 1, "pads to the converter"),
    connectPreampToPads: flag(7, 2, "voltage amplifier to the pads"),
    preampGainCapacitorSize: uint(7, 3, 5, "gain of the voltage amplifier", { default: 31 }),
    enableMadcClockScaling: flag(8, 0, "clock divided by 2 * (scale + 1)"),
    madcClockScaleValue: uint(8, 1, 12, "scale of the clock"),
    enableActiveMuxAmplifiers: flag(9, 0, "amplifiers of the active multiplexer on", { default: true }),
    enablePseudoDifferentialReferenceNorth: flag(9, 1, "pseudo-differential reference, north"),
    enablePseudoDifferentialReferenceSouth: flag(9, 2, "pseudo-differential reference, south"),
    signalSelectionConnectCurrentMeter: flag(9, 3, "current meter to the converter"),
    signalSelectionConnectActiveMux: flag(9, 4, "active multiplexer to the converter", { default: true }),
    signalSelectionConnectDebug: flag(9, 5, "debug line to the converter"),
    signalSelectionConnectPreamp: flag(9, 6, "voltage amplifier to the converter", { default: true }),
    enableIconvAmplifier: flag(9, 7, "current-conversion amplifier on"),
    iconvNeuronNorth: flag(9, 8, "current conversion of the north neuron line"),
    iconvNeuronSouth: flag(9, 9, "current conversion of the south neuron line"),
    iconvSynapseInhibitory: flag(9, 10, "current conversion of the inhibitory synapse line"),
    iconvSynapseExcitatory: flag(9, 11, "current conversion of the excitatory synapse line"),
  },
});
