/**
 * The study of transfer: an estimator that was trained on some chips is applied to others that it has never seen, with
 * and without the probes of their neurons, and after one truncated round on the new chip.
 */
import { FieldOutOfRange } from "../../base/errors.js";
import { Rng } from "../../base/rng.js";
import { priorOf } from "../amortised/neuron-estimator.js";
import type { EmbeddingKind } from "../embedding/feature-source.js";
import type { Task } from "../task/task.js";
import { drawAmortised, drawEach, firstDraws, type Judgement, judge, type TargetDraws, thetas } from "./judge.js";
import { learnPopulation, observationsOf, refineTargets, simulatePopulation } from "./learn-population.js";
import {
  measureDistances,
  measureFloors,
  type PredictiveSummary,
  predictiveSummary,
  TraceMetric,
} from "./predictive-study.js";
import { findNeurons, recordTargets, type StudyContext, type StudyTarget } from "./study-run.js";

export interface TransferRequest {
  readonly task: Task;
  readonly trainChips: readonly string[];
  readonly testChips: readonly string[];
  /** Neurons of each chip to learn from, and to be judged on. */
  readonly trainNeurons: readonly number[];
  readonly testNeurons: readonly number[];
  readonly embedding: EmbeddingKind;
  readonly members: number;
  readonly steps?: number | undefined;
  readonly targets: number;
  readonly seed: number;
  readonly simulations: number;
  /** Targets that get a truncated round, and emulations of each. */
  readonly refined: number;
  readonly perTarget: number;
  readonly checked: number;
  readonly draws: number;
  readonly repeats: number;
}

export interface TransferVerdict {
  readonly name:
    | "chips of the training, with probe"
    | "new chip, without probe"
    | "new chip, with probe"
    | "new chip, after one truncated round";
  readonly judgement: Judgement;
  readonly predictive: PredictiveSummary;
}

export interface TransferStudy {
  readonly verdicts: readonly TransferVerdict[];
  readonly trained: number;
  readonly tested: number;
  readonly leftOut: readonly string[];
}

/** @throws FieldOutOfRange (a chip on both sides), TooFewSamples, SimulatorFailed, TrainingDiverged, what `Session.run` throws, signal.reason */
export async function studyTransfer(context: StudyContext, request: TransferRequest): Promise<TransferStudy> {
  const { task, seed, simulations, members, steps, embedding, draws, perTarget } = request;
  const twice = request.trainChips.find((chip) => request.testChips.includes(chip));
  if (twice !== undefined) throw new FieldOutOfRange("chip to be tested on", twice, "one that is not trained on");
  const rng = Rng.fromSeed(seed).fork("transfer");
  const prior = priorOf(task);
  const old = await findNeurons(context, task, { chips: request.trainChips, neurons: request.trainNeurons }, seed);
  const set = await simulatePopulation(context, old, simulations, rng.fork("simulations"));
  const fresh = await findNeurons(context, task, { chips: request.testChips, neurons: request.testNeurons }, seed);
  const metric = new TraceMetric(task, set.traces, set.count);
  const learn = { simulations, embedding, members, steps, seed };
  const blind = await learnPopulation(context, old, set, { ...learn, probes: false });
  const probing = await learnPopulation(context, old, set, { ...learn, probes: true });
  const verdicts: TransferVerdict[] = [];

  const known = await recordTargets(context, old, prior, request.targets, rng.fork("known targets"), "known-targets");
  const { targets } = await recordTargets(context, fresh, prior, request.targets, rng.fork("targets"));
  const judged = async (
    name: TransferVerdict["name"],
    { population }: typeof old,
    own: readonly StudyTarget[],
    drawn: TargetDraws,
    stage: string,
    floors: readonly number[],
  ): Promise<void> => {
    const checked = own.slice(0, floors.length);
    const first = firstDraws(drawn, own.length, draws).subarray(0, checked.length * draws * prior.size);
    const distances = await measureDistances(context, population, metric, checked, first, stage);
    const names = task.parameters.map((parameter) => parameter.name);
    const judgement = judge(names, own, drawn, prior.logProb(thetas(own)), rng.fork(name));
    verdicts.push({ name, judgement, predictive: predictiveSummary(distances, floors) });
  };
  const draw = (shared: typeof probing, where: typeof old, own: readonly StudyTarget[], stage: string): TargetDraws =>
    drawAmortised(shared.posterior, own, observationsOf(shared, where, own), rng.fork(stage));

  const floorsOf = (where: typeof old, own: readonly StudyTarget[]): Promise<number[]> => {
    const checked = own.slice(0, Math.max(request.checked, request.refined));
    return measureFloors(context, where.population, metric, checked, request.repeats);
  };
  const floors = await floorsOf(fresh, targets);
  const knownFloors = await floorsOf(old, known.targets);
  await judged(
    "chips of the training, with probe",
    old,
    known.targets,
    draw(probing, old, known.targets, "known"),
    "known-draws",
    knownFloors,
  );
  await judged("new chip, without probe", fresh, targets, draw(blind, fresh, targets, "blind"), "blind-draws", floors);
  await judged("new chip, with probe", fresh, targets, draw(probing, fresh, targets, "probe"), "probe-draws", floors);
  if (request.refined > 0) {
    const some = targets.slice(0, request.refined);
    const x = observationsOf(probing, fresh, some);
    const width = probing.posterior.numFeatures;
    const posteriors = some.map((_, t) => probing.posterior.given(x.subarray(t * width, (t + 1) * width)));
    const rounds = { rounds: 1, perTarget, members, steps, seed, stage: "truncated" };
    const sharper = await refineTargets(
      context,
      fresh,
      probing,
      undefined,
      some,
      posteriors,
      rounds,
      rng.fork("refine"),
    );
    const drawn = drawEach(sharper, some, rng.fork("refined"));
    await judged(
      "new chip, after one truncated round",
      fresh,
      some,
      drawn,
      "refined-draws",
      floors.slice(0, some.length),
    );
  }
  return {
    verdicts,
    trained: old.working.length,
    tested: fresh.working.length,
    leftOut: [...old.leftOut, ...fresh.leftOut],
  };
}
