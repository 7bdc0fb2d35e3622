/**
 * What a finished calibration can say of its own trustworthiness, at a bounded cost: fresh emulations from where the last
 * round was proposed (at most a twelfth of the budget and a hundred) for ranks, coverage and information; a local test at
 * the target; whether the target is like the simulations at all; whether the ensemble's members agree. Each gives a
 * number and a verdict with its false-alarm rate.
 */
import { checkEstimator, checksFor, failureText, fewestChecks } from "./check-estimator.js";
import { ensembleDisagreement } from "./diagnostics/disagreement.js";
import { localC2st } from "./diagnostics/local-c2st.js";
import { checkMisspecification } from "./diagnostics/misspecification.js";
import type { Verdict } from "./diagnostics/verdict.js";
import type { Inference } from "./rounds.js";
import type { CalibrationDiagnostics, RunDiagnostics } from "./run-data.js";
import { type Run, recordStage } from "./stages.js";

/** Classifiers on shuffled labels; the smallest p-value is 1 / 20, the verdict's false-alarm rate. */
const nulls = 19;
const fewestForMisspecification = 100;
/** Standard deviation below which a chip's drift shows, codes. Our choice, after docs/chip-model.md. */
const driftCodes = 3;
const driftDraws = 1000;

/** @throws TooFewSamples, BatchMismatch, what `Session.run` throws, signal.reason */
export async function diagnose(run: Run, inference: Inference): Promise<RunDiagnostics> {
  const { posterior, dataSet, features, xObs } = inference;
  const { amortised } = posterior;
  const rng = run.rng.fork("diagnostics");
  const verdicts: RunDiagnostics["verdicts"][number][] = [];
  const keep = (verdict: RunDiagnostics["verdicts"][number]): void => {
    verdicts.push(verdict);
    if (!verdict.passed) run.progress.notice(failureText(verdict));
  };
  const told = (name: string, verdict: Verdict): void => keep({ name, ...verdict });
  const fresh = await freshChecks(run, inference);
  let calibration: CalibrationDiagnostics | null = null;
  let local: RunDiagnostics["local"] = null;
  if (fresh !== undefined) {
    const names = run.request.task.parameters.map(({ name }) => name);
    const checked = checkEstimator(amortised, fresh.theta, fresh.x, names, rng);
    calibration = checked.calibration;
    for (const verdict of checked.verdicts) keep(verdict);
    if (checked.verdicts.some(({ passed }) => !passed)) {
      for (const text of narrowerThanDrift(names, posterior.summarize(driftDraws, rng.fork("widths"))))
        run.progress.notice(text);
    }
    const signal = run.signal === undefined ? {} : { signal: run.signal };
    const options = { kernels: run.kernels, rng: rng.fork("local"), nulls, ...signal };
    const { verdict, ...numbers } = await localC2st(posterior, fresh.theta, fresh.x, options);
    local = numbers;
    told("L-C2ST at the target", verdict);
  }
  let misspecification: RunDiagnostics["misspecification"] = null;
  if (dataSet.count >= fewestForMisspecification) {
    const map = amortised.ensemble.features;
    const { verdict, ...tests } = checkMisspecification(map, xObs, features, rng.fork("misspecification"));
    misspecification = tests;
    told("misspecification", verdict);
  }
  let disagreement: RunDiagnostics["disagreement"] = null;
  if (amortised.ensemble.members.length > 1) {
    const { verdict, ...numbers } = ensembleDisagreement(posterior, rng.fork("disagreement"));
    disagreement = numbers;
    told("ensemble", verdict);
  }
  return { calibration, local, misspecification, disagreement, verdicts };
}

/**
 * A chip's cells drift by about half a code, other cells' drift looks like some more: who is surer than that sees it.
 * @param marginals one per name
 */
export function narrowerThanDrift(names: readonly string[], marginals: readonly { readonly sd: number }[]): string[] {
  const narrow = names.filter((_, j) => (marginals[j] as { sd: number }).sd < driftCodes);
  if (narrow.length === 0) return [];
  return [
    `the posterior of ${narrow.join(" and ")} is narrower than ${driftCodes} codes: at that precision what a chip's cells drift between the rounds and the fresh emulations shows in their ranks, and need not be a fault of the estimator`,
  ];
}

/** Emulations of settings that are distributed as the last round's were, and that nothing was trained on. */
async function freshChecks(
  run: Run,
  { estimation, source }: Inference,
): Promise<{ theta: Int32Array; x: Float32Array } | undefined> {
  const { simulations } = run.request;
  const count = checksFor(simulations);
  // The atomic loss gives a posterior that holds near the target alone, and its proposal is not the prior's.
  const isLocal = estimation.scheme === "snpe-c" && estimation.round > 1;
  if (count === 0 || isLocal) return undefined;
  const { theta } = estimation.propose(count, undefined, run.rng.fork("checks"));
  const stage = {
    phase: "predictive",
    name: "checks",
    label: "emulating settings for the diagnostics",
    needed: 1,
  } as const;
  const set = await recordStage(run, stage, Int32Array.from(theta));
  return set.count < fewestChecks ? undefined : { theta: set.theta, x: source.encode(set.traces, set.count) };
}
