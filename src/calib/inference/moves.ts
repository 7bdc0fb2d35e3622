/**
 * Metropolis moves of many draws towards a density that can only be evaluated, with proposals from a population that does
 * not change. Moves take turns: jumps to a normal density with the population's mean and covariance, after which a draw
 * remembers nothing of where it began and which are taken often where the density is nearly normal; steps along the
 * difference of two members, which follow other shapes; and short ones of these, where it is narrow and bent.
 * Sources: Tierney, Annals of Statistics 1994 (independence sampler); ter Braak, Statistics and Computing 2006
 * (differential evolution).
 */
import type { Rng } from "../../base/rng.js";
import { cholesky, solveLower, timesLower } from "./priors/cholesky.js";

/** The normal density of the jumps is so much wider than the population: tails must be reached, and left. */
const wider = 1.15;
/** A short step, of a whole one. */
const short = 0.2;
/** Keeps steps along differences from staying on a grid. */
const jitter = 1e-4;

type Draws = Float64Array<ArrayBuffer>;

/**
 * @param population where the draws begin, shape (n, d) @param logTarget natural log of the density up to a constant
 * @returns as many draws, shape (n, d), in the order of where they began
 */
export function moveDraws(
  population: Float64Array,
  d: number,
  logTarget: (z: Float64Array) => Float64Array,
  moves: number,
  rng: Rng,
): Draws {
  const now = population.slice();
  const value = logTarget(now);
  const jump = normalJump(population, d);
  for (let move = 0; move < moves; move++) {
    const stream = rng.fork(`move-${move}`);
    const isJump = move % 2 === 0 && jump !== undefined;
    const proposed = isJump ? jump.draw(value.length, stream) : stepped(now, population, d, move % 4 === 3, stream);
    const target = logTarget(proposed);
    // Of a jump the density of where it comes from counts too; steps are symmetric.
    const [from, to] = isJump ? [jump.logDensity(now), jump.logDensity(proposed)] : [undefined, undefined];
    for (let i = 0; i < value.length; i++) {
      const ratio = (target[i] as number) - (value[i] as number) + ((from?.[i] ?? 0) - (to?.[i] ?? 0));
      if (Math.log(stream.uniform()) >= ratio) continue;
      value[i] = target[i] as number;
      now.set(proposed.subarray(i * d, (i + 1) * d), i * d);
    }
  }
  return now;
}

function stepped(now: Draws, population: Float64Array, d: number, isShort: boolean, rng: Rng): Draws {
  const count = now.length / d;
  const stretch = (2.38 / Math.sqrt(2 * d)) * (isShort ? short : 1);
  const out = now.slice();
  for (let i = 0; i < count; i++) {
    const [a, b] = [rng.int(count) * d, rng.int(count) * d];
    for (let j = 0; j < d; j++) {
      const step = stretch * ((population[a + j] as number) - (population[b + j] as number));
      out[i * d + j] = (now[i * d + j] as number) + step + jitter * rng.normal();
    }
  }
  return out;
}

interface Jump {
  draw(count: number, rng: Rng): Draws;
  /** Up to a constant. @returns shape (n) */
  logDensity(z: Float64Array): Float64Array;
}

/** @returns nothing for a population that does not fill its space */
function normalJump(population: Float64Array, d: number): Jump | undefined {
  const n = population.length / d;
  const mean = new Float64Array(d);
  for (let at = 0; at < population.length; at++)
    mean[at % d] = (mean[at % d] as number) + (population[at] as number) / n;
  const covariance = new Float64Array(d * d);
  for (let i = 0; i < n; i++) {
    for (let a = 0; a < d; a++) {
      const own = (population[i * d + a] as number) - (mean[a] as number);
      for (let b = 0; b <= a; b++) {
        const other = (population[i * d + b] as number) - (mean[b] as number);
        covariance[a * d + b] = (covariance[a * d + b] as number) + (wider * wider * own * other) / n;
      }
    }
  }
  // Only the lower half is read.
  const factor = cholesky(covariance, d);
  if (factor === undefined) return undefined;
  const noise = new Float64Array(d);
  const row = new Float64Array(d);
  return {
    draw(count, rng) {
      const out = new Float64Array(count * d);
      for (let i = 0; i < count; i++) {
        for (let j = 0; j < d; j++) noise[j] = rng.normal();
        timesLower(factor, d, noise, row);
        for (let j = 0; j < d; j++) out[i * d + j] = (row[j] as number) + (mean[j] as number);
      }
      return out;
    },
    logDensity(z) {
      return Float64Array.from({ length: z.length / d }, (_, i) => {
        for (let j = 0; j < d; j++) row[j] = (z[i * d + j] as number) - (mean[j] as number);
        solveLower(factor, d, row, noise);
        return -0.5 * noise.reduce((sum, v) => sum + v * v, 0);
      });
    },
  };
}
