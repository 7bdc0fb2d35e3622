/**
 * What integrates single circuits: several over the same steps in one call. The reference body here and the kernel
 * (kernel-stepper.ts) give the same bytes.
 */
import { type AdexState, type AdexTrace, type CircuitNoise, createAdexTrace, stepAdex } from "./adex.js";

/** Longest run of steps in one call, and the interval at which quantities are taken anew while levels move: 33 us. */
export const longestRun = 2048;

export interface SteppedCircuit {
  readonly coefficients: Float64Array;
  readonly state: AdexState;
  readonly noise: CircuitNoise;
}

export interface CircuitStepper {
  /** Circuits in one call at the most. */
  readonly capacity: number;
  /**
   * Integrate circuits in place. What one circuit does never depends on which others are in the call.
   * @param count steps, 1..longestRun @param isTraced whether the courses of the voltages are wanted, not only the spikes
   */
  step(circuits: readonly SteppedCircuit[], firstStep: number, count: number, isTraced: boolean): void;
  /** What circuit `k` of the latest call did. Valid until the next call. */
  trace(k: number): AdexTrace;
}

export class ReferenceStepper implements CircuitStepper {
  readonly capacity = 16;
  readonly #traces = Array.from({ length: this.capacity }, () => createAdexTrace(longestRun));

  step(circuits: readonly SteppedCircuit[], firstStep: number, count: number): void {
    circuits.forEach(({ coefficients, state, noise }, k) => {
      stepAdex(coefficients, state, this.trace(k), firstStep, count, noise);
    });
  }

  trace(k: number): AdexTrace {
    return this.#traces[k] as AdexTrace;
  }
}
