/**
 * A posterior pooled from a learnt posterior q and a learnt likelihood l: proportional to N(z) (q(z | x) / N(z))^a
 * l(x | theta(z))^(1 - a). Draws are draws of q, resampled by importance and then moved (`moves.ts`), so that none stay alike;
 * the constant is an importance estimate. Source: Rubin 1988 (sampling importance resampling).
 */
import { Rng } from "../../base/rng.js";
import type { BaseDensity, Ensemble } from "./ensemble.js";
import { mixLogProbs } from "./ensemble.js";
import type { FeatureMap } from "./features.js";
import type { LearntLikelihood } from "./likelihood.js";
import { moveDraws } from "./moves.js";
import { normalLogPdf } from "./normal.js";
import type { Prior } from "./priors/prior.js";

/** Draws of q for each draw of the pooled posterior, and the fewest. */
const candidatesPerDraw = 4;
const fewestCandidates = 4000;
/**
 * Moves of each draw after resampling. Draws are not places of a common chain: what is alike in two of them a classifier
 * finds, and takes for a property of the posterior.
 */
const moves = 16;
/** Draws of q from which the constant is estimated. */
const evidenceDraws = 8000;

interface Evidence {
  readonly logConstant: number;
  readonly effectiveShare: number;
}

export class PooledDensity implements BaseDensity {
  readonly prior: Prior;
  readonly ensemble: Ensemble;
  readonly likelihood: LearntLikelihood;
  /** Of q; above 0 and below 1, or 0 for the likelihood alone. */
  readonly exponent: number;
  readonly #evidence = new Map<string, Evidence>();

  constructor(prior: Prior, ensemble: Ensemble, likelihood: LearntLikelihood, exponent: number) {
    this.prior = prior;
    this.ensemble = ensemble;
    this.likelihood = likelihood;
    this.exponent = exponent;
  }

  get features(): FeatureMap {
    return this.ensemble.features;
  }

  get d(): number {
    return this.ensemble.d;
  }

  logProb(z: ArrayLike<number>, x: ArrayLike<number>): Float64Array {
    const rows = Float64Array.from(z);
    const { inputSize } = this.features;
    const observations = x.length / inputSize;
    const per = rows.length / this.d / observations;
    const out = this.#target(rows, x, this.ensemble.logProb(rows, x));
    for (let m = 0; m < observations; m++) {
      const own = Float64Array.from({ length: inputSize }, (_, f) => x[m * inputSize + f] as number);
      const constant = this.#evidenceAt(own).logConstant;
      for (let i = m * per; i < (m + 1) * per; i++) out[i] = (out[i] as number) - constant;
    }
    return out;
  }

  /**
   * What the draws of q are worth as draws of the pooled posterior at one observation: effective ones (Kish) over all, 0..1.
   * Where it is small, q and the likelihood tell different things, and draws and densities rest on few. @param x shape (f)
   */
  effectiveShare(x: ArrayLike<number>): number {
    return this.#evidenceAt(Float64Array.from(x)).effectiveShare;
  }

  /** Members of q, each pooled with the likelihood; all with one constant. */
  memberLogProbs(z: ArrayLike<number>, x: ArrayLike<number>): Float64Array[] {
    const rows = Float64Array.from(z);
    const members = this.ensemble.memberLogProbs(rows, x);
    const mixed = mixLogProbs(members);
    const pooled = this.logProb(rows, x);
    return members.map((own) => own.map((v, i) => (pooled[i] as number) + this.exponent * (v - (mixed[i] as number))));
  }

  /**
   * @param count draws per observation @param x shape (m, inputSize)
   * @param temperature draws are of the density to the power of its inverse: above 1 wider, around the same places
   * @returns z, shape (m, count, d)
   */
  sample(count: number, x: ArrayLike<number>, rng: Rng, temperature = 1): Float64Array {
    const { inputSize } = this.features;
    const observations = x.length / inputSize;
    const out = new Float64Array(observations * count * this.d);
    for (let m = 0; m < observations; m++) {
      const own = Float64Array.from({ length: inputSize }, (_, f) => x[m * inputSize + f] as number);
      out.set(this.#draw(count, own, rng.fork(`observation-${m}`), temperature), m * count * this.d);
    }
    return out;
  }

  #draw(count: number, x: Float64Array, rng: Rng, temperature: number): Float64Array {
    const { d } = this;
    const candidates = Math.max(fewestCandidates, candidatesPerDraw * count);
    const z = this.ensemble.sample(candidates, x, rng.fork("candidates"));
    const logQ = this.ensemble.logProb(z, x);
    const colder = 1 / temperature;
    const target = this.#target(z, x, logQ).map((t) => colder * t);
    const chosen = resample(
      target.map((t, i) => t - (logQ[i] as number)),
      count,
      rng.fork("resample"),
    );
    const population = new Float64Array(count * d);
    chosen.forEach((row, i) => {
      population.set(z.subarray(row * d, (row + 1) * d), i * d);
    });
    const logTarget = (at: Float64Array): Float64Array => this.#target(at, x).map((t) => colder * t);
    return moveDraws(population, d, logTarget, moves, rng.fork("moves"));
  }

  /** Natural log of the pooled density without its constant. @param logQ of the same z and x, where it is known */
  #target(z: Float64Array, x: ArrayLike<number>, logQ?: Float64Array): Float64Array {
    const { d, exponent } = this;
    const own = exponent === 0 ? undefined : (logQ ?? this.ensemble.logProb(z, x));
    const likelihood = this.likelihood.logProb(this.prior.fromBase(z), x);
    return likelihood.map((l, i) => {
      let base = 0;
      for (let j = 0; j < d; j++) base += normalLogPdf(z[i * d + j] as number);
      return (1 - exponent) * (base + l) + (own === undefined ? 0 : exponent * (own[i] as number));
    });
  }

  #evidenceAt(x: Float64Array): Evidence {
    const key = x.join(" ");
    const known = this.#evidence.get(key);
    if (known !== undefined) return known;
    const z = this.ensemble.sample(evidenceDraws, x, Rng.fromSeed(0).fork("evidence"));
    const logQ = this.ensemble.logProb(z, x);
    const logWeights = this.#target(z, x, logQ).map((t, i) => t - (logQ[i] as number));
    const top = logWeights.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const weights = logWeights.map((w) => Math.exp(w - top));
    const sum = weights.reduce((all, w) => all + w, 0);
    const squares = weights.reduce((all, w) => all + w * w, 0);
    const value = {
      logConstant: top + Math.log(sum / weights.length),
      effectiveShare: (sum * sum) / squares / weights.length,
    };
    this.#evidence.set(key, value);
    return value;
  }
}

/** Systematic resampling. @param logWeights shape (n) @returns indices, shape (count), in random order */
function resample(logWeights: Float64Array, count: number, rng: Rng): Uint32Array {
  const top = logWeights.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const weights = logWeights.map((w) => Math.exp(w - top));
  const step = weights.reduce((sum, w) => sum + w, 0) / count;
  const out = new Uint32Array(count);
  let [row, reached, next] = [0, weights[0] as number, rng.uniform() * step];
  for (let i = 0; i < count; i++, next += step) {
    while (reached < next && row < weights.length - 1) reached += weights[++row] as number;
    out[i] = row;
  }
  return Uint32Array.from(rng.permutation(count), (i) => out[i] as number);
}
