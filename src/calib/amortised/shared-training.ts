/**
 * From recordings of a population to an estimator for all of it: probe, simulations, embedding, context, density. Shared
 * by the calibration of many neurons and by the studies.
 */
import type { Rng } from "../../base/rng.js";
import type { EmbeddingScale } from "../diagnostics/predictive.js";
import { embeddingScale } from "../diagnostics/predictive.js";
import type { EmbeddingKind, FeatureSource } from "../embedding/feature-source.js";
import { learnFeatures } from "../embedding/learn-features.js";
import type { AmortisedPosterior } from "../inference/posterior.js";
import type { Prior } from "../inference/priors/prior.js";
import { pickRows } from "../recording/neuron-traces.js";
import type { Task } from "../task/task.js";
import { type EstimatorSettings, trainAmortised, trainingShare } from "./neuron-estimator.js";
import type { PopulationTraces, Wanted } from "./population.js";
import { ProbeMap, probeCount, probeSettings, withContext } from "./probe.js";

/** Each member's probe, all settings of the first, then of the second, and so on. */
export function probeWanted(task: Task, members: readonly number[]): Wanted[] {
  const settings = probeSettings(task);
  return members.flatMap((member) => settings.map((theta) => ({ member, theta })));
}

/** Settings of the prior, evenly over the members. @returns count, or up to a member's share less */
export function priorWanted(prior: Prior, members: readonly number[], count: number, rng: Rng): Wanted[] {
  const theta = Int32Array.from(prior.sample(count, rng));
  const width = prior.size;
  return Array.from({ length: count }, (_, i) => ({
    member: members[i % members.length] as number,
    theta: theta.slice(i * width, (i + 1) * width),
  }));
}

/** What the estimator knows of every member. */
export interface Contexts {
  /** Shape (members, size). */
  readonly rows: Float32Array;
  readonly size: number;
}

export const noContext: Contexts = { rows: new Float32Array(0), size: 0 };

/**
 * Features of a member's probe end to end; a recording that is missing is replaced by the mean of the others' at the
 * same setting. @param probe of `probeWanted` over `members`
 */
export function probeRows(task: Task, source: FeatureSource, probe: PopulationTraces, members: number): Float32Array {
  const settings = probeCount(task);
  const features = source.encode(probe.traces, probe.count);
  const width = settings * source.size;
  const out = new Float32Array(members * width);
  const means = Array.from({ length: settings }, (_, s) => {
    const mean = new Float64Array(source.size);
    let n = 0;
    for (let m = 0; m < members; m++) {
      const row = probe.rowOf[m * settings + s] as number;
      if (row < 0) continue;
      n++;
      for (let j = 0; j < source.size; j++) mean[j] = (mean[j] as number) + (features[row * source.size + j] as number);
    }
    return mean.map((sum) => sum / Math.max(1, n));
  });
  for (let m = 0; m < members; m++) {
    for (let s = 0; s < settings; s++) {
      const row = probe.rowOf[m * settings + s] as number;
      const own = row < 0 ? (means[s] as Float64Array) : features.subarray(row * source.size, (row + 1) * source.size);
      out.set(own, m * width + s * source.size);
    }
  }
  return out;
}

export interface SharedEstimator {
  readonly source: FeatureSource;
  readonly posterior: AmortisedPosterior;
  /** Undefined when the estimator is not conditioned on a probe. */
  readonly probeMap: ProbeMap | undefined;
  /** Features of the simulations, shape (count, source.size), and their spread. */
  readonly features: Float32Array;
  readonly scale: EmbeddingScale;
}

export interface SharedTraining {
  readonly task: Task;
  readonly prior: Prior;
  readonly embedding: EmbeddingKind;
  /** Simulations of the prior. */
  readonly simulations: PopulationTraces;
  /** Of every member that has simulations; undefined leaves the estimator without context. */
  readonly probe: { readonly traces: PopulationTraces; readonly members: number } | undefined;
  /** Row of `simulations` that repeats each row, or -1; for the embedding that learns from pairs. */
  readonly repeatOf?: Int32Array | undefined;
  readonly settings: EstimatorSettings;
  readonly signal?: AbortSignal | undefined;
  readonly onEmbedding?: (share: number) => void;
  readonly onTraining?: (share: number) => void;
}

/** @throws SimulatorFailed, TrainingDiverged, signal.reason */
export async function trainShared(training: SharedTraining): Promise<SharedEstimator> {
  const { task, prior, simulations, settings, signal } = training;
  const { repeatOf } = training;
  const { source, fresh } = await learnFeatures(
    training.embedding,
    task,
    prior,
    { ...simulations, repeatOf },
    {
      kernels: settings.kernels,
      host: settings.host,
      seed: settings.seed,
      signal,
      onProgress: (share) => training.onEmbedding?.(share),
    },
  );
  const features = source.encode(simulations.traces, simulations.count);
  const rows = training.probe && probeRows(task, source, training.probe.traces, training.probe.members);
  const probeMap = rows && training.probe && ProbeMap.fit(rows, training.probe.members);
  const contexts = probeMap === undefined || rows === undefined ? noContext : contextsOf(probeMap, rows);
  const share = trainingShare();
  const seen = fresh ?? Uint32Array.from({ length: simulations.count }, (_, row) => row);
  const x = withContext(
    pickRows(features, source.size, seen),
    contexts,
    Array.from(seen, (row) => simulations.members[row] as number),
  );
  const posterior = await trainAmortised(prior, { theta: pickRows(simulations.theta, prior.size, seen), x }, settings, {
    signal,
    onEpoch: (progress) => training.onTraining?.(share(progress)),
  });
  return { source, posterior, probeMap, features, scale: embeddingScale(features, simulations.count) };
}

/** @param rows of `probeRows` */
export function contextsOf(probeMap: ProbeMap, rows: Float32Array): Contexts {
  const count = rows.length / probeMap.width;
  return { rows: probeMap.apply(rows, count), size: probeMap.size };
}
