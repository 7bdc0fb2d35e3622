/** The quantities of one circuit, whatever gives them: what the steppers integrate with. */

/** Circuit quantities in V, us, pF, uS, uA. Mutable: refreshed in place. */
export interface AdexParameters {
  capacitance: number;
  leakConductance: number;
  leakVoltage: number;
  resetConductance: number;
  resetVoltage: number;
  threshold: number;
  /** Whether the comparator's output makes spikes. */
  fires: boolean;
  exponentialScale: number;
  exponentialVoltage: number;
  exponentialSlope: number;
  /** Exponential and synaptic currents switched off while the reset holds the membrane. */
  pauseDuringReset: boolean;
  /** Signed; 0 when the adaptation is disabled. */
  adaptationTransconductance: number;
  adaptationReference: number;
  adaptationRate: number;
  /** Signed. */
  adaptationCoupling: number;
  adaptationLeakVoltage: number;
  /** Slope of the adaptation voltage during a pulse, V/us, signed. */
  pulseSlope: number;
  /** Constant current onto the membrane, uA, signed. */
  offsetCurrent: number;
  /** Time constant of each synaptic input's voltage, us, above 0. */
  excitatoryTau: number;
  inhibitoryTau: number;
  /** Current onto the membrane per volt of each input, uS: usually positive and negative; 0 when switched off. */
  excitatoryTransconductance: number;
  inhibitoryTransconductance: number;
  /** Conductance between membrane and soma line, uS; 0 when switched off. Only joined circuits use it. */
  axialConductance: number;
  /** Standard deviation of the held noise current, uA. */
  noiseCurrent: number;
  /** Standard deviation of the wandering of threshold and exponential potential, V. */
  onsetNoise: number;
  /** Lengths in grid steps after a spike. */
  refractorySteps: number;
  resetSteps: number;
  pulseSteps: number;
}

export function createAdexParameters(): AdexParameters {
  return {
    capacitance: 1,
    leakConductance: 0,
    leakVoltage: 0,
    resetConductance: 0,
    resetVoltage: 0,
    threshold: 0,
    fires: false,
    exponentialScale: 0,
    exponentialVoltage: 0,
    exponentialSlope: 1,
    pauseDuringReset: false,
    adaptationTransconductance: 0,
    adaptationReference: 0,
    adaptationRate: 0,
    adaptationCoupling: 0,
    adaptationLeakVoltage: 0,
    pulseSlope: 0,
    offsetCurrent: 0,
    excitatoryTau: 1,
    inhibitoryTau: 1,
    excitatoryTransconductance: 0,
    inhibitoryTransconductance: 0,
    axialConductance: 0,
    noiseCurrent: 0,
    onsetNoise: 0,
    refractorySteps: 0,
    resetSteps: 0,
    pulseSteps: 0,
  };
}
