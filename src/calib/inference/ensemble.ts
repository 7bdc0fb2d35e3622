/**
 * q(z | x) as an equal mixture of density estimators, each behind its own affine map: from raw data to log-densities and
 * draws in the base space of the prior. Batched over observations. It knows neither priors nor rounds.
 */
import type { Rng } from "../../base/rng.js";
import type { Kernels } from "../../kernels/spaces.js";
import type { DensityState } from "../flow/density-estimator.js";
import { estimatorFromState, type KernelDensity } from "../flow/kernel-density.js";
import { type ProposalMixture, proposalFrom } from "../flow/proposal-mixture.js";
import { ShapeMismatch } from "../nn/errors.js";
import { type FeatureDescription, FeatureMap } from "./features.js";
import { LinearGaussian, type LinearGaussianDescription } from "./linear-gaussian.js";

export interface EnsembleMember {
  readonly density: KernelDensity;
  /** The density is of r = L^-1 (z - mean(x)) when present, of z otherwise. */
  readonly linear: LinearGaussian | undefined;
}

export interface EnsembleState {
  readonly features: FeatureDescription;
  readonly members: readonly { readonly density: DensityState; readonly linear: LinearGaussianDescription | null }[];
}

/** A density q(z | x) in the base space of a prior, for many observations at once. */
export interface BaseDensity {
  readonly features: FeatureMap;
  /** Parameters. */
  readonly d: number;
  logProb(z: ArrayLike<number>, x: ArrayLike<number>): Float64Array;
  memberLogProbs(z: ArrayLike<number>, x: ArrayLike<number>): Float64Array[];
  sample(count: number, x: ArrayLike<number>, rng: Rng): Float64Array;
}

export class Ensemble implements BaseDensity {
  readonly features: FeatureMap;
  readonly members: readonly EnsembleMember[];
  /** Parameters. */
  readonly d: number;

  constructor(features: FeatureMap, members: readonly EnsembleMember[]) {
    this.features = features;
    this.members = members;
    this.d = (members[0] as EnsembleMember).density.numParameters;
  }

  static from(kernels: Kernels, { features, members }: EnsembleState): Ensemble {
    return new Ensemble(
      new FeatureMap(features),
      members.map(({ density, linear }) => ({
        density: estimatorFromState(kernels, density),
        linear: linear === null ? undefined : new LinearGaussian(linear),
      })),
    );
  }

  /**
   * Natural log-density in z.
   * @param z shape (n, d) @param x raw observations, shape (m, inputSize); n a multiple of m, rows in order
   * @returns shape (n) @throws ShapeMismatch @throws NonFinite
   */
  logProb(z: ArrayLike<number>, x: ArrayLike<number>): Float64Array {
    const features = this.features.apply(x);
    const observations = features.length / this.features.outputSize;
    const n = z.length / this.d;
    if (!Number.isInteger(n / observations)) {
      throw new ShapeMismatch("theta", z.length, `a multiple of ${observations} observations x ${this.d} parameters`);
    }
    return mixLogProbs(this.members.map((member) => memberLogProb(member, z, features, n / observations)));
  }

  /** The ensemble at one observation as one mixture of normals; undefined when its members are none, or of residuals. */
  mixtureAt(x: ArrayLike<number>): ProposalMixture | undefined {
    const features = this.features.apply(x);
    const components = this.members.map(({ density, linear }) => {
      return linear === undefined ? density.components(features) : undefined;
    });
    if (components.some((own) => own === undefined)) return undefined;
    return proposalFrom(
      components.flatMap((own) => own ?? []),
      this.d,
    );
  }

  /** The same for each member apart. @returns one array of shape (n) per member */
  memberLogProbs(z: ArrayLike<number>, x: ArrayLike<number>): Float64Array[] {
    const features = this.features.apply(x);
    const per = (z.length / this.d / features.length) * this.features.outputSize;
    return this.members.map((member) => memberLogProb(member, z, features, per));
  }

  /** @param count draws per observation @param x shape (m, inputSize) @returns z, shape (m, count, d) */
  sample(count: number, x: ArrayLike<number>, rng: Rng): Float64Array {
    const features = this.features.apply(x);
    const m = features.length / this.features.outputSize;
    const { d } = this;
    const k = this.members.length;
    const z = new Float64Array(m * count * d);
    // Each observation has an even share of each member; which ones get the remainder, and the order, are random.
    const lucky = rng.fork("remainder").permutation(k);
    const places = Array.from({ length: m }, (_, i) => rng.fork(`order-${i}`).permutation(count));
    let from = 0;
    this.members.forEach((member, index) => {
      const share = Math.floor(count / k) + ((lucky[index] as number) < count % k ? 1 : 0);
      if (share === 0) return;
      const draws = memberSample(member, share, features, rng.fork(`member-${index}`));
      for (let i = 0; i < m; i++) {
        for (let s = 0; s < share; s++) {
          const row = i * count + ((places[i] as Uint32Array)[from + s] as number);
          z.set(draws.subarray((i * share + s) * d, (i * share + s + 1) * d), row * d);
        }
      }
      from += share;
    });
    return z;
  }

  state(): EnsembleState {
    return {
      features: this.features.description,
      members: this.members.map(({ density, linear }) => ({
        density: density.state(),
        linear: linear?.toJSON() ?? null,
      })),
    };
  }
}

function memberLogProb(
  { density, linear }: EnsembleMember,
  z: ArrayLike<number>,
  features: Float32Array,
  per: number,
): Float64Array {
  if (linear === undefined) return Float64Array.from(density.logProb(Float32Array.from(z), features));
  const r = linear.whiten(z, linear.mean(features), per);
  return Float64Array.from(density.logProb(r, features), (v) => v - linear.logDet);
}

function memberSample(
  { density, linear }: EnsembleMember,
  count: number,
  features: Float32Array,
  rng: Rng,
): Float64Array {
  const draws = density.sample(count, features, rng);
  return linear === undefined ? Float64Array.from(draws) : linear.colour(draws, linear.mean(features), count);
}

/** log of the mean of exp, row by row. */
export function mixLogProbs(perMember: readonly Float64Array[]): Float64Array {
  const first = perMember[0] as Float64Array;
  if (perMember.length === 1) return first;
  return first.map((_, i) => {
    let top = Number.NEGATIVE_INFINITY;
    for (const values of perMember) top = Math.max(top, values[i] as number);
    if (top === Number.NEGATIVE_INFINITY) return top;
    let sum = 0;
    for (const values of perMember) sum += Math.exp((values[i] as number) - top);
    return top + Math.log(sum / perMember.length);
  });
}
