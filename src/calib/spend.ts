/**
 * When and where emulations are spent: a pilot that shows where the first round is useful, and the question after each
 * round whether another one is needed.
 */
import { type EmbeddingScale, predictiveCheck } from "./diagnostics/predictive.js";
import type { FeatureSource } from "./embedding/feature-source.js";
import type { Estimation } from "./inference/estimation.js";
import type { Posterior } from "./inference/posterior.js";
import { fewestInPilot, joinSets, learnRegion, usefulRows } from "./pilot.js";
import { fewestPerRound } from "./request.js";
import type { Target, TraceSet } from "./run-data.js";
import { type Run, recordStage } from "./stages.js";

const pilotSize = ({ request }: Run, requested: number): number =>
  Math.max(fewestInPilot, Math.round((request.task.estimator.pilot ?? 0) * requested));

/** A pilot needs truncated proposals, and something left to spend. @param requested emulations of the first round */
export function hasPilot(run: Run, requested: number): boolean {
  const { task, scheme } = run.request;
  if ((task.estimator.pilot ?? 0) === 0 || scheme !== "tsnpe" || task.embedding === "pairs") return false;
  return pilotSize(run, requested) + fewestPerRound <= requested;
}

/**
 * The first round in two parts: a few settings of the prior, then of where those were useful for this target.
 * @throws TooFewSamples, what `Session.run` throws, signal.reason
 */
export async function recordWithPilot(
  run: Run,
  estimation: Estimation,
  requested: number,
  target: Target,
): Promise<TraceSet> {
  const { task } = run.request;
  const { prior } = estimation;
  const size = pilotSize(run, requested);
  const draw = (count: number, label: string): Int32Array =>
    Int32Array.from(estimation.propose(count, undefined, run.rng.fork(label)).theta);
  const record = (name: string, label: string, theta: Int32Array): Promise<TraceSet> =>
    recordStage(run, { phase: "record", name, label, needed: Math.ceil(theta.length / prior.size / 2) }, theta);
  const share = (flags: Uint8Array): string => {
    return `${((100 * flags.reduce((sum, u) => sum + u, 0)) / flags.length).toFixed(0)} %`;
  };
  const pilot = await record("pilot", "recording the pilot", draw(size, "pilot/theta"));
  const useful = usefulRows(task, pilot, target.trace);
  const region = await learnRegion(run.kernels, prior, pilot.theta, useful, run.rng.fork("region"), run.signal);
  if (region !== undefined) estimation.restrict(region);
  const rest = await record(
    "round-1",
    region === undefined ? "recording, rest of round 1" : "recording, round 1, where it is useful",
    draw(requested - size, "round-1/theta"),
  );
  run.progress.notice(
    `useful settings (firing within a factor of two as often as the target): ${share(useful)} of ${pilot.count} in the pilot, ${share(usefulRows(task, rest, target.trace))} of the ${rest.count} after it`,
  );
  return joinSets(pilot, rest);
}

/** Draws and repeats that decide whether to go on. */
const stopDraws = 8;
const stopRepeats = 5;

/** Whether emulated draws of a round's posterior are as near to the target as the task asks for. */
export async function reachesFloor(
  run: Run,
  round: number,
  target: Target,
  posterior: Posterior,
  { source, scale }: { readonly source: FeatureSource; readonly scale: EmbeddingScale },
): Promise<boolean> {
  const { stopRatio } = run.request.task.estimator;
  if (stopRatio === undefined) return false;
  const p = posterior.parameters.length;
  const draws = Int32Array.from(posterior.sample(stopDraws, run.rng.fork(`stop-${round}`)));
  const centre = target.theta ?? draws.subarray(0, p);
  const repeats = Int32Array.from({ length: stopRepeats * p }, (_, i) => centre[i % p] as number);
  const record = (name: string, label: string, theta: Int32Array): Promise<TraceSet> =>
    recordStage(run, { phase: "predictive", name: `${name}-${round}`, label, needed: 2 }, theta);
  const repeated = await record("stop-repeats", "repeats, to see whether to go on", repeats);
  const drawn = await record("stop-draws", "posterior draws, to see whether to go on", draws);
  const { distance, noiseFloor } = predictiveCheck(
    source.encode(target.trace, 1),
    source.encode(drawn.traces, drawn.count),
    source.encode(repeated.traces, repeated.count),
    scale,
  );
  if (!(distance <= stopRatio * noiseFloor)) return false;
  run.progress.notice(
    `round ${round} of ${run.request.rounds} was the last: emulated draws are within ${(distance / noiseFloor).toFixed(2)} times the floor of repeats`,
  );
  return true;
}
