/**
 * Standardisation of traces point by point: every point of every channel gets its own mean and standard deviation over
 * the training traces. Slow and small parts of a trace (the relaxation after a stimulus) then count as much as spikes.
 */
import * as tf from "@tensorflow/tfjs-core";

/** Shape (channels, length) both. */
export interface PointScaling {
  readonly mean: Float32Array;
  readonly sd: Float32Array;
}

/** As lists, because a saved configuration is JSON. */
export interface PointScalingConfig {
  readonly mean: readonly number[];
  readonly sd: readonly number[];
}

/** Least standard deviation of a point against that of its whole channel: what varies less is taken for noise. */
const leastPointSd = 0.01;

/** @param traces shape (count, channels, length) @param rows the training rows */
export function fitScaling(traces: Float32Array, channels: number, length: number, rows: Uint32Array): PointScaling {
  const size = channels * length;
  const mean = new Float32Array(size);
  const sd = new Float32Array(size);
  for (let c = 0; c < channels; c++) {
    const centres = new Float64Array(length);
    const variances = new Float64Array(length);
    for (let t = 0; t < length; t++) {
      const at = (row: number): number => traces[row * size + c * length + t] as number;
      let sum = 0;
      for (const row of rows) sum += at(row);
      const centre = sum / rows.length;
      let squares = 0;
      for (const row of rows) squares += (at(row) - centre) ** 2;
      centres[t] = centre;
      variances[t] = squares / rows.length;
    }
    const overall = centres.reduce((a, b) => a + b, 0) / length;
    const spread = centres.reduce((a, m, t) => a + (m - overall) ** 2 + (variances[t] as number), 0) / length;
    // A channel that never varies at all must not be divided by nothing.
    const least = spread > 0 ? leastPointSd * Math.sqrt(spread) : 1;
    for (let t = 0; t < length; t++) {
      mean[c * length + t] = centres[t] as number;
      sd[c * length + t] = Math.max(least, Math.sqrt(variances[t] as number));
    }
  }
  return { mean, sd };
}

export function scalingConfig({ mean, sd }: PointScaling): PointScalingConfig {
  return { mean: [...mean], sd: [...sd] };
}

export function scalingFromConfig({ mean, sd }: PointScalingConfig): PointScaling {
  return { mean: Float32Array.from(mean), sd: Float32Array.from(sd) };
}

/** Rows as a standardised tensor of shape (paddedLength, n, channels); the padding repeats the last point. */
export function timeMajor(
  traces: Float32Array,
  rows: Uint32Array,
  channels: number,
  length: number,
  paddedLength: number,
  scaling: PointScaling,
): tf.Tensor3D {
  const values = new Float32Array(paddedLength * rows.length * channels);
  rows.forEach((row, i) => {
    for (let c = 0; c < channels; c++) {
      for (let t = 0; t < paddedLength; t++) {
        const point = c * length + Math.min(t, length - 1);
        const value = traces[row * channels * length + point] as number;
        values[(t * rows.length + i) * channels + c] =
          (value - (scaling.mean[point] as number)) / (scaling.sd[point] as number);
      }
    }
  });
  return tf.tensor3d(values, [paddedLength, rows.length, channels]);
}

/** Back from standardised values, shape (count, channels, length), into the units of the traces; in place. */
export function unscale(values: Float32Array, { mean, sd }: PointScaling): Float32Array {
  const size = mean.length;
  for (let i = 0; i < values.length; i++) {
    values[i] = (values[i] as number) * (sd[i % size] as number) + (mean[i % size] as number);
  }
  return values;
}
