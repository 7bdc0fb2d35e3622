/**
 * The schemes of neural posterior estimation, step by step: append simulations, train, propose the next ones, ask for a
 * posterior. The caller simulates; `run-inference.ts` is the loop for simulators that are functions, `rounds.ts` the one
 * for devices.
 *
 * `npe` amortised: all simulations from the prior, plain likelihood, valid for any observation. `tsnpe`: later rounds
 * from the prior truncated to where the last posterior has its mass, plain likelihood on all simulations inside.
 * `snpe-c`: later rounds from the last posterior, atomic loss on all simulations. Sources: Papamakarios and Murray 2016;
 * Deistler et al. 2022; Greenberg et al. 2019.
 */
import { Rng } from "../../base/rng.js";
import { Classifier } from "../diagnostics/classifier.js";
import type { DensityLoss } from "../flow/objective.js";
import { drawFrom, type ProposalMixture } from "../flow/proposal-mixture.js";
import { NotTrained } from "../nn/errors.js";
import { SimulatorFailed } from "./errors.js";
import { checkOptions, type EstimationOptions } from "./estimation-options.js";
import { quantileSorted } from "./features.js";
import { poolWithLikelihood } from "./pool-with-likelihood.js";
import { AmortisedPosterior, type Posterior } from "./posterior.js";
import type { Prior } from "./priors/prior.js";
import { BoxRegion, DensityRegion, drawTruncated, type Region, ValidRegion } from "./region.js";
import type { Scheme } from "./schemes.js";
import { keyOf, pickRows, Simulations, splitRows } from "./simulations.js";
import { type EpochProgress, fewestSimulations, trainEnsemble } from "./train-ensemble.js";

export interface TrainCall {
  /** A round whose posterior only guides the next proposal: one network, half the steps. Default false. */
  readonly draft?: boolean;
  /** Aborting rejects with `signal.reason` within a step; the posterior of the round before stays. */
  readonly signal?: AbortSignal | undefined;
  readonly onEpoch?: ((progress: EpochProgress) => void) | undefined;
}

export interface Proposed {
  /** Parameters to simulate next, shape (count, p). */
  readonly theta: Float64Array;
  readonly from: "prior" | "truncated prior" | "posterior";
  /** Accepted share of the draws. */
  readonly acceptanceRate: number;
}

/** Share of unusable simulations from which their places are learnt, and how many there must be. */
const invalidShare = 0.01;
const fewestInvalid = 10;
/** Share of usable simulations that the classifier may exclude. */
const usableLost = 0.005;
/** Share of a later round's simulations that are drawn from the posterior when the likelihood is learnt. */
const posteriorShare = 0.8;
/** They are drawn from the posterior to the power of its inverse: a likelihood must be right beside the posterior, too. */
const proposalTemperature = 4;
/** Simulations that judge how to pool, at most, and at most as a share. */
const mostJudges = 250;
const judgeShare = 0.05;
/** Draws that find a posterior's region. */
const regionDraws = 10_000;

export class Estimation {
  readonly prior: Prior;
  readonly scheme: Scheme;
  readonly simulations: Simulations;
  readonly #options: EstimationOptions;
  readonly #rng: Rng;
  readonly #regions: Region[] = [];
  #valid: Region | undefined;
  #posterior: AmortisedPosterior | undefined;
  #round = 0;
  #fromPrior = true;
  /** Keys of parameters that were drawn from a posterior: only a likelihood may learn from them. */
  readonly #fromPosterior = new Set<string>();
  /** Mixtures that were proposed from, and which of them, from 1, each of their parameters came from. */
  readonly #mixtures: ProposalMixture[] = [];
  readonly #mixtureOf = new Map<string, number>();

  /** @throws FieldOutOfRange */
  constructor(options: EstimationOptions) {
    checkOptions(options);
    this.prior = options.prior;
    this.scheme = options.scheme ?? "tsnpe";
    this.#options = options;
    this.#rng = Rng.fromSeed(options.seed).fork("estimation");
    this.simulations = new Simulations(options.prior);
  }

  /** Rounds trained so far. */
  get round(): number {
    return this.#round;
  }

  /** What the reader of a result must know: simulations that could not be used. */
  get notices(): readonly string[] {
    const { count, usable, reasons } = this.simulations;
    if (usable === count) return [];
    const list = Object.entries(reasons).map(([reason, n]) => `${n} ${reason}`);
    const share = (100 * (count - usable)) / count;
    return [`${count - usable} of ${count} simulations (${share.toFixed(1)} %) cannot be used: ${list.join(", ")}`];
  }

  /**
   * Add the simulations of the coming round.
   * @param theta as simulated, shape (n, p) @param x shape (n, f), the same f for all calls
   * @param invalid why a row cannot be used; rows that are not finite count as unusable anyway
   * @throws ShapeMismatch
   */
  append(theta: ArrayLike<number>, x: ArrayLike<number>, invalid?: readonly (string | undefined)[]): void {
    this.simulations.append(this.#round + 1, theta, x, invalid);
  }

  /** One round of training on all simulations so far. @throws SimulatorFailed @throws TrainingDiverged @throws signal.reason */
  async train({ draft = false, signal, onEpoch }: TrainCall = {}): Promise<AmortisedPosterior> {
    signal?.throwIfAborted();
    const { kernels, atoms = 10, likelihood = false, ...ensemble } = this.#options;
    const rng = this.#rng.fork(`round-${this.#round + 1}`);
    const valid = await this.#learnValidity(rng.fork("validity"), signal);
    const truncated = this.scheme === "tsnpe";
    const drawn = (theta: Float64Array, row: number): boolean =>
      this.#fromPosterior.has(keyOf(theta, this.prior.size, row));
    const keep = (z: Float64Array, theta: Float64Array): Uint8Array => {
      if (!truncated) return allOf(z, this.prior.size);
      return inAll(this.#regions, z, this.prior.size).map((inside, row) => (drawn(theta, row) ? 1 : inside));
    };
    const all = this.simulations.usableRows(keep);
    const pools = likelihood && this.scheme !== "snpe-c";
    const judges = pools ? Math.min(mostJudges, Math.floor(judgeShare * all.count)) : 0;
    const { learn, judge } = splitRows(all, judges, (row) => drawn(all.theta, row), rng.fork("judges"));
    const rows = pickRows(learn, (row) => !drawn(learn.theta, row));
    const { theta, x, count } = rows;
    if (count < fewestSimulations) {
      const reasons = Object.entries(this.simulations.reasons).map(([reason, n]) => `${n} ${reason}`);
      const why = reasons.length > 0 ? `unusable: ${reasons.join(", ")}` : "simulate more";
      throw new SimulatorFailed(count, this.simulations.count, `${fewestSimulations} or more are needed (${why})`);
    }
    const discrete = this.prior.parameters.some((p) => p.discrete);
    const middles = this.prior.toBase(theta);
    const atomic = this.scheme === "snpe-c" && !this.#fromPrior;
    const trained = await trainEnsemble({
      kernels,
      d: this.prior.size,
      count,
      x,
      z: (stream) => (discrete && stream !== undefined ? this.prior.toBase(theta, stream) : middles),
      draft,
      loss: atomic ? this.#proposalLoss(theta, atoms) : { type: "likelihood" },
      options: { ...ensemble, ...(this.scheme === "snpe-c" ? { linear: false } : {}) },
      warmStart: atomic ? this.#posterior?.ensemble : undefined,
      rng,
      signal,
      onEpoch,
    });
    const pooled = pools
      ? await poolWithLikelihood({
          kernels,
          prior: this.prior,
          ensemble: trained,
          learn,
          judge,
          draft,
          features: ensemble.features,
          host: ensemble.host,
          plannedSteps: ensemble.training?.plannedSteps,
          rng: rng.fork("likelihood"),
          signal,
          onEpoch,
        })
      : undefined;
    // Only a whole round counts: an abort or a failure above leaves the one before in place.
    this.#valid = valid;
    this.#posterior = new AmortisedPosterior(this.prior, trained, pooled);
    this.#round++;
    return this.#posterior;
  }

  /** The latest posterior for any observation; after a sequential round it holds near that round's observation only. */
  get amortised(): AmortisedPosterior {
    if (this.#posterior === undefined) throw new NotTrained("a posterior");
    return this.#posterior;
  }

  /** @throws NotTrained @throws ObservationInvalid */
  posterior(xObs: ArrayLike<number>): Posterior {
    return this.amortised.given(xObs);
  }

  /**
   * Parameters for the next round; without a trained round, or for `npe`, draws of the prior.
   * @param xObs shape (f); needed by sequential schemes @throws DrawBudgetExhausted @throws ObservationInvalid
   */
  propose(count: number, xObs: ArrayLike<number> | undefined, rng: Rng): Proposed {
    const d = this.prior.size;
    const snap = (z: Float64Array): Float64Array => this.prior.toBase(this.prior.fromBase(z));
    const budget = count * (this.#options.drawBudget ?? 2000);
    const valid = this.#valid === undefined ? [] : [this.#valid];
    if (this.#posterior === undefined || this.scheme === "npe" || xObs === undefined) {
      const { z, acceptanceRate } = drawTruncated(d, [...this.#regions, ...valid], count, rng, { budget, snap });
      return { theta: this.prior.fromBase(z), from: "prior", acceptanceRate };
    }
    const posterior = this.posterior(xObs);
    if (this.scheme === "snpe-c") {
      this.#fromPrior = false;
      const mixture = posterior.amortised.ensemble.mixtureAt(posterior.xObs);
      if (mixture !== undefined) return this.#proposeMixture(mixture, valid, count, rng, budget);
      return { ...proposeFrom(posterior, valid, count, rng, budget), from: "posterior" };
    }
    const before = this.#regions.length;
    this.truncateTo(posterior, rng.fork("region"));
    try {
      return this.#proposeInside(posterior, valid, count, rng, budget);
    } catch (error) {
      // A region that nothing can be drawn from is none: the simulations so far still count.
      this.#regions.length = before;
      throw error;
    }
  }

  /** From the truncated prior, and a part from the posterior when the likelihood is learnt. */
  #proposeInside(posterior: Posterior, valid: readonly Region[], count: number, rng: Rng, budget: number): Proposed {
    const d = this.prior.size;
    const snap = (z: Float64Array): Float64Array => this.prior.toBase(this.prior.fromBase(z));
    const near = this.#options.likelihood === true ? Math.floor(posteriorShare * count) : 0;
    const even = count - near;
    const { z, acceptanceRate } = drawTruncated(d, [...this.#regions, ...valid], even, rng, { budget, snap });
    const theta = new Float64Array(count * d);
    theta.set(this.prior.fromBase(z));
    if (near > 0) {
      const others = proposeFrom(posterior, valid, near, rng.fork("posterior"), budget).theta;
      theta.set(others, even * d);
      for (let row = 0; row < near; row++) this.#fromPosterior.add(keyOf(others, d, row));
    }
    return { theta, from: "truncated prior", acceptanceRate };
  }

  /**
   * Draws of a mixture whose correction is known in closed form. Those that are likely to be unusable are left out, which
   * does not change it: what the estimator learns from are the usable ones, and there are next to none outside.
   */
  #proposeMixture(
    mixture: ProposalMixture,
    valid: readonly Region[],
    count: number,
    rng: Rng,
    budget: number,
  ): Proposed {
    const d = this.prior.size;
    let pass = 0;
    const { z, acceptanceRate } = drawTruncated(d, valid, count, rng.fork("valid"), {
      budget,
      snap: (noise) => drawFrom(mixture, noise.length / d, rng.fork(pass++ === 0 ? "mixture" : `mixture-${pass}`)),
    });
    const theta = this.prior.fromBase(z);
    this.#mixtures.push(mixture);
    for (let row = 0; row < count; row++)
      this.#mixtureOf.set(keyOf(theta, this.prior.size, row), this.#mixtures.length);
    return { theta, from: "posterior", acceptanceRate };
  }

  /** Of simulations from any proposals: closed form where all of them were mixtures, else atoms. */
  #proposalLoss(theta: Float64Array, atoms: number): DensityLoss {
    if (this.#mixtures.length === 0) return { type: "atomic", atoms };
    const proposalOf = Uint8Array.from({ length: theta.length / this.prior.size }, (_, row) => {
      return this.#mixtureOf.get(keyOf(theta, this.prior.size, row)) ?? 0;
    });
    return { type: "corrected", proposals: this.#mixtures, proposalOf };
  }

  /** Restrict what is proposed next to a region; with truncated proposals, what is trained on as well. */
  restrict(region: Region): void {
    this.#regions.push(region);
  }

  /** Restrict what is proposed next to all but a little of a posterior's mass; it may be another estimator's. */
  truncateTo(posterior: Posterior, rng: Rng): void {
    const { ensemble } = posterior.amortised;
    const z = this.prior.toBase(this.prior.fromBase(ensemble.sample(regionDraws, posterior.xObs, rng)));
    const logQ = ensemble.logProb(z, posterior.xObs);
    const threshold = quantileSorted(logQ.slice().sort(), this.#options.truncatedMass ?? 5e-4);
    const d = this.prior.size;
    const inside = Float64Array.from(
      [...logQ].flatMap((v, i) => (v > threshold ? [...z.subarray(i * d, (i + 1) * d)] : [])),
    );
    this.#regions.push(new BoxRegion(inside, d), new DensityRegion(ensemble, posterior.xObs, threshold));
  }

  /** A classifier of usable simulations, once there are enough of both kinds. */
  async #learnValidity(rng: Rng, signal: AbortSignal | undefined): Promise<Region | undefined> {
    const { z, usable } = this.simulations.validity();
    const invalid = usable.reduce((sum, u) => sum + (1 - u), 0);
    if (invalid < Math.max(fewestInvalid, invalidShare * usable.length) || invalid === usable.length) return undefined;
    const x = Float32Array.from(z);
    const rows = Uint32Array.from(usable, (_, i) => i);
    const hidden = [32, 32];
    const classifier = await Classifier.train(this.#options.kernels, x, usable, rows, { hidden, rng, signal });
    const logits = classifier.logits(x).filter((_, i) => usable[i] === 1);
    return new ValidRegion(classifier, Math.min(0, quantileSorted(logits.sort(), usableLost)));
  }
}

/** Draws of the posterior that are likely to be usable. */
function proposeFrom(
  posterior: Posterior,
  regions: readonly Region[],
  count: number,
  rng: Rng,
  budget: number,
): { theta: Float64Array; acceptanceRate: number } {
  const { prior, density, pooled } = posterior.amortised;
  let pass = 0;
  const { z, acceptanceRate } = drawTruncated(prior.size, regions, count, rng, {
    budget,
    snap: (noise) => {
      const [n, stream] = [noise.length / prior.size, rng.fork(`posterior-${pass++}`)];
      const draws =
        pooled === undefined
          ? density.sample(n, posterior.xObs, stream)
          : pooled.sample(n, posterior.xObs, stream, proposalTemperature);
      return prior.toBase(prior.fromBase(draws));
    },
  });
  return { theta: prior.fromBase(z), acceptanceRate };
}

function inAll(regions: readonly Region[], z: Float64Array, d: number): Uint8Array {
  const inside = allOf(z, d);
  for (const region of regions) {
    const own = region.contains(z);
    for (let i = 0; i < inside.length; i++) inside[i] = (inside[i] as number) & (own[i] as number);
  }
  return inside;
}

const allOf = (z: Float64Array, d: number): Uint8Array => new Uint8Array(z.length / d).fill(1);
