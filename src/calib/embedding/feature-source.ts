/** What turns traces into what an estimator sees. The kinds are in `learn-features.ts`. */

/** `embedding.kind` of a task. */
export const embeddingKinds = ["autoencoder", "spike-features", "joint", "pairs"] as const;
export type EmbeddingKind = (typeof embeddingKinds)[number];

export interface FeatureSource {
  readonly kind: EmbeddingKind;
  /** Features of a trace. */
  readonly size: number;
  /** What each of them is called, when they have names. */
  readonly names?: readonly string[];
  /** @param traces shape (count, task.grid.length), MADC LSB @returns shape (count, size) */
  encode(traces: Float32Array, count: number): Float32Array;
}

/** Features for people. @param features 0-based */
export function namesOf({ kind, names, size }: FeatureSource, features: readonly number[]): string {
  if (names === undefined) return `${features.length} of the ${size} numbers of its code (embedding ${kind})`;
  return features.map((feature) => names[feature]).join(", ");
}
