/**
 * Codes of a firing pattern by the formulas of docs/chip-model.md turned round, at 10 mV per biological mV and 1000
 * times the speed: onset of the exponential at 0.65 V, its slope 20 mV, threshold 90 mV above the onset. Higher, the
 * upstroke would overshoot by more until the clock looks at it again, and the reset would begin anywhere within that.
 */
import { type FiringPattern, firingPatterns } from "../../src/calib/target/pattern.js";
import { paperTask } from "../../src/calib/task/paper.js";
import type { Task } from "../../src/calib/task/task.js";
import { nominalNeuron, runModel } from "./pattern-model.js";

const voltPerMv = 0.01;
const capacitance = 0.035 * 63 + 0.2;
const nominalOnset = 0.65;
const slope = 0.02;
const aboveOnset = 4.5;
const biasExp = 300;
const drop = 0.37;
const gm = 0.5;
/** A pulse of 0.512 us on 2 pF, 0.5 nA per code. */
const voltPerPulseCode = (0.5e-3 * 0.512) / 2;
/** The membrane is held for 7 of 8 ticks of 64 ns, and keeps so much of its way to the reset potential. */
const refractoryTime = 8;
const resetG = 1 / (1 / (8 * 0.73) + 0.05);
const heldUs = (refractoryTime - 1) * 0.064;
const left = Math.exp((-heldUs * resetG) / capacitance);

const voltageCode = (volts: number): number => Math.round((volts - 0.02) / 1.88e-3);
const cellVolts = (code: number): number => 0.02 + 1.88e-3 * code;
const otaCode = (share: number): number => Math.max(0, Math.round(1022 * share ** 1.25));

/** The paper's set-up with the codes of a pattern. */
export function patternTask(name: FiringPattern): Task {
  const { c, gL, eL, a, tauW, b, vR, i } = firingPatterns[name];
  // Conductances scale with the capacitances (pF to pF, and 1000 times the speed), currents with the voltages too.
  const g = (gL / c) * capacitance;
  const perNs = g / gL;
  const microampere = (pA: number): number => pA * perNs * voltPerMv;
  // The exponential's code is rounded first, and everything stands relative to the onset that it gives.
  const above = 0.6 - slope * Math.log((g * slope) / (50e-6 * biasExp));
  const expCode = voltageCode(nominalOnset + above);
  const onset = cellVolts(expCode) - above;
  const threshold = onset + aboveOnset * slope;
  const volts = (mV: number): number => onset + (mV + 50) * voltPerMv;
  // The model is reset at once; the chip's membrane is let go where the model would be by then. It keeps a part of its
  // way, which begins half a step of the grid above threshold; step current and adaptation pull against the reset.
  const overshoot = (0.008 * g * slope * Math.exp(aboveOnset)) / capacitance;
  // Adaptation current while the reset holds: the mean before a spike, and half of its step.
  const w = runModel(nominalNeuron(name)).meanW + b / 2;
  const held = microampere(i - w);
  const released =
    volts(vR) + (heldUs * microampere(i - w - gL * (vR - eL) + 2 * gL * Math.exp((vR + 50) / 2))) / capacitance;
  const settled = (released - left * (threshold + overshoot)) / (1 - left);
  const rate = 1 / tauW;
  const [leakCode, restCode] = [voltageCode(volts(eL) + drop), voltageCode(volts(eL))];
  // What rounding moves E_L by, the step current makes up for: some patterns begin close to their rheobase.
  const roundingCurrent = g * (volts(eL) + drop - cellVolts(leakCode)) + a * perNs * (volts(eL) - cellVolts(restCode));
  return {
    ...paperTask,
    name,
    parameters: [{ name: "v_reset", min: 0, max: 1022 }],
    neuronCodes: {
      ...paperTask.neuronCodes,
      v_leak: leakCode,
      v_reset: voltageCode(settled - held / resetG + drop),
      v_threshold: voltageCode(threshold),
      v_adapt_leak: restCode,
      v_adapt_ref: voltageCode(0.6),
      v_exp: expCode,
      i_bias_exp: biasExp,
      i_bias_leak: otaCode((g - 0.2e-3) / 0.73),
      i_bias_adapt_tau: otaCode(Math.max(0, rate - 1 / 500) / (1 / 5 - 1 / 500)),
      i_bias_adapt_a: Math.round((1022 * Math.abs(a) * perNs) / gm),
      i_bias_adapt_b: Math.round(microampere(b) / gm / voltPerPulseCode),
      i_mem_offset: Math.round((microampere(i) + roundingCurrent) / 0.25e-3),
    },
    neuronConfig: { ...paperTask.neuronConfig, invertAdaptationA: a < 0 },
    // The model begins the step at V = E_L, w = 0.
    stimulus: { ...paperTask.stimulus, restsUntilOnset: true },
    backendConfig: { ...paperTask.backendConfig, refractoryTime, enableSpikeOut: true },
    commonBackendConfig: { ...paperTask.commonBackendConfig, clockScaleAdaptationPulse: 6 },
  };
}
