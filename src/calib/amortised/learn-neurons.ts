/** One estimator for many neurons: simulated, trained, asked for every target, and examined. */
import { checkEstimator, checksFor, failureText, fewestChecks } from "../check-estimator.js";
import { TooFewSamples } from "../errors.js";
import { outOfReach } from "../out-of-reach.js";
import type { Candidate } from "./assess-neuron.js";
import type { NeuronsResult } from "./neurons-result.js";
import type { NeuronsRun } from "./neurons-run.js";
import type { PopulationTraces } from "./population.js";
import { withContext } from "./probe.js";
import {
  type Contexts,
  contextsOf,
  noContext,
  priorWanted,
  probeRows,
  type SharedEstimator,
  trainShared,
} from "./shared-training.js";

/** What is known of all neurons once one estimator was trained for them. */
export interface LearntNeurons {
  readonly shared: SharedEstimator;
  /** Of the prior, over all neurons. */
  readonly simulated: PopulationTraces;
  /** What the probes say of each. */
  readonly contexts: Contexts;
}

/** Simulate all neurons from the prior, and train one estimator for all of them. */
export async function learnShared(run: NeuronsRun, probed: PopulationTraces): Promise<LearntNeurons> {
  const { task, simulations, seed } = run.request;
  const { progress, recordings } = run;
  const members = run.alive.map(({ member }) => member);
  const wanted = priorWanted(run.prior, members, simulations, run.rng.fork("simulations"));
  const set = await run.record("record", "simulations", `recording ${members.length} neurons`, wanted);
  recordings.simulations += wanted.length;
  if (set.count < simulations / 2)
    throw new TooFewSamples("simulations", set.count, simulations, simulations / 2, "see notices");
  const probe = { traces: probed, members: run.candidates.length };
  const shared = await progress.phase("posterior", "training one estimator for all neurons", 100, "%", (advance) =>
    trainShared({
      task,
      prior: run.prior,
      embedding: task.embedding,
      simulations: set,
      probe,
      settings: run.settings(seed),
      signal: run.context.signal,
      onEmbedding: (share) => advance(Math.floor(20 * share), "embedding"),
      onTraining: (share) => advance(Math.floor(20 + 80 * share), ""),
    }),
  );
  const learnt = { shared, simulated: set, contexts: contextsOfAll(run, shared, probed) };
  infer(run, learnt);
  return learnt;
}

function infer(run: NeuronsRun, { shared, simulated, contexts }: LearntNeurons): void {
  const { task } = run.request;
  const { source, posterior, features, scale } = shared;
  for (const candidate of run.alive) {
    const xObs = featuresOf(candidate, source);
    candidate.posterior = posterior.given(withContext(xObs, contexts, [candidate.member]));
    if (candidate.truth === undefined) {
      const placeOf = (row: number): string => {
        return `neuron ${run.candidates[simulated.members[row] as number]?.neuron}`;
      };
      const known = { ...simulated, features, scale, placeOf };
      candidate.doubts.push(...outOfReach(task, candidate.target as Float32Array, xObs, known));
    }
  }
}

/** Is the shared estimator as sure of itself as it should be, on fresh emulations of all neurons? */
export async function diagnoseShared(
  run: NeuronsRun,
  { shared, contexts }: LearntNeurons,
): Promise<NeuronsResult["diagnostics"]> {
  const { task, simulations } = run.request;
  const count = checksFor(simulations);
  if (count === 0) return null;
  const { source, posterior } = shared;
  const rng = run.rng.fork("checks");
  const wanted = priorWanted(
    run.prior,
    run.alive.map(({ member }) => member),
    count,
    rng.fork("theta"),
  );
  const set = await run.record("predictive", "checks", "emulating settings for the diagnostics", wanted);
  if (set.count < fewestChecks) return null;
  const x = withContext(source.encode(set.traces, set.count), contexts, set.members);
  const names = task.parameters.map(({ name }) => name);
  const checked = checkEstimator(posterior, set.theta, x, names, rng);
  for (const verdict of checked.verdicts) if (!verdict.passed) run.progress.notice(failureText(verdict));
  return checked;
}

/** What the probes say of each neuron. */
function contextsOfAll(run: NeuronsRun, { source, probeMap }: SharedEstimator, probe: PopulationTraces): Contexts {
  if (probeMap === undefined) return noContext;
  return contextsOf(probeMap, probeRows(run.request.task, source, probe, run.candidates.length));
}

/** Features of a neuron's target, shape (source.size). */
export function featuresOf({ target }: Candidate, source: SharedEstimator["source"]): Float32Array {
  return source.encode(target as Float32Array, 1);
}
