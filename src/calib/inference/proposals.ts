/**
 * Where the parameters of the next round come from, and what may learn from them: the prior, the prior truncated to
 * regions, a posterior to a power, or a mixture whose correction is known in closed form. Each scheme has its own;
 * see estimation.ts.
 */
import type { Rng } from "../../base/rng.js";
import type { DensityLoss } from "../flow/objective.js";
import { drawFrom, type ProposalMixture } from "../flow/proposal-mixture.js";
import type { EstimationOptions } from "./estimation-options.js";
import { quantileSorted } from "./features.js";
import type { Posterior } from "./posterior.js";
import type { Prior } from "./priors/prior.js";
import { BoxRegion, DensityRegion, drawTruncated, type Region } from "./region.js";
import type { Scheme } from "./schemes.js";
import { keyOf } from "./simulations.js";

export interface Proposed {
  /** Parameters to simulate next, shape (count, p). */
  readonly theta: Float64Array;
  readonly from: "prior" | "truncated prior" | "posterior";
  /** Accepted share of the draws. */
  readonly acceptanceRate: number;
}

/** Share of a later round's simulations that are drawn from the posterior when the likelihood is learnt. */
const posteriorShare = 0.8;
/** They are drawn from the posterior to the power of its inverse: a likelihood must be right beside the posterior, too. */
const proposalTemperature = 4;
/** Draws that find a posterior's region. */
const regionDraws = 10_000;

export class Proposals {
  /** Where simulations are likely to be usable, once that is known. */
  valid: Region | undefined;
  readonly #prior: Prior;
  readonly #scheme: Scheme;
  readonly #options: EstimationOptions;
  readonly #regions: Region[] = [];
  #fromPrior = true;
  /** Keys of parameters that were drawn from a posterior: only a likelihood may learn from them. */
  readonly #fromPosterior = new Set<string>();
  /** Mixtures that were proposed from, and which of them, from 1, each of their parameters came from. */
  readonly #mixtures: ProposalMixture[] = [];
  readonly #mixtureOf = new Map<string, number>();

  constructor(scheme: Scheme, options: EstimationOptions) {
    this.#prior = options.prior;
    this.#scheme = scheme;
    this.#options = options;
  }

  /** Whether parameters came from posteriors in the prior's place, which `loss` corrects for. */
  get needCorrection(): boolean {
    return !this.#fromPrior;
  }

  /** Whether a row was drawn from a posterior beside a truncated prior. */
  isFromPosterior(theta: Float64Array, row: number): boolean {
    return this.#fromPosterior.has(keyOf(theta, this.#prior.size, row));
  }

  /** 1 for each row that an estimator may learn from: with truncated proposals, those inside of all regions. */
  learnable(z: Float64Array, theta: Float64Array): Uint8Array {
    const d = this.#prior.size;
    if (this.#scheme !== "tsnpe") return allOf(z, d);
    return inAll(this.#regions, z, d).map((inside, row) => (this.isFromPosterior(theta, row) ? 1 : inside));
  }

  /** Of simulations from any proposals: closed form where all of them were mixtures, else atoms. */
  loss(theta: Float64Array, atoms: number): DensityLoss {
    if (this.#mixtures.length === 0) return { type: "atomic", atoms };
    const proposalOf = Uint8Array.from({ length: theta.length / this.#prior.size }, (_, row) => {
      return this.#mixtureOf.get(keyOf(theta, this.#prior.size, row)) ?? 0;
    });
    return { type: "corrected", proposals: this.#mixtures, proposalOf };
  }

  /** @param posterior that of the observation; without one, draws of the prior @throws DrawBudgetExhausted */
  propose(count: number, posterior: Posterior | undefined, rng: Rng): Proposed {
    const budget = count * (this.#options.drawBudget ?? 2000);
    if (posterior === undefined) {
      const { theta, acceptanceRate } = this.#inside(count, rng, budget);
      return { theta, from: "prior", acceptanceRate };
    }
    if (this.#scheme === "snpe-c") {
      this.#fromPrior = false;
      const mixture = posterior.amortised.ensemble.mixtureAt(posterior.xObs);
      if (mixture !== undefined) return this.#proposeMixture(mixture, count, rng, budget);
      return { ...proposeFrom(posterior, this.#whereValid, count, rng, budget), from: "posterior" };
    }
    const before = this.#regions.length;
    this.truncateTo(posterior, rng.fork("region"));
    try {
      return this.#proposeInside(posterior, count, rng, budget);
    } catch (error) {
      // A region that nothing can be drawn from is none: the simulations so far still count.
      this.#regions.length = before;
      throw error;
    }
  }

  restrict(region: Region): void {
    this.#regions.push(region);
  }

  truncateTo(posterior: Posterior, rng: Rng): void {
    const { ensemble } = posterior.amortised;
    const z = this.#snap(ensemble.sample(regionDraws, posterior.xObs, rng));
    const logQ = ensemble.logProb(z, posterior.xObs);
    const threshold = quantileSorted(logQ.slice().sort(), this.#options.truncatedMass ?? 5e-4);
    const d = this.#prior.size;
    const inside = Float64Array.from(
      [...logQ].flatMap((v, i) => (v > threshold ? [...z.subarray(i * d, (i + 1) * d)] : [])),
    );
    this.#regions.push(new BoxRegion(inside, d), new DensityRegion(ensemble, posterior.xObs, threshold));
  }

  get #whereValid(): readonly Region[] {
    return this.valid === undefined ? [] : [this.valid];
  }

  /** Base variables as those of the parameters that they give, discrete ones among them. */
  #snap(z: Float64Array): Float64Array {
    return this.#prior.toBase(this.#prior.fromBase(z));
  }

  /** From the prior inside of all regions. */
  #inside(count: number, rng: Rng, budget: number): { theta: Float64Array; acceptanceRate: number } {
    const snap = (z: Float64Array): Float64Array => this.#snap(z);
    const regions = [...this.#regions, ...this.#whereValid];
    const { z, acceptanceRate } = drawTruncated(this.#prior.size, regions, count, rng, { budget, snap });
    return { theta: this.#prior.fromBase(z), acceptanceRate };
  }

  /** From the truncated prior, and a part from the posterior when the likelihood is learnt. */
  #proposeInside(posterior: Posterior, count: number, rng: Rng, budget: number): Proposed {
    const d = this.#prior.size;
    const near = this.#options.likelihood === true ? Math.floor(posteriorShare * count) : 0;
    const even = count - near;
    const inside = this.#inside(even, rng, budget);
    const theta = new Float64Array(count * d);
    theta.set(inside.theta);
    if (near > 0) {
      const others = proposeFrom(posterior, this.#whereValid, near, rng.fork("posterior"), budget).theta;
      theta.set(others, even * d);
      for (let row = 0; row < near; row++) this.#fromPosterior.add(keyOf(others, d, row));
    }
    return { theta, from: "truncated prior", acceptanceRate: inside.acceptanceRate };
  }

  /**
   * Draws of a mixture whose correction is known in closed form. Those that are likely to be unusable are left out, which
   * does not change it: what the estimator learns from are the usable ones, and there are next to none outside.
   */
  #proposeMixture(mixture: ProposalMixture, count: number, rng: Rng, budget: number): Proposed {
    const d = this.#prior.size;
    let pass = 0;
    const { z, acceptanceRate } = drawTruncated(d, this.#whereValid, count, rng.fork("valid"), {
      budget,
      snap: (noise) => drawFrom(mixture, noise.length / d, rng.fork(pass++ === 0 ? "mixture" : `mixture-${pass}`)),
    });
    const theta = this.#prior.fromBase(z);
    this.#mixtures.push(mixture);
    for (let row = 0; row < count; row++) this.#mixtureOf.set(keyOf(theta, d, row), this.#mixtures.length);
    return { theta, from: "posterior", acceptanceRate };
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
