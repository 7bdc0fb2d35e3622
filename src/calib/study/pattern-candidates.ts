/**
 * Candidates for a firing pattern on each neuron: where they come from, how emulations judge them, and which of them are
 * worth another look. A class has borders, and what lies near one shows it in some emulations only.
 */
import type { Rng } from "../../base/rng.js";
import type { PopulationTraces, Wanted } from "../amortised/population.js";
import { pickRows } from "../recording/neuron-traces.js";
import type { FiringPattern } from "../target/pattern.js";
import { classOf, courseDistance, type PatternClass } from "../target/pattern-class.js";
import { resetTimes } from "../target/spikes.js";
import type { Task } from "../task/task.js";
import type { TraceMetric } from "./predictive-study.js";

export interface Candidate {
  readonly theta: Int32Array;
  /** From the ideal trace, of the first emulation; see `judged`. */
  readonly distance: number;
  /** Emulations so far, and those that showed the class. */
  tried: number;
  shown: number;
}

/** Best candidates of a neuron that are emulated again, how often each at a time, and how many times at most. */
const finalists = 5;
export const confirmations = 4;
export const mostConfirmations = 3;

/**
 * Every emulation showed the class, the later ones too. Of dozens of candidates some show a class five times of five by
 * luck that they have in half of their emulations; thirteen of thirteen are luck no more.
 */
export const isSettled = ({ tried, shown }: Candidate): boolean =>
  tried > mostConfirmations * confirmations && shown === tried;

export const isShown = (candidate: Candidate | undefined): boolean =>
  candidate !== undefined && 2 * candidate.shown > candidate.tried;

/** Expected share of emulations that show the class, from a flat prior. */
const shareOf = ({ tried, shown }: Candidate): number => (shown + 1) / (tried + 2);

/** Those that show the class most surely, then by distance. */
export const betterFirst = (a: Candidate, b: Candidate): number => shareOf(b) - shareOf(a) || a.distance - b.distance;

/** Class of every trace, by its resets from the onset of the step on. */
export function classesOf(task: Task, { traces, count }: Pick<PopulationTraces, "traces" | "count">): PatternClass[] {
  const { length } = task.grid;
  return Array.from({ length: count }, (_, row) =>
    classOf(spikesOf(task, traces.subarray(row * length, (row + 1) * length))),
  );
}

/** From the onset of the step on, us. */
function spikesOf(task: Task, trace: Float32Array): number[] {
  const { stepUs, startUs } = task.grid;
  return resetTimes(task, trace).map((point) => startUs + point * stepUs - task.stimulus.onUs);
}

/** Settings of simulations that showed the class: the neuron's own first, then others in random order. */
export function hitsOf(set: PopulationTraces, hits: readonly number[], member: number, rng: Rng): Int32Array[] {
  const width = set.theta.length / set.count;
  const order = [...rng.permutation(hits.length)].map((k) => hits[k] as number);
  const own = order.filter((row) => set.members[row] === member);
  const others = order.filter((row) => set.members[row] !== member);
  return [...own, ...others].map((row) => pickRows(set.theta, width, [row]));
}

/** Half draws of the posterior, half settings that showed the class somewhere; draws in place of what is missing. */
export function firstCandidates(
  { candidates, task }: { readonly candidates: number; readonly task: Task },
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
export function around({ parameters }: Task, best: readonly Candidate[], count: number, rng: Rng): Int32Array[] {
  const chosen = best.slice(0, parents);
  return Array.from({ length: count }, (_, k) => {
    const a = chosen[k % chosen.length] as Candidate;
    const b = chosen[rng.int(chosen.length)] as Candidate;
    const share = 0.5 * rng.uniform();
    return Int32Array.from(parameters, ({ min, max }, j) => {
      const middle = (a.theta[j] as number) * (1 - share) + (b.theta[j] as number) * share;
      return Math.round(Math.min(max, Math.max(min, middle + nearby * (max - min) * rng.normal())));
    });
  });
}

/** Of a train without a smooth course where the ideal one has one. */
const noCourse = 4;

/**
 * Every candidate with whether it has the class, and its distance to the ideal trace: over all features, and in the change
 * along the course of the intervals, which decides where trains are smooth and is one voice of many in the features.
 */
export function judged(
  task: Task,
  metric: TraceMetric,
  ideal: Float32Array,
  tried: PopulationTraces,
  pattern: FiringPattern,
): Map<number, Candidate[]> {
  const target = metric.coordinates(ideal, 1);
  const { rows, size } = metric.coordinates(tried.traces, tried.count);
  const found = new Map<number, Candidate[]>();
  const { length } = task.grid;
  const idealSpikes = spikesOf(task, ideal);
  for (const [row, own] of classesOf(task, tried).entries()) {
    const spikes = spikesOf(task, tried.traces.subarray(row * length, (row + 1) * length));
    const course = courseDistance(spikes, idealSpikes) ?? noCourse;
    let sum = 0;
    for (let f = 0; f < size; f++) sum += ((rows[row * size + f] as number) - (target.rows[f] as number)) ** 2;
    const theta = pickRows(tried.theta, task.parameters.length, [row]);
    const member = tried.members[row] as number;
    const one = {
      theta,
      distance: Math.hypot(Math.sqrt(sum / size), course),
      tried: 1,
      shown: own === pattern ? 1 : 0,
    };
    found.set(member, [...(found.get(member) ?? []), one]);
  }
  return found;
}

/** Keep the best of what is known and what was found. @param known is changed */
export function addJudged(
  known: Map<number, Candidate[]>,
  found: ReadonlyMap<number, readonly Candidate[]>,
  most: number,
): void {
  for (const [member, before] of known) {
    known.set(member, [...before, ...(found.get(member) ?? [])].sort(betterFirst).slice(0, most));
  }
}

export interface Finalist extends Pick<Wanted, "member"> {
  readonly candidate: Candidate;
}

/** The neuron's best that showed the class whenever they were emulated; none when one of them is settled. */
export function finalistsOf(member: number, best: readonly Candidate[]): Finalist[] {
  if (best[0] !== undefined && isSettled(best[0])) return [];
  return best
    .filter(({ tried, shown }) => shown === tried)
    .slice(0, finalists)
    .map((candidate) => ({ member, candidate }));
}

/** @param rowOf row of each of the finalists' emulations in `classes`, or -1 */
export function confirm(
  chosen: readonly Finalist[],
  rowOf: Int32Array,
  classes: readonly PatternClass[],
  pattern: FiringPattern,
): void {
  for (const [i, { candidate }] of chosen.entries()) {
    for (const row of rowOf.subarray(i * confirmations, (i + 1) * confirmations)) {
      candidate.tried++;
      if (classes[row] === pattern) candidate.shown++;
    }
  }
}
