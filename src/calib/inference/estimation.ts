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
import { NotTrained } from "../nn/errors.js";
import { SimulatorFailed } from "./errors.js";
import { checkOptions, type EstimationOptions } from "./estimation-options.js";
import { quantileSorted } from "./features.js";
import { poolWithLikelihood } from "./pool-with-likelihood.js";
import { AmortisedPosterior, type Posterior } from "./posterior.js";
import type { Prior } from "./priors/prior.js";
import { Proposals, type Proposed } from "./proposals.js";
import { type Region, ValidRegion } from "./region.js";
import type { Scheme } from "./schemes.js";
import { pickRows, Simulations, splitRows } from "./simulations.js";
import { type EpochProgress, fewestSimulations, trainEnsemble } from "./train-ensemble.js";

export interface TrainCall {
  /** A round whose posterior only guides the next proposal: one network, half the steps. Default false. */
  readonly draft?: boolean;
  /** Aborting rejects with `signal.reason` within a step; the posterior of the round before stays. */
  readonly signal?: AbortSignal | undefined;
  readonly onEpoch?: ((progress: EpochProgress) => void) | undefined;
}

/** Share of unusable simulations from which their places are learnt, and how many there must be. */
const invalidShare = 0.01;
const fewestInvalid = 10;
/** Share of usable simulations that the classifier may exclude. */
const usableLost = 0.005;
/** Simulations that judge how to pool, at most, and at most as a share. */
const mostJudges = 250;
const judgeShare = 0.05;

export class Estimation {
  readonly prior: Prior;
  readonly scheme: Scheme;
  readonly simulations: Simulations;
  readonly #options: EstimationOptions;
  readonly #rng: Rng;
  readonly #proposals: Proposals;
  #posterior: AmortisedPosterior | undefined;
  #round = 0;

  /** @throws FieldOutOfRange */
  constructor(options: EstimationOptions) {
    checkOptions(options);
    this.prior = options.prior;
    this.scheme = options.scheme ?? "tsnpe";
    this.#options = options;
    this.#rng = Rng.fromSeed(options.seed).fork("estimation");
    this.simulations = new Simulations(options.prior);
    this.#proposals = new Proposals(this.scheme, options);
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
    const proposals = this.#proposals;
    const drawn = (theta: Float64Array, row: number): boolean => proposals.isFromPosterior(theta, row);
    const all = this.simulations.usableRows((z, theta) => proposals.learnable(z, theta));
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
    const atomic = proposals.needCorrection;
    const trained = await trainEnsemble({
      kernels,
      d: this.prior.size,
      count,
      x,
      z: (stream) => (discrete && stream !== undefined ? this.prior.toBase(theta, stream) : middles),
      draft,
      loss: atomic ? proposals.loss(theta, atoms) : { type: "likelihood" },
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
    proposals.valid = valid;
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
    const isSequential = this.#posterior !== undefined && this.scheme !== "npe" && xObs !== undefined;
    return this.#proposals.propose(count, isSequential ? this.posterior(xObs) : undefined, rng);
  }

  /** Restrict what is proposed next to a region; with truncated proposals, what is trained on as well. */
  restrict(region: Region): void {
    this.#proposals.restrict(region);
  }

  /** Restrict what is proposed next to all but a little of a posterior's mass; it may be another estimator's. */
  truncateTo(posterior: Posterior, rng: Rng): void {
    this.#proposals.truncateTo(posterior, rng);
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
