/** One cell of the benchmark: infer, draw 10,000, compare with the reference; time is inference and draws, C2ST is not. */
import { Rng } from "../../src/base/rng.js";
import { c2st } from "../../src/calib/diagnostics/c2st.js";
import { Estimation, type EstimationOptions } from "../../src/calib/inference/estimation.js";
import type { AmortisedPosterior } from "../../src/calib/inference/posterior.js";
import { simulationsPerRound } from "../../src/calib/inference/run-inference.js";
import type { Scheme } from "../../src/calib/inference/schemes.js";
import type { Kernels } from "../../src/kernels/spaces.js";
import type { Reference } from "./reference.js";
import type { SbibmTask } from "./task.js";

export interface Trained {
  readonly posterior: AmortisedPosterior;
  readonly seconds: number;
  /** Accepted share of each proposal's draws. */
  readonly acceptance: readonly number[];
}

export const draws = 10_000;

/** @param xObs needed by sequential methods */
export async function trainOn(
  task: SbibmTask,
  method: Scheme,
  simulations: number,
  xObs: Float32Array | undefined,
  seed: number,
  kernels: Kernels,
  options: Partial<EstimationOptions> = {},
): Promise<Trained> {
  const started = performance.now();
  const rng = Rng.fromSeed(seed).fork("simulations");
  const estimation = new Estimation({ prior: task.prior, kernels, seed, scheme: method, ...options });
  const acceptance: number[] = [];
  const counts = simulationsPerRound(simulations, method === "npe" ? 1 : 3);
  for (const [round, count] of counts.entries()) {
    const { theta, acceptanceRate } = estimation.propose(count, xObs, rng.fork(`propose-${round}`));
    acceptance.push(acceptanceRate);
    estimation.append(theta, task.simulate(theta, rng.fork(`simulate-${round}`)));
    await estimation.train({ draft: round < counts.length - 1 });
  }
  return { posterior: estimation.amortised, seconds: (performance.now() - started) / 1000, acceptance };
}

export async function scoreOn(
  posterior: AmortisedPosterior,
  reference: Reference,
  seed: number,
  kernels: Kernels,
): Promise<{ c2st: number; seconds: number }> {
  const started = performance.now();
  const samples = posterior.given(reference.observation).sample(draws, Rng.fromSeed(seed).fork("draws"));
  const seconds = (performance.now() - started) / 1000;
  const d = posterior.prior.size;
  const { score } = await c2st(reference.samples, samples, d, { kernels, rng: Rng.fromSeed(1).fork("c2st") });
  return { c2st: score, seconds };
}
