/**
 * The study of coverage: do posteriors hold the truth as often as they say, and do their draws behave like their targets?
 * One estimator for all neurons of the study, targets drawn from the prior and recorded once; then, where asked for,
 * truncated rounds for each of some of the targets.
 */
import { Rng } from "../../base/rng.js";
import { priorOf } from "../amortised/neuron-estimator.js";
import type { EmbeddingKind } from "../embedding/feature-source.js";
import type { Task } from "../task/task.js";
import { type LevelCoverage, pooledCoverage } from "./coverage-table.js";
import { drawAmortised, drawEach, firstDraws, type Judgement, judge, type TargetDraws, thetas } from "./judge.js";
import { learnPopulation, observationsOf, refineTargets, simulatePopulation } from "./learn-population.js";
import {
  measureDistances,
  measureFloors,
  type PredictiveSummary,
  predictiveSummary,
  TraceMetric,
} from "./predictive-study.js";
import { findNeurons, recordTargets, type StudyContext, type StudyPopulation, type StudyTarget } from "./study-run.js";

export interface CoverageRequest {
  readonly task: Task;
  readonly population: StudyPopulation;
  readonly embedding: EmbeddingKind;
  /** Networks in each ensemble. */
  readonly members: number;
  readonly steps?: number | undefined;
  /** In all, shared by the seeds. */
  readonly targets: number;
  /** The whole study is done for each. */
  readonly seeds: readonly number[];
  /** Emulations per seed that train the shared estimator. */
  readonly simulations: number;
  /** Targets of each seed that get truncated rounds, how many, and emulations of each round; 0 targets leaves them out. */
  readonly refined: number;
  readonly refineRounds: number;
  readonly perTarget: number;
  /** Targets of each seed whose draws are emulated, draws and repeats of each. */
  readonly checked: number;
  readonly draws: number;
  readonly repeats: number;
}

export const coverageLimits = {
  targets: [20, 100_000],
  simulations: [100, 1_000_000],
  refined: [0, 10_000],
  refineRounds: [1, 5],
  perTarget: [60, 10_000],
  checked: [2, 10_000],
  draws: [1, 100],
  repeats: [2, 100],
} as const;

/** One kind of posterior on its targets. */
export interface Verdict {
  readonly name: string;
  readonly judgement: Judgement;
  /** All parameters counted alike. */
  readonly pooled: readonly LevelCoverage[];
  readonly predictive: PredictiveSummary;
  /** Emulations that one target needed beyond the shared ones. */
  readonly perTarget: number;
}

export interface CoverageStudy {
  readonly verdicts: readonly Verdict[];
  readonly simulations: number;
  readonly refusedTargets: number;
  readonly leftOut: readonly string[];
  readonly neurons: number;
}

interface Part {
  readonly targets: StudyTarget[];
  readonly drawn: TargetDraws;
  readonly distances: number[];
  readonly floors: number[];
}

/** @throws TooFewSamples, SimulatorFailed, TrainingDiverged, what `Session.run` throws, signal.reason */
export async function studyCoverage(context: StudyContext, request: CoverageRequest): Promise<CoverageStudy> {
  const { task, seeds } = request;
  const perTarget = request.refineRounds * request.perTarget;
  const [amortised, refined]: [Part[], Part[]] = [[], []];
  let [refusedTargets, neurons] = [0, 0];
  const leftOut = new Set<string>();
  for (const [k, seed] of seeds.entries()) {
    const share =
      Math.floor((request.targets * (k + 1)) / seeds.length) - Math.floor((request.targets * k) / seeds.length);
    const done = await studySeed(context, request, seed, share);
    amortised.push(done.amortised);
    if (done.refined !== undefined) refined.push(done.refined);
    refusedTargets += done.refused;
    neurons = Math.max(neurons, done.neurons);
    for (const text of done.leftOut) leftOut.add(text);
  }
  const rng = Rng.fromSeed(seeds[0] ?? 0).fork("verdict");
  const verdict = (name: string, parts: readonly Part[], beyond: number): Verdict => {
    const targets = parts.flatMap((part) => part.targets);
    const names = task.parameters.map((parameter) => parameter.name);
    const logPrior = priorOf(task).logProb(thetas(targets));
    const judgement = judge(names, targets, joined(parts.map(({ drawn }) => drawn)), logPrior, rng.fork(name));
    const predictive = predictiveSummary(
      parts.flatMap(({ distances }) => distances),
      parts.flatMap(({ floors }) => floors),
    );
    return { name, judgement, pooled: pooledCoverage(judgement.parameters), predictive, perTarget: beyond };
  };
  return {
    verdicts: [
      verdict("shared estimator", amortised, 0),
      ...(refined.length === 0 ? [] : [verdict(roundsName(request.refineRounds), refined, perTarget)]),
    ],
    simulations: request.simulations,
    refusedTargets,
    leftOut: [...leftOut],
    neurons,
  };
}

async function studySeed(
  context: StudyContext,
  request: CoverageRequest,
  seed: number,
  count: number,
): Promise<{
  amortised: Part;
  refined: Part | undefined;
  refused: number;
  neurons: number;
  leftOut: readonly string[];
}> {
  const { task, population, simulations, members, steps, embedding, draws, repeats, perTarget, refineRounds } = request;
  const rng = Rng.fromSeed(seed).fork("coverage");
  const found = await findNeurons(context, task, population, seed);
  const set = await simulatePopulation(context, found, simulations, rng.fork("simulations"));
  const { targets, refused } = await recordTargets(context, found, priorOf(task), count, rng.fork("targets"));
  const learn = { simulations, embedding, members, steps, seed, probes: true };
  const shared = await learnPopulation(context, found, set, learn);
  const x = observationsOf(shared, found, targets);
  const width = shared.posterior.numFeatures;
  const drawn = drawAmortised(shared.posterior, targets, x, rng.fork("draws"));
  const metric = new TraceMetric(task, set.traces, set.count);
  const checked = targets.slice(0, Math.max(request.checked, request.refined));
  const floors = await measureFloors(context, found.population, metric, checked, repeats);
  const first = firstDraws(drawn, targets.length, draws).subarray(0, checked.length * draws * task.parameters.length);
  const distances = await measureDistances(context, found.population, metric, checked, first, "draws");
  const amortised = { targets, drawn, distances, floors };
  const common = { refused, neurons: found.working.length, leftOut: found.leftOut };
  if (request.refined === 0) return { amortised, refined: undefined, ...common };
  const some = targets.slice(0, request.refined);
  const posteriors = some.map((_, t) => shared.posterior.given(x.subarray(t * width, (t + 1) * width)));
  const rounds = { rounds: refineRounds, perTarget, members, steps, seed, stage: "truncated" };
  const sharper = await refineTargets(context, found, shared, set, some, posteriors, rounds, rng.fork("refine"));
  const again = drawEach(sharper, some, rng.fork("refined draws"));
  const own = await measureDistances(
    context,
    found.population,
    metric,
    some,
    firstDraws(again, some.length, draws),
    "refined-draws",
  );
  return {
    amortised,
    refined: { targets: some, drawn: again, distances: own, floors: floors.slice(0, some.length) },
    ...common,
  };
}

const counts = ["one", "two", "three", "four", "five"];

function roundsName(rounds: number): string {
  return `after ${counts[rounds - 1]} truncated round${rounds === 1 ? "" : "s"}`;
}

function joined(parts: readonly TargetDraws[]): TargetDraws {
  const join = (values: readonly Float64Array[]): Float64Array => Float64Array.from(values.flatMap((v) => [...v]));
  return {
    draws: join(parts.map(({ draws }) => draws)),
    logDraws: join(parts.map(({ logDraws }) => logDraws)),
    logTheta: join(parts.map(({ logTheta }) => logTheta)),
  };
}
