/** What a calibration of many neurons is asked for, as plain data, and the check of all of it before a device is touched. */
import { FieldOutOfRange } from "../../base/errors.js";
import { Rng } from "../../base/rng.js";
import type { GivenCodes } from "../recording/neurons-recorder.js";
import { demoTarget, type ThetaTarget } from "../request.js";
import { requireSpikes } from "../target/spikes.js";
import { checkTrace, type TraceTarget, traceOnGrid } from "../target/trace.js";
import { checkedTheta, type Task, traceRules } from "../task/task.js";

/** `demo`: each neuron records a target of its own, at codes drawn from the seed. */
export type NeuronsTarget = ThetaTarget | TraceTarget | { readonly kind: "demo" };

export interface NeuronsRequest {
  readonly task: Task;
  /** AtomicNeuronOnDls, 0..511, each once. */
  readonly neurons: readonly number[];
  readonly target: NeuronsTarget;
  /** Everything random is derived from it; integer, 0..2^53-1. */
  readonly seed: number;
  /** Emulations that train the shared estimator, over all neurons together. */
  readonly simulations: number;
  /** Truncated rounds per neuron after it, and emulations of each on every neuron. */
  readonly refinements: number;
  readonly perRefinement: number;
  /** Posterior draws of each neuron that are emulated again. */
  readonly draws: number;
  /** Repeats at one setting of each neuron, for the noise floor. */
  readonly repeats: number;
  /** Codes from an earlier stage that stay fixed, by neuron. */
  readonly given?: GivenCodes | undefined;
}

/** Legal values, both included. */
export const neuronsLimits = {
  neurons: [2, 512],
  seed: [0, Number.MAX_SAFE_INTEGER],
  simulations: [100, 1_000_000],
  refinements: [0, 5],
  perRefinement: [60, 10_000],
  draws: [2, 100],
  repeats: [2, 100],
} as const;

export function neuronsRequestOf(
  task: Task,
  neurons: readonly number[],
  target: NeuronsTarget,
  seed: number,
  changes: Partial<Pick<NeuronsRequest, "simulations" | "refinements" | "perRefinement" | "given">> = {},
): NeuronsRequest {
  const { simulations } = task.budget;
  return {
    task,
    neurons,
    target,
    seed,
    simulations,
    refinements: 0,
    perRefinement: 200,
    draws: 6,
    repeats: 4,
    ...changes,
  };
}

/** @throws FieldOutOfRange a count, a neuron or a code @throws TargetInvalid, TargetUnreachable the trace */
export function checkNeuronsRequest(request: NeuronsRequest): void {
  const { task, neurons, target } = request;
  for (const field of ["seed", "simulations", "refinements", "perRefinement", "draws", "repeats"] as const) {
    const [min, max] = neuronsLimits[field];
    const value = request[field];
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new FieldOutOfRange(field, value, `the integers ${min}..${max}`);
    }
  }
  const wrong = neurons.find((neuron) => !Number.isInteger(neuron) || neuron < 0 || neuron > 511);
  if (wrong !== undefined) throw new FieldOutOfRange("neuron", wrong, "the integers 0..511");
  if (new Set(neurons).size !== neurons.length) throw new FieldOutOfRange("neurons", "one twice", "each once");
  const [least] = neuronsLimits.neurons;
  if (neurons.length < least) throw new FieldOutOfRange("number of neurons", neurons.length, `${least} or more`);
  if (target.kind === "theta") checkedTheta(task, target.codes);
  if (target.kind === "trace") {
    const rules = traceRules(task);
    checkTrace(target, rules);
    requireSpikes(task, traceOnGrid(target, rules), target.source);
  }
}

/** Codes at which each neuron records its target, shape (numParameters); undefined for a trace. */
export function targetCodes({ task, target, neurons, seed }: NeuronsRequest): Int32Array[] | undefined {
  if (target.kind === "trace") return undefined;
  if (target.kind === "theta") return neurons.map(() => target.codes);
  const rng = Rng.fromSeed(seed);
  return neurons.map((neuron) => demoTarget(task, rng.fork(`target of neuron ${neuron}`).nextUint32()).codes);
}
