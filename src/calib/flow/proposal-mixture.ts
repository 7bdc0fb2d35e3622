/**
 * Proposals that are mixtures of normals, and what they do to a mixture density q in closed form: simulations from a
 * proposal r follow q r / p up to a constant, with p the standard normal prior. The constant
 * Z = integral of q r / p is a sum over pairs of components, each the integral of a normal; with it the plain likelihood
 * of simulations from any proposal is known exactly. Proposal components have precisions above the prior's, so that every
 * pair is integrable. Sources: Papamakarios and Murray 2016; Greenberg et al. 2019, "non-atomic" loss.
 */
import type { Rng } from "../../base/rng.js";
import { cholesky, logDetLower, solveLower } from "../inference/priors/cholesky.js";

/** Plain data. */
export interface ProposalMixture {
  readonly d: number;
  /** Natural logs, normalised; one per component. */
  readonly logWeights: readonly number[];
  /** Shape (components, d). */
  readonly means: readonly Float64Array[];
  /** Shape (components, d, d), minus the identity positive definite. */
  readonly precisions: readonly Float64Array[];
}

/** One normal component of q: its factor L with precision L'L, as the network gives it. */
export interface Component {
  readonly logWeight: number;
  readonly mean: Float64Array;
  /** Lower, shape (d, d). */
  readonly factor: Float64Array;
}

/** A component's part in the gradient of log Z: expectations under q r / p. */
export interface ComponentMoments {
  /** Share of Z, and share times the mean and second moment of z - mean of the component. */
  readonly share: number;
  readonly first: Float64Array;
  readonly second: Float64Array;
}

/** L'L. */
export function precisionOf(factor: Float64Array, d: number): Float64Array {
  const out = new Float64Array(d * d);
  for (let a = 0; a < d; a++) {
    for (let b = 0; b < d; b++) {
      for (let i = Math.max(a, b); i < d; i++) {
        out[a * d + b] = (out[a * d + b] as number) + (factor[i * d + a] as number) * (factor[i * d + b] as number);
      }
    }
  }
  return out;
}

/**
 * The components of a posterior as a proposal: each one times the prior, which makes its precision larger than the
 * prior's and hardly changes a component that is narrow.
 */
export function proposalFrom(components: readonly Component[], d: number): ProposalMixture {
  const top = Math.max(...components.map(({ logWeight }) => logWeight));
  const total = top + Math.log(components.reduce((sum, { logWeight }) => sum + Math.exp(logWeight - top), 0));
  return {
    d,
    logWeights: components.map(({ logWeight }) => logWeight - total),
    means: components.map(({ mean }) => Float64Array.from(mean)),
    precisions: components.map(({ factor }) =>
      precisionOf(factor, d).map((v, at) => v + (Math.floor(at / d) === at % d ? 1 : 0)),
    ),
  };
}

/** @returns z, shape (count, d) */
export function drawFrom({ d, logWeights, means, precisions }: ProposalMixture, count: number, rng: Rng): Float64Array {
  const factors = precisions.map((p) => factorOf(p, d));
  const z = new Float64Array(count * d);
  const noise = new Float64Array(d);
  for (let i = 0; i < count; i++) {
    let rest = rng.uniform();
    let k = logWeights.findIndex((w) => {
      rest -= Math.exp(w);
      return rest < 0;
    });
    if (k < 0) k = logWeights.length - 1;
    for (let j = 0; j < d; j++) noise[j] = rng.normal();
    const step = solveUpper(factors[k] as Float64Array, d, noise);
    for (let j = 0; j < d; j++) z[i * d + j] = ((means[k] as Float64Array)[j] as number) + (step[j] as number);
  }
  return z;
}

/** log Z, and what its gradient needs of every component of q. */
export function normaliser(
  q: readonly Component[],
  proposal: ProposalMixture,
): { logZ: number; moments: ComponentMoments[] } {
  const { d } = proposal;
  const pairs = q.flatMap((component, k) =>
    proposal.logWeights.map((logWeight, l) => ({
      k,
      ...pair(component, logWeight, proposal.means[l] as Float64Array, proposal.precisions[l] as Float64Array, d),
    })),
  );
  const top = Math.max(...pairs.map(({ log }) => log));
  const total = pairs.reduce((sum, { log }) => sum + Math.exp(log - top), 0);
  const moments = q.map(() => ({ share: 0, first: new Float64Array(d), second: new Float64Array(d * d) }));
  for (const { k, log, mean, covariance } of pairs) {
    const own = moments[k] as (typeof moments)[number];
    const share = Math.exp(log - top) / total;
    const centre = (q[k] as Component).mean;
    own.share += share;
    for (let a = 0; a < d; a++) {
      const da = (mean[a] as number) - (centre[a] as number);
      own.first[a] = (own.first[a] as number) + share * da;
      for (let b = 0; b < d; b++) {
        const db = (mean[b] as number) - (centre[b] as number);
        const at = a * d + b;
        own.second[at] = (own.second[at] as number) + share * ((covariance[at] as number) + da * db);
      }
    }
  }
  return { logZ: top + Math.log(total), moments };
}

/** Log of the integral of a component of q times one of the proposal over the prior, with the product's moments. */
function pair(
  { logWeight, mean, factor }: Component,
  proposalWeight: number,
  proposalMean: Float64Array,
  proposalPrecision: Float64Array,
  d: number,
): { log: number; mean: Float64Array; covariance: Float64Array } {
  const own = precisionOf(factor, d);
  const precision = own.map((v, at) => {
    return v + (proposalPrecision[at] as number) - (Math.floor(at / d) === at % d ? 1 : 0);
  });
  const b = new Float64Array(d);
  let squares = 0;
  for (let i = 0; i < d; i++) {
    let [left, right] = [0, 0];
    for (let j = 0; j < d; j++) {
      left += (own[i * d + j] as number) * (mean[j] as number);
      right += (proposalPrecision[i * d + j] as number) * (proposalMean[j] as number);
    }
    b[i] = left + right;
    squares += left * (mean[i] as number) + right * (proposalMean[i] as number);
  }
  const lower = factorOf(precision, d);
  const half = new Float64Array(d);
  solveLower(lower, d, b, half);
  const product = solveUpper(lower, d, half);
  const logDets = logDetLower(factor, d) + logDetLower(factorOf(proposalPrecision, d), d) - logDetLower(lower, d);
  const log = logWeight + proposalWeight + logDets - 0.5 * (squares - half.reduce((sum, v) => sum + v * v, 0));
  return { log, mean: product, covariance: inverseOf(lower, d) };
}

function factorOf(precision: Float64Array, d: number): Float64Array {
  const lower = cholesky(precision, d);
  if (lower === undefined) throw new Error("a precision of a mixture is not positive definite");
  return lower;
}

/** Solve L' y = b. */
function solveUpper(lower: Float64Array, d: number, b: ArrayLike<number>): Float64Array {
  const out = new Float64Array(d);
  for (let i = d - 1; i >= 0; i--) {
    let sum = b[i] as number;
    for (let k = i + 1; k < d; k++) sum -= (lower[k * d + i] as number) * (out[k] as number);
    out[i] = sum / (lower[i * d + i] as number);
  }
  return out;
}

/** Of L L'. */
function inverseOf(lower: Float64Array, d: number): Float64Array {
  const out = new Float64Array(d * d);
  const half = new Float64Array(d);
  for (let j = 0; j < d; j++) {
    solveLower(
      lower,
      d,
      Float64Array.from({ length: d }, (_, i) => (i === j ? 1 : 0)),
      half,
    );
    out.set(solveUpper(lower, d, half), j * d);
  }
  return out;
}
