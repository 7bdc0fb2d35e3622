/** One cell of the benchmark: infer, draw 10,000, compare with the reference; time is inference and draws, C2ST is not. */
import { Rng } from "../../src/base/rng.js";
import { c2st } from "../../src/calib/diagnostics/c2st.js";
import type { TrainingHost } from "../../src/calib/flow/training-host.js";
import type { EstimationOptions } from "../../src/calib/inference/estimation-options.js";
import type { AmortisedPosterior } from "../../src/calib/inference/posterior.js";
import { runInference } from "../../src/calib/inference/run-inference.js";
import type { Scheme } from "../../src/calib/inference/schemes.js";
import type { Kernels } from "../../src/kernels/spaces.js";
import type { Reference } from "./reference.js";
import type { SbibmTask } from "./task.js";

export interface Machinery {
  readonly kernels: Kernels;
  readonly host: TrainingHost | undefined;
}

interface Elapsed {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

export interface Inferred extends Elapsed {
  readonly posterior: AmortisedPosterior;
}

const draws = 10_000;

/** @param xObs needed by sequential methods */
export async function trainOn(
  task: SbibmTask,
  scheme: Scheme,
  simulations: number,
  xObs: Float32Array | undefined,
  seed: number,
  { kernels, host }: Machinery,
  options: Partial<EstimationOptions> = {},
): Promise<Inferred> {
  const stop = stopwatch();
  const { amortised } = await runInference({
    prior: task.prior,
    simulator: (theta, { rng }) => task.simulate(theta, rng),
    simulations,
    scheme,
    kernels,
    host,
    seed,
    ...(xObs === undefined ? {} : { xObs }),
    ...options,
  });
  return { posterior: amortised, ...stop() };
}

export async function scoreOn(
  posterior: AmortisedPosterior,
  reference: Reference,
  seed: number,
  { kernels }: Machinery,
): Promise<Elapsed & { readonly c2st: number }> {
  const stop = stopwatch();
  const samples = posterior.given(reference.observation).sample(draws, Rng.fromSeed(seed).fork("draws"));
  const elapsed = stop();
  const { score } = await c2st(reference.samples, samples, posterior.prior.size, {
    kernels,
    rng: Rng.fromSeed(1).fork("c2st"),
  });
  return { c2st: score, ...elapsed };
}

/** Wall time and time of all threads of this process. */
function stopwatch(): () => Elapsed {
  const [wall, cpu] = [performance.now(), process.cpuUsage()];
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return { seconds: (performance.now() - wall) / 1000, cpuSeconds: (user + system) / 1e6 };
  };
}
