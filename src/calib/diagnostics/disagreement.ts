/**
 * How much the members of an ensemble disagree at one observation: the Jensen-Shannon divergence of their posteriors, 0
 * for equal ones, log2(members) bits for posteriors that do not overlap. A cheap warning that there were too few
 * simulations; it cannot see an error that all members share.
 */
import type { Rng } from "../../base/rng.js";
import { mixLogProbs } from "../inference/ensemble.js";
import type { Posterior } from "../inference/posterior.js";
import type { Verdict } from "./verdict.js";

export interface Disagreement {
  /** Bits. */
  readonly divergence: number;
  /** Its largest value, log2(members). */
  readonly limit: number;
  /** Bits between each member and the mixture: for a figure. */
  readonly perMember: readonly number[];
  readonly verdict: Verdict;
}

/** Share of the limit above which members tell different things; our choice. */
const tolerable = 0.15;

/** @param draws of the mixture. Default 2000 */
export function ensembleDisagreement(posterior: Posterior, rng: Rng, draws = 2000): Disagreement {
  const theta = posterior.sample(draws, rng);
  const members = posterior.amortised.memberLogProbs(theta, posterior.xObs);
  const mixture = mixLogProbs(members);
  const perMember = members.map((logQ) => {
    // Draws of the mixture, weighted to be draws of the member.
    let sum = 0;
    let weights = 0;
    for (let i = 0; i < draws; i++) {
      const ratio = (logQ[i] as number) - (mixture[i] as number);
      const weight = Math.exp(ratio);
      weights += weight;
      if (weight > 0) sum += weight * ratio;
    }
    return Math.max(0, sum / weights / Math.LN2);
  });
  const divergence = perMember.reduce((sum, v) => sum + v, 0) / members.length;
  const limit = Math.log2(members.length);
  const passed = members.length === 1 || divergence <= tolerable * limit;
  const told = passed ? "agree" : "tell different things: more simulations bring them together";
  const text = `the networks of the ensemble ${told} (divergence ${divergence.toFixed(3)} bits; 0 for equal posteriors, ${limit.toFixed(2)} for posteriors that share nothing)`;
  return { divergence, limit, perMember, verdict: { passed, falseAlarmRate: 0, text } };
}
