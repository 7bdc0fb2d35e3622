/** Loss and gradient of the convolutional autoencoder on the kernels; the composed tensor ops are its oracle. */
import type { Kernels } from "../../kernels/spaces.js";
import type { AutoencoderBody } from "./autoencoder-composed.js";
import { type ConvShape, chainOf } from "./autoencoder-network.js";
import { ConvNet } from "./conv-net.js";
import type { PointScaling } from "./scaling.js";

/** Traces per pass: their activations stay in the cache. */
const samplesPerPass = 16;

/** Whether the kernels can do it: they compute four values of a stride at once. */
export function fitsKernels({ outerStride, channels }: ConvShape): boolean {
  return (outerStride * channels) % 4 === 0;
}

export class AutoencoderKernels implements AutoencoderBody {
  readonly #shape: ConvShape;
  readonly #net: ConvNet;
  readonly #pointWeights: number;
  /** Standardised, padded, point by point: shape (count, paddedLength, channels). */
  readonly #inputs: Float32Array;
  readonly #perTrace: number;
  readonly #giveBack: () => void;

  /**
   * Borrows a memory until `release`.
   * @param traces shape (count, channels, length) @param channelWeights share of each channel in the loss
   */
  constructor(
    kernels: Kernels,
    shape: ConvShape,
    paddedLength: number,
    scaling: PointScaling,
    channelWeights: readonly number[],
    traces: Float32Array,
  ) {
    const space = kernels.borrow();
    this.#giveBack = () => kernels.giveBack(space);
    this.#shape = shape;
    const { channels, length } = shape;
    this.#perTrace = paddedLength * channels;
    this.#net = new ConvNet(space, { length: paddedLength, channels }, chainOf(shape), samplesPerPass);
    this.#pointWeights = space.allocate(this.#perTrace);
    const weights = space.view(this.#pointWeights, this.#perTrace);
    for (let i = 0; i < length * channels; i++) weights[i] = channelWeights[i % channels] as number;
    this.#inputs = pointMajor(traces, shape, paddedLength, scaling);
  }

  release(): void {
    this.#giveBack();
  }

  /** Mean weighted squared error of the rows; writes its gradient. */
  lossAndGradient(weights: Float32Array, rows: Uint32Array, gradient: Float32Array): number {
    const points = this.#shape.length * rows.length;
    this.#net.setWeights(weights);
    this.#net.clearGradient();
    let sum = 0;
    for (const part of passes(rows)) {
      this.#load(part);
      this.#net.forward();
      for (const squares of this.#net.residual(part.length, this.#pointWeights, 2 / points)) sum += squares;
      this.#net.backward(part.length);
    }
    this.#net.gradient(gradient);
    return sum / points;
  }

  /** Weighted mean squared error of each row. */
  errors(weights: Float32Array, rows: Uint32Array): number[] {
    this.#net.setWeights(weights);
    return [...passes(rows)].flatMap((part) => {
      this.#load(part);
      this.#net.forward();
      const squares = this.#net.residual(part.length, this.#pointWeights, 0);
      return [...squares.map((s) => s / this.#shape.length)];
    });
  }

  #load(rows: Uint32Array): void {
    rows.forEach((row, i) => {
      this.#net.inputOf(i).set(this.#inputs.subarray(row * this.#perTrace, (row + 1) * this.#perTrace));
    });
  }
}

function* passes(rows: Uint32Array): Generator<Uint32Array> {
  for (let from = 0; from < rows.length; from += samplesPerPass) yield rows.subarray(from, from + samplesPerPass);
}

/** The padding repeats the last point. */
function pointMajor(
  traces: Float32Array,
  { channels, length }: ConvShape,
  paddedLength: number,
  { mean, sd }: PointScaling,
): Float32Array {
  const count = traces.length / (channels * length);
  const out = new Float32Array(count * paddedLength * channels);
  for (let i = 0; i < count; i++) {
    for (let t = 0; t < paddedLength; t++) {
      for (let c = 0; c < channels; c++) {
        const point = c * length + Math.min(t, length - 1);
        const value = traces[i * channels * length + point] as number;
        out[(i * paddedLength + t) * channels + c] = (value - (mean[point] as number)) / (sd[point] as number);
      }
    }
  }
  return out;
}
