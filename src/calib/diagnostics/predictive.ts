/**
 * The posterior predictive check: are emulations of posterior draws as close to the target as two emulations of the same
 * codes are to each other? Distances are taken in the embedding, because spike times of two repeats drift apart and
 * pointwise differences would call equal behaviour different. It knows vectors, not traces.
 */
import type { PredictiveCheck } from "../run-data.js";

/** Mean and standard deviation of each embedding coordinate; a coordinate that never varies has sd 0 and is left out. */
export interface EmbeddingScale {
  /** Shape (size). */
  readonly mean: Float64Array;
  readonly sd: Float64Array;
}

/** @param features shape (count, size), count >= 1 */
export function embeddingScale(features: Float32Array, count: number): EmbeddingScale {
  const size = features.length / count;
  const mean = new Float64Array(size);
  const sd = new Float64Array(size);
  for (let j = 0; j < size; j++) {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += features[i * size + j] as number;
    const centre = sum / count;
    let squares = 0;
    for (let i = 0; i < count; i++) squares += ((features[i * size + j] as number) - centre) ** 2;
    const spread = Math.sqrt(squares / count);
    mean[j] = centre;
    // Below single precision of the value itself, a spread is rounding.
    sd[j] = spread <= 1e-6 * Math.max(1, Math.abs(centre)) ? 0 : spread;
  }
  return { mean, sd };
}

/** Euclidean distance of two embeddings, each coordinate in units of its sd. */
export function embeddingDistance(a: Float32Array, b: Float32Array, scale: EmbeddingScale): number {
  let sum = 0;
  for (let j = 0; j < scale.sd.length; j++) {
    const sd = scale.sd[j] as number;
    if (sd > 0) sum += (((a[j] as number) - (b[j] as number)) / sd) ** 2;
  }
  return Math.sqrt(sum);
}

/**
 * @param target embedding of the target, shape (size)
 * @param draws embeddings of re-emulated posterior draws, shape (numDraws, size), numDraws >= 1
 * @param repeats embeddings of repeats at one setting, shape (numRepeats, size), numRepeats >= 2
 */
export function predictiveCheck(
  target: Float32Array,
  draws: Float32Array,
  repeats: Float32Array,
  scale: EmbeddingScale,
): PredictiveCheck {
  const size = scale.sd.length;
  const row = (matrix: Float32Array, i: number): Float32Array => matrix.subarray(i * size, (i + 1) * size);
  const drawDistances: number[] = [];
  for (let i = 0; i < draws.length / size; i++) drawDistances.push(embeddingDistance(target, row(draws, i), scale));
  const floorDistances: number[] = [];
  const numRepeats = repeats.length / size;
  for (let i = 0; i < numRepeats; i++) {
    for (let j = i + 1; j < numRepeats; j++) {
      floorDistances.push(embeddingDistance(row(repeats, i), row(repeats, j), scale));
    }
  }
  return { drawDistances, floorDistances, distance: median(drawDistances), noiseFloor: median(floorDistances) };
}

/** A distance in units of the noise floor. Finite: a floor of 0 counts as one of rounding. */
export const predictiveRatio = (distance: number, noiseFloor: number): number => distance / Math.max(noiseFloor, 1e-9);

/** Middle value, or the mean of the two middle ones; NaN for none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] as number) + upper) / 2;
}
