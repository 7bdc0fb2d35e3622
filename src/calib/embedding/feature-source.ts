/** What turns traces into what an estimator sees. The kinds are in `learn-features.ts`. */

/** `embedding.kind` of a task. */
export const embeddingKinds = ["autoencoder", "spike-features", "joint", "pairs"] as const;
export type EmbeddingKind = (typeof embeddingKinds)[number];

export interface FeatureSource {
  readonly kind: EmbeddingKind;
  /** Features of a trace. */
  readonly size: number;
  /** @param traces shape (count, task.grid.length), MADC LSB @returns shape (count, size) */
  encode(traces: Float32Array, count: number): Float32Array;
}
