/**
 * Is an observation one that the simulator could have made? Two tests in the space of scaled features: maximum mean
 * discrepancy (MMD) of the observations against simulations, and the marginal log-density of each observation by its
 * nearest neighbours. Both p-values come from simulations that were set aside, so they hold for any simulator.
 * Source: Schmitt et al., "Detecting model misspecification in amortized Bayesian inference", 2023.
 */
import { FieldOutOfRange } from "../../base/errors.js";
import type { Rng } from "../../base/rng.js";
import type { FeatureMap } from "../inference/features.js";
import { type Verdict, verdictOf } from "./verdict.js";

export interface MisspecificationTest {
  /** Squared MMD up to a constant, or the smallest log-density. */
  readonly statistic: number;
  /** The same for simulations in place of observations: for a figure. */
  readonly nulls: readonly number[];
  readonly pValue: number;
}

export interface Misspecification {
  readonly mmd: MisspecificationTest;
  readonly logDensity: MisspecificationTest;
  readonly verdict: Verdict;
}

const mostSimulations = 1000;
const shuffles = 500;
const neighbours = 5;

/**
 * @param observations shape (k, f) @param simulations shape (n, f), from the prior; 100 or more
 * @param falseAlarmRate of the verdict. Default 0.01
 */
export function checkMisspecification(
  features: FeatureMap,
  observations: ArrayLike<number>,
  simulations: ArrayLike<number>,
  rng: Rng,
  falseAlarmRate = 0.01,
): Misspecification {
  const width = features.outputSize;
  const observed = features.apply(observations);
  const all = features.apply(simulations);
  const total = all.length / width;
  if (total < 100) throw new FieldOutOfRange("simulations", total, "100 or more");
  const order = rng.permutation(total).slice(0, 2 * mostSimulations);
  const half = order.length >> 1;
  const base = rowsOf(all, width, order.slice(0, half));
  const aside = rowsOf(all, width, order.slice(half));
  const k = observed.length / width;
  const scale = medianDistance(base, width, rng);
  // Per point: similarity to the simulations, and log-density by the distance of the fifth neighbour.
  const scoreOf = (points: Float32Array): { similarity: number; logDensity: number }[] =>
    Array.from({ length: points.length / width }, (_, i) => scorePoint(points, i, base, width, scale));
  const own = scoreOf(observed);
  const others = scoreOf(aside);
  const mmdOf = (scores: readonly { similarity: number }[], points: Float32Array, rows: ArrayLike<number>): number => {
    let cross = 0;
    for (const { similarity } of scores) cross += similarity / scores.length;
    let within = 0;
    for (let a = 0; a < rows.length; a++) {
      for (let b = 0; b < a; b++) within += kernel(points, rows[a] as number, points, rows[b] as number, width, scale);
    }
    const pairs = (rows.length * (rows.length - 1)) / 2;
    return (pairs === 0 ? 0 : within / pairs) - 2 * cross;
  };
  const everyRow = Uint32Array.from({ length: k }, (_, i) => i);
  const smallest = (scores: readonly { logDensity: number }[]): number => Math.min(...scores.map((s) => s.logDensity));
  const mmdNulls: number[] = [];
  const densityNulls: number[] = [];
  const groups = k === 1 ? others.length : shuffles;
  for (let g = 0; g < groups; g++) {
    const rows = k === 1 ? Uint32Array.of(g) : rng.permutation(others.length).slice(0, k);
    const chosen = Array.from(rows, (row) => others[row] as (typeof others)[number]);
    mmdNulls.push(mmdOf(chosen, aside, rows));
    densityNulls.push(smallest(chosen));
  }
  const mmd = testOf(mmdOf(own, observed, everyRow), mmdNulls, (null_, value) => null_ >= value);
  const logDensity = testOf(smallest(own), densityNulls, (null_, value) => null_ <= value);
  const sayings = ["the observation is like the simulations", "the observation is unlike the simulations"] as const;
  const verdict = verdictOf(sayings, [mmd.pValue, logDensity.pValue], falseAlarmRate);
  return { mmd, logDensity, verdict };
}

function testOf(
  statistic: number,
  nulls: readonly number[],
  worse: (null_: number, value: number) => boolean,
): MisspecificationTest {
  const pValue = (1 + nulls.filter((v) => worse(v, statistic)).length) / (nulls.length + 1);
  return { statistic, nulls, pValue };
}

function rowsOf(from: Float32Array, width: number, rows: Uint32Array): Float32Array {
  const out = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    out.set(from.subarray(row * width, (row + 1) * width), i * width);
  });
  return out;
}

function squaredDistance(a: Float32Array, i: number, b: Float32Array, j: number, width: number): number {
  let sum = 0;
  for (let c = 0; c < width; c++) sum += ((a[i * width + c] as number) - (b[j * width + c] as number)) ** 2;
  return sum;
}

const kernel = (a: Float32Array, i: number, b: Float32Array, j: number, width: number, scale: number): number =>
  Math.exp(-squaredDistance(a, i, b, j, width) / (2 * scale * scale));

function scorePoint(
  points: Float32Array,
  row: number,
  base: Float32Array,
  width: number,
  scale: number,
): { similarity: number; logDensity: number } {
  const n = base.length / width;
  const nearest = new Float64Array(neighbours).fill(Number.POSITIVE_INFINITY);
  let similarity = 0;
  for (let j = 0; j < n; j++) {
    const squared = squaredDistance(points, row, base, j, width);
    similarity += Math.exp(-squared / (2 * scale * scale)) / n;
    if (squared < (nearest[neighbours - 1] as number)) {
      nearest[neighbours - 1] = squared;
      nearest.sort();
    }
  }
  return { similarity, logDensity: -0.5 * width * Math.log((nearest[neighbours - 1] as number) + 1e-12) };
}

function medianDistance(points: Float32Array, width: number, rng: Rng): number {
  const n = points.length / width;
  const distances = Float64Array.from({ length: 2000 }, () =>
    squaredDistance(points, rng.int(n), points, rng.int(n), width),
  );
  return Math.sqrt(distances.sort()[1000] as number) || 1;
}
