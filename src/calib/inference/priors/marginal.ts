/**
 * One-dimensional priors. Each is a pair of maps between a parameter and a standard normal variable z, so that the prior
 * becomes the base distribution of a flow exactly: nothing can leak out of a support, nothing needs to be rejected.
 * Integers are spread evenly over their bins. A continuous density is in units of the parameter; a discrete one is a
 * mass per code.
 */

import { PriorInvalid } from "../errors.js";
import { normalCdf, normalLogPdf, normalQuantile } from "../normal.js";

/** u = F(theta) is kept this far from 0 and 1 where a support is bounded, so |z| stays below 4.76. */
const edge = 1e-6;

export interface Marginal {
  readonly name: string;
  /** Support; both ends included, may be infinite. */
  readonly low: number;
  readonly high: number;
  /** Integers only. */
  readonly discrete: boolean;
  /** @param offset place inside an integer's bin, 0..1; ignored when continuous */
  toBase(theta: number, offset: number): number;
  fromBase(z: number): number;
  /** Natural log-density (continuous) or log-mass (discrete); -Infinity outside of the support. */
  logProb(theta: number): number;
  toJSON(): MarginalDescription;
}

export type MarginalDescription =
  | { readonly kind: "uniform" | "integer"; readonly name: string; readonly low: number; readonly high: number }
  | { readonly kind: "normal" | "log-normal"; readonly name: string; readonly mean: number; readonly sd: number }
  | {
      readonly kind: "truncated";
      readonly of: MarginalDescription;
      readonly low: number | null;
      readonly high: number | null;
    };

const toUnit = (u: number): number => normalQuantile(Math.min(1 - edge, Math.max(edge, u)));

/** Even between two bounds. @throws PriorInvalid */
export function uniform(name: string, low: number, high: number): Marginal {
  if (!Number.isFinite(low) || !(high > low) || !Number.isFinite(high)) {
    throw new PriorInvalid(name, `uniform from ${low} to ${high}`, "finite bounds, the upper above the lower");
  }
  const logDensity = -Math.log(high - low);
  return {
    name,
    low,
    high,
    discrete: false,
    toBase: (theta) => toUnit((theta - low) / (high - low)),
    fromBase: (z) => Math.min(high, Math.max(low, low + (high - low) * normalCdf(z))),
    logProb: (theta) => (theta >= low && theta <= high ? logDensity : Number.NEGATIVE_INFINITY),
    toJSON: () => ({ kind: "uniform", name, low, high }),
  };
}

/** Even over the integers low..high, both included. @throws PriorInvalid for fewer than two */
export function integer(name: string, low: number, high: number): Marginal {
  if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high) || high <= low) {
    throw new PriorInvalid(name, `integers ${low} to ${high}`, "two integers or more, the upper bound above the lower");
  }
  const count = high - low + 1;
  const logMass = -Math.log(count);
  return {
    name,
    low,
    high,
    discrete: true,
    toBase: (theta, offset) => toUnit((theta - low + offset) / count),
    fromBase: (z) => Math.min(high, low + Math.floor(normalCdf(z) * count)),
    logProb: (theta) => (Number.isInteger(theta) && theta >= low && theta <= high ? logMass : Number.NEGATIVE_INFINITY),
    toJSON: () => ({ kind: "integer", name, low, high }),
  };
}

/** @param sd standard deviation, above 0 @throws PriorInvalid */
export function normal(name: string, mean: number, sd: number): Marginal {
  checkSpread(name, mean, sd);
  return {
    name,
    low: Number.NEGATIVE_INFINITY,
    high: Number.POSITIVE_INFINITY,
    discrete: false,
    toBase: (theta) => (theta - mean) / sd,
    fromBase: (z) => mean + sd * z,
    logProb: (theta) => normalLogPdf((theta - mean) / sd) - Math.log(sd),
    toJSON: () => ({ kind: "normal", name, mean, sd }),
  };
}

/** exp of a normal variable. @param mean @param sd of the logarithm @throws PriorInvalid */
export function logNormal(name: string, mean: number, sd: number): Marginal {
  checkSpread(name, mean, sd);
  return {
    name,
    low: 0,
    high: Number.POSITIVE_INFINITY,
    discrete: false,
    toBase: (theta) => (Math.log(Math.max(theta, Number.MIN_VALUE)) - mean) / sd,
    fromBase: (z) => Math.exp(mean + sd * z),
    logProb: (theta) =>
      theta > 0
        ? normalLogPdf((Math.log(theta) - mean) / sd) - Math.log(sd) - Math.log(theta)
        : Number.NEGATIVE_INFINITY,
    toJSON: () => ({ kind: "log-normal", name, mean, sd }),
  };
}

/**
 * A marginal restricted to [low, high], both included, and normalised again.
 * @throws PriorInvalid when nothing of it lies there
 */
export function truncated(of: Marginal, low: number, high: number): Marginal {
  const from = Math.max(of.discrete ? Math.ceil(low) : low, of.low);
  const to = Math.min(of.discrete ? Math.floor(high) : high, of.high);
  const below = from === Number.NEGATIVE_INFINITY ? 0 : normalCdf(unclamped(of, from, 0));
  const above = to === Number.POSITIVE_INFINITY ? 1 : normalCdf(unclamped(of, to, 1));
  const mass = above - below;
  if (!(to >= from) || !(mass > 1e-9)) {
    throw new PriorInvalid(
      of.name,
      `truncation to ${low}..${high}`,
      `an interval with mass inside ${of.low}..${of.high}`,
    );
  }
  const describe = (bound: number): number | null => (Number.isFinite(bound) ? bound : null);
  return {
    name: of.name,
    low: from,
    high: to,
    discrete: of.discrete,
    toBase: (theta, offset) => toUnit((normalCdf(of.toBase(theta, offset)) - below) / mass),
    fromBase: (z) => Math.min(to, Math.max(from, of.fromBase(normalQuantile(openUnit(below + mass * normalCdf(z)))))),
    logProb: (theta) => (theta >= from && theta <= to ? of.logProb(theta) - Math.log(mass) : Number.NEGATIVE_INFINITY),
    toJSON: () => ({ kind: "truncated", of: of.toJSON(), low: describe(low), high: describe(high) }),
  };
}

/** The end of a support counts as its very end, not as the place to which a bounded map clamps it. */
function unclamped(of: Marginal, bound: number, offset: number): number {
  if (offset === 0 && bound <= of.low) return Number.NEGATIVE_INFINITY;
  if (offset === 1 && bound >= of.high) return Number.POSITIVE_INFINITY;
  return of.toBase(bound, offset);
}

const openUnit = (u: number): number => Math.min(1 - 1e-16, Math.max(1e-300, u));

/** The inverse of `toJSON`. @throws PriorInvalid */
export function marginalFrom(description: MarginalDescription): Marginal {
  switch (description.kind) {
    case "uniform":
      return uniform(description.name, description.low, description.high);
    case "integer":
      return integer(description.name, description.low, description.high);
    case "normal":
      return normal(description.name, description.mean, description.sd);
    case "log-normal":
      return logNormal(description.name, description.mean, description.sd);
    case "truncated":
      return truncated(
        marginalFrom(description.of),
        description.low ?? Number.NEGATIVE_INFINITY,
        description.high ?? Number.POSITIVE_INFINITY,
      );
  }
}

function checkSpread(name: string, mean: number, sd: number): void {
  if (!Number.isFinite(mean) || !(sd > 0) || !Number.isFinite(sd)) {
    throw new PriorInvalid(name, `mean ${mean}, standard deviation ${sd}`, "a finite mean, a finite deviation above 0");
  }
}
