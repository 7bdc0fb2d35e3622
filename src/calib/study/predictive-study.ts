/**
 * Are emulations of posterior draws as near to their targets as repeats at the true codes are to each other? Distances
 * are taken in spike features whatever the estimator sees, so that estimators can be compared.
 */
import type { Population, PopulationTraces, Wanted } from "../amortised/population.js";
import { median } from "../diagnostics/predictive.js";
import { spikeFeaturesOf } from "../embedding/spike-features.js";
import { FeatureMap } from "../inference/features.js";
import type { Task } from "../task/task.js";
import { recordStudy, type StudyContext, type StudyTarget } from "./study-run.js";

/** Spike features in units of their robust spread over the prior. */
export class TraceMetric {
  readonly #task: Task;
  readonly #map: FeatureMap;

  /** @param traces of the prior, shape (count, task.grid.length) */
  constructor(task: Task, traces: Float32Array, count: number) {
    this.#task = task;
    this.#map = FeatureMap.fit(spikeFeaturesOf(task, traces, count), count);
  }

  /** @returns shape (count, size) */
  coordinates(traces: Float32Array, count: number): { readonly rows: Float32Array; readonly size: number } {
    const rows = this.#map.apply(spikeFeaturesOf(this.#task, traces, count));
    return { rows, size: this.#map.outputSize };
  }
}

/** Root mean square over the features. */
function distance(a: Float32Array, i: number, b: Float32Array, j: number, size: number): number {
  let sum = 0;
  for (let f = 0; f < size; f++) sum += ((a[i * size + f] as number) - (b[j * size + f] as number)) ** 2;
  return Math.sqrt(sum / size);
}

/** Record each target's codes again and again. @returns median distance of repeats from each other, one per target */
export async function measureFloors(
  context: StudyContext,
  population: Population,
  metric: TraceMetric,
  targets: readonly StudyTarget[],
  repeats: number,
): Promise<number[]> {
  const wanted: Wanted[] = targets.flatMap(({ member, theta }) => new Array<Wanted>(repeats).fill({ member, theta }));
  const set = await recordStudy(context, population, "repeats", "repeating targets for the noise floor", wanted);
  const { rows, size } = metric.coordinates(set.traces, set.count);
  return targets.map((_, t) => {
    const own = rowsAt(set, t * repeats, repeats);
    const distances = own.flatMap((i, k) => own.slice(k + 1).map((j) => distance(rows, i, rows, j, size)));
    return median(distances);
  });
}

/**
 * Emulate posterior draws of each target. @param draws codes, shape (targets, count, p)
 * @returns median distance from the target, one per target
 */
export async function measureDistances(
  context: StudyContext,
  population: Population,
  metric: TraceMetric,
  targets: readonly StudyTarget[],
  draws: Int32Array,
  stage: string,
): Promise<number[]> {
  const p = population.task.parameters.length;
  const count = draws.length / targets.length / p;
  const wanted: Wanted[] = targets.flatMap(({ member }, t) =>
    Array.from({ length: count }, (_, k) => {
      const at = (t * count + k) * p;
      return { member, theta: draws.slice(at, at + p) };
    }),
  );
  const set = await recordStudy(context, population, stage, "emulating posterior draws", wanted);
  const { rows, size } = metric.coordinates(set.traces, set.count);
  return targets.map(({ trace }, t) => {
    const own = metric.coordinates(trace, 1);
    return median(rowsAt(set, t * count, count).map((i) => distance(own.rows, 0, rows, i, size)));
  });
}

function rowsAt({ rowOf }: PopulationTraces, from: number, count: number): number[] {
  return [...rowOf.subarray(from, from + count)].filter((row) => row >= 0);
}

export interface PredictiveSummary {
  readonly targets: number;
  /** Medians over the targets. */
  readonly distance: number;
  readonly floor: number;
  /** Ratio of the two medians, and median of the targets' own ratios. */
  readonly ratio: number;
  readonly medianRatio: number;
}

export function predictiveSummary(distances: readonly number[], floors: readonly number[]): PredictiveSummary {
  const pairs = distances.flatMap((own, t) => {
    const floor = floors[t] as number;
    return Number.isFinite(own) && floor > 0 ? [{ own, floor }] : [];
  });
  const [distanceOfAll, floorOfAll] = [median(pairs.map(({ own }) => own)), median(pairs.map(({ floor }) => floor))];
  return {
    targets: pairs.length,
    distance: distanceOfAll,
    floor: floorOfAll,
    ratio: distanceOfAll / floorOfAll,
    medianRatio: median(pairs.map(({ own, floor }) => own / floor)),
  };
}
