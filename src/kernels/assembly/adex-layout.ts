// Where a circuit's coefficients stand (src/virtual-chip/physics/propagator.ts; a test compares them), as byte offsets for
// pairs of circuits: 16 bytes each; for a circuit alone they stand at half of that. And the numbers of the equations.

export const atV: usize = 0; // vv, vw, wv, ww, fv, fw, qv, qw, then kv, kw, and both with pulse
export const atK: usize = 8 << 4;
export const pulseGap: usize = 2 << 4;
export const resetGap: usize = 12 << 4;
export const atThreshold: usize = 24 << 4;
export const atBase: usize = 25 << 4;
export const atRate: usize = 26 << 4;
export const atMargin: usize = 27 << 4;
export const atMarginInReset: usize = 28 << 4;
export const atExcDecay: usize = 29 << 4;
export const atInhDecay: usize = 30 << 4;
export const atExcGain: usize = 31 << 4;
export const atInhGain: usize = 32 << 4;
export const atExcInReset: usize = 33 << 4;
export const atInhInReset: usize = 34 << 4;
export const atNoiseCurrent: usize = 35 << 4;
export const atOnsetNoise: usize = 36 << 4;
export const atRefractorySteps: usize = 37 << 4;
export const atResetSteps: usize = 38 << 4;
export const atPulseSteps: usize = 39 << 4;
export const atSeriesUntil: usize = 40 << 4;
export const coefficientBytes: usize = 41 << 4;
export const stateBytes: usize = 8 << 4;

export const rail: f64 = 1.2;
export const currentLimit: f64 = 2;
export const seriesRange: f64 = 0.00390625;
export const leastSynapticVoltage: f64 = 1e-9;
