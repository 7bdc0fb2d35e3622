/** Simulate a population from the prior and train one estimator for it, with or without what probes say. */
import type { Rng } from "../../base/rng.js";
import { type EstimatorSettings, priorOf } from "../amortised/neuron-estimator.js";
import type { PopulationTraces } from "../amortised/population.js";
import { withContext } from "../amortised/probe.js";
import { Refinement } from "../amortised/refine.js";
import {
  type Contexts,
  contextsOf,
  noContext,
  priorWanted,
  probeRows,
  type SharedEstimator,
  trainShared,
} from "../amortised/shared-training.js";
import type { EmbeddingKind } from "../embedding/feature-source.js";
import type { Posterior } from "../inference/posterior.js";
import { pickRows } from "../recording/neuron-traces.js";
import { recordStudy, type StudyContext, type StudyNeurons, type StudyTarget } from "./study-run.js";

export interface LearnRequest {
  readonly simulations: number;
  readonly embedding: EmbeddingKind;
  readonly members: number;
  readonly steps?: number | undefined;
  readonly seed: number;
  /** Whether the estimator is conditioned on probes. */
  readonly probes: boolean;
  /** Rows that repeat each other, for the embedding that learns from pairs. */
  readonly repeatOf?: Int32Array | undefined;
}

/** Record simulations of the prior, dealt to the neurons in turn. */
export async function simulatePopulation(
  context: StudyContext,
  { population, working }: StudyNeurons,
  simulations: number,
  rng: Rng,
): Promise<PopulationTraces> {
  const wanted = priorWanted(priorOf(population.task), working, simulations, rng);
  return await recordStudy(context, population, "simulations", `simulating ${working.length} neurons`, wanted);
}

/** @throws SimulatorFailed, TrainingDiverged, signal.reason */
export async function learnPopulation(
  context: StudyContext,
  { population, probe }: StudyNeurons,
  simulations: PopulationTraces,
  { embedding, probes, seed, members, steps, repeatOf }: LearnRequest,
): Promise<SharedEstimator> {
  const { kernels, host, signal, progress } = context;
  const settings: EstimatorSettings = { kernels, host, seed, members, steps };
  const several = population.members.length > 1;
  return await progress.phase("posterior", `training on ${simulations.count} simulations`, 100, "%", (advance) =>
    trainShared({
      task: population.task,
      prior: priorOf(population.task),
      embedding,
      simulations,
      probe: probes && several ? { traces: probe, members: population.members.length } : undefined,
      repeatOf,
      settings,
      signal,
      onEmbedding: (share) => advance(Math.floor(40 * share), "embedding"),
      onTraining: (share) => advance(Math.floor(40 + 60 * share)),
    }),
  );
}

/** What an estimator sees of targets: features, and the context of the neuron that each was recorded on. */
export function observationsOf(
  { source, probeMap }: SharedEstimator,
  { population, probe }: Pick<StudyNeurons, "population" | "probe">,
  targets: readonly StudyTarget[],
): Float32Array {
  const { task, members } = population;
  const traces = new Float32Array(targets.length * task.grid.length);
  for (const [t, { trace }] of targets.entries()) traces.set(trace, t * task.grid.length);
  const contexts: Contexts =
    probeMap === undefined ? noContext : contextsOf(probeMap, probeRows(task, source, probe, members.length));
  return withContext(
    source.encode(traces, targets.length),
    contexts,
    targets.map(({ member }) => member),
  );
}

export interface RefineRequest {
  /** One or more, each where the posterior of the one before has its mass. */
  readonly rounds: number;
  /** Emulations per target and round. */
  readonly perTarget: number;
  readonly members: number;
  readonly steps?: number | undefined;
  readonly seed: number;
  readonly stage: string;
}

/**
 * Truncated rounds for each target, on the neuron that it was recorded on.
 * @param posteriors of the shared estimator @param own simulations of the same neurons, undefined when there are none
 */
export async function refineTargets(
  context: StudyContext,
  { population }: Pick<StudyNeurons, "population">,
  shared: SharedEstimator,
  own: PopulationTraces | undefined,
  targets: readonly StudyTarget[],
  posteriors: readonly Posterior[],
  { rounds, perTarget, members, steps, seed, stage }: RefineRequest,
  rng: Rng,
): Promise<Posterior[]> {
  const { task } = population;
  const { source, features } = shared;
  const { kernels, host, signal, progress } = context;
  const prior = priorOf(task);
  const p = prior.size;
  const refinements = targets.map(({ member }, t) => {
    const rows = own === undefined ? [] : [...own.members].flatMap((m, row) => (m === member ? [row] : []));
    const before =
      own === undefined ? undefined : { theta: pickRows(own.theta, p, rows), x: pickRows(features, source.size, rows) };
    return new Refinement(prior, { kernels, host, seed: seed + t, members, steps }, before);
  });
  let sharpest = posteriors;
  for (let round = 1; round <= rounds; round++) {
    const label = round === 1 ? "" : `-${round}`;
    const stream = round === 1 ? rng : rng.fork(`round ${round}`);
    sharpest = await refineOnce(`${stage}${label}`, sharpest, stream);
  }
  return [...sharpest];

  async function refineOnce(name: string, before: readonly Posterior[], stream: Rng): Promise<Posterior[]> {
    const proposed = refinements.map((refinement, t) => {
      return refinement.propose(before[t] as Posterior, perTarget, stream.fork(`target ${t}`));
    });
    const wanted = targets.flatMap(({ member }, t) =>
      Array.from({ length: perTarget }, (_, k) => ({
        member,
        theta: (proposed[t] as Int32Array).slice(k * p, (k + 1) * p),
      })),
    );
    const set = await recordStudy(context, population, name, "recording truncated rounds", wanted);
    const encoded = source.encode(set.traces, set.count);
    return await progress.phase(
      "posterior",
      "training truncated rounds",
      targets.length,
      "targets",
      async (advance) => {
        const refined: Posterior[] = [];
        for (const [t, refinement] of refinements.entries()) {
          const rows = [...set.rowOf.subarray(t * perTarget, (t + 1) * perTarget)].filter((row) => row >= 0);
          const seen = { theta: pickRows(set.theta, p, rows), x: pickRows(encoded, source.size, rows) };
          const xObs = source.encode((targets[t] as StudyTarget).trace, 1);
          refined.push(await refinement.train(seen, xObs, signal));
          advance(t + 1);
        }
        return refined;
      },
    );
  }
}
