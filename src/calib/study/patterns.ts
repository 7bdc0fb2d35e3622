/**
 * The study of firing patterns: on what share of neurons can each of the eight patterns be had? One estimator is trained
 * for all neurons. Candidates for a pattern on a neuron are draws of the posterior given the ideal model's trace, and
 * settings of the simulations that showed the pattern, the neuron's own first; they are emulated, and the one that has
 * the class and lies nearest to the ideal trace is emulated again to see whether it keeps it. What does not succeed gets
 * candidates around the best ones, once more.
 *
 * Before: the codes that were found for the first neuron, on all the others, as a set of slider positions is handed on.
 */
import { Rng } from "../../base/rng.js";
import type { PopulationTraces, Wanted } from "../amortised/population.js";
import { pickRows } from "../recording/neuron-traces.js";
import type { GivenCodes } from "../recording/neurons-recorder.js";
import { emulatePattern, type FiringPattern } from "../target/pattern.js";
import { classOf, type PatternClass } from "../target/pattern-class.js";
import { biologicalSpeedUp, biologicalVoltScale, mapRecording } from "../target/sampled.js";
import { resetTimes } from "../target/spikes.js";
import { traceOnGrid } from "../target/trace.js";
import { type Task, traceRules } from "../task/task.js";
import { learnPopulation, observationsOf, simulatePopulation } from "./learn-population.js";
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

export const patternLimits = { candidates: [4, 1000], rounds: [1, 10], repeats: [1, 20] } as const;

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

interface Best {
  readonly theta: Int32Array;
  readonly isRight: boolean;
  readonly distance: number;
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
    let best = new Map<number, Best[]>(found.working.map((member) => [member, []]));
    for (let round = 1; round <= request.rounds; round++) {
      const wanted: Wanted[] = found.working.flatMap((member, k) => {
        const known = best.get(member) ?? [];
        if (round > 1 && known[0]?.isRight === true) return [];
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
      best = merged(best, judged(task, metric, trace, tried, pattern), request.candidates);
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

/** Class of every trace, by its resets from the onset of the step on. */
function classesOf(task: Task, { traces, count }: Pick<PopulationTraces, "traces" | "count">): PatternClass[] {
  const { length, stepUs, startUs } = task.grid;
  return Array.from({ length: count }, (_, row) => {
    const resets = resetTimes(task, traces.subarray(row * length, (row + 1) * length));
    return classOf(resets.map((point) => startUs + point * stepUs - task.stimulus.onUs));
  });
}

/** Settings of simulations that showed the class: the neuron's own first, then others in random order. */
function hitsOf(set: PopulationTraces, hits: readonly number[], member: number, rng: Rng): Int32Array[] {
  const width = set.theta.length / set.count;
  const order = [...rng.permutation(hits.length)].map((k) => hits[k] as number);
  const own = order.filter((row) => set.members[row] === member);
  const others = order.filter((row) => set.members[row] !== member);
  return [...own, ...others].map((row) => pickRows(set.theta, width, [row]));
}

/** Half draws of the posterior, half settings that showed the class somewhere; draws in place of what is missing. */
function firstCandidates(
  { candidates, task }: PatternsRequest,
  draws: Float64Array,
  index: number,
  hits: readonly Int32Array[],
): Int32Array[] {
  const p = task.parameters.length;
  const some = hits.slice(0, candidates >> 1);
  const own = Array.from({ length: candidates - some.length }, (_, k) => {
    const at = (index * candidates + k) * p;
    return Int32Array.from(draws.subarray(at, at + p));
  });
  return [...some, ...own];
}

/** How far candidates lie from the best ones, share of a parameter's range. */
const nearby = 0.06;
const parents = 4;

/** Candidates between the best ones and around them. */
function around({ parameters }: Task, best: readonly Best[], count: number, rng: Rng): Int32Array[] {
  const chosen = best.slice(0, parents);
  return Array.from({ length: count }, (_, k) => {
    const a = chosen[k % chosen.length] as Best;
    const b = chosen[rng.int(chosen.length)] as Best;
    const share = 0.5 * rng.uniform();
    return Int32Array.from(parameters, ({ min, max }, j) => {
      const middle = (a.theta[j] as number) * (1 - share) + (b.theta[j] as number) * share;
      return Math.round(Math.min(max, Math.max(min, middle + nearby * (max - min) * rng.normal())));
    });
  });
}

/** Every candidate with whether it has the class, and its distance to the ideal trace. */
function judged(
  task: Task,
  metric: TraceMetric,
  ideal: Float32Array,
  tried: PopulationTraces,
  pattern: FiringPattern,
): Map<number, Best[]> {
  const target = metric.coordinates(ideal, 1);
  const { rows, size } = metric.coordinates(tried.traces, tried.count);
  const found = new Map<number, Best[]>();
  for (const [row, own] of classesOf(task, tried).entries()) {
    let sum = 0;
    for (let f = 0; f < size; f++) sum += ((rows[row * size + f] as number) - (target.rows[f] as number)) ** 2;
    const theta = pickRows(tried.theta, task.parameters.length, [row]);
    const member = tried.members[row] as number;
    const one = { theta, isRight: own === pattern, distance: Math.sqrt(sum / size) };
    found.set(member, [...(found.get(member) ?? []), one]);
  }
  return found;
}

/** The best first: those with the class, then by distance. */
function merged(a: ReadonlyMap<number, Best[]>, b: ReadonlyMap<number, Best[]>, most: number): Map<number, Best[]> {
  return new Map(
    [...a].map(([member, known]) => {
      const all = [...known, ...(b.get(member) ?? [])];
      all.sort((x, y) => Number(y.isRight) - Number(x.isRight) || x.distance - y.distance);
      return [member, all.slice(0, most)];
    }),
  );
}

/** Emulate the chosen codes of each neuron again, and the first neuron's on all. */
async function verify(
  context: StudyContext,
  { repeats, task }: PatternsRequest,
  { population, working }: Awaited<ReturnType<typeof findNeurons>>,
  best: ReadonlyMap<number, Best[]>,
  pattern: FiringPattern,
  inPrior: number,
): Promise<PatternRow> {
  const chosen = working.flatMap((member) => {
    const [own] = best.get(member) ?? [];
    return own === undefined ? [] : [{ member, theta: own.theta }];
  });
  // The first neuron that has the class gives its codes to all; the first one's nearest when none has.
  const model = working.find((member) => best.get(member)?.[0]?.isRight) ?? (working[0] as number);
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
