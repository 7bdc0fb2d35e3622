/**
 * The losses of neural posterior estimation over simulations in z, where the prior is the standard normal: plain
 * likelihood for simulations from the prior or a truncated one, the atomic loss of SNPE-C for any proposal. A batch is
 * cut into a fixed number of shards whose gradients are added in a fixed order, so that the result does not depend on
 * who computes them. Source: Greenberg, Nonnenmacher, Macke, "Automatic posterior transformation", ICML 2019.
 */
import type { Rng } from "../../base/rng.js";
import type { KernelSpace } from "../../kernels/module.js";
import type { DensityEngine } from "./density-engine.js";
import type { EmbeddingNetwork } from "./embedding-network.js";
import type { KernelDensity } from "./kernel-density.js";
import type { ProposalMixture } from "./proposal-mixture.js";

export type DensityLoss =
  | { readonly type: "likelihood" }
  /** `atoms` thetas per simulation, its own among them; 2 or more. */
  | { readonly type: "atomic"; readonly atoms: number }
  /** Mixtures only: likelihood of simulations from proposals that are mixtures, in closed form. */
  | {
      readonly type: "corrected";
      readonly proposals: readonly ProposalMixture[];
      /** For each simulation 0 for the prior, k for proposal k - 1; shape (count). */
      readonly proposalOf: Uint8Array;
    };

/** Simulations of one epoch as the objective sees them. */
export interface Simulations {
  /** shape (count, d), z */
  readonly theta: Float32Array;
  /** Features, shape (count, f), or raw rows for the embedding. */
  readonly x: Float32Array;
  /** Weight of each simulation in the loss, mean about 1; undefined weighs all alike. */
  readonly rowWeights: Float32Array | undefined;
}

/** Columns of one pass: activations of a pass stay in the cache. */
const columnsPerPass = 128;
/** Most parts of a batch that can be computed at the same time. */
export const mostShards = 4;

/** Parts into which a batch is cut; by its size alone, never by who computes them. */
export function shardsOf(rows: number, atoms: number): number {
  return Math.min(mostShards, Math.max(1, Math.ceil((rows * atoms) / columnsPerPass)));
}

/** The rows of shard s, with their atoms. */
export function shardPart(index: Uint32Array, atoms: number, s: number, shards: number): Uint32Array {
  const rows = index.length / atoms;
  return index.subarray(Math.floor((s * rows) / shards) * atoms, Math.floor(((s + 1) * rows) / shards) * atoms);
}

/** log of the standard normal density of each row. @param theta shape (n, d) */
export function logPrior(theta: Float32Array, d: number): Float64Array {
  const constant = -0.5 * d * Math.log(2 * Math.PI);
  return Float64Array.from({ length: theta.length / d }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < d; j++) sum += (theta[i * d + j] as number) ** 2;
    return constant - 0.5 * sum;
  });
}

/** One thread's evaluation of a loss and its gradient. */
export class Objective {
  readonly atoms: number;
  readonly #engine: DensityEngine;
  readonly #density: KernelDensity;
  #theta: Float32Array = new Float32Array(0);
  #logPrior: Float64Array = new Float64Array(0);
  #simulations: Simulations | undefined;
  readonly #columnWeights: Float32Array;
  readonly #scores: Float64Array;

  readonly #lossOf: DensityLoss;
  readonly #embedding: EmbeddingNetwork | undefined;
  #embeddingWeights: Float32Array = new Float32Array(0);

  /** @param largestBatch rows of the largest batch that will come @param embedding makes features of x when present */
  constructor(
    space: KernelSpace,
    density: KernelDensity,
    loss: DensityLoss,
    largestBatch: number,
    embedding?: EmbeddingNetwork,
  ) {
    this.#embedding = embedding;
    this.#lossOf = loss;
    this.atoms = loss.type === "atomic" ? loss.atoms : 1;
    const shard = Math.ceil(largestBatch / shardsOf(largestBatch, this.atoms));
    const rows = Math.min(Math.max(1, Math.floor(columnsPerPass / this.atoms)), shard);
    this.#density = density;
    this.#engine = density.kind.createEngine(space, {
      rows: Math.ceil(rows / 8) * 8,
      atoms: this.atoms,
      trackX: embedding !== undefined,
    });
    this.#columnWeights = new Float32Array(this.#engine.rows * this.atoms);
    this.#scores = new Float64Array(this.atoms);
  }

  /** Take the simulations of an epoch. */
  setSimulations(simulations: Simulations): void {
    this.#simulations = simulations;
    this.#theta = this.#density.standardise(simulations.theta);
    this.#logPrior = this.atoms > 1 ? logPrior(simulations.theta, this.#density.numParameters) : this.#logPrior;
  }

  /** @param weights those of the density, then those of the embedding */
  setWeights(weights: Float32Array): void {
    const { size } = this.#density.kind;
    // A copy: the embedding may move the memory that a view looks at.
    this.#embeddingWeights = weights.slice(size);
    this.#engine.setWeights(weights.subarray(0, size));
  }

  /**
   * Sum of losses over the rows and, added to `gradient`, the gradient of sum / scale.
   * @param index shape (rows, atoms): simulation of each atom, a row's own first @param gradient undefined: value only
   */
  add(index: Uint32Array, scale: number, gradient: Float32Array | undefined): number {
    const engine = this.#engine;
    const rows = index.length / this.atoms;
    let sum = 0;
    if (gradient !== undefined) engine.clearGradient();
    for (let from = 0; from < rows; from += engine.rows) {
      const part = index.subarray(from * this.atoms, Math.min(rows, from + engine.rows) * this.atoms);
      this.#load(part);
      const logQ = engine.logProb();
      this.#correct(part);
      sum += this.#loss(logQ, part, scale);
      if (gradient !== undefined) {
        engine.backward(this.#columnWeights);
        this.#embeddingBackward(part.length / this.atoms, gradient);
      }
    }
    if (gradient !== undefined) {
      const own = engine.gradient();
      for (let i = 0; i < own.length; i++) gradient[i] = (gradient[i] as number) + (own[i] as number);
    }
    return sum;
  }

  #correct(index: Uint32Array): void {
    const loss = this.#lossOf;
    if (loss.type !== "corrected") return;
    this.#engine.correct?.(Array.from(index, (row) => loss.proposals[(loss.proposalOf[row] as number) - 1]));
  }

  #load(index: Uint32Array): void {
    const { atoms } = this;
    const { rows, theta, x } = this.#engine;
    const d = this.#density.numParameters;
    const f = this.#density.numFeatures;
    const columns = rows * atoms;
    const parameters = this.#theta;
    const used = index.length / atoms;
    const embedded = this.#embed(index, used);
    const features = embedded ?? (this.#simulations as Simulations).x;
    for (let r = 0; r < used; r++) {
      const own = (embedded === undefined ? (index[r * atoms] as number) : r) * f;
      for (let j = 0; j < f; j++) x[j * rows + r] = features[own + j] as number;
      for (let a = 0; a < atoms; a++) {
        const from = (index[r * atoms + a] as number) * d;
        for (let j = 0; j < d; j++) theta[j * columns + a * rows + r] = parameters[from + j] as number;
      }
    }
  }

  /** Features of the rows of a pass, when an embedding makes them. */
  #embed(index: Uint32Array, used: number): Float32Array | undefined {
    const embedding = this.#embedding;
    if (embedding === undefined) return undefined;
    const { x } = this.#simulations as Simulations;
    const width = embedding.inputSize;
    const raw = new Float32Array(used * width);
    for (let r = 0; r < used; r++) {
      const row = index[r * this.atoms] as number;
      raw.set(x.subarray(row * width, (row + 1) * width), r * width);
    }
    return embedding.forward(this.#embeddingWeights, raw);
  }

  /** Add the embedding's gradient behind the density's. */
  #embeddingBackward(used: number, gradient: Float32Array): void {
    const embedding = this.#embedding;
    if (embedding === undefined) return;
    const { rows, xGradient } = this.#engine;
    const f = this.#density.numFeatures;
    const turned = new Float32Array(used * f);
    for (let r = 0; r < used; r++) for (let j = 0; j < f; j++) turned[r * f + j] = xGradient[j * rows + r] as number;
    const own = embedding.backward(turned);
    const { size } = this.#density.kind;
    for (let i = 0; i < own.length; i++) gradient[size + i] = (gradient[size + i] as number) + (own[i] as number);
  }

  /** Sum of the losses of a pass; leaves the derivative of each column's log q in #columnWeights. */
  #loss(logQ: Float32Array, index: Uint32Array, scale: number): number {
    const { rows } = this.#engine;
    const { rowWeights } = this.#simulations as Simulations;
    const weights = this.#columnWeights.fill(0);
    const logScale = this.#density.logScale;
    let sum = 0;
    for (let r = 0; r < index.length / this.atoms; r++) {
      const weight = rowWeights === undefined ? 1 : (rowWeights[index[r * this.atoms] as number] as number);
      if (this.atoms === 1) {
        sum -= weight * ((logQ[r] as number) - logScale);
        weights[r] = -weight / scale;
        continue;
      }
      let top = Number.NEGATIVE_INFINITY;
      for (let a = 0; a < this.atoms; a++) {
        const score = (logQ[a * rows + r] as number) - (this.#logPrior[index[r * this.atoms + a] as number] as number);
        this.#scores[a] = score;
        top = Math.max(top, score);
      }
      const own = this.#scores[0] as number;
      let total = 0;
      for (let a = 0; a < this.atoms; a++) {
        this.#scores[a] = Math.exp((this.#scores[a] as number) - top);
        total += this.#scores[a] as number;
      }
      sum += weight * (top + Math.log(total) - own);
      for (let a = 0; a < this.atoms; a++) {
        const p = (this.#scores[a] as number) / total;
        weights[a * rows + r] = (weight * (p - (a === 0 ? 1 : 0))) / scale;
      }
    }
    return sum;
  }
}

/** The rows with their atoms: the own theta first, the others from the whole pool, not only from this batch. */
export function withAtoms(rows: Uint32Array, pool: Uint32Array, atoms: number, rng: Rng): Uint32Array {
  if (atoms === 1) return rows;
  const index = new Uint32Array(rows.length * atoms);
  rows.forEach((row, i) => {
    const at = i * atoms;
    index[at] = row;
    for (let a = 1; a < atoms; ) {
      const candidate = pool[rng.int(pool.length)] as number;
      if (index.subarray(at, at + a).includes(candidate)) continue;
      index[at + a++] = candidate;
    }
  });
  return index;
}
