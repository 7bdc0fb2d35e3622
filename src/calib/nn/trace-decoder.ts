/**
 * From latent codes to full traces: a decoder that is trained on codes which are already there. What it cannot give back
 * the codes do not hold; it has no influence on them.
 */
import * as tf from "@tensorflow/tfjs-core";
import { Rng } from "../../base/rng.js";
import { ConvDecoder, initialWeights } from "./autoencoder-network.js";
import { assertFinite, assertShape } from "./errors.js";
import { fitWeights } from "./fit.js";
import { mean } from "./ops.js";
import { compute, lossAndGradient, ParameterLayout, type ParameterReader } from "./parameters.js";
import { fitScaling, timeMajor, unscale } from "./scaling.js";

export interface TraceDecoder {
  /** @param codes shape (count, latentSize) @returns shape (count, length), in the unit of the traces */
  decode(codes: Float32Array, count: number): Float32Array;
}

export interface TraceDecoderOptions {
  readonly seed: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly signal?: AbortSignal;
  readonly onEpoch?: (epoch: number, train: number, validation: number) => void;
}

const outerStride = 8;

/**
 * @param data codes (count, latentSize) and traces (count, length) row by row
 * @throws ShapeMismatch @throws NonFinite @throws TrainingDiverged @throws signal.reason
 */
export async function trainTraceDecoder(
  data: {
    readonly codes: Float32Array;
    readonly traces: Float32Array;
    readonly count: number;
    readonly length: number;
  },
  split: { readonly train: Uint32Array; readonly validation: Uint32Array },
  options: TraceDecoderOptions,
): Promise<TraceDecoder> {
  const { codes, traces, count, length } = data;
  const latentSize = codes.length / count;
  assertShape("codes", codes, count, latentSize);
  assertShape("traces", traces, count, length);
  assertFinite("codes", codes);
  const layout = new ParameterLayout();
  const decoder = new ConvDecoder({ length, channels: 1, latentSize, outerStride }, layout);
  const codeScaling = fitScaling(codes, latentSize, 1, split.train);
  const scaling = fitScaling(traces, 1, length, split.train);
  const input = (from: Float32Array, rows: Uint32Array): tf.Tensor2D =>
    tf.reshape(timeMajor(from, rows, latentSize, 1, 1, codeScaling), [rows.length, latentSize]);
  const loss = (read: ParameterReader, rows: Uint32Array): tf.Scalar => {
    const want = timeMajor(traces, rows, 1, length, length, scaling);
    return mean(tf.square(tf.sub(decoder.decode(read, input(codes, rows)), want)));
  };
  const rng = Rng.fromSeed(options.seed).fork("trace-decoder");
  const { weights } = await fitWeights(
    {
      name: "trace decoder",
      initial: initialWeights(layout, rng.fork("weights")),
      trainRows: split.train,
      lossAndGradient: (current, rows, gradient) =>
        lossAndGradient(layout, current, gradient, (read) => loss(read, rows)),
      validate: (current) => compute(layout, current, (read) => loss(read, split.validation))[0] as number,
    },
    {
      maxEpochs: options.epochs,
      batchSize: options.batchSize,
      learningRate: options.learningRate,
      clipNorm: 1,
      weightDecay: 1e-5,
      averaging: 0.95,
      patience: Number.POSITIVE_INFINITY,
      rng: rng.fork("batches"),
      signal: options.signal,
      onEpoch: options.onEpoch,
    },
  );
  return {
    decode(from, rows) {
      const all = Uint32Array.from({ length: rows }, (_, i) => i);
      const points = compute(layout, weights, (read) =>
        tf.transpose(decoder.decode(read, input(from, all)), [1, 2, 0]),
      );
      return unscale(points, scaling);
    },
  };
}
