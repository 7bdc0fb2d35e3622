/**
 * Coefficients of the stepper for constant circuit quantities: the exact propagator of the linear part of (V, W) over one
 * grid step, for the leak and for the reset, and what a constant, a current and the exponential add.
 * With x' = A x + b + n: x(h) = e^(Ah) x + F b, and F n0 + Q (n1 - n0) for an n that goes from n0 to n1 (second order);
 * F = h sum (Ah)^k / (k+1)!, Q = h sum (Ah)^k / (k+2)!.
 */
import type { AdexParameters } from "./parameters.js";

/**
 * Place of each coefficient. Those up to `kw` exist once for the leak and once for the reset, `resetGap` later; kv and kw
 * moreover with the adaptation pulse on, `pulseGap` later.
 */
export const at = {
  vv: 0,
  vw: 1,
  wv: 2,
  ww: 3,
  /** Effect of a current, V/uA: of a constant one, and of one that grows to it along the step. */
  fv: 4,
  fw: 5,
  qv: 6,
  qw: 7,
  kv: 8,
  kw: 9,
  threshold: 24,
  /** The exponential current, uA, is 2 to the power of base + rate * V. */
  exponentialBase: 25,
  exponentialRate: 26,
  /** Below this potential the exponential current is left out. */
  exponentialMargin: 27,
  exponentialMarginInReset: 28,
  excitatoryDecay: 29,
  inhibitoryDecay: 30,
  /** Mean current of a step per volt of the input at its start, uS. */
  excitatoryGain: 31,
  inhibitoryGain: 32,
  excitatoryInReset: 33,
  inhibitoryInReset: 34,
  noiseCurrent: 35,
  onsetNoise: 36,
  refractorySteps: 37,
  resetSteps: 38,
  pulseSteps: 39,
  /** From this potential on, where the current is 1 uA, it comes near its limit: no series. */
  seriesUntil: 40,
} as const;

/** Distance from a leak coefficient to that of the reset; from one without pulse to that with pulse (kv and kw). */
export const resetGap = 12;
export const pulseGap = 2;
export const coefficientCount = 41;

/** Exponents below this add less than 1e-4 of the scale current: not worth an exponential. */
export const smallestExponent = -9.2;
/** Terms of the series: |Ah| stays below 2. */
const mostTerms = 30;

/** Mean of e^(-t/tau) over a step. */
export function meanDecay(h: number, tau: number): number {
  const x = h / tau;
  return x === 0 ? 1 : -Math.expm1(-x) / x;
}

/** Fill the coefficients of one mode at offset `m`. */
function fillMode(c: Float64Array, m: number, p: AdexParameters, g: number, e: number, h: number): void {
  const { capacitance, adaptationTransconductance: gm, adaptationRate: rate, adaptationCoupling: alpha } = p;
  const [a, b, d, f] = [(-g / capacitance) * h, (-gm / capacitance) * h, rate * alpha * h, -rate * h];
  // Power k of Ah over k!, and the three sums of it.
  let [t0, t1, t2, t3] = [1, 0, 0, 1];
  let [p0, p1, p2, p3] = [0, 0, 0, 0];
  let [f0, f1, f2, f3] = [0, 0, 0, 0];
  let [q0, q2] = [0, 0];
  for (let n = 1; n <= mostTerms; n++) {
    [p0, p1, p2, p3] = [p0 + t0, p1 + t1, p2 + t2, p3 + t3];
    [f0, f1, f2, f3] = [f0 + t0 / n, f1 + t1 / n, f2 + t2 / n, f3 + t3 / n];
    [q0, q2] = [q0 + t0 / (n * (n + 1)), q2 + t2 / (n * (n + 1))];
    [t0, t1, t2, t3] = [(t0 * a + t1 * d) / n, (t0 * b + t1 * f) / n, (t2 * a + t3 * d) / n, (t2 * b + t3 * f) / n];
    if (Math.abs(t0) + Math.abs(t1) + Math.abs(t2) + Math.abs(t3) < 1e-18) break;
  }
  const bv = (g * e + gm * p.adaptationReference + p.offsetCurrent) / capacitance;
  const bw = rate * (p.adaptationReference - alpha * p.adaptationLeakVoltage);
  c[m + at.vv] = p0;
  c[m + at.vw] = p1;
  c[m + at.wv] = p2;
  c[m + at.ww] = p3;
  c[m + at.fv] = (h * f0) / capacitance;
  c[m + at.fw] = (h * f2) / capacitance;
  c[m + at.qv] = (h * q0) / capacitance;
  c[m + at.qw] = (h * q2) / capacitance;
  c[m + at.kv] = h * (f0 * bv + f1 * bw);
  c[m + at.kw] = h * (f2 * bv + f3 * bw);
  c[m + pulseGap + at.kv] = h * (f0 * bv + f1 * (bw + p.pulseSlope));
  c[m + pulseGap + at.kw] = h * (f2 * bv + f3 * (bw + p.pulseSlope));
}

/**
 * @param c receives `coefficientCount` values
 * @param h length of a step, us
 */
export function deriveCoefficients(c: Float64Array, p: AdexParameters, h: number): void {
  fillMode(c, 0, p, p.leakConductance, p.leakVoltage, h);
  fillMode(c, resetGap, p, p.resetConductance, p.resetVoltage, h);
  const whileReset = p.pauseDuringReset ? 0 : 1;
  const exc = p.excitatoryTransconductance * meanDecay(h, p.excitatoryTau);
  const inh = p.inhibitoryTransconductance * meanDecay(h, p.inhibitoryTau);
  c[at.threshold] = p.fires ? p.threshold : Infinity;
  const isExponential = p.exponentialScale > 0;
  const rate = Math.LOG2E / p.exponentialSlope;
  const margin = isExponential ? p.exponentialVoltage + smallestExponent * p.exponentialSlope : Infinity;
  c[at.exponentialBase] = isExponential ? Math.log2(p.exponentialScale) - rate * p.exponentialVoltage : 0;
  c[at.exponentialRate] = rate;
  c[at.seriesUntil] = isExponential
    ? p.exponentialVoltage - p.exponentialSlope * Math.log(p.exponentialScale)
    : Infinity;
  c[at.exponentialMargin] = margin;
  c[at.exponentialMarginInReset] = p.pauseDuringReset ? Infinity : margin;
  c[at.excitatoryDecay] = Math.exp(-h / p.excitatoryTau);
  c[at.inhibitoryDecay] = Math.exp(-h / p.inhibitoryTau);
  c[at.excitatoryGain] = exc;
  c[at.inhibitoryGain] = inh;
  c[at.excitatoryInReset] = whileReset * exc;
  c[at.inhibitoryInReset] = whileReset * inh;
  c[at.noiseCurrent] = p.noiseCurrent;
  c[at.onsetNoise] = p.onsetNoise;
  c[at.refractorySteps] = p.refractorySteps;
  c[at.resetSteps] = p.resetSteps;
  c[at.pulseSteps] = p.pulseSteps;
}
