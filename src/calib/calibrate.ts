/**
 * The calibration of one neuron, end to end: target, data set, autoencoder, rounds of sequential inference, predictive
 * check. It knows the device interface only; whether silicon or software answers cannot be seen from here. Everything
 * random comes from the request's seed through named forks, so that a resumed run continues as if never interrupted.
 */
import type { Clock } from "../base/clock.js";
import { Rng } from "../base/rng.js";
import type { Session } from "../device/interface/index.js";
import type { Kernels } from "../kernels/spaces.js";
import { diagnose } from "./diagnose.js";
import { predictiveCheck } from "./diagnostics/predictive.js";
import { edgePileUp, fewSimulations, predictiveGap, uninformed } from "./diagnostics/warnings.js";
import type { CalibrationListener } from "./events.js";
import type { TrainingHost } from "./flow/training-host.js";
import type { MarginalSummary } from "./inference/posterior.js";
import { type BackendPreference, selectBackend } from "./nn/backend.js";
import { Progress, type SecondsSpent } from "./progress.js";
import { Recorder } from "./recording/recorder.js";
import { describeViews } from "./recording/views.js";
import { type CalibrationRequest, checkRequest } from "./request.js";
import { type Inference, inferRounds } from "./rounds.js";
import type { ParameterSummary, RunData, Target } from "./run-data.js";
import { obtainTarget, type Run, recordStage } from "./stages.js";
import type { RunStore } from "./store.js";
import { withCodes } from "./task/task.js";

export interface CalibrationContext {
  /** Where every batch goes before the next step, and where those of an interrupted run come from. */
  readonly store: RunStore;
  readonly clock: Clock;
  /** Compiled kernels, of `openKernels`. */
  readonly kernels: Kernels;
  /** Where density estimators train, for example on threads; default on this one. */
  readonly host?: TrainingHost;
  readonly listener?: CalibrationListener;
  readonly signal?: AbortSignal;
  /** Tensor backend; default `auto`. */
  readonly backend?: BackendPreference;
  /** What earlier sessions spent on the same run; counted into the result's seconds. */
  readonly earlier?: SecondsSpent;
  /** Versions to note with the run, for example of hxloop and Node. */
  readonly versions?: Readonly<Record<string, string>>;
}

/**
 * Calibrate a neuron and keep the result in the store.
 * @param session exclusive use of the device; left open
 * @throws FieldOutOfRange, TargetInvalid (before the device is touched), TargetUnreachable, TooFewSamples,
 * BatchMismatch, TrainingDiverged, BackendUnavailable, what `Session.run` throws, signal.reason
 */
export async function calibrate(
  session: Session,
  request: CalibrationRequest,
  context: CalibrationContext,
): Promise<RunData> {
  checkRequest(request);
  const { clock, store, signal } = context;
  signal?.throwIfAborted();
  const progress = new Progress(clock, context.listener);
  const plan = { ...request, task: withCodes(request.task, request.given) };
  const recorder = new Recorder(session, plan, store, signal);
  const run: Run = {
    request,
    recorder,
    progress,
    kernels: context.kernels,
    host: context.host,
    rng: Rng.fromSeed(request.seed),
    signal,
  };
  const backend = await selectBackend(context.backend ?? "auto");
  const { task, simulations } = request;
  for (const text of fewSimulations(task.name, simulations, task.budget.simulations)) progress.notice(text);
  const target = await obtainTarget(run);
  const inference = await inferRounds(run, store, target);
  const checked = await checkPosterior(run, target, inference);
  const diagnostics = await diagnose(run, inference);
  for (const text of session.notices ?? []) progress.notice(text);
  const data: RunData = {
    parameters: request.task.parameters,
    facts: {
      device: session.identity,
      neuron: request.neuron,
      task: request.task.name,
      seed: request.seed,
      simulations: request.simulations,
      rounds: request.rounds,
      perRound: inference.perRound,
      backend: backend.name,
      versions: { ...context.versions, ...backend.versions },
      seconds: progress.spent(context.earlier),
      notices: progress.notices,
    },
    target,
    stimulus: request.task.stimulus,
    dataSet: inference.dataSet,
    split: inference.split,
    autoencoder: {
      history: inference.autoencoder.history,
      latentSize: request.task.autoencoder.latentSize,
      views: describeViews(request.task),
    },
    reconstructions: someReconstructions(inference),
    ...checked,
    features: { size: inference.source.size, dataSet: inference.features, target: inference.xObs },
    diagnostics,
  };
  await store.putResult(data);
  return data;
}

type Checked = Pick<RunData, "posterior" | "summary" | "repeats" | "draws" | "predictive">;

/** Draw from the posterior, emulate draws and repeats, and look for reasons to doubt the result. */
async function checkPosterior(run: Run, target: Target, inference: Inference): Promise<Checked> {
  const { task, draws: numDraws } = run.request;
  const { budget, parameters } = task;
  const { posterior, source, xObs, scale } = inference;
  const count = Math.max(budget.posteriorSamples, numDraws);
  const samples = Int32Array.from(posterior.sample(count, run.rng.fork("posterior-samples")));
  const marginals = posterior.summarize(budget.summarySamples, run.rng.fork("posterior-summary"));
  const summary: ParameterSummary[] = parameters.map(({ name, min, max }, j) => {
    const { mean, sd, q05, median, q95 } = marginals[j] as MarginalSummary;
    const quantiles = { q05: toHundredth(q05), median: toHundredth(median), q95: toHundredth(q95) };
    return { name, prior: [min, max], truth: target.theta?.[j] ?? null, mean, sd, ...quantiles };
  });
  const centre = target.theta ?? Int32Array.from(summary, ({ median }) => Math.round(median));
  const repeats = await recordStage(
    run,
    { phase: "predictive", name: "repeats", label: "repeating one setting for the noise floor", needed: 2 },
    Int32Array.from({ length: budget.repeats * parameters.length }, (_, i) => centre[i % parameters.length] as number),
  );
  const draws = await recordStage(
    run,
    { phase: "predictive", name: "draws", label: "emulating posterior draws", needed: 1 },
    samples.slice(0, numDraws * parameters.length),
  );
  const predictive = predictiveCheck(
    xObs,
    source.encode(draws.traces, draws.count),
    source.encode(repeats.traces, repeats.count),
    scale,
  );
  const doubts = [...edgePileUp(parameters, samples), ...uninformed(summary), ...predictiveGap(predictive)];
  for (const text of doubts) run.progress.notice(text);
  return { posterior: { count, samples }, summary, repeats, draws, predictive };
}

/** Interpolation between codes leaves dust in the last digits. */
const toHundredth = (code: number): number => Math.round(100 * code) / 100;

/** Test traces for the figure. */
const shownReconstructions = 6;

function someReconstructions({ dataSet, split, autoencoder }: Inference): RunData["reconstructions"] {
  const indices = split.test.slice(0, shownReconstructions);
  const { length } = dataSet.grid;
  const traces = new Float32Array(indices.length * length);
  for (const [row, index] of indices.entries()) {
    traces.set(dataSet.traces.subarray(index * length, (index + 1) * length), row * length);
  }
  return { indices, traces, reconstructed: autoencoder.reconstruct(traces, indices.length) };
}
