/**
 * Density estimators that run on the kernels: plain row-major arrays in and out, cut into passes whose activations stay
 * in the cache. Also where estimators are made: fresh ones from a shape, trained ones from their state.
 */
import { FieldOutOfRange } from "../../base/errors.js";
import type { Rng } from "../../base/rng.js";
import type { KernelSpace } from "../../kernels/module.js";
import type { Kernels } from "../../kernels/spaces.js";
import { assertFinite, ShapeMismatch } from "../nn/errors.js";
import type { DensityEngine } from "./density-engine.js";
import type { DensityEstimator, DensityShape, DensityState } from "./density-estimator.js";
import { type DensityKind, densityKind } from "./kinds.js";
import type { Component } from "./proposal-mixture.js";

/** A fresh estimator, q = prior. @throws FieldOutOfRange */
export function createEstimator(kernels: Kernels, shape: DensityShape, rng: Rng): KernelDensity {
  const kind = densityKind(shape);
  return new KernelDensity(kernels, shape, kind, kind.initialise(rng));
}

/** @throws FieldOutOfRange @throws ShapeMismatch @throws NonFinite */
export function estimatorFromState(kernels: Kernels, { shape, weights }: DensityState): KernelDensity {
  assertFinite("weights", weights);
  return new KernelDensity(kernels, shape, densityKind(shape), weights);
}

/** Columns of one pass. */
const columnsPerPass = 256;
/** Most thetas that share an observation inside a pass. */
const mostAtoms = 32;

/** The cut of m observations with k thetas each into passes: slots of up to `atoms` thetas of one observation. */
interface Passes {
  readonly rows: number;
  readonly atoms: number;
  readonly slotsPerObservation: number;
}

export class KernelDensity implements DensityEstimator {
  readonly kernels: Kernels;
  readonly shape: DensityShape;
  readonly kind: DensityKind;
  readonly weights: Float32Array;
  readonly #shift: Float64Array;
  readonly #scale: Float64Array;

  /** @throws ShapeMismatch @throws FieldOutOfRange */
  constructor(kernels: Kernels, shape: DensityShape, kind: DensityKind, weights: Float32Array) {
    if (weights.length !== kind.size) throw new ShapeMismatch("weights", weights.length, `${kind.size} values`);
    this.kernels = kernels;
    this.shape = shape;
    this.kind = kind;
    this.weights = weights;
    const d = shape.numParameters;
    const { shift = [], scale = [] } = shape.standardise ?? {};
    this.#shift = Float64Array.from({ length: d }, (_, i) => shift[i] ?? 0);
    this.#scale = Float64Array.from({ length: d }, (_, i) => scale[i] ?? 1);
    this.#scale.forEach((s, i) => {
      if (!(s > 0 && Number.isFinite(s))) throw new FieldOutOfRange(`standardise.scale[${i}]`, s, "above 0");
    });
    this.#shift.forEach((s, i) => {
      if (!Number.isFinite(s)) throw new FieldOutOfRange(`standardise.shift[${i}]`, s, "finite");
    });
  }

  get numParameters(): number {
    return this.shape.numParameters;
  }

  get numFeatures(): number {
    return this.shape.numFeatures;
  }

  /** What the log-density of the network loses by the standardisation. */
  get logScale(): number {
    return this.#scale.reduce((sum, s) => sum + Math.log(s), 0);
  }

  withWeights(weights: Float32Array): KernelDensity {
    return new KernelDensity(this.kernels, this.shape, this.kind, weights);
  }

  state(): DensityState {
    return { shape: this.shape, weights: Float32Array.from(this.weights) };
  }

  /** theta as the network sees it. @param theta shape (n, d) */
  standardise(theta: Float32Array): Float32Array {
    const d = this.numParameters;
    if (this.shape.standardise === undefined) return theta;
    return theta.map((z, i) => (z - (this.#shift[i % d] as number)) / (this.#scale[i % d] as number));
  }

  logProb(theta: Float32Array, x: Float32Array): Float32Array {
    const observations = this.#observations(x);
    const d = this.numParameters;
    const perObservation = theta.length / d / observations;
    if (!Number.isInteger(perObservation)) {
      throw new ShapeMismatch("theta", theta.length, `a multiple of ${observations} observations x ${d} parameters`);
    }
    assertFinite("theta", theta);
    const out = new Float32Array(observations * perObservation);
    const inner = this.standardise(theta);
    this.#run(observations, perObservation, x, (engine, slots) => {
      scatter(engine.theta, engine, slots, perObservation, d, inner);
      gather(engine.logProb(), engine, slots, perObservation, 1, out);
    });
    const logScale = this.logScale;
    return logScale === 0 ? out : out.map((l) => l - logScale);
  }

  /** The components of a mixture at one observation; undefined for flows. @param x shape (f) */
  components(x: Float32Array): Component[] | undefined {
    return this.kernels.lend((space) => {
      const engine = this.kind.createEngine(space, { rows: 8, atoms: 1 });
      if (engine.components === undefined) return undefined;
      engine.setWeights(this.weights);
      x.forEach((v, j) => {
        engine.x[j * engine.rows] = v;
      });
      engine.logProb();
      return engine.components(0);
    });
  }

  sample(count: number, x: Float32Array, rng: Rng): Float32Array {
    return this.#draw(count, x, rng, () => {});
  }

  sampleAndLogProb(count: number, x: Float32Array, rng: Rng): { theta: Float32Array; logProb: Float32Array } {
    const logProb = new Float32Array((x.length / this.numFeatures) * count);
    const theta = this.#draw(count, x, rng, (engine, slots) => {
      gather(engine.logProb(), engine, slots, count, 1, logProb);
    });
    const logScale = this.logScale;
    return { theta, logProb: logProb.map((l) => l - logScale) };
  }

  #draw(
    count: number,
    x: Float32Array,
    rng: Rng,
    alsoAt: (engine: DensityEngine, slots: readonly Slot[]) => void,
  ): Float32Array {
    if (!Number.isInteger(count) || count < 1) throw new FieldOutOfRange("count", count, "the integers from 1");
    const observations = this.#observations(x);
    const d = this.numParameters;
    const theta = new Float32Array(observations * count * d);
    let noise = new Float32Array(0);
    this.#run(observations, count, x, (engine, slots) => {
      const size = engine.noiseSize;
      // In the order of the draws, so that they do not depend on how they are cut into passes.
      if (noise.length === 0) noise = Float32Array.from({ length: observations * count * size }, () => rng.normal());
      const columns = new Float32Array(size * engine.rows * engine.atoms);
      scatter(columns, engine, slots, count, size, noise);
      gather(engine.inverse(columns), engine, slots, count, d, theta);
      alsoAt(engine, slots);
    });
    if (this.shape.standardise !== undefined) {
      for (let i = 0; i < theta.length; i++) {
        theta[i] = (theta[i] as number) * (this.#scale[i % d] as number) + (this.#shift[i % d] as number);
      }
    }
    return theta;
  }

  #observations(x: Float32Array): number {
    const rows = x.length / this.numFeatures;
    if (!Number.isInteger(rows) || rows === 0) {
      throw new ShapeMismatch("x", x.length, `a multiple of ${this.numFeatures} features`);
    }
    assertFinite("x", x);
    return rows;
  }

  /** Go through all (observation, theta) pairs, a pass at a time. */
  #run(
    observations: number,
    perObservation: number,
    x: Float32Array,
    body: (engine: DensityEngine, slots: readonly Slot[]) => void,
  ): void {
    if (perObservation === 0) return;
    const { rows, atoms, slotsPerObservation } = cut(perObservation);
    const f = this.numFeatures;
    this.kernels.lend((space: KernelSpace) => {
      const engine = this.kind.createEngine(space, { rows, atoms });
      engine.setWeights(this.weights);
      const total = observations * slotsPerObservation;
      for (let from = 0; from < total; from += rows) {
        const slots: Slot[] = [];
        for (let s = from; s < Math.min(total, from + rows); s++) {
          const observation = Math.floor(s / slotsPerObservation);
          const first = (s % slotsPerObservation) * atoms;
          slots.push({ observation, first, count: Math.min(atoms, perObservation - first) });
        }
        const context = engine.x;
        slots.forEach(({ observation }, r) => {
          for (let j = 0; j < f; j++) context[j * rows + r] = x[observation * f + j] as number;
        });
        body(engine, slots);
      }
    });
  }
}

/** A row of a pass: some thetas of one observation. */
interface Slot {
  readonly observation: number;
  /** Index of the first theta among those of the observation, and how many. */
  readonly first: number;
  readonly count: number;
}

function cut(perObservation: number): Passes {
  const atoms = Math.min(mostAtoms, perObservation);
  const rows = Math.max(8, Math.floor(columnsPerPass / atoms / 8) * 8);
  return { rows, atoms, slotsPerObservation: Math.ceil(perObservation / atoms) };
}

/** Rows of `from`, shape (observations, perObservation, width), into the columns of `to`. */
function scatter(
  to: Float32Array,
  { rows, atoms }: DensityEngine,
  slots: readonly Slot[],
  perObservation: number,
  width: number,
  from: Float32Array,
): void {
  const columns = rows * atoms;
  slots.forEach(({ observation, first, count }, r) => {
    for (let a = 0; a < count; a++) {
      const row = (observation * perObservation + first + a) * width;
      for (let j = 0; j < width; j++) to[j * columns + a * rows + r] = from[row + j] as number;
    }
  });
}

/** The way back: columns of `from` into the rows of `to`. */
function gather(
  from: Float32Array,
  { rows, atoms }: DensityEngine,
  slots: readonly Slot[],
  perObservation: number,
  width: number,
  to: Float32Array,
): void {
  const columns = rows * atoms;
  slots.forEach(({ observation, first, count }, r) => {
    for (let a = 0; a < count; a++) {
      const row = (observation * perObservation + first + a) * width;
      for (let j = 0; j < width; j++) to[row + j] = from[j * columns + a * rows + r] as number;
    }
  });
}
