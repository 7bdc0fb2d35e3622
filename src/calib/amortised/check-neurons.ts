/** The end of a calibration of many neurons: posterior draws and repeats of each are emulated, and each gets its row. */
import { edgePileUp } from "../diagnostics/warnings.js";
import type { Posterior } from "../inference/posterior.js";
import type { ParameterSummary } from "../run-data.js";
import { assess, type Candidate, summaryOf } from "./assess-neuron.js";
import type { NeuronResult } from "./neurons-result.js";
import type { NeuronsRun } from "./neurons-run.js";
import type { Wanted } from "./population.js";
import type { SharedEstimator } from "./shared-training.js";

/** Draws behind means and quantiles. */
const summaryDraws = 2000;

/** Emulate draws and repeats of every neuron, and say how each did. */
export async function checkNeurons(run: NeuronsRun, shared: SharedEstimator): Promise<NeuronResult[]> {
  const { draws, repeats, task, given } = run.request;
  const width = run.prior.size;
  const alive = run.alive;
  const summaries = new Map<Candidate, ParameterSummary[]>();
  const wantedDraws: Wanted[] = [];
  const wantedRepeats: Wanted[] = [];
  for (const candidate of alive) {
    const { member, neuron, truth } = candidate;
    const posterior = candidate.posterior as Posterior;
    const samples = posterior.sample(summaryDraws, run.rng.fork(`posterior of neuron ${neuron}`));
    const summary = summaryOf(task, candidate, samples);
    summaries.set(candidate, summary);
    candidate.doubts.push(...edgePileUp(task.parameters, Int32Array.from(samples)));
    const centre = truth ?? Int32Array.from(summary, ({ median }) => Math.round(median));
    for (let i = 0; i < draws; i++) {
      wantedDraws.push({ member, theta: Int32Array.from(samples.subarray(i * width, (i + 1) * width)) });
    }
    for (let i = 0; i < repeats; i++) wantedRepeats.push({ member, theta: centre });
  }
  const repeated = await run.record("predictive", "repeats", "repeating one setting of each neuron", wantedRepeats);
  const drawn = await run.record("predictive", "draws", "emulating posterior draws of each neuron", wantedDraws);
  return run.candidates.map((candidate) => {
    const parameters = summaries.get(candidate) ?? [];
    return assess({ task, given, shared, drawn, repeated }, candidate, parameters);
  });
}
