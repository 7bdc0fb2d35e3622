/**
 * The calibration of many neurons of one chip, end to end: targets, probes, simulations spread over the neurons, one
 * estimator for all of them, truncated rounds where they were asked for, predictive check. A neuron that fails is a row
 * of the result with its reason; the others go on.
 */
import type { Clock } from "../../base/clock.js";
import { Rng } from "../../base/rng.js";
import type { Session } from "../../device/interface/index.js";
import type { Kernels } from "../../kernels/spaces.js";
import { checkEstimator, checksFor, failureText, fewestChecks } from "../check-estimator.js";
import { edgePileUp, fewSimulations } from "../diagnostics/warnings.js";
import { TargetUnreachable, TooFewSamples } from "../errors.js";
import type { CalibrationListener } from "../events.js";
import type { TrainingHost } from "../flow/training-host.js";
import type { Posterior } from "../inference/posterior.js";
import type { Prior } from "../inference/priors/prior.js";
import { outOfReach } from "../out-of-reach.js";
import { advanceRecordings, Progress, type SecondsSpent } from "../progress.js";
import type { BatchStore } from "../recording/batch-runner.js";
import { pickRows } from "../recording/neuron-traces.js";
import { NeuronsRecorder } from "../recording/neurons-recorder.js";
import type { ParameterSummary } from "../run-data.js";
import { countSpikes } from "../target/spikes.js";
import { traceOnGrid } from "../target/trace.js";
import { traceRules } from "../task/task.js";
import { assess, type Candidate, summaryOf } from "./assess-neuron.js";
import { defectOf } from "./neuron-checks.js";
import { type EstimatorSettings, priorOf } from "./neuron-estimator.js";
import type { NeuronResult, NeuronsResult } from "./neurons-result.js";
import { Population, type PopulationTraces, type Wanted } from "./population.js";
import { probeCount, withContext } from "./probe.js";
import { Refinement } from "./refine.js";
import { checkNeuronsRequest, type NeuronsRequest, targetCodes } from "./request.js";
import {
  type Contexts,
  contextsOf,
  noContext,
  priorWanted,
  probeRows,
  probeWanted,
  type SharedEstimator,
  trainShared,
} from "./shared-training.js";

export interface NeuronsContext {
  readonly store: BatchStore;
  readonly clock: Clock;
  readonly kernels: Kernels;
  readonly host?: TrainingHost | undefined;
  readonly listener?: CalibrationListener;
  readonly signal?: AbortSignal | undefined;
  /** Seconds that earlier sessions of a resumed run spent. */
  readonly earlier?: SecondsSpent;
}

/** Draws behind means and quantiles. */
const summaryDraws = 2000;

/**
 * @param session exclusive use of the device; left open
 * @throws FieldOutOfRange, TargetInvalid, TargetUnreachable, TooFewSamples (no neuron is left), BatchMismatch,
 * TrainingDiverged, what `Session.run` throws, signal.reason
 */
export async function calibrateNeurons(
  session: Session,
  request: NeuronsRequest,
  context: NeuronsContext,
): Promise<NeuronsResult> {
  checkNeuronsRequest(request);
  const job = new NeuronsJob(session, request, context);
  const { task, simulations } = request;
  for (const text of fewSimulations(task.name, simulations, task.budget.simulations)) job.progress.notice(text);
  await job.obtainTargets();
  await job.probe();
  const shared = await job.learn();
  const diagnostics = await job.diagnose(shared);
  for (let round = 1; round <= request.refinements; round++) await job.refine(shared, round);
  const neurons = await job.check(shared);
  for (const text of session.notices ?? []) job.progress.notice(text);
  return {
    schema: "hxloop.neurons/1",
    device: session.identity,
    task: request.task.name,
    seed: request.seed,
    embedding: shared.source.kind,
    contextSize: shared.probeMap?.size ?? 0,
    recordings: job.recordings,
    seconds: job.progress.spent(context.earlier),
    neurons,
    diagnostics,
    notices: job.progress.notices,
  };
}

class NeuronsJob {
  readonly progress: Progress;
  readonly recordings = { probe: 0, simulations: 0, all: 0 };
  readonly #request: NeuronsRequest;
  readonly #context: NeuronsContext;
  readonly #population: Population;
  readonly #candidates: readonly Candidate[];
  readonly #prior: Prior;
  readonly #rng: Rng;
  #probed: PopulationTraces | undefined;
  #simulated: PopulationTraces | undefined;
  readonly #refinements = new Map<Candidate, Refinement>();

  constructor(session: Session, request: NeuronsRequest, context: NeuronsContext) {
    const { task, neurons, seed, given } = request;
    this.#request = request;
    this.#context = context;
    this.progress = new Progress(context.clock, context.listener);
    const recorder = new NeuronsRecorder(session, { task, seed, given }, context.store, context.signal);
    this.#population = new Population(
      task,
      [{ name: "chip", recorder }],
      neurons.map((neuron) => ({ chip: 0, neuron })),
    );
    const codes = targetCodes(request);
    this.#candidates = neurons.map((neuron, member) => {
      return {
        member,
        neuron,
        failure: undefined,
        truth: codes?.[member],
        target: undefined,
        posterior: undefined,
        doubts: [],
      };
    });
    this.#prior = priorOf(task);
    this.#rng = Rng.fromSeed(seed).fork("neurons");
  }

  get #alive(): Candidate[] {
    return this.#candidates.filter(({ failure }) => failure === undefined);
  }

  async #record(
    phase: "target" | "record" | "predictive",
    stage: string,
    label: string,
    wanted: readonly Wanted[],
  ): Promise<PopulationTraces> {
    const set = await this.progress.phase(
      phase,
      label,
      wanted.length,
      "experiments",
      (advance) => this.#population.record(stage, wanted, (done, kept) => advanceRecordings(advance, done, kept)),
      ({ count }) => `${count} of ${wanted.length} usable`,
    );
    this.recordings.all += wanted.length;
    if (set.reasons.size > 0) {
      const list = [...set.reasons].map(([reason, n]) => `${n} ${reason}`).join(", ");
      this.progress.notice(
        `${stage}: ${wanted.length - set.count} of ${wanted.length} recordings could not be used (${list})`,
      );
    }
    return set;
  }

  /** @throws TargetUnreachable when no neuron has one */
  async obtainTargets(): Promise<void> {
    const { task, target } = this.#request;
    const { length } = task.grid;
    if (target.kind === "trace") {
      const trace = traceOnGrid(target, traceRules(task));
      for (const candidate of this.#candidates) candidate.target = trace;
      for (const note of target.notes ?? []) this.progress.notice(note);
      return;
    }
    const wanted = this.#candidates.map(({ member, truth }) => ({ member, theta: truth as Int32Array }));
    const set = await this.#record("target", "targets", "recording the targets", wanted);
    for (const [i, candidate] of this.#candidates.entries()) {
      const row = set.rowOf[i] as number;
      const trace = row < 0 ? undefined : set.traces.slice(row * length, (row + 1) * length);
      candidate.target = trace;
      if (trace === undefined) candidate.failure = "its target could not be recorded";
      else if (countSpikes(task, trace) === 0) candidate.failure = "its target never spikes";
    }
    if (this.#alive.length === 0)
      throw new TargetUnreachable("of every neuron", "never spikes or could not be recorded");
  }

  /** Record the probes; defects show here. @throws TooFewSamples */
  async probe(): Promise<void> {
    const { task } = this.#request;
    const settings = probeCount(task);
    const members = this.#candidates.map(({ member }) => member);
    const probe = await this.#record(
      "record",
      "probe",
      "recording the probe of each neuron",
      probeWanted(task, members),
    );
    this.recordings.probe = members.length * settings;
    this.#probed = probe;
    for (const candidate of this.#candidates) {
      const rows = [...probe.members].flatMap((member, row) => (member === candidate.member ? [row] : []));
      const defect = defectOf(task, pickRows(probe.traces, task.grid.length, rows), rows.length, settings);
      if (defect !== undefined) candidate.failure = defect;
    }
    const { length } = this.#alive;
    if (length < 2) {
      const reasons = [...new Set(this.#candidates.flatMap(({ failure }) => failure ?? []))].join("; ");
      throw new TooFewSamples("probe", length, this.#candidates.length, 2, reasons);
    }
  }

  /** Simulate all neurons from the prior, and train one estimator for all of them. */
  async learn(): Promise<SharedEstimator> {
    const { task, simulations, seed } = this.#request;
    const { progress, recordings } = this;
    const members = this.#alive.map(({ member }) => member);
    const wanted = priorWanted(this.#prior, members, simulations, this.#rng.fork("simulations"));
    const set = await this.#record("record", "simulations", `recording ${members.length} neurons`, wanted);
    recordings.simulations += wanted.length;
    this.#simulated = set;
    if (set.count < simulations / 2)
      throw new TooFewSamples("simulations", set.count, simulations, simulations / 2, "see notices");
    const probe = { traces: this.#probed as PopulationTraces, members: this.#candidates.length };
    const shared = await progress.phase("posterior", "training one estimator for all neurons", 100, "%", (advance) =>
      trainShared({
        task,
        prior: this.#prior,
        embedding: task.embedding,
        simulations: set,
        probe,
        settings: this.#settings(seed),
        signal: this.#context.signal,
        onEmbedding: (share) => advance(Math.floor(20 * share), "embedding"),
        onTraining: (share) => advance(Math.floor(20 + 80 * share), ""),
      }),
    );
    this.#infer(shared);
    return shared;
  }

  #settings(seed: number): EstimatorSettings {
    const { kernels, host } = this.#context;
    const { members, steps } = this.#request.task.estimator;
    return { kernels, host, seed, members: Math.max(members, 3), steps };
  }

  #infer(shared: SharedEstimator): void {
    const { task } = this.#request;
    const { source, posterior, features, scale } = shared;
    const contexts = this.#contexts(shared);
    const simulated = this.#simulated as PopulationTraces;
    for (const candidate of this.#alive) {
      const xObs = this.#features(candidate, source);
      candidate.posterior = posterior.given(withContext(xObs, contexts, [candidate.member]));
      if (candidate.truth === undefined) {
        const placeOf = (row: number): string => {
          return `neuron ${this.#candidates[simulated.members[row] as number]?.neuron}`;
        };
        const known = { ...simulated, features, scale, placeOf };
        candidate.doubts.push(...outOfReach(task, candidate.target as Float32Array, xObs, known));
      }
    }
  }

  /** Is the shared estimator as sure of itself as it should be, on fresh emulations of all neurons? */
  async diagnose(shared: SharedEstimator): Promise<NeuronsResult["diagnostics"]> {
    const { task, simulations } = this.#request;
    const count = checksFor(simulations);
    if (count === 0) return null;
    const { source, posterior } = shared;
    const rng = this.#rng.fork("checks");
    const wanted = priorWanted(
      this.#prior,
      this.#alive.map(({ member }) => member),
      count,
      rng.fork("theta"),
    );
    const set = await this.#record("predictive", "checks", "emulating settings for the diagnostics", wanted);
    if (set.count < fewestChecks) return null;
    const x = withContext(source.encode(set.traces, set.count), this.#contexts(shared), set.members);
    const names = task.parameters.map(({ name }) => name);
    const checked = checkEstimator(posterior, set.theta, x, names, rng);
    for (const verdict of checked.verdicts) if (!verdict.passed) this.progress.notice(failureText(verdict));
    return checked;
  }

  /** What the probes say of each neuron. */
  #contexts({ source, probeMap }: SharedEstimator): Contexts {
    if (probeMap === undefined) return noContext;
    const probe = this.#probed as PopulationTraces;
    return contextsOf(probeMap, probeRows(this.#request.task, source, probe, this.#candidates.length));
  }

  #features({ target }: Candidate, source: SharedEstimator["source"]): Float32Array {
    return source.encode(target as Float32Array, 1);
  }

  /** One truncated round on every neuron. */
  async refine(shared: SharedEstimator, round: number): Promise<void> {
    const { perRefinement, refinements, seed } = this.#request;
    const { progress, recordings } = this;
    const { source, features } = shared;
    const simulated = this.#simulated as PopulationTraces;
    const alive = this.#alive;
    const wanted: Wanted[] = [];
    for (const candidate of alive) {
      const own = [...simulated.members].flatMap((member, row) => (member === candidate.member ? [row] : []));
      const refinement =
        this.#refinements.get(candidate) ??
        new Refinement(this.#prior, this.#settings(seed + candidate.neuron), {
          theta: pickRows(simulated.theta, this.#prior.size, own),
          x: pickRows(features, source.size, own),
        });
      this.#refinements.set(candidate, refinement);
      const rng = this.#rng.fork(`round ${round} of neuron ${candidate.neuron}`);
      const theta = refinement.propose(candidate.posterior as Posterior, perRefinement, rng);
      for (let i = 0; i < perRefinement; i++) {
        wanted.push({ member: candidate.member, theta: theta.slice(i * this.#prior.size, (i + 1) * this.#prior.size) });
      }
    }
    const label = `recording truncated round ${round} of ${refinements}`;
    const set = await this.#record("record", `refinement-${round}`, label, wanted);
    recordings.simulations += wanted.length;
    const encoded = source.encode(set.traces, set.count);
    await progress.phase(
      "posterior",
      `training each neuron, round ${round} of ${refinements}`,
      alive.length,
      "neurons",
      async (advance) => {
        for (const [done, candidate] of alive.entries()) {
          const own = [...set.members].flatMap((member, row) => (member === candidate.member ? [row] : []));
          const rows = { theta: pickRows(set.theta, this.#prior.size, own), x: pickRows(encoded, source.size, own) };
          const refinement = this.#refinements.get(candidate) as Refinement;
          candidate.posterior = await refinement.train(rows, this.#features(candidate, source), this.#context.signal);
          advance(done + 1);
        }
      },
    );
  }

  /** Emulate draws and repeats of every neuron, and say how each did. */
  async check(shared: SharedEstimator): Promise<NeuronResult[]> {
    const { draws, repeats, task, given } = this.#request;
    const width = this.#prior.size;
    const alive = this.#alive;
    const summaries = new Map<Candidate, ParameterSummary[]>();
    const wantedDraws: Wanted[] = [];
    const wantedRepeats: Wanted[] = [];
    for (const candidate of alive) {
      const { member, neuron, truth } = candidate;
      const posterior = candidate.posterior as Posterior;
      const samples = posterior.sample(summaryDraws, this.#rng.fork(`posterior of neuron ${neuron}`));
      const summary = summaryOf(task, candidate, samples);
      summaries.set(candidate, summary);
      candidate.doubts.push(...edgePileUp(task.parameters, Int32Array.from(samples)));
      const centre = truth ?? Int32Array.from(summary, ({ median }) => Math.round(median));
      for (let i = 0; i < draws; i++) {
        wantedDraws.push({ member, theta: Int32Array.from(samples.subarray(i * width, (i + 1) * width)) });
      }
      for (let i = 0; i < repeats; i++) wantedRepeats.push({ member, theta: centre });
    }
    const repeated = await this.#record("predictive", "repeats", "repeating one setting of each neuron", wantedRepeats);
    const drawn = await this.#record("predictive", "draws", "emulating posterior draws of each neuron", wantedDraws);
    return this.#candidates.map((candidate) => {
      const parameters = summaries.get(candidate) ?? [];
      return assess({ task, given, shared, drawn, repeated }, candidate, parameters);
    });
  }
}
