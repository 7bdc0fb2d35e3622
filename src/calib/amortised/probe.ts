/**
 * What is known of a neuron before its calibration: a few settings, the same for every neuron, are recorded on it, and
 * the features of those traces are brought down to a few numbers. A posterior that is conditioned on them serves every
 * neuron; without them the spread from neuron to neuron would look like noise.
 */
import { FieldOutOfRange } from "../../base/errors.js";
import type { Task } from "../task/task.js";
import { symmetricEigen } from "./symmetric-eigen.js";

/** Settings recorded per neuron: a few more than there are parameters. */
export function probeCount(task: Task): number {
  return task.parameters.length + 3;
}

/** Codes of the probe's settings: evenly spread over the region where traces carry every parameter (Halton points). */
export function probeSettings(task: Task): Int32Array[] {
  return Array.from({ length: probeCount(task) }, (_, k) =>
    Int32Array.from(task.demoRegion, ({ min, max }, j) => {
      return min + Math.min(max - min, Math.floor(radicalInverse(k + 1, primes[j] as number) * (max - min + 1)));
    }),
  );
}

const primes = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89];

function radicalInverse(index: number, base: number): number {
  let value = 0;
  let share = 1 / base;
  for (let k = index; k > 0; k = Math.floor(k / base)) {
    value += (k % base) * share;
    share /= base;
  }
  return value;
}

/** Components that say less than this share of all spread are left out. */
const leastShare = 0.01;
const mostComponents = 12;

/** From the features of a neuron's probe to its context: principal components of what differs between neurons. */
export class ProbeMap {
  readonly size: number;
  readonly #centre: Float64Array;
  readonly #scale: Float64Array;
  /** Shape (size, width): what a scaled row is multiplied with. */
  readonly #axes: Float64Array;

  private constructor(centre: Float64Array, scale: Float64Array, axes: Float64Array) {
    this.#centre = centre;
    this.#scale = scale;
    this.#axes = axes;
    this.size = axes.length / centre.length;
  }

  /** Values of a row that goes in. */
  get width(): number {
    return this.#centre.length;
  }

  /** @param rows features of each neuron's probe end to end, shape (count, width) @param count neurons, 2 or more */
  static fit(rows: Float32Array, count: number): ProbeMap {
    if (count < 2) throw new FieldOutOfRange("neurons of a probe", count, "2 or more");
    const width = rows.length / count;
    const centre = new Float64Array(width);
    const scale = new Float64Array(width);
    for (let j = 0; j < width; j++) {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += rows[i * width + j] as number;
      const mean = sum / count;
      let squares = 0;
      for (let i = 0; i < count; i++) squares += ((rows[i * width + j] as number) - mean) ** 2;
      const sd = Math.sqrt(squares / (count - 1));
      centre[j] = mean;
      scale[j] = sd > 1e-6 * Math.max(1, Math.abs(mean)) ? 1 / sd : 0;
    }
    const scaled = scaleRows(rows, centre, scale);
    const gram = new Float64Array(count * count);
    for (let a = 0; a < count; a++) {
      for (let b = 0; b <= a; b++) {
        let sum = 0;
        for (let j = 0; j < width; j++) sum += (scaled[a * width + j] as number) * (scaled[b * width + j] as number);
        gram[a * count + b] = sum;
        gram[b * count + a] = sum;
      }
    }
    const { values, vectors } = symmetricEigen(gram, count);
    const total = values.reduce((sum, v) => sum + Math.max(0, v), 0);
    const kept = values.flatMap((v, k) => (v > leastShare * total ? [k] : [])).slice(0, mostComponents);
    const axes = new Float64Array(Math.max(1, kept.length) * width);
    for (const [row, k] of kept.entries()) {
      // Components of the neurons that were fitted have variance 1.
      const norm = Math.sqrt(count - 1) / (values[k] as number);
      for (let j = 0; j < width; j++) {
        let sum = 0;
        for (let i = 0; i < count; i++) sum += (vectors[k * count + i] as number) * (scaled[i * width + j] as number);
        axes[row * width + j] = sum * norm;
      }
    }
    return new ProbeMap(centre, scale, axes);
  }

  /** @param rows shape (count, width) @returns shape (count, size) */
  apply(rows: Float32Array, count: number): Float32Array {
    const width = this.#centre.length;
    const scaled = scaleRows(rows, this.#centre, this.#scale);
    const out = new Float32Array(count * this.size);
    for (let i = 0; i < count; i++) {
      for (let k = 0; k < this.size; k++) {
        let sum = 0;
        for (let j = 0; j < width; j++)
          sum += (this.#axes[k * width + j] as number) * (scaled[i * width + j] as number);
        out[i * this.size + k] = sum;
      }
    }
    return out;
  }
}

/** Farther away than this many standard deviations counts as that far. */
const farthest = 5;

function scaleRows(rows: Float32Array, centre: Float64Array, scale: Float64Array): Float64Array {
  const width = centre.length;
  return Float64Array.from(rows, (v, i) => {
    const scaled = (v - (centre[i % width] as number)) * (scale[i % width] as number);
    return Math.min(farthest, Math.max(-farthest, scaled));
  });
}

/** Context behind the features of each row. @param x shape (n, f) @param members whose context each row gets, shape (n) */
export function withContext(
  x: Float32Array,
  { rows, size }: { readonly rows: Float32Array; readonly size: number },
  members: ArrayLike<number>,
): Float32Array {
  const count = members.length;
  const own = x.length / count;
  const out = new Float32Array(count * (own + size));
  for (let i = 0; i < count; i++) {
    out.set(x.subarray(i * own, (i + 1) * own), i * (own + size));
    const member = members[i] as number;
    out.set(rows.subarray(member * size, (member + 1) * size), i * (own + size) + own);
  }
  return out;
}
