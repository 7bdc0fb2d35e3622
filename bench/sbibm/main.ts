/**
 * `npm run results:sbibm`: C2ST against reference posteriors, seconds of inference and draws, and coverage, per task,
 * method, budget, observation and seed; published numbers beside them. Any folder of references in sbibm's layout serves.
 */
import { cpus, loadavg } from "node:os";
import { Command } from "commander";
import { openKernels } from "../../src/api/open-kernels.js";
import { Rng } from "../../src/base/rng.js";
import { calibrationDraws, checkCalibration } from "../../src/calib/diagnostics/calibration.js";
import { type Scheme, schemes } from "../../src/calib/inference/schemes.js";
import { machine } from "../harness.js";
import { scoreOn, type Trained, trainOn } from "./measure.js";
import { loadReference, missingReference, referenceFolder } from "./reference.js";
import { measured, rivalText } from "./rivals.js";
import type { SbibmTask } from "./task.js";
import { sbibmTasks } from "./tasks.js";

interface Row {
  readonly task: string;
  readonly method: Scheme;
  readonly simulations: number;
  readonly observation: number;
  readonly seed: number;
  readonly c2st: number;
  /** Simulation, training, 10,000 draws. */
  readonly seconds: number;
  readonly drawSeconds: number;
  /** Of an amortised posterior on 300 fresh simulations. */
  readonly coverageError: number | undefined;
}

const list = (text: string): string[] => text.split(",").map((word) => word.trim());
/** `1-3,7` as numbers. */
const ranges = (text: string): number[] =>
  list(text).flatMap((part) => {
    const [from = Number.NaN, to = from] = part.split("-").map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });

const program: Command = new Command("results:sbibm")
  .option("--reference <DIR>", "folder of reference posteriors, TASK/observation-N inside", referenceFolder())
  .option(
    "--tasks <LIST>",
    "names",
    list,
    sbibmTasks.slice(0, 5).map(({ name }) => name),
  )
  .option("--budgets, --simulations <LIST>", "simulations", (text: string) => list(text).map(Number), [1000, 10_000])
  .option("--observations <RANGES>", "for example 1-3", ranges, [1, 2, 3])
  .option("--seeds <RANGES>", "for example 1-5", ranges, [1, 2, 3, 4, 5])
  .option("--method, --methods <LIST>", schemes.join(", "), list, ["npe", "tsnpe"])
  .option("--coverage", "also measure coverage on 300 fresh simulations (npe only)")
  .option("--json", "one JSON object per line instead of text");

const options = program.parse().opts<{
  reference: string;
  tasks: string[];
  simulations: number[];
  observations: number[];
  seeds: number[];
  methods: Scheme[];
  coverage?: true;
  json?: true;
}>();

const kernels = openKernels();
if (!options.json) {
  console.log(`${machine()}; kernels ${kernels.variant}; load ${loadavg()[0]?.toFixed(1)} on ${cpus().length} cores`);
}
for (const name of options.tasks) {
  const task = sbibmTasks.find((t) => t.name === name);
  if (task === undefined) program.error(`--tasks: ${name} is none of ${sbibmTasks.map((t) => t.name).join(", ")}`);
  for (const method of options.methods) {
    if (!schemes.includes(method)) program.error(`--method: ${method} is none of ${schemes.join(", ")}`);
    for (const simulations of options.simulations) await cell(task, method, simulations);
  }
}

/** All observations and seeds of one task, method and budget. */
async function cell(task: SbibmTask, method: Scheme, simulations: number): Promise<void> {
  const rows: Row[] = [];
  for (const seed of options.seeds) {
    let amortised: Trained | undefined;
    for (const observation of options.observations) {
      const missing = missingReference(options.reference, task.name, observation);
      if (missing !== undefined) program.error(missing);
      const reference = loadReference(options.reference, task.name, observation);
      const xObs = method === "npe" ? undefined : reference.observation;
      const trained = amortised ?? (await trainOn(task, method, simulations, xObs, seed, kernels));
      if (method === "npe") amortised = trained;
      const { c2st, seconds } = await scoreOn(trained.posterior, reference, seed, kernels);
      const first = rows.every((row) => row.seed !== seed);
      const coverageError = options.coverage && method === "npe" && first ? coverageOf(task, trained, seed) : undefined;
      const cellRow = { task: task.name, method, simulations, observation, seed, c2st };
      const row: Row = { ...cellRow, seconds: trained.seconds + seconds, drawSeconds: seconds, coverageError };
      rows.push(row);
      if (options.json) console.log(JSON.stringify(row));
    }
  }
  if (!options.json) console.log(summary(rows));
}

function coverageOf(task: SbibmTask, { posterior }: Trained, seed: number): number {
  const rng = Rng.fromSeed(seed).fork("coverage");
  const theta = task.prior.sample(300, rng.fork("theta"));
  const x = task.simulate(theta, rng.fork("x"));
  const names = task.prior.parameters.map(({ name }) => name);
  const draws = calibrationDraws(posterior, theta, x, 500, rng.fork("draws"));
  return checkCalibration(draws, names, rng.fork("ranks")).expectedCoverage.error;
}

/** One line: mean with a bootstrap interval over observations and seeds, per observation, seconds, rivals. */
function summary(rows: readonly Row[]): string {
  const { task, method, simulations } = rows[0] as Row;
  const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
  const scores = rows.map((row) => row.c2st);
  const rng = Rng.fromSeed(1).fork("bootstrap");
  const means = Array.from({ length: 2000 }, () => mean(scores.map(() => scores[rng.int(scores.length)] as number)));
  means.sort((a, b) => a - b);
  const [low, high] = [means[50] as number, means[1949] as number];
  const perObservation = options.observations.map((o) =>
    mean(rows.filter((row) => row.observation === o).map((row) => row.c2st)).toFixed(3),
  );
  const seconds = mean(rows.map((row) => row.seconds)).toFixed(1);
  const drawn = mean(rows.map((row) => row.drawSeconds)).toFixed(2);
  const errors = rows.flatMap((row) => (row.coverageError === undefined ? [] : [row.coverageError]));
  const coverage = errors.length === 0 ? "" : `  coverage error ${mean(errors).toFixed(3)}`;
  const own = measured[`${task} ${method} ${simulations}`];
  return [
    `${task} ${method} ${simulations}: C2ST ${mean(scores).toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`,
    `observations ${perObservation.join(" ")}`,
    `${seconds} s (10,000 draws ${drawn} s)${coverage}`,
    `published ${rivalText(task, method, simulations)}${own === undefined ? "" : `, sbi 0.27 ${own}`}`,
  ].join("  ");
}
