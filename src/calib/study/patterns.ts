/**
 * The study of firing patterns: on what share of neurons can each of the eight patterns be had? One estimator is trained
 * for all neurons. Candidates for a pattern on a neuron are draws of the posterior given the ideal model's trace, and
 * settings of the simulations that showed the pattern, the neuron's own first; they are emulated, and those that have
 * the class and lie nearest to the ideal trace are emulated again, to choose the one that keeps it. What does not keep it
 * gets candidates around the best ones, once more. The choice is judged by emulations that had no part in it.
 *
 * Before: the codes that were found for the first neuron, on all the others, as a set of slider positions is handed on.
 */
import { Rng } from "../../base/rng.js";
import type { Wanted } from "../amortised/population.js";
import type { GivenCodes } from "../recording/neurons-recorder.js";
import { emulatePattern, type FiringPattern } from "../target/pattern.js";
import type { PatternClass } from "../target/pattern-class.js";
import { biologicalSpeedUp, biologicalVoltScale, mapRecording } from "../target/sampled.js";
import { traceOnGrid } from "../target/trace.js";
import { type Task, traceRules } from "../task/task.js";
import { learnPopulation, observationsOf, simulatePopulation } from "./learn-population.js";
import {
  addJudged,
  around,
  betterFirst,
  type Candidate,
  classesOf,
  confirm,
  confirmations,
  finalistsOf,
  firstCandidates,
  hitsOf,
  isSettled,
  isShown,
  judged,
  mostConfirmations,
} from "./pattern-candidates.js";
import { TraceMetric } from "./predictive-study.js";
import { findNeurons, recordStudy, type StudyContext, type StudyPopulation } from "./study-run.js";

export interface PatternsRequest {
  readonly task: Task;
  readonly population: StudyPopulation;
  readonly patterns: readonly FiringPattern[];
  readonly members: number;
  readonly steps?: number | undefined;
  readonly seed: number;
  /** Emulations of the prior to learn from, over all neurons. */
  readonly simulations: number;
  /** Emulations per neuron, pattern and round of candidates. */
  readonly candidates: number;
  /** Rounds of candidates: the first from the posterior, the others around the best. */
  readonly rounds: number;
  /** Emulations that judge the chosen codes; the class must show in more than half of them. */
  readonly repeats: number;
  /** Codes of a first stage, by chip. */
  readonly given?: readonly (GivenCodes | undefined)[] | undefined;
}

export const patternLimits = { candidates: [4, 1000], rounds: [1, 50], repeats: [1, 20] } as const;

export interface PatternRow {
  readonly pattern: FiringPattern;
  readonly neurons: number;
  /** Neurons that show the class: with the first neuron's codes, and with their own. */
  readonly before: number;
  readonly after: number;
  /** Prior simulations of the class, of all. */
  readonly inPrior: number;
  /** What the others show instead, after. */
  readonly instead: Readonly<Partial<Record<PatternClass, number>>>;
}

export interface PatternsStudy {
  readonly rows: readonly PatternRow[];
  readonly neurons: number;
  readonly simulations: number;
  readonly leftOut: readonly string[];
}

/** @throws TooFewSamples, SimulatorFailed, TrainingDiverged, what `Session.run` throws, signal.reason */
export async function studyPatterns(context: StudyContext, request: PatternsRequest): Promise<PatternsStudy> {
  const { task, seed, simulations, members, steps, given } = request;
  const rng = Rng.fromSeed(seed).fork("patterns");
  const found = await findNeurons(context, task, request.population, seed, given);
  const set = await simulatePopulation(context, found, simulations, rng.fork("simulations"));
  const learn = { simulations, embedding: "spike-features", members, steps, seed, probes: true } as const;
  const shared = await learnPopulation(context, found, set, learn);
  const metric = new TraceMetric(task, set.traces, set.count);
  const pool = classesOf(task, set);
  const rows: PatternRow[] = [];
  for (const pattern of request.patterns) {
    const stream = rng.fork(pattern);
    const trace = idealTrace(task, pattern);
    const targets = found.working.map((member) => ({ member, theta: new Int32Array(0), trace }));
    const x = observationsOf(shared, found, targets);
    const draws = shared.posterior.sample(request.candidates, x, stream.fork("draws"));
    const hits = pool.flatMap((own, row) => (own === pattern ? [row] : []));
    const best = new Map<number, Candidate[]>(found.working.map((member) => [member, []]));
    for (let round = 1; round <= request.rounds; round++) {
      const wanted: Wanted[] = found.working.flatMap((member, k) => {
        const known = best.get(member) ?? [];
        if (known[0] !== undefined && isSettled(known[0])) return [];
        const own = stream.fork(`round ${round} of ${member}`);
        const thetas =
          round === 1
            ? firstCandidates(request, draws, k, hitsOf(set, hits, member, own))
            : around(task, known, request.candidates, own);
        return thetas.map((theta) => ({ member, theta }));
      });
      if (wanted.length === 0) break;
      const stage = `${pattern}-${round}`;
      const tried = await recordStudy(
        context,
        found.population,
        stage,
        `${pattern}: candidates, round ${round}`,
        wanted,
      );
      addJudged(best, judged(task, metric, trace, tried, pattern), request.candidates);
      // One emulation near the border of a class says little: those that seem best show it again, or fall back.
      for (let time = 1; time <= mostConfirmations; time++) {
        const finalists = found.working.flatMap((member) => finalistsOf(member, best.get(member) ?? []));
        if (finalists.length === 0) break;
        const again = await recordStudy(
          context,
          found.population,
          `${stage}-again-${time}`,
          `${pattern}: the best of round ${round} again`,
          finalists.flatMap(({ member, candidate: { theta } }) =>
            new Array<Wanted>(confirmations).fill({ member, theta }),
          ),
        );
        confirm(finalists, again.rowOf, classesOf(task, again), pattern);
        for (const own of best.values()) own.sort(betterFirst);
      }
    }
    rows.push(await verify(context, request, found, best, pattern, hits.length));
  }
  return { rows, neurons: found.working.length, simulations, leftOut: found.leftOut };
}

/** The ideal model's trace as the task records one. @returns shape (task.grid.length), MADC LSB */
function idealTrace(task: Task, pattern: FiringPattern): Float32Array {
  const mapping = { speedUp: biologicalSpeedUp, voltScale: biologicalVoltScale };
  return traceOnGrid(mapRecording(emulatePattern(pattern).recording, mapping, task), traceRules(task));
}

/** Emulate the chosen codes of each neuron again, and the first neuron's on all. */
async function verify(
  context: StudyContext,
  { repeats, task }: PatternsRequest,
  { population, working }: Awaited<ReturnType<typeof findNeurons>>,
  best: ReadonlyMap<number, readonly Candidate[]>,
  pattern: FiringPattern,
  inPrior: number,
): Promise<PatternRow> {
  const chosen = working.flatMap((member) => {
    const [own] = best.get(member) ?? [];
    return own === undefined ? [] : [{ member, theta: own.theta }];
  });
  // The first neuron that has the class gives its codes to all; the first one's nearest when none has.
  const model = working.find((member) => isShown(best.get(member)?.[0])) ?? (working[0] as number);
  const handed = best.get(model)?.[0]?.theta;
  const again = async (stage: string, wanted: readonly Wanted[]): Promise<Map<number, PatternClass>> => {
    const all = wanted.flatMap((one) => new Array<Wanted>(repeats).fill(one));
    const set = await recordStudy(context, population, `${pattern}-${stage}`, `${pattern}: ${stage}`, all);
    const votes = new Map<number, PatternClass[]>();
    for (const [row, own] of classesOf(task, set).entries()) {
      const member = set.members[row] as number;
      votes.set(member, [...(votes.get(member) ?? []), own]);
    }
    return new Map([...votes].map(([member, own]) => [member, majority(own, pattern)]));
  };
  const after = await again("check", chosen);
  const others = working.filter((member) => member !== model);
  const before =
    handed === undefined
      ? new Map<number, PatternClass>()
      : await again(
          "handed on",
          others.map((member) => ({ member, theta: handed })),
        );
  const count = (classes: ReadonlyMap<number, PatternClass>): number =>
    [...classes.values()].filter((c) => c === pattern).length;
  const instead: Partial<Record<PatternClass, number>> = {};
  for (const own of after.values()) if (own !== pattern) instead[own] = (instead[own] ?? 0) + 1;
  return {
    pattern,
    neurons: working.length,
    before: count(before) + (after.get(model) === pattern ? 1 : 0),
    after: count(after),
    inPrior,
    instead,
  };
}

/** The wanted class when it shows in more than half, else the most frequent other one. */
function majority(classes: readonly PatternClass[], wanted: PatternClass): PatternClass {
  const right = classes.filter((own) => own === wanted).length;
  if (2 * right > classes.length) return wanted;
  const counts = new Map<PatternClass, number>();
  for (const own of classes) if (own !== wanted) counts.set(own, (counts.get(own) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? "other";
}
