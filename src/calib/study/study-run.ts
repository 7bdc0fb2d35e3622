/**
 * What every study works with: chips that are opened when they are first needed, neurons that work, recordings that are
 * kept. A study is a calibration method judged many times; it sees chips through the device interface, like any other.
 */
import type { Rng } from "../../base/rng.js";
import type { Session } from "../../device/interface/index.js";
import type { Kernels } from "../../kernels/spaces.js";
import { defectOf } from "../amortised/neuron-checks.js";
import {
  type Member,
  Population,
  type PopulationChip,
  type PopulationTraces,
  type TraceCache,
  type Wanted,
} from "../amortised/population.js";
import { probeCount } from "../amortised/probe.js";
import { priorWanted, probeWanted } from "../amortised/shared-training.js";
import { TooFewSamples } from "../errors.js";
import type { TrainingHost } from "../flow/training-host.js";
import type { Prior } from "../inference/priors/prior.js";
import { advanceRecordings, type Progress } from "../progress.js";
import { pickRows } from "../recording/neuron-traces.js";
import { type GivenCodes, NeuronsRecorder } from "../recording/neurons-recorder.js";
import { countSpikes } from "../target/spikes.js";
import type { Task } from "../task/task.js";

export interface StudyContext {
  /** A session on a chip by its name; the study closes none of them. */
  readonly openChip: (name: string) => Promise<Session>;
  readonly cache: TraceCache;
  readonly kernels: Kernels;
  readonly host?: TrainingHost | undefined;
  readonly progress: Progress;
  readonly signal?: AbortSignal | undefined;
}

export interface StudyPopulation {
  readonly chips: readonly string[];
  /** AtomicNeuronOnDls, the same on every chip. */
  readonly neurons: readonly number[];
}

/** Recordings that forget their raw samples: a study keeps traces. */
const noStore = { putBatch: async () => undefined, getBatch: async () => undefined };

export interface StudyNeurons {
  readonly population: Population;
  /** Index of every member that works. */
  readonly working: readonly number[];
  /** Members that do not, in words. */
  readonly leftOut: readonly string[];
  /** Of all members. */
  readonly probe: PopulationTraces;
}

/** Open the chips, record the probe of every neuron, leave out what is broken. @throws TooFewSamples */
export async function findNeurons(
  context: StudyContext,
  task: Task,
  { chips, neurons }: StudyPopulation,
  seed: number,
  given?: readonly (GivenCodes | undefined)[],
): Promise<StudyNeurons> {
  const opened: PopulationChip[] = [];
  for (const [k, name] of chips.entries()) {
    const session = await context.openChip(name);
    const plan = { task, seed, given: given?.[k] };
    opened.push({ name, recorder: new NeuronsRecorder(session, plan, noStore, context.signal) });
  }
  const members = chips.flatMap((_, chip) => neurons.map((neuron): Member => ({ chip, neuron })));
  const { cache } = context;
  const population = new Population(task, opened, members, {
    get: (key, theta) => cache.get(`seed-${seed}/${key}`, theta),
    put: (key, theta, traces) => cache.put(`seed-${seed}/${key}`, theta, traces),
  });
  const settings = probeCount(task);
  const all = members.map((_, member) => member);
  const probe = await recordStudy(context, population, "probe", "recording probes", probeWanted(task, all));
  const leftOut: string[] = [];
  const working = all.filter((member) => {
    const rows = [...probe.members].flatMap((m, row) => (m === member ? [row] : []));
    const defect = defectOf(task, pickRows(probe.traces, task.grid.length, rows), rows.length, settings);
    if (defect === undefined) return true;
    const { chip, neuron } = members[member] as Member;
    leftOut.push(`neuron ${neuron} of ${chips[chip]}: ${defect}`);
    return false;
  });
  if (working.length < 1) throw new TooFewSamples("probe", 0, members.length, 1, leftOut.join("; "));
  return { population, working, leftOut, probe };
}

/** Record with progress. */
export async function recordStudy(
  { progress }: StudyContext,
  population: Population,
  stage: string,
  label: string,
  wanted: readonly Wanted[],
): Promise<PopulationTraces> {
  return await progress.phase(
    "record",
    label,
    wanted.length,
    "experiments",
    (advance) => population.record(stage, wanted, (done, kept) => advanceRecordings(advance, done, kept)),
    ({ count }) => `${count} of ${wanted.length} usable`,
  );
}

/** A target that was drawn from the prior and recorded once. */
export interface StudyTarget {
  readonly member: number;
  readonly theta: Int32Array;
  /** Shape (task.grid.length), MADC LSB. */
  readonly trace: Float32Array;
}

/** Recordings per target that is asked for, at most: about a quarter of the prior never spikes. */
const mostAttempts = 4;

/**
 * Targets drawn from the prior on the members in turn; those that never spike are refused, as a calibration refuses
 * them, and replaced. @returns the targets, and how many were refused @throws TooFewSamples
 */
export async function recordTargets(
  context: StudyContext,
  { population, working }: Pick<StudyNeurons, "population" | "working">,
  prior: Prior,
  count: number,
  rng: Rng,
  stage = "targets",
): Promise<{ readonly targets: StudyTarget[]; readonly refused: number }> {
  const { task } = population;
  const targets: StudyTarget[] = [];
  let recorded = 0;
  for (let part = 1; targets.length < count; part++) {
    const missing = Math.min(Math.ceil(1.4 * (count - targets.length)), mostAttempts * count - recorded);
    if (missing <= 0) throw new TooFewSamples(stage, targets.length, recorded, count, "the others never spike");
    const rotated = working.map((_, k) => working[(k + targets.length) % working.length] as number);
    const wanted = priorWanted(prior, rotated, missing, rng.fork(`part ${part}`));
    const set = await recordStudy(context, population, `${stage}-${part}`, "recording targets", wanted);
    recorded += missing;
    for (const [i, { member, theta }] of wanted.entries()) {
      const row = set.rowOf[i] as number;
      if (row < 0 || targets.length === count) continue;
      const trace = pickRows(set.traces, task.grid.length, [row]);
      if (countSpikes(task, trace) > 0) targets.push({ member, theta, trace });
    }
  }
  return { targets, refused: recorded - targets.length };
}
