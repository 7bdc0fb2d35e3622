/**
 * From a trace to what the density estimator sees of it: the views of the trace, then the encoder. The one place where
 * both meet; callers hold traces and get features.
 */
import type { Autoencoder } from "./nn/autoencoder.js";
import { views, viewsOf } from "./recording/views.js";
import type { LossHistory } from "./run-data.js";
import type { NetworkState } from "./store.js";
import type { Task } from "./task/task.js";

export class TraceEmbedding {
  readonly #task: Task;
  readonly #autoencoder: Autoencoder;

  constructor(task: Task, autoencoder: Autoencoder) {
    this.#task = task;
    this.#autoencoder = autoencoder;
  }

  get history(): LossHistory {
    return this.#autoencoder.history;
  }

  /** @param traces shape (count, task.grid.length), MADC LSB @returns shape (count, latentSize) */
  encode(traces: Float32Array, count: number): Float32Array {
    return this.#autoencoder.encode(viewsOf(this.#task, traces, count), count);
  }

  /** The membrane as the decoder gives it back. @returns shape (count, task.grid.length), MADC LSB */
  reconstruct(traces: Float32Array, count: number): Float32Array {
    const { length } = this.#task.grid;
    const all = this.#autoencoder.reconstruct(viewsOf(this.#task, traces, count), count);
    const membrane = new Float32Array(count * length);
    for (let row = 0; row < count; row++) {
      const from = row * views.length * length;
      membrane.set(all.subarray(from, from + length), row * length);
    }
    return membrane;
  }

  state(): NetworkState {
    return this.#autoencoder.state();
  }
}
