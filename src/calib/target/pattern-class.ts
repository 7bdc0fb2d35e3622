/**
 * The class of a spike train under a step of current, by what it settles to (Naud et al. 2008: the orbit of the map from
 * spike to spike) and how it begins. The intervals' smooth course is their best rising or falling fit.
 *
 * | class | how it settles | how it begins |
 * |---|---|---|
 * | tonic | one interval | at once |
 * | adaptation, delayed-accelerating | one interval, reached slowly from below, from above | gradually |
 * | initial-burst | one interval, or nearly | with intervals at least three times shorter |
 * | regular-bursting | a cycle of 2 to 4 intervals with a pause three times the shortest of them; or bursts of any sizes, between pauses three times as long as all that is within a burst | at once |
 * | delayed-regular-bursting | the same | after half a pause or more |
 * | transient | silence for half of the step, and three times the longest interval | |
 * | irregular | neither a smooth course, nor a cycle, nor bursts | |
 *
 * Bounds are ours, between the eight trains of the ideal model. What fits no class is `other`: a cycle without a pause, too
 * few spikes to tell.
 */
import type { FiringPattern } from "./pattern.js";

export type PatternClass = FiringPattern | "silent" | "other";

/** Ratio of a pause to the intervals of a burst. */
const burstRatio = Math.log(3);
/** Change along the smooth course that counts as adaptation or acceleration; among the pauses behind an initial burst. */
const slowChange = Math.log(1.25);
const pauseChange = Math.log(1.5);
/** Scatter about a smooth course, and about a cycle, rms of the logarithm; above the last one nothing is smooth. */
const [courseScatter, cycleScatter, irregularScatter] = [0.12, 0.2, 0.25];
const stepLength = 600;
const longestCycle = 4;
const fewestPauses = 3;
const fewestIntervals = 4;
const fewestIrregular = 10;

const rms = (xs: readonly number[]): number => Math.sqrt(xs.reduce((sum, x) => sum + x * x, 0) / xs.length);

/** Best fit by values that never fall, least squares: pools neighbours that do. */
function rising(values: readonly number[]): number[] {
  const pools: { mean: number; size: number }[] = [];
  for (const value of values) {
    let pool = { mean: value, size: 1 };
    for (let last = pools.at(-1); last && last.mean > pool.mean; last = pools.at(-1)) {
      const size = last.size + pool.size;
      pool = { mean: (last.mean * last.size + pool.mean * pool.size) / size, size };
      pools.pop();
    }
    pools.push(pool);
  }
  return pools.flatMap(({ mean, size }) => new Array<number>(size).fill(mean));
}

/** Scatter of logarithms of intervals about their smooth course, and change along it. */
function courseOf(logs: readonly number[]): { scatter: number; change: number } {
  const up = rising(logs);
  const down = rising(logs.map((x) => -x)).map((x) => -x);
  const scatter = (fit: readonly number[]): number => rms(logs.map((x, k) => x - (fit[k] as number)));
  const fit = scatter(up) <= scatter(down) ? up : down;
  return { scatter: scatter(fit), change: (fit.at(-1) as number) - (fit[0] as number) };
}

/**
 * How far the change along a train's smooth course is from another's, in units of what counts as adaptation: what tells
 * tonic, adapting and accelerating trains from each other. 0 when the other has no smooth course; undefined when this one
 * has none, or too few spikes.
 */
export function courseDistance(spikes: readonly number[], ideal: readonly number[]): number | undefined {
  const aim = smoothChange(ideal);
  if (aim === undefined) return 0;
  const own = smoothChange(spikes);
  return own === undefined ? undefined : Math.abs(own - aim) / slowChange;
}

function smoothChange(spikes: readonly number[]): number | undefined {
  const logs = spikes.slice(1).map((t, k) => Math.log(t - (spikes[k] as number)));
  if (logs.length < fewestIntervals) return undefined;
  const { scatter, change } = courseOf(logs);
  return scatter < courseScatter ? change : undefined;
}

/** The shortest cycle that the later two thirds of the intervals repeat at least twice; undefined without one. */
function cycleOf(logs: readonly number[]): number[] | undefined {
  const late = logs.slice(Math.floor(logs.length / 3));
  for (let length = 2; length <= longestCycle && 2 * length <= late.length; length++) {
    const changes = late.slice(length).map((x, k) => x - (late[k] as number));
    if (rms(changes) < cycleScatter) return late.slice(-length);
  }
  return undefined;
}

/** Whether all spikes come in bursts: pauses, three or more, three times as long as any interval within a burst. */
function hasBursts(logs: readonly number[]): boolean {
  const sorted = [...logs].sort((x, y) => x - y);
  const split = sorted.findIndex((x, k) => k > 0 && x - (sorted[k - 1] as number) > burstRatio);
  if (split < 0) return false;
  const pauses = logs.flatMap((x, k) => (x >= (sorted[split] as number) ? [k] : []));
  return pauses.length >= fewestPauses && pauses.every((k, j) => k - (pauses[j - 1] ?? -1) > 1);
}

/** Number of intervals of the burst that a train begins with, 0 without one: up to the first that is three times as long. */
function initialBurst(logs: readonly number[]): number {
  for (let k = 1; k < logs.length; k++) {
    if ((logs[k] as number) - Math.max(...logs.slice(0, k)) > burstRatio) return k;
  }
  return 0;
}

/**
 * @param spikes times from the onset of the step on, us (ms of biological time)
 * @param evenBursts whether bursts must repeat interval by interval; otherwise they may differ in size
 */
export function classOf(spikes: readonly number[], { evenBursts = false } = {}): PatternClass {
  const [first] = spikes;
  const last = spikes.at(-1);
  if (first === undefined || last === undefined) return "silent";
  const intervals = spikes.slice(1).map((t, k) => t - (spikes[k] as number));
  if (stepLength - last > Math.max(stepLength / 2, 3 * Math.max(0, ...intervals))) return "transient";
  if (intervals.length < fewestIntervals) return "other";
  const logs = intervals.map(Math.log);
  const { scatter, change } = courseOf(logs);
  const burst = initialBurst(logs);
  if (burst > 0 && logs.length - burst >= fewestIntervals) {
    const pauses = courseOf(logs.slice(burst));
    if (pauses.scatter < courseScatter && Math.abs(pauses.change) < pauseChange) return "initial-burst";
  }
  if (scatter < courseScatter) {
    if (Math.abs(change) < slowChange) return "tonic";
    return change > 0 ? "adaptation" : "delayed-accelerating";
  }
  const bursting = first > 0.5 * Math.max(...intervals) ? "delayed-regular-bursting" : "regular-bursting";
  const cycle = cycleOf(logs);
  if (cycle) return Math.max(...cycle) - Math.min(...cycle) < burstRatio ? "other" : bursting;
  if (!evenBursts && hasBursts(logs)) return bursting;
  return scatter > irregularScatter && logs.length >= fewestIrregular ? "irregular" : "other";
}
