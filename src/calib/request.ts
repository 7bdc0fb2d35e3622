/**
 * What a calibration is asked for, as plain data, and the check of all of it before a device is touched.
 */
import { FieldOutOfRange } from "../base/errors.js";
import { Rng } from "../base/rng.js";
import { type Scheme, schemes } from "./inference/schemes.js";
import { requireSpikes } from "./target/spikes.js";
import { checkTrace, type TraceTarget, traceOnGrid } from "./target/trace.js";
import { checkedTheta, type Task, traceRules } from "./task/task.js";

/** A setting of the device itself is the target: it is recorded once, and its truth is known. */
export interface ThetaTarget {
  readonly kind: "theta";
  /** One code per parameter of the task, in its order; CapMem LSB. */
  readonly codes: Int32Array;
}

export type RequestedTarget = ThetaTarget | TraceTarget;

export interface CalibrationRequest {
  readonly task: Task;
  /** AtomicNeuronOnDls, 0..511. */
  readonly neuron: number;
  readonly target: RequestedTarget;
  /** Everything random is derived from it; integer, 0..2^53-1. */
  readonly seed: number;
  /** Emulations in all rounds together. */
  readonly simulations: number;
  readonly rounds: number;
  /** How the rounds learn from each other. */
  readonly scheme: Scheme;
  /** Posterior draws that are emulated again for the predictive check. */
  readonly draws: number;
  /** Codes of this neuron from an earlier stage, in place of the task's. */
  readonly given?: Task["neuronCodes"] | undefined;
}

/** Legal values, both included. Fewer simulations per round cannot be split into train, validation and test. */
export const requestLimits = {
  neuron: [0, 511],
  seed: [0, Number.MAX_SAFE_INTEGER],
  simulations: [40, 100_000],
  rounds: [1, 10],
  draws: [4, 500],
} as const;
export const fewestPerRound = 40;
/** With fewer emulations of one's own than the task has, a round is left out rather than made smaller than this. */
const wholeRound = 100;

/** The task's own budget as a request; with few simulations and no rounds named, as many rounds as they are enough for. */
export function requestOf(
  task: Task,
  neuron: number,
  target: RequestedTarget,
  seed: number,
  changes: Partial<Pick<CalibrationRequest, "simulations" | "rounds" | "draws" | "scheme" | "given">> = {},
): CalibrationRequest {
  const { draws } = task.budget;
  const { simulations = task.budget.simulations } = changes;
  const smallest = Math.min(wholeRound, task.budget.simulations / task.budget.rounds);
  const rounds = Math.max(1, Math.min(task.budget.rounds, Math.floor(simulations / smallest) || 1));
  // One neuron by itself has no others to share an estimator with.
  const scheme = task.estimator.scheme === "amortised" ? "npe" : task.estimator.scheme;
  return { task, neuron, target, seed, simulations, rounds, draws, scheme, ...changes };
}

/**
 * Emulations per round: the first round covers the whole prior and gets 1.2 shares, the others one each.
 * @returns counts that add up to `simulations`
 */
export function splitSimulations(simulations: number, rounds: number): number[] {
  if (rounds === 1) return [simulations];
  const first = Math.round((simulations * 1.2) / rounds);
  const rest = simulations - first;
  return [
    first,
    ...Array.from({ length: rounds - 1 }, (_, i) => {
      return Math.floor((rest * (i + 1)) / (rounds - 1)) - Math.floor((rest * i) / (rounds - 1));
    }),
  ];
}

/**
 * Check all of a request.
 * @throws FieldOutOfRange a count, the neuron or a code @throws TargetInvalid the trace
 * @throws TargetUnreachable a trace that never spikes
 */
export function checkRequest(request: CalibrationRequest): void {
  for (const field of ["neuron", "seed", "simulations", "rounds", "draws"] as const) {
    const [min, max] = requestLimits[field];
    const value = request[field];
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new FieldOutOfRange(field, value, `the integers ${min}..${max}`);
    }
  }
  if (!schemes.includes(request.scheme)) throw new FieldOutOfRange("scheme", request.scheme, schemes.join(", "));
  const smallest = Math.min(...splitSimulations(request.simulations, request.rounds));
  if (smallest < fewestPerRound) {
    throw new FieldOutOfRange(
      `simulations per round (${request.simulations} in ${request.rounds} rounds)`,
      smallest,
      `${fewestPerRound} or more`,
    );
  }
  if (request.target.kind === "theta") checkedTheta(request.task, request.target.codes);
  else {
    const rules = traceRules(request.task);
    checkTrace(request.target, rules);
    requireSpikes(request.task, traceOnGrid(request.target, rules), request.target.source);
  }
}

/** A target for a demonstration: codes drawn from the seed, where the trace carries every parameter of the task. */
export function demoTarget(task: Task, seed: number): ThetaTarget {
  const rng = Rng.fromSeed(seed).fork("demo-target");
  const codes = Int32Array.from(task.demoRegion, ({ min, max }) => min + rng.int(max - min + 1));
  return { kind: "theta", codes };
}
