/**
 * The most probable parameters, and conditionals: what remains of a posterior when some parameters are fixed. Integer
 * parameters are searched over integers, so that the result is the best setting and not a rounded optimum.
 */
import { FieldOutOfRange } from "../../base/errors.js";
import type { Rng } from "../../base/rng.js";
import type { Posterior } from "./posterior.js";
import type { ParameterSupport } from "./priors/block.js";

export interface PointEstimate {
  /** Shape (p). */
  readonly theta: Float64Array;
  readonly logProb: number;
}

const starts = 8;
const mostSweeps = 200;

/**
 * Maximum of the posterior by a pattern search from the best of many draws. An integer parameter ends where no neighbour
 * one code away, along any parameter, is more probable.
 * @param draws candidates to start from, 10 or more. Default 2000
 */
export function mapEstimate(posterior: Posterior, rng: Rng, draws = 2000): PointEstimate {
  if (!Number.isInteger(draws) || draws < 10) throw new FieldOutOfRange("draws", draws, "the integers from 10");
  const { parameters } = posterior;
  const p = parameters.length;
  const candidates = posterior.sample(draws, rng);
  const logProb = posterior.logProb(candidates);
  const order = [...logProb.keys()].sort((a, b) => (logProb[b] as number) - (logProb[a] as number));
  const spread = parameters.map((_, j) => columnSpread(candidates, p, j));
  let best: PointEstimate | undefined;
  for (const row of order.slice(0, starts)) {
    const found = climb(posterior, candidates.slice(row * p, (row + 1) * p), logProb[row] as number, spread);
    if (best === undefined || found.logProb > best.logProb) best = found;
  }
  return best as PointEstimate;
}

/** Steps along each parameter, halved when none helps. */
function climb(
  posterior: Posterior,
  start: Float64Array,
  startValue: number,
  spread: readonly number[],
): PointEstimate {
  const { parameters } = posterior;
  const p = parameters.length;
  let at = start;
  let value = startValue;
  let step = spread.map((s, j) => firstStep(parameters[j] as ParameterSupport, s));
  for (let sweep = 0; sweep < mostSweeps; sweep++) {
    const rows: number[] = [];
    for (let j = 0; j < p; j++) {
      for (const sign of [-1, 1]) {
        const { low, high } = parameters[j] as ParameterSupport;
        const moved = Array.from(at);
        moved[j] = Math.min(high, Math.max(low, (at[j] as number) + sign * (step[j] as number)));
        rows.push(...moved);
      }
    }
    const values = posterior.logProb(rows);
    const top = values.reduce((k, v, i) => (v > (values[k] as number) ? i : k), 0);
    if ((values[top] as number) > value) {
      at = Float64Array.from(rows.slice(top * p, (top + 1) * p));
      value = values[top] as number;
      continue;
    }
    const smaller = step.map((s, j) => {
      return (parameters[j] as ParameterSupport).discrete ? Math.max(1, Math.floor(s / 2)) : s / 2;
    });
    const done = smaller.every((s, j) => {
      return (parameters[j] as ParameterSupport).discrete ? s === step[j] : s < 1e-4 * (spread[j] as number);
    });
    if (done) break;
    step = smaller;
  }
  return { theta: at, logProb: value };
}

function firstStep({ discrete }: ParameterSupport, spread: number): number {
  return discrete ? Math.max(1, Math.round(spread / 2)) : spread / 2;
}

function columnSpread(theta: Float64Array, p: number, j: number): number {
  const column = theta.filter((_, i) => i % p === j);
  const mean = column.reduce((sum, v) => sum + v, 0) / column.length;
  return Math.sqrt(column.reduce((sum, v) => sum + (v - mean) ** 2, 0) / column.length) || 1e-9;
}

/** A posterior over the free parameters on a grid of points, normalised over the grid. */
export interface Conditional {
  /** One axis per free parameter, ascending. */
  readonly axes: readonly { readonly name: string; readonly values: Float64Array }[];
  /** Mass of each grid point, the last axis running fastest; sums to one. */
  readonly mass: Float64Array;
}

/**
 * p(free | fixed, xObs) on a grid over the free parameters' supports, or over four standard deviations around the
 * posterior's mean where a support is infinite.
 * @param fixed values by name; one or two parameters must remain free @param points per axis, 2..500. Default 101
 * @throws FieldOutOfRange
 */
export function conditional(
  posterior: Posterior,
  fixed: Readonly<Record<string, number>>,
  rng: Rng,
  points = 101,
): Conditional {
  const { parameters } = posterior;
  const unknown = Object.keys(fixed).find((name) => !parameters.some((q) => q.name === name));
  const known = parameters.map(({ name }) => name).join(", ");
  if (unknown !== undefined) throw new FieldOutOfRange("fixed parameter", unknown, known);
  const free = parameters.flatMap((parameter, j) => (Object.hasOwn(fixed, parameter.name) ? [] : [{ parameter, j }]));
  if (free.length < 1 || free.length > 2) throw new FieldOutOfRange("free parameters", free.length, "1 or 2");
  if (!Number.isInteger(points) || points < 2 || points > 500) throw new FieldOutOfRange("points", points, "2..500");
  const summary = posterior.summarize(1000, rng);
  const axes = free.map(({ parameter, j }) => {
    const { mean, sd } = summary[j] as { mean: number; sd: number };
    return { name: parameter.name, values: axisOf(parameter, mean, sd, points) };
  });
  const sizes = axes.map(({ values }) => values.length);
  const total = sizes.reduce((product, n) => product * n, 1);
  const theta = new Float64Array(total * parameters.length);
  for (let i = 0; i < total; i++) {
    parameters.forEach(({ name }, j) => {
      theta[i * parameters.length + j] = fixed[name] ?? 0;
    });
    let rest = i;
    for (let k = axes.length - 1; k >= 0; k--) {
      const { values } = axes[k] as { values: Float64Array };
      theta[i * parameters.length + (free[k] as { j: number }).j] = values[rest % values.length] as number;
      rest = Math.floor(rest / values.length);
    }
  }
  const logProb = posterior.logProb(theta);
  const top = logProb.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (top === Number.NEGATIVE_INFINITY) {
    const given = Object.entries(fixed).map(([name, value]) => `${name} = ${value}`);
    throw new FieldOutOfRange("fixed parameters", given.join(", "), "values inside the prior");
  }
  const mass = logProb.map((v) => Math.exp(v - top));
  const sum = mass.reduce((a, b) => a + b, 0);
  return { axes, mass: mass.map((v) => v / sum) };
}

function axisOf({ low, high, discrete }: ParameterSupport, mean: number, sd: number, points: number): Float64Array {
  const from = Math.max(low, mean - 4 * sd);
  const to = Math.min(high, mean + 4 * sd);
  const [a, b] = [Number.isFinite(low) ? low : from, Number.isFinite(high) ? high : to];
  const even = Float64Array.from({ length: points }, (_, i) => a + ((b - a) * i) / (points - 1));
  return discrete ? Float64Array.from(new Set(even.map(Math.round))) : even;
}
