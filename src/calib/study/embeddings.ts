/**
 * The study of embeddings: the same neurons, the same number of emulations, the same targets; only what the estimator
 * sees of a trace differs. The one that learns from pairs spends its emulations on half as many settings, twice each.
 */
import { Rng } from "../../base/rng.js";
import { priorOf } from "../amortised/neuron-estimator.js";
import type { PopulationTraces } from "../amortised/population.js";
import { priorWanted } from "../amortised/shared-training.js";
import type { EmbeddingKind } from "../embedding/feature-source.js";
import { repeatsIn } from "../embedding/repeats.js";
import type { Task } from "../task/task.js";
import { drawAmortised, firstDraws, type Judgement, judge, thetas } from "./judge.js";
import { learnPopulation, observationsOf, simulatePopulation } from "./learn-population.js";
import {
  measureDistances,
  measureFloors,
  type PredictiveSummary,
  predictiveSummary,
  TraceMetric,
} from "./predictive-study.js";
import {
  findNeurons,
  recordStudy,
  recordTargets,
  type StudyContext,
  type StudyNeurons,
  type StudyPopulation,
} from "./study-run.js";

export interface EmbeddingsRequest {
  readonly task: Task;
  readonly population: StudyPopulation;
  readonly kinds: readonly EmbeddingKind[];
  readonly members: number;
  readonly steps?: number | undefined;
  readonly targets: number;
  readonly seed: number;
  readonly simulations: number;
  readonly checked: number;
  readonly draws: number;
  readonly repeats: number;
  /** CPU seconds of the process so far. */
  readonly cpuSeconds: () => number;
}

export interface EmbeddingVerdict {
  readonly kind: EmbeddingKind;
  readonly features: number;
  readonly judgement: Judgement;
  readonly predictive: PredictiveSummary;
  /** To learn the features and to train the ensemble on them. */
  readonly cpuSeconds: number;
}

/** @throws TooFewSamples, SimulatorFailed, TrainingDiverged, what `Session.run` throws, signal.reason */
export async function studyEmbeddings(
  context: StudyContext,
  request: EmbeddingsRequest,
): Promise<{ readonly verdicts: EmbeddingVerdict[]; readonly neurons: number }> {
  const { task, seed, simulations, members, steps, kinds, draws } = request;
  const rng = Rng.fromSeed(seed).fork("embeddings");
  const prior = priorOf(task);
  const found = await findNeurons(context, task, request.population, seed);
  const set = await simulatePopulation(context, found, simulations, rng.fork("simulations"));
  const paired = kinds.includes("pairs")
    ? await simulatePairs(context, found, simulations, rng.fork("pairs"))
    : undefined;
  const { targets } = await recordTargets(context, found, prior, request.targets, rng.fork("targets"));
  const metric = new TraceMetric(task, set.traces, set.count);
  const checked = targets.slice(0, request.checked);
  const floors = await measureFloors(context, found.population, metric, checked, request.repeats);
  const verdicts: EmbeddingVerdict[] = [];
  for (const embedding of kinds) {
    const own = embedding === "pairs" && paired !== undefined ? paired : set;
    const before = request.cpuSeconds();
    const shared = await learnPopulation(context, found, own, {
      ...{ simulations, embedding, members, steps, seed, probes: true },
      repeatOf: embedding === "pairs" ? repeatsIn(own.theta, prior.size, own.members) : undefined,
    });
    const cpuSeconds = request.cpuSeconds() - before;
    const drawn = drawAmortised(shared.posterior, targets, observationsOf(shared, found, targets), rng.fork("draws"));
    const names = task.parameters.map(({ name }) => name);
    const judgement = judge(names, targets, drawn, prior.logProb(thetas(targets)), rng.fork("verdict"));
    const first = firstDraws(drawn, targets.length, draws).subarray(0, checked.length * draws * prior.size);
    const distances = await measureDistances(context, found.population, metric, checked, first, `draws-${embedding}`);
    const predictive = predictiveSummary(distances, floors);
    verdicts.push({ kind: embedding, features: shared.source.size, judgement, predictive, cpuSeconds });
  }
  return { verdicts, neurons: found.working.length };
}

/** Half as many settings of the prior, each recorded twice. */
async function simulatePairs(
  context: StudyContext,
  { population, working }: StudyNeurons,
  simulations: number,
  rng: Rng,
): Promise<PopulationTraces> {
  const wanted = priorWanted(priorOf(population.task), working, Math.ceil(simulations / 2), rng);
  const doubled = wanted.flatMap((one) => [one, one]);
  return await recordStudy(context, population, "pairs", "simulating pairs of repeats", doubled);
}
