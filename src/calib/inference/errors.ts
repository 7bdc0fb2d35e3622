/**
 * What can go wrong in simulation-based inference beyond a wrong shape or number. Each class is a different reaction of
 * the caller: mend the prior, mend the observation, look at the simulator, give more budget.
 */
import { taggedError } from "../../base/errors.js";

/** A prior that is no distribution: empty, without width, not positive definite. Way out: what `legal` says. */
export class PriorInvalid extends taggedError("PriorInvalid", "usage") {
  /** Parameter or part of the prior. */
  readonly object: string;
  readonly legal: string;

  constructor(object: string, value: string, legal: string) {
    super(`prior of ${object}: ${value}; legal: ${legal}`);
    this.object = object;
    this.legal = legal;
  }
}

/** An observation that cannot be conditioned on. Way out: mend the value that is named, or the simulator's output. */
export class ObservationInvalid extends taggedError("ObservationInvalid", "input") {
  /** 0-based feature, or undefined when the whole observation is meant. */
  readonly feature: number | undefined;

  constructor(reason: string, feature?: number) {
    super(`observation: ${reason}`);
    this.feature = feature;
  }
}

/** A simulator that gave the wrong number of values, or too few usable ones. Way out: see the reasons in the message. */
export class SimulatorFailed extends taggedError("SimulatorFailed", "method") {
  readonly usable: number;
  readonly simulated: number;

  constructor(usable: number, simulated: number, reason: string, options?: ErrorOptions) {
    super(`simulator: ${usable} of ${simulated} simulations are usable; ${reason}`, options);
    this.usable = usable;
    this.simulated = simulated;
  }
}

/** A sampler that ran out of its draws. Way out: the advice in the message. */
export class DrawBudgetExhausted extends taggedError("DrawBudgetExhausted", "method") {
  readonly wanted: number;
  readonly accepted: number;
  readonly drawn: number;
  /** accepted / drawn. */
  readonly acceptanceRate: number;

  constructor(what: string, wanted: number, accepted: number, drawn: number, advice: string) {
    const rate = drawn === 0 ? 0 : accepted / drawn;
    super(
      `${what}: ${accepted} of ${wanted} accepted after ${drawn} draws (acceptance rate ${rate.toExponential(1)}); ${advice}`,
    );
    this.wanted = wanted;
    this.accepted = accepted;
    this.drawn = drawn;
    this.acceptanceRate = rate;
  }
}

/** Saved data of another kind or version. Way out: load it with the version that wrote it, or train again. */
export class SavedPosteriorInvalid extends taggedError("SavedPosteriorInvalid", "input") {
  constructor(reason: string, options?: ErrorOptions) {
    super(`saved posterior: ${reason}`, options);
  }
}
