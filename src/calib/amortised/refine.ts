/**
 * A truncated round for one neuron and one target: the prior is restricted to all but a little of the posterior's mass,
 * new simulations are made there, and an estimator of the neuron's own is trained on them, on the plain likelihood. What
 * was simulated on this neuron before counts as well where it lies inside.
 */

import type { Rng } from "../../base/rng.js";
import type { Estimation } from "../inference/estimation.js";
import type { Posterior } from "../inference/posterior.js";
import type { Prior } from "../inference/priors/prior.js";
import { type EstimatorSettings, estimationOf, type FeatureRows } from "./neuron-estimator.js";

/** Of a few hundred simulations, the share that each network is judged by: fewer would not tell when to stop. */
const judgedBy = 0.2;

export class Refinement {
  readonly #estimation: Estimation;

  /** @param own simulations of this neuron so far; features without context */
  constructor(prior: Prior, settings: EstimatorSettings, own: FeatureRows | undefined) {
    this.#estimation = estimationOf(prior, settings, "tsnpe", judgedBy);
    if (own !== undefined && own.x.length > 0) this.#estimation.append(own.theta, own.x);
  }

  /**
   * Codes for the next round, shape (count, numParameters). @param posterior what is known so far, of any estimator
   * @throws DrawBudgetExhausted
   */
  propose(posterior: Posterior, count: number, rng: Rng): Int32Array {
    this.#estimation.truncateTo(posterior, rng.fork("region"));
    return Int32Array.from(this.#estimation.propose(count, undefined, rng).theta);
  }

  /** @param xObs features of the target @throws SimulatorFailed, TrainingDiverged, signal.reason */
  async train(rows: FeatureRows, xObs: Float32Array, signal: AbortSignal | undefined): Promise<Posterior> {
    this.#estimation.append(rows.theta, rows.x);
    await this.#estimation.train({ signal });
    return this.#estimation.posterior(xObs);
  }
}
