/**
 * The calibration of many neurons of one chip, end to end: targets, probes, simulations spread over the neurons, one
 * estimator for all of them, truncated rounds where they were asked for, predictive check. A neuron that fails is a row
 * of the result with its reason; the others go on.
 */
import type { Session } from "../../device/interface/index.js";
import { fewSimulations } from "../diagnostics/warnings.js";

import type { Candidate } from "./assess-neuron.js";
import { checkNeurons } from "./check-neurons.js";
import { diagnoseShared, learnShared } from "./learn-neurons.js";
import { obtainTargets, recordProbe } from "./neuron-targets.js";
import type { NeuronsResult } from "./neurons-result.js";
import { type NeuronsContext, NeuronsRun } from "./neurons-run.js";
import type { Refinement } from "./refine.js";
import { refineNeurons } from "./refine-neurons.js";
import { checkNeuronsRequest, type NeuronsRequest } from "./request.js";

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
  const run = new NeuronsRun(session, request, context);
  const { task, simulations } = request;
  for (const text of fewSimulations(task.name, simulations, task.budget.simulations)) run.progress.notice(text);
  await obtainTargets(run);
  const learnt = await learnShared(run, await recordProbe(run));
  const { shared } = learnt;
  const diagnostics = await diagnoseShared(run, learnt);
  const refinements = new Map<Candidate, Refinement>();
  for (let round = 1; round <= request.refinements; round++) await refineNeurons(run, learnt, refinements, round);
  const neurons = await checkNeurons(run, shared);
  for (const text of session.notices ?? []) run.progress.notice(text);
  return {
    schema: "hxloop.neurons/1",
    device: session.identity,
    task: request.task.name,
    seed: request.seed,
    embedding: shared.source.kind,
    contextSize: shared.probeMap?.size ?? 0,
    recordings: run.recordings,
    seconds: run.progress.spent(context.earlier),
    neurons,
    diagnostics,
    notices: run.progress.notices,
  };
}
