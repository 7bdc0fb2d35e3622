/**
 * The stepper's kernels (src/kernels/assembly): two circuits in one vector (pair-step.ts), or one alone (adex-alone.ts).
 * They give the bytes of the reference body, many times faster. Circuits are copied into the kernel's memory for each
 * call: small beside the steps of a call.
 */
import type { KernelSpace } from "../../kernels/module.js";
import type { AdexTrace } from "./adex.js";
import { fractionalPowers, seriesFactors } from "./exponential.js";
import { coefficientCount } from "./propagator.js";
import { type CircuitStepper, longestRun, type SteppedCircuit } from "./stepper.js";

const stateCount = 8;
const floatsPerDouble = 2;
/** Courses in a trace: v, w, excitatory, inhibitory. */
const courses = 4;

export class KernelStepper implements CircuitStepper {
  readonly capacity: number;
  readonly #space: KernelSpace;
  readonly #coefficientsAt: number;
  readonly #stateAt: number;
  readonly #circuitsAt: number;
  readonly #tracesAt: number;
  readonly #spikesAt: number;
  readonly #coefficients: Float64Array;
  readonly #state: Float64Array;
  readonly #circuits: Uint32Array;
  readonly #traces: AdexTrace[] = [];
  readonly #spikeCounts: Int32Array;

  /** @param space with a memory that does not grow @param pairs of circuits in one call at the most */
  constructor(space: KernelSpace, pairs = 8) {
    const doubles = (count: number): number => space.allocate(floatsPerDouble * count);
    this.capacity = 2 * pairs;
    this.#space = space;
    this.#coefficientsAt = doubles(this.capacity * coefficientCount);
    this.#stateAt = doubles(this.capacity * stateCount);
    this.#circuitsAt = space.allocate(this.capacity);
    this.#tracesAt = doubles(this.capacity * courses * longestRun);
    const spikeWords = 2 + 2 * longestRun;
    this.#spikesAt = space.allocate(pairs * spikeWords);
    const { buffer } = space.memory;
    const table = new Float64Array(
      buffer,
      space.call.exponentialTable(),
      fractionalPowers.length + seriesFactors.length,
    );
    table.set(fractionalPowers);
    table.set(seriesFactors, fractionalPowers.length);
    this.#coefficients = new Float64Array(buffer, this.#coefficientsAt, this.capacity * coefficientCount);
    this.#state = new Float64Array(buffer, this.#stateAt, this.capacity * stateCount);
    this.#circuits = new Uint32Array(buffer, this.#circuitsAt, this.capacity);
    this.#spikeCounts = new Int32Array(buffer, this.#spikesAt, pairs * spikeWords);
    for (let k = 0; k < this.capacity; k++) {
      const course = (i: number): Float64Array =>
        new Float64Array(buffer, this.#tracesAt + 8 * longestRun * (courses * k + i), longestRun);
      const spikesAt = this.#spikesAt + 4 * (spikeWords * (k >> 1) + 2 + (k & 1) * longestRun);
      const [v, w, excitatory, inhibitory] = [course(0), course(1), course(2), course(3)];
      const spikeSteps = new Uint32Array(buffer, spikesAt, longestRun);
      this.#traces.push({ v, w, excitatory, inhibitory, spikeSteps, spikeCount: 0 });
    }
  }

  step(circuits: readonly SteppedCircuit[], firstStep: number, count: number, isTraced: boolean): void {
    const first = circuits[0];
    if (!first) return;
    if (circuits.length === 1) {
      this.#stepAlone(first, firstStep, count, isTraced);
      return;
    }
    for (let k = 0; k < circuits.length; k++) this.#put(circuits[k] as SteppedCircuit, k);
    // The second place of an odd number's last pair repeats the first.
    if (circuits.length % 2 === 1) this.#put(circuits[circuits.length - 1] as SteppedCircuit, circuits.length);
    const [key0, key1] = first.noise.stream.key;
    this.#space.call.stepAdex(
      (circuits.length + 1) >> 1,
      this.#coefficientsAt,
      this.#stateAt,
      this.#circuitsAt,
      isTraced ? this.#tracesAt : 0,
      longestRun,
      this.#spikesAt,
      firstStep,
      count,
      key0,
      key1,
    );
    for (let k = 0; k < circuits.length; k++) this.#take(circuits[k] as SteppedCircuit, k);
  }

  trace(k: number): AdexTrace {
    return this.#traces[k] as AdexTrace;
  }

  /** The memory of the first pair holds the one circuit, without another beside it. */
  #stepAlone(
    { coefficients, state, noise }: SteppedCircuit,
    firstStep: number,
    count: number,
    isTraced: boolean,
  ): void {
    this.#coefficients.set(coefficients);
    const s = this.#state;
    s[0] = state.v;
    s[1] = state.w;
    s[2] = state.excitatory;
    s[3] = state.inhibitory;
    s[4] = state.resetUntil;
    s[5] = state.pulseUntil;
    s[6] = state.refractoryUntil;
    s[7] = state.exponential;
    const [key0, key1] = noise.stream.key;
    this.#space.call.stepAlone(
      this.#coefficientsAt,
      this.#stateAt,
      noise.circuit,
      isTraced ? this.#tracesAt : 0,
      longestRun,
      // One count instead of two stands before the steps.
      this.#spikesAt + 4,
      firstStep,
      count,
      key0,
      key1,
    );
    state.v = s[0] as number;
    state.w = s[1] as number;
    state.excitatory = s[2] as number;
    state.inhibitory = s[3] as number;
    state.resetUntil = s[4] as number;
    state.pulseUntil = s[5] as number;
    state.refractoryUntil = s[6] as number;
    state.exponential = s[7] as number;
    (this.#traces[0] as AdexTrace).spikeCount = this.#spikeCounts[1] as number;
  }

  #put({ coefficients, state, noise }: SteppedCircuit, k: number): void {
    const c = this.#coefficients;
    const at = (k >> 1) * 2 * coefficientCount + (k & 1);
    for (let i = 0; i < coefficientCount; i++) c[at + 2 * i] = coefficients[i] as number;
    const s = this.#state;
    const to = (k >> 1) * 2 * stateCount + (k & 1);
    s[to] = state.v;
    s[to + 2] = state.w;
    s[to + 4] = state.excitatory;
    s[to + 6] = state.inhibitory;
    s[to + 8] = state.resetUntil;
    s[to + 10] = state.pulseUntil;
    s[to + 12] = state.refractoryUntil;
    s[to + 14] = state.exponential;
    this.#circuits[k] = noise.circuit;
  }

  #take({ state }: SteppedCircuit, k: number): void {
    const s = this.#state;
    const from = (k >> 1) * 2 * stateCount + (k & 1);
    state.v = s[from] as number;
    state.w = s[from + 2] as number;
    state.excitatory = s[from + 4] as number;
    state.inhibitory = s[from + 6] as number;
    state.resetUntil = s[from + 8] as number;
    state.pulseUntil = s[from + 10] as number;
    state.refractoryUntil = s[from + 12] as number;
    state.exponential = s[from + 14] as number;
    (this.#traces[k] as AdexTrace).spikeCount = this.#spikeCounts[(k >> 1) * (2 + 2 * longestRun) + (k & 1)] as number;
  }
}
