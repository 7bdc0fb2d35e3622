/**
 * The table of accuracies: every task, method and number of simulations, seed after seed, so that a table that is cut
 * short has few seeds rather than few tasks. Seconds are those of inference and draws; the score's own time is not.
 */
import { openKernels } from "../../src/api/open-kernels.js";
import { TrainingThreads } from "../../src/api/training-threads.js";
import { Rng } from "../../src/base/rng.js";
import { calibrationDraws, checkCalibration } from "../../src/calib/diagnostics/calibration.js";
import type { Scheme } from "../../src/calib/inference/schemes.js";
import { BadOption, type BenchRow } from "../harness.js";
import { type Inferred, type Machinery, scoreOn, trainOn } from "./measure.js";
import type { TableOptions } from "./options.js";
import { loadReference, missingReference } from "./reference.js";
import { publishedFor, rivalText } from "./rivals.js";
import type { SbibmTask } from "./task.js";

interface Cell {
  readonly task: SbibmTask;
  readonly method: Scheme;
  readonly simulations: number;
}

interface Score {
  readonly cell: Cell;
  readonly observation: number;
  readonly seed: number;
  readonly c2st: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly drawSeconds: number;
  readonly coverageError: number | undefined;
}

/** One piece of work: an inference and all observations that it serves. */
interface Run {
  readonly cell: Cell;
  readonly seed: number;
  readonly observations: readonly number[];
}

export async function accuracyRows(options: TableOptions, note: (line: string) => void): Promise<BenchRow[]> {
  for (const { name } of options.tasks) {
    for (const observation of options.observations) {
      const missing = missingReference(options.reference, name, observation);
      if (missing !== undefined) throw new BadOption(missing);
    }
  }
  const threads = options.threads > 1 ? new TrainingThreads(options.threads) : undefined;
  const machinery: Machinery = { kernels: openKernels(), host: threads };
  const runs = plan(options);
  const scores: Score[] = [];
  const started = performance.now();
  const minutes = (): number => (performance.now() - started) / 60_000;
  try {
    for (const [done, run] of runs.entries()) {
      if (minutes() > options.minutes) {
        note(`stopped after ${options.minutes} minutes: ${runs.length - done} of ${runs.length} inferences left out`);
        break;
      }
      const fresh = await scoresOf(run, options, machinery);
      scores.push(...fresh);
      const left = minutes() * (runs.length / (done + 1) - 1);
      for (const score of fresh) note(scoreText(score));
      note(
        `  ${done + 1} of ${runs.length} inferences, ${minutes().toFixed(0)} min, about ${left.toFixed(0)} min left`,
      );
    }
  } finally {
    await threads?.close();
  }
  return cellsOf(options).flatMap((cell) => {
    const own = scores.filter((score) => score.cell.task === cell.task && score.cell.method === cell.method);
    return rowOf(
      cell,
      own.filter((score) => score.cell.simulations === cell.simulations),
      note,
    );
  });
}

function cellsOf({ tasks, methods, simulations }: TableOptions): Cell[] {
  return tasks.flatMap((task) => {
    return methods.flatMap((method) => simulations.map((count) => ({ task, method, simulations: count })));
  });
}

function plan(options: TableOptions): Run[] {
  return options.seeds.flatMap((seed) => {
    return cellsOf(options).flatMap((cell): Run[] => {
      const { observations } = options;
      if (cell.method === "npe") return [{ cell, seed, observations }];
      return observations.map((observation) => ({ cell, seed, observations: [observation] }));
    });
  });
}

async function scoresOf(run: Run, options: TableOptions, machinery: Machinery): Promise<Score[]> {
  const { cell, seed, observations } = run;
  const { task, method, simulations } = cell;
  const references = observations.map((o) => loadReference(options.reference, task.name, o));
  const xObs = method === "npe" ? undefined : references[0]?.observation;
  const inferred = await trainOn(task, method, simulations, xObs, seed, machinery, {
    ...(options.likelihood && method === "npe" ? { likelihood: true } : {}),
  });
  const scores: Score[] = [];
  for (const [i, reference] of references.entries()) {
    const { c2st, seconds, cpuSeconds } = await scoreOn(inferred.posterior, reference, seed, machinery);
    scores.push({
      cell,
      seed,
      observation: observations[i] as number,
      c2st,
      seconds: inferred.seconds + seconds,
      cpuSeconds: inferred.cpuSeconds + cpuSeconds,
      drawSeconds: seconds,
      coverageError: method === "npe" && i === 0 ? coverageOf(task, inferred, seed, options.coverage) : undefined,
    });
  }
  return scores;
}

function coverageOf(task: SbibmTask, { posterior }: Inferred, seed: number, count: number): number | undefined {
  if (count === 0) return undefined;
  const rng = Rng.fromSeed(seed).fork("coverage");
  const theta = task.prior.sample(count, rng.fork("theta"));
  const x = task.simulate(theta, rng.fork("x"));
  const names = task.prior.parameters.map(({ name }) => name);
  const draws = calibrationDraws(posterior, theta, x, 500, rng.fork("draws"));
  return checkCalibration(draws, names, rng.fork("ranks")).expectedCoverage.error;
}

const nameOf = ({ task, method, simulations }: Cell): string => `${task.name} ${method} ${simulations}`;

function scoreText({ cell, observation, seed, c2st, seconds, cpuSeconds, coverageError }: Score): string {
  const coverage = coverageError === undefined ? "" : `  coverage error ${coverageError.toFixed(3)}`;
  const time = `${seconds.toFixed(1)} s (${cpuSeconds.toFixed(1)} s of CPU)`;
  return `  ${nameOf(cell)} observation ${observation} seed ${seed}: C2ST ${c2st.toFixed(3)}  ${time}${coverage}`;
}

const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;

/** A row beside the published value, and a line with everything else; nothing without scores. */
function rowOf(cell: Cell, scores: readonly Score[], note: (line: string) => void): BenchRow[] {
  if (scores.length === 0) return [];
  const all = scores.map((score) => score.c2st);
  const score = mean(all);
  const [low, high] = bootstrap(all);
  const perObservation = Object.fromEntries(
    [...new Set(scores.map(({ observation }) => observation))].map((o) => [
      o,
      mean(scores.filter(({ observation }) => observation === o).map(({ c2st }) => c2st)),
    ]),
  );
  const errors = scores.flatMap(({ coverageError }) => (coverageError === undefined ? [] : [coverageError]));
  const details = {
    low,
    high,
    perObservation,
    seeds: new Set(scores.map(({ seed }) => seed)).size,
    seconds: mean(scores.map((s) => s.seconds)),
    cpuSeconds: mean(scores.map((s) => s.cpuSeconds)),
    drawSeconds: mean(scores.map((s) => s.drawSeconds)),
    coverageError: errors.length === 0 ? null : mean(errors),
  };
  const { task, method, simulations } = cell;
  note(
    [
      `${nameOf(cell)}: C2ST ${score.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}], ${details.seeds} seeds`,
      `observations ${Object.values(perObservation)
        .map((v) => v.toFixed(3))
        .join(" ")}`,
      `${details.seconds.toFixed(1)} s, ${details.cpuSeconds.toFixed(1)} s of CPU (10,000 draws ${details.drawSeconds.toFixed(2)} s)`,
      ...(details.coverageError === null ? [] : [`coverage error ${details.coverageError.toFixed(3)}`]),
      rivalText(task.name, method, simulations),
    ].join("; "),
  );
  const published = publishedFor(task.name, method, simulations)?.score;
  const peer = published === undefined ? null : "published";
  const ratio = published === undefined ? null : published / score;
  return [{ name: nameOf(cell), value: score, unit: "C2ST", peer, peerValue: published ?? null, ratio, details }];
}

/** The central 95 % of the mean over resampled observations and seeds. */
function bootstrap(values: readonly number[]): [number, number] {
  const rng = Rng.fromSeed(1).fork("bootstrap");
  const means = Array.from({ length: 2000 }, () => mean(values.map(() => values[rng.int(values.length)] as number)));
  means.sort((a, b) => a - b);
  return [means[50] as number, means[1949] as number];
}
