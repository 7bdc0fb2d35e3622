/**
 * From CapMem code to circuit quantity for the nominal circuit: what calibration has to find, private to the chip.
 * Units throughout the physics: V, us, pF, uS, uA (so that pF * V / us = uS * V = uA). Codes are real numbers here,
 * because a level on its way, or one with write noise, lies between codes.
 * Sources and confidence of every number: docs/chip-model.md, "Transfers".
 */

/** Supply of the neuron circuits, V: nothing on the chip leaves 0 .. railVoltage. */
export const railVoltage = 1.2;

const voltageOffset = 0.02;
const voltagePerCode = 1.88e-3;
/** Level drop of the source follower in front of the leak and the reset input, V: without current, and more at a bias. */
const followerThreshold = 0.25;
const followerOverdrive = 0.12;
const nominalFollowerBias = 100;
/** A follower with less bias than this, codes, holds its output at the lower rail. */
const leastFollowerBias = 10;
/** Level drop inside the exponential circuit between v_exp and the potential at which it carries i0, V. */
const exponentialDrop = 0.6;
/** Width over which a follower's output bends into a rail, V. */
const railSoftness = 0.015;

/** Largest code of a current cell; OTA and bias formulas are anchored there. */
const fullCode = 1022;
const otaExponent = 0.8;
const otaConductanceAtFullCode = 0.73;
/** What a switched-off OTA still conducts, uS. */
const otaLeakage = 2e-4;
const otaModeFactor = 8;
/** Source degeneration lowers the transconductance to this share. */
const degenerationFactor = 0.5;
/** Series resistance of the reset switch, MOhm: limits the reset time constant to about 0.5 us. */
const resetSwitchResistance = 0.05;

const capacitancePerCode = 0.035;
const intrinsicCapacitance = 0.2;

const adaptationRateAtFullCode = 1 / 5;
const adaptationRateFloor = 1 / 500;

/** Capacitor on which the adaptation voltage lives, pF. */
export const adaptationCapacitance = 2;
/** Transconductance from the adaptation voltage to the membrane, uS. */
export const adaptationTransconductance = 0.5;
const pulseCurrentPerCode = 5e-4;

const offsetCurrentPerCode = 2.5e-4;
/** Of the current DAC, uA. */
export const stimulusCurrentPerCode = 1e-3;

const exponentialCurrentPerCode = 5e-5;
const exponentialSlopeAt300 = 0.02;
/** The output mirror of the exponential circuit cannot give more than this, uA. */
export const exponentialCurrentLimit = 2;

/** Capacitance of a synaptic input, pF, and what its resistor conducts at full code, uS: 0.5 us. */
const synapticCapacitance = 0.2;
const synapticConductanceAtFullCode = 0.4;
const synapticLeakage = 2e-3;
/** The mode with a high resistance lowers that conductance. */
const synapticResistanceFactor = 4;
/** Code at which the OTA of a nominal synaptic input is balanced, and its imbalance per code, V. */
const balancedShiftCode = 310;
const standingPerCode = 2e-4;
/** Transconductance of a synaptic input's OTA at full code, uS. */
const synapticTransconductanceAtFullCode = 0.73;
const axialModeFactor = 4;

const softplus = (x: number): number => (x > 30 ? x : Math.log1p(Math.exp(x)));

/** Level of a voltage cell, V. */
export function cellVoltage(code: number): number {
  return voltageOffset + voltagePerCode * code;
}

/** Keep a potential between the rails, bending smoothly into them. */
export function betweenRails(voltage: number): number {
  const s = railSoftness;
  return s * (softplus(voltage / s) - softplus((voltage - railVoltage) / s));
}

/** Drop of the followers of a quadrant, V; infinite without bias. @param bias codes: 0.37 V at 100 */
export function followerDrop(bias: number): number {
  if (bias < leastFollowerBias) return Infinity;
  return followerThreshold + followerOverdrive * Math.sqrt(bias / nominalFollowerBias);
}

/** Potential that the leak or reset OTA pulls to, V. @param shift offset of this circuit, V @param drop of its follower */
export function followerVoltage(code: number, shift: number, drop: number): number {
  return betweenRails(cellVoltage(code) - drop + shift);
}

export interface OtaMode {
  readonly multiplication: boolean;
  readonly division: boolean;
  readonly degeneration: boolean;
}

/** Conductance of the leak/reset OTA, uS. @param gain factor of this circuit */
export function otaConductance(code: number, mode: OtaMode, gain: number): number {
  let g = otaConductanceAtFullCode * gain * (Math.max(code, 0) / fullCode) ** otaExponent;
  if (mode.multiplication) g *= otaModeFactor;
  if (mode.division) g /= otaModeFactor;
  if (mode.degeneration) g *= degenerationFactor;
  return g + otaLeakage;
}

/** Conductance of the reset path, uS: the OTA in series with its switch. */
export function resetConductance(code: number, mode: OtaMode, gain: number): number {
  return 1 / (1 / otaConductance(code, mode, gain) + resetSwitchResistance);
}

/** Membrane capacitance, pF. @param code 0..63 */
export function membraneCapacitance(code: number, gain: number): number {
  return (capacitancePerCode * code + intrinsicCapacitance) * gain;
}

/** Inverse time constant of the adaptation, 1/us. */
export function adaptationRate(code: number, gain: number): number {
  return (
    (adaptationRateAtFullCode - adaptationRateFloor) * gain * (Math.max(code, 0) / fullCode) ** otaExponent +
    adaptationRateFloor
  );
}

/** Ratio of the stationary adaptation voltage to the membrane's distance from v_adapt_leak. */
export function adaptationCoupling(code: number, gain: number): number {
  return (gain * Math.max(code, 0)) / fullCode;
}

/** Current on the adaptation capacitor during a pulse, uA. */
export function pulseCurrent(code: number, gain: number): number {
  return pulseCurrentPerCode * gain * Math.max(code, 0);
}

/** Membrane offset current, uA. */
export function offsetCurrent(code: number, gain: number): number {
  return offsetCurrentPerCode * gain * Math.max(code, 0);
}

/** Current of the exponential circuit at its potential, uA. */
export function exponentialScale(code: number, gain: number): number {
  return exponentialCurrentPerCode * gain * Math.max(code, 0);
}

/** Voltage over which the exponential current grows by e, V: a stronger bias makes it steeper. */
export function exponentialSlope(code: number, gain: number): number {
  return exponentialSlopeAt300 * gain * (300 / Math.max(code, 20)) ** 0.4;
}

/** Potential at which the exponential circuit carries its scale current, V. */
export function exponentialVoltage(code: number, shift: number): number {
  return cellVoltage(code) - exponentialDrop + shift;
}

export interface SynapticInputMode {
  readonly smallCapacitance: boolean;
  readonly highResistance: boolean;
}

/** Time constant of a synaptic input, us: 0.5 at full code, 100 at code 0, in the plain mode. */
export function synapticTau(code: number, mode: SynapticInputMode, gain: number): number {
  let g = synapticConductanceAtFullCode * gain * (Math.max(code, 0) / fullCode) ** otaExponent;
  if (mode.highResistance) g /= synapticResistanceFactor;
  return (mode.smallCapacitance ? synapticCapacitance / 2 : synapticCapacitance) / (g + synapticLeakage);
}

/** Voltage that a synaptic input's OTA sees at rest, V. @param code of its shift cell @param shift of this circuit, V */
export function synapticStandingVoltage(code: number, shift: number): number {
  return standingPerCode * (code - balancedShiftCode) + shift;
}

/** Current onto the membrane per volt of a synaptic input, uS, without its sign. */
export function synapticTransconductance(code: number, gain: number): number {
  return synapticTransconductanceAtFullCode * gain * (Math.max(code, 0) / fullCode) ** otaExponent;
}

/** Conductance between membrane and soma line, uS. */
export function axialConductance(
  code: number,
  mode: Pick<OtaMode, "multiplication" | "division">,
  gain: number,
): number {
  let g = otaConductanceAtFullCode * gain * (Math.max(code, 0) / fullCode) ** otaExponent;
  if (mode.multiplication) g *= axialModeFactor;
  if (mode.division) g /= axialModeFactor;
  return g;
}
