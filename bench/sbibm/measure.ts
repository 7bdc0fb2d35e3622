/** One cell of the benchmark: infer, draw 10,000, compare with the reference; time is inference and draws, C2ST is not. */
import { Rng } from "../../src/base/rng.js";
import { c2st } from "../../src/calib/diagnostics/c2st.js";
import { Estimation, type EstimationOptions } from "../../src/calib/inference/estimation.js";
import type { AmortisedPosterior } from "../../src/calib/inference/posterior.js";
import type { Kernels } from "../../src/kernels/spaces.js";
import type { Reference } from "./reference.js";
import type { SbibmTask } from "./task.js";

export interface Trained {
  readonly posterior: AmortisedPosterior;
  readonly seconds: number;
  /** Accepted share of each proposal's draws. */
  readonly acceptance: readonly number[];
}

export type Method = "npe" | "tsnpe" | "snpe-c";
export const draws = 10_000;

/** Share of the simulations in each round. */
export function roundsOf(method: Method, simulations: number): number[] {
  if (method === "npe") return [simulations];
  const first = Math.round(0.4 * simulations);
  const second = Math.round(0.3 * simulations);
  return [first, second, simulations - first - second];
}

/** @param xObs needed by sequential methods */
export async function trainOn(
  task: SbibmTask,
  method: Method,
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
  for (const [round, count] of roundsOf(method, simulations).entries()) {
    const { theta, acceptanceRate } = estimation.propose(count, xObs, rng.fork(`propose-${round}`));
    acceptance.push(acceptanceRate);
    estimation.append(theta, task.simulate(theta, rng.fork(`simulate-${round}`)));
    await estimation.train();
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
