/** Any composition of tensor ops as an embedding that is trained together with a density estimator. */
import * as tf from "@tensorflow/tfjs-core";
import type { EmbeddingNetwork } from "../flow/embedding-network.js";
import { compute, lossAndGradient, type ParameterLayout, type ParameterReader } from "./parameters.js";

/**
 * @param encode from rows of shape (n, inputSize) to features of shape (n, numFeatures); every block of the layout must
 * take part
 */
export function tensorEmbedding(
  layout: ParameterLayout,
  { inputSize, numFeatures }: { readonly inputSize: number; readonly numFeatures: number },
  encode: (read: ParameterReader, rows: tf.Tensor2D) => tf.Tensor2D,
): EmbeddingNetwork {
  let last = { weights: new Float32Array(0), rows: new Float32Array(0) };
  const tensorOf = (values: Float32Array, columns: number): tf.Tensor2D =>
    tf.tensor2d(Float32Array.from(values), [values.length / columns, columns]);
  return {
    inputSize,
    numFeatures,
    size: layout.size,
    forward(weights, rows) {
      last = { weights: Float32Array.from(weights), rows: Float32Array.from(rows) };
      return compute(layout, weights, (read) => encode(read, tensorOf(rows, inputSize)));
    },
    backward(gradient) {
      const out = new Float32Array(layout.size);
      lossAndGradient(layout, last.weights, out, (read) =>
        tf.sum(tf.mul(encode(read, tensorOf(last.rows, inputSize)), tensorOf(gradient, numFeatures))),
      );
      return out;
    },
    release() {},
  };
}
