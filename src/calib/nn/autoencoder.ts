/**
 * Autoencoder over membrane traces: trains the network, keeps its loss history, turns traces into latent codes and back
 * in the unit they came in. It does not know what a trace shows or which chip it is from.
 */
import * as tf from "@tensorflow/tfjs-core";
import { FieldOutOfRange } from "../../base/errors.js";
import { Rng } from "../../base/rng.js";
import type { Kernels } from "../../kernels/spaces.js";
import type { LossHistory, Split } from "../run-data.js";
import type { NetworkState } from "../store.js";
import { type AutoencoderBody, AutoencoderNetwork, ComposedAutoencoder, chunks } from "./autoencoder-composed.js";
import { AutoencoderKernels, fitsKernels } from "./autoencoder-kernels.js";
import { type ConvShape, initialWeights } from "./autoencoder-network.js";
import { hasNativeOps } from "./backend.js";
import { assertFinite, assertShape, ShapeMismatch } from "./errors.js";
import { fitWeights } from "./fit.js";
import { compute } from "./parameters.js";
import {
  fitScaling,
  type PointScaling,
  type PointScalingConfig,
  scalingConfig,
  scalingFromConfig,
  unscale,
} from "./scaling.js";

/** Traces on one grid; `traces` has shape (count, channels, length). */
export interface TraceMatrix {
  readonly traces: Float32Array;
  readonly count: number;
  readonly length: number;
  /** Share of each channel in the loss; default one channel. Shares add up to one. */
  readonly channelWeights?: readonly number[];
}

export interface AutoencoderOptions {
  /** 0..2^53-1; fixes weights and batches. */
  readonly seed: number;
  /** Size of the latent code. Default 10. */
  readonly latentSize?: number;
  /** Default 30. */
  readonly epochs?: number;
  /** Traces per step. Default 32. */
  readonly batchSize?: number;
  /** Points by which the window of the outer convolution moves. Default 8. */
  readonly outerStride?: number;
  /** Peak learning rate. Default 3e-3. */
  readonly learningRate?: number;
  /** Train on these instead of on tensor ops; default none. */
  readonly kernels?: Kernels | undefined;
  readonly signal?: AbortSignal;
  readonly onEpoch?: (progress: AutoencoderProgress) => void;
}

export interface AutoencoderProgress {
  /** 1-based. */
  readonly epoch: number;
  readonly epochs: number;
  /** Mean squared errors of standardised traces. */
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

export interface Autoencoder {
  readonly latentSize: number;
  /** Points of a trace. */
  readonly length: number;
  readonly history: LossHistory;
  /** @param traces shape (count, channels, length) @returns shape (count, latentSize) @throws ShapeMismatch @throws NonFinite */
  encode(traces: Float32Array, count: number): Float32Array;
  /** @returns shape (count, channels, length), in the units of the channels @throws ShapeMismatch @throws NonFinite */
  reconstruct(traces: Float32Array, count: number): Float32Array;
  state(): NetworkState;
}

/**
 * Train on the rows of `split.train`, keep the weights of the best validation epoch.
 * @throws ShapeMismatch @throws NonFinite @throws FieldOutOfRange @throws TrainingDiverged @throws signal.reason
 */
export async function trainAutoencoder(
  data: TraceMatrix,
  split: Split,
  options: AutoencoderOptions,
): Promise<Autoencoder> {
  const {
    latentSize = 10,
    epochs = 30,
    batchSize = 32,
    outerStride = 8,
    learningRate = 3e-3,
    kernels,
    signal,
    onEpoch,
  } = options;
  signal?.throwIfAborted();
  const channelWeights = data.channelWeights ?? [1];
  const channels = channelWeights.length;
  assertShape("traces", data.traces, data.count, channels * data.length);
  assertFinite("traces", data.traces);
  checkSplit(split, data.count);
  for (const [name, value] of Object.entries({ epochs, batchSize })) {
    if (!Number.isInteger(value) || value < 1) throw new FieldOutOfRange(name, value, "the integers from 1");
  }
  const rng = Rng.fromSeed(options.seed).fork("autoencoder");
  const network = new AutoencoderNetwork({ length: data.length, latentSize, channels, outerStride });
  const scaling = fitScaling(data.traces, channels, data.length, split.train);
  const history: LossHistory = { train: [], validation: [], validationSd: [], test: [], testSd: [] };
  const onKernels = kernels !== undefined && fitsKernels(network.shape) && !hasNativeOps();
  const body: AutoencoderBody = onKernels
    ? new AutoencoderKernels(kernels, network.shape, network.paddedLength, scaling, channelWeights, data.traces)
    : new ComposedAutoencoder(network, scaling, channelWeights, data.traces);
  const errors = (weights: Float32Array, rows: Uint32Array): { mean: number; sd: number } =>
    meanAndSd(body.errors(weights, rows));
  const trained = fitWeights(
    {
      name: "autoencoder",
      initial: initialWeights(network.layout, rng.fork("weights")),
      trainRows: split.train,
      lossAndGradient: (current, rows, gradient) => body.lossAndGradient(current, rows, gradient),
      validate: (current) => {
        const validation = errors(current, split.validation);
        const test = errors(current, split.test);
        history.validation.push(validation.mean);
        history.validationSd.push(validation.sd);
        history.test.push(test.mean);
        history.testSd.push(test.sd);
        return validation.mean;
      },
    },
    {
      maxEpochs: epochs,
      batchSize,
      learningRate,
      clipNorm: 1,
      weightDecay: 1e-5,
      averaging: 0.95,
      patience: Number.POSITIVE_INFINITY,
      rng: rng.fork("batches"),
      signal,
      onEpoch: (epoch, train, validation) => {
        history.train.push(train);
        onEpoch?.({ epoch, epochs, train, validation, test: history.test[epoch - 1] as number });
      },
    },
  );
  const { weights } = await trained.finally(() => body.release());
  return new TrainedAutoencoder(network, weights, scaling, history);
}

/** Rebuild from a saved state. @throws ShapeMismatch when the weights do not fit the configuration */
export function autoencoderFromState(state: NetworkState): Autoencoder {
  const config = state.config as unknown as AutoencoderConfig;
  const network = new AutoencoderNetwork(config);
  if (state.weights.length !== network.layout.size) {
    throw new ShapeMismatch("autoencoder weights", state.weights.length, `${network.layout.size} values`);
  }
  const scaling = scalingFromConfig(config.scaling);
  return new TrainedAutoencoder(network, Float32Array.from(state.weights), scaling, config.history);
}

interface AutoencoderConfig extends ConvShape {
  readonly scaling: PointScalingConfig;
  readonly history: LossHistory;
}

class TrainedAutoencoder implements Autoencoder {
  readonly #network: AutoencoderNetwork;
  readonly #weights: Float32Array;
  readonly #scaling: PointScaling;
  readonly history: LossHistory;

  constructor(network: AutoencoderNetwork, weights: Float32Array, scaling: PointScaling, history: LossHistory) {
    this.#network = network;
    this.#weights = weights;
    this.#scaling = scaling;
    this.history = history;
  }

  get latentSize(): number {
    return this.#network.shape.latentSize;
  }

  get length(): number {
    return this.#network.shape.length;
  }

  encode(traces: Float32Array, count: number): Float32Array {
    this.#check(traces, count);
    const out = new Float32Array(count * this.latentSize);
    for (const rows of chunks(Uint32Array.from({ length: count }, (_, i) => i))) {
      const codes = compute(this.#network.layout, this.#weights, (read) =>
        this.#network.encode(read, this.#network.input(traces, rows, this.#scaling)),
      );
      out.set(codes, (rows[0] as number) * this.latentSize);
    }
    return out;
  }

  reconstruct(traces: Float32Array, count: number): Float32Array {
    this.#check(traces, count);
    const out = new Float32Array(traces.length);
    const size = traces.length / count;
    for (const rows of chunks(Uint32Array.from({ length: count }, (_, i) => i))) {
      const points = compute(this.#network.layout, this.#weights, (read) => {
        const x = this.#network.input(traces, rows, this.#scaling);
        return tf.transpose(this.#network.decode(read, this.#network.encode(read, x)), [1, 2, 0]);
      });
      out.set(unscale(points, this.#scaling), (rows[0] as number) * size);
    }
    return out;
  }

  state(): NetworkState {
    const config: AutoencoderConfig = {
      ...this.#network.shape,
      scaling: scalingConfig(this.#scaling),
      history: this.history,
    };
    return { name: "autoencoder", config: { ...config }, weights: Float32Array.from(this.#weights) };
  }

  #check(traces: Float32Array, count: number): void {
    assertShape("traces", traces, count, this.#network.shape.channels * this.length);
    assertFinite("traces", traces);
  }
}

function meanAndSd(values: readonly number[]): { mean: number; sd: number } {
  const centre = values.reduce((sum, v) => sum + v, 0) / values.length;
  const squares = values.reduce((sum, v) => sum + (v - centre) ** 2, 0);
  return { mean: centre, sd: Math.sqrt(squares / Math.max(1, values.length - 1)) };
}

function checkSplit(split: Split, count: number): void {
  for (const name of ["train", "validation", "test"] as const) {
    const rows = split[name];
    if (rows.length === 0) throw new ShapeMismatch(`split.${name}`, 0, "one row or more");
    const outside = rows.find((row) => row >= count);
    if (outside !== undefined) throw new FieldOutOfRange(`row in split.${name}`, outside, `0..${count - 1}`);
  }
}
