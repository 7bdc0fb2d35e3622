/**
 * One gradient on several threads: a batch is cut into shards by its size alone, every thread computes some of them, and
 * the shards are added in their order, so that the bytes do not depend on the number of threads. What the threads share
 * is one block of memory; a step costs one wake-up and one wait. Knows no threads: a composition root starts them and
 * gives each the memory.
 */
import type { Kernels } from "../../kernels/spaces.js";
import type { DensityState } from "./density-estimator.js";
import { estimatorFromState } from "./kernel-density.js";
import { type DensityLoss, mostShards, Objective, shardPart, shardsOf } from "./objective.js";

/** What a helper needs to know before the first step; travels to its thread. */
export interface SharedTask {
  readonly estimator: DensityState;
  readonly loss: DensityLoss;
  readonly largestBatch: number;
  readonly count: number;
  readonly weighted: boolean;
  readonly threads: number;
  readonly memory: SharedArrayBuffer;
}

/** Helpers that other threads run. */
export interface GradientHelpers {
  readonly count: number;
  /** Start them on a task; they wait for steps until the memory says that it is over. */
  start(task: SharedTask): void;
}

/** Cells of the control block. */
const cell = { step: 0, finished: 1, rows: 2, epoch: 3, over: 4, failed: 5 } as const;
const cells = 8;
/** A helper that does not answer for so long is taken for dead, ms. */
const patience = 120_000;

interface Shared {
  readonly control: Int32Array;
  readonly sums: Float64Array;
  readonly weights: Float32Array;
  /** One after the other, `mostShards` of them. */
  readonly gradients: Float32Array;
  readonly index: Uint32Array;
  readonly theta: Float32Array;
  readonly x: Float32Array;
  readonly rowWeights: Float32Array;
}

type Sizes = Omit<SharedTask, "memory" | "threads" | "estimator"> & {
  readonly size: number;
  readonly d: number;
  readonly f: number;
};

function lengths({ size, d, f, count, largestBatch, loss, weighted }: Sizes): number[] {
  const atoms = loss.type === "atomic" ? loss.atoms : 1;
  return [size, mostShards * size, largestBatch * atoms, count * d, count * f, weighted ? count : 0];
}

export function sharedMemory(sizes: Sizes): SharedArrayBuffer {
  const floats = lengths(sizes).reduce((sum, n) => sum + n, 0);
  return new SharedArrayBuffer(4 * cells + 8 * mostShards + 4 * floats);
}

function views(memory: SharedArrayBuffer, sizes: Sizes): Shared {
  let at = 4 * cells + 8 * mostShards;
  const [weights, gradients, index, theta, x, rowWeights] = lengths(sizes).map((n) => {
    const from = at;
    at += 4 * n;
    return [from, n] as const;
  }) as [Span, Span, Span, Span, Span, Span];
  return {
    control: new Int32Array(memory, 0, cells),
    sums: new Float64Array(memory, 4 * cells, mostShards),
    weights: new Float32Array(memory, ...weights),
    gradients: new Float32Array(memory, ...gradients),
    index: new Uint32Array(memory, ...index),
    theta: new Float32Array(memory, ...theta),
    x: new Float32Array(memory, ...x),
    rowWeights: new Float32Array(memory, ...rowWeights),
  };
}

type Span = readonly [number, number];

function sizesOf(task: Omit<SharedTask, "memory" | "threads">): Sizes {
  const { weights, shape } = task.estimator;
  return { ...task, size: weights.length, d: shape.numParameters, f: shape.numFeatures };
}

/** Compute the shards of one thread. */
function work(shared: Shared, objective: Objective, thread: number, threads: number): void {
  const { control, sums, weights, gradients, index } = shared;
  const rows = control[cell.rows] as number;
  const { atoms } = objective;
  const shards = shardsOf(rows, atoms);
  const size = weights.length;
  // Kernels take copies: their memory is their own.
  objective.setWeights(weights);
  for (let s = thread; s < shards; s += threads) {
    const part = shardPart(index.subarray(0, rows * atoms), atoms, s, shards);
    const gradient = gradients.subarray(s * size, (s + 1) * size).fill(0);
    sums[s] = part.length === 0 ? 0 : objective.add(part, rows, gradient);
  }
}

/** The life of a helper: step after step until the end. @param thread 1 for the first helper */
export function helpWithGradients(kernels: Kernels, task: SharedTask, thread: number): void {
  const shared = views(task.memory, sizesOf(task));
  const { control, theta, x, rowWeights } = shared;
  const space = kernels.borrow();
  try {
    const objective = new Objective(space, estimatorFromState(kernels, task.estimator), task.loss, task.largestBatch);
    let [step, epoch] = [0, 0];
    for (;;) {
      Atomics.wait(control, cell.step, step);
      if (Atomics.load(control, cell.over) === 1) return;
      const now = Atomics.load(control, cell.step);
      if (now === step) continue;
      step = now;
      if (control[cell.epoch] !== epoch) {
        epoch = control[cell.epoch] as number;
        objective.setSimulations({ theta, x, rowWeights: task.weighted ? rowWeights : undefined });
      }
      work(shared, objective, thread, task.threads);
      Atomics.add(control, cell.finished, 1);
      Atomics.notify(control, cell.finished);
    }
  } catch (error) {
    Atomics.store(control, cell.failed, 1);
    Atomics.add(control, cell.finished, 1);
    Atomics.notify(control, cell.finished);
    throw error;
  } finally {
    kernels.giveBack(space);
  }
}

/** The owner's side: its own shards beside those of the helpers. */
export class SharedGradients {
  readonly #shared: Shared;
  readonly #objective: Objective;
  readonly #helpers: GradientHelpers;

  constructor(helpers: GradientHelpers, objective: Objective, task: Omit<SharedTask, "memory" | "threads">) {
    const sizes = sizesOf(task);
    const memory = sharedMemory(sizes);
    this.#shared = views(memory, sizes);
    this.#objective = objective;
    this.#helpers = helpers;
    helpers.start({ ...task, memory, threads: helpers.count + 1 });
  }

  /** Take the simulations of an epoch. The objective must have got the same. */
  setSimulations(theta: Float32Array, x: Float32Array, rowWeights: Float32Array | undefined): void {
    const { control, ...shared } = this.#shared;
    shared.theta.set(theta);
    if (control[cell.epoch] === 0) shared.x.set(x);
    if (rowWeights !== undefined) shared.rowWeights.set(rowWeights);
    control[cell.epoch] = (control[cell.epoch] as number) + 1;
  }

  /** Loss of a batch, and its mean's gradient. @returns the sum over the rows */
  step(weights: Float32Array, index: Uint32Array, gradient: Float32Array): number {
    const { control, sums, gradients, ...shared } = this.#shared;
    const { atoms } = this.#objective;
    const rows = index.length / atoms;
    shared.weights.set(weights);
    shared.index.set(index);
    control[cell.rows] = rows;
    Atomics.store(control, cell.finished, 0);
    Atomics.add(control, cell.step, 1);
    Atomics.notify(control, cell.step);
    work(this.#shared, this.#objective, 0, this.#helpers.count + 1);
    for (;;) {
      const finished = Atomics.load(control, cell.finished);
      if (finished === this.#helpers.count) break;
      const waited = Atomics.wait(control, cell.finished, finished, patience);
      // The owner's thread is held by the wait and gets no events: a helper says in the memory that it fails.
      if (waited === "timed-out" || Atomics.load(control, cell.failed) === 1) {
        throw new Error(`a gradient helper ${waited === "timed-out" ? "does not answer" : "failed"}`);
      }
    }
    const size = weights.length;
    let sum = 0;
    for (let s = 0; s < shardsOf(rows, atoms); s++) {
      sum += sums[s] as number;
      for (let i = 0; i < size; i++) gradient[i] = (gradient[i] as number) + (gradients[s * size + i] as number);
    }
    return sum;
  }

  /** Let the helpers go. */
  end(): void {
    const { control } = this.#shared;
    Atomics.store(control, cell.over, 1);
    Atomics.add(control, cell.step, 1);
    Atomics.notify(control, cell.step);
  }
}
