/**
 * From a trace to what the density estimator sees of it: the views of the trace, then the encoder; and back from the
 * code to a whole trace. The one place where both meet; callers hold traces and get features.
 */
import type { Autoencoder } from "../nn/autoencoder.js";
import type { TraceDecoder } from "../nn/trace-decoder.js";
import { viewsOf } from "../recording/views.js";
import type { LossHistory } from "../run-data.js";
import type { NetworkState } from "../store.js";
import type { Task } from "../task/task.js";
import type { FeatureSource } from "./feature-source.js";

export class TraceEmbedding implements FeatureSource {
  readonly kind = "autoencoder";
  readonly #task: Task;
  readonly #autoencoder: Autoencoder;
  readonly #decoder: TraceDecoder;

  constructor(task: Task, autoencoder: Autoencoder, decoder: TraceDecoder) {
    this.#task = task;
    this.#autoencoder = autoencoder;
    this.#decoder = decoder;
  }

  get history(): LossHistory {
    return this.#autoencoder.history;
  }

  get size(): number {
    return this.#task.autoencoder.latentSize;
  }

  /** @param traces shape (count, task.grid.length), MADC LSB @returns shape (count, latentSize) */
  encode(traces: Float32Array, count: number): Float32Array {
    return this.#autoencoder.encode(viewsOf(this.#task, traces, count), count);
  }

  /** What the code holds of the traces. @returns shape (count, task.grid.length), MADC LSB */
  reconstruct(traces: Float32Array, count: number): Float32Array {
    return this.#decoder.decode(this.encode(traces, count), count);
  }

  state(): NetworkState {
    return this.#autoencoder.state();
  }
}
