/** What turns traces into what an estimator sees. The kinds are in `learn-features.ts`. */

/** `embedding.kind` of a task. */
export const embeddingKinds = [
  "autoencoder",
  "spike-features",
  "autoencoder-and-spike-features",
  "joint",
  "pairs",
] as const;
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

/** Features of both, those of `first` in front. */
export function together(kind: EmbeddingKind, first: FeatureSource, second: FeatureSource): FeatureSource {
  const size = first.size + second.size;
  return {
    kind,
    size,
    names: [...namesIn(first), ...namesIn(second)],
    encode: (traces, count) => {
      const [a, b] = [first.encode(traces, count), second.encode(traces, count)];
      const out = new Float32Array(count * size);
      for (let row = 0; row < count; row++) {
        out.set(a.subarray(row * first.size, (row + 1) * first.size), row * size);
        out.set(b.subarray(row * second.size, (row + 1) * second.size), row * size + first.size);
      }
      return out;
    },
  };
}

/** What is not named is numbered. */
function namesIn({ names, size }: FeatureSource): readonly string[] {
  return names ?? Array.from({ length: size }, (_, i) => `code_${i + 1}`);
}

/** Features for people. @param features 0-based */
export function namesOf({ kind, names, size }: FeatureSource, features: readonly number[]): string {
  if (names === undefined) return `${features.length} of the ${size} numbers of its code (embedding ${kind})`;
  return features.map((feature) => names[feature]).join(", ");
}
