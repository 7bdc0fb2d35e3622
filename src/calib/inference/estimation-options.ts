/** What an estimation is told, and what of it is legal. */
import { FieldOutOfRange } from "../../base/errors.js";
import type { Kernels } from "../../kernels/spaces.js";
import type { Prior } from "./priors/prior.js";
import { type Scheme, schemes } from "./schemes.js";
import type { EnsembleOptions } from "./train-ensemble.js";

export interface EstimationOptions extends EnsembleOptions {
  readonly prior: Prior;
  readonly kernels: Kernels;
  /** 0..2^53-1; fixes weights, folds, batches, atoms, proposals. */
  readonly seed: number;
  /** Default `tsnpe`. */
  readonly scheme?: Scheme;
  /** Thetas per simulation in the atomic loss, 2..30. Default 10. */
  readonly atoms?: number;
  /** Posterior mass that a truncation may cut off. Default 5e-4. */
  readonly truncatedMass?: number;
  /** Draws that a proposal may take per simulation. Default 2000. */
  readonly drawBudget?: number;
  /**
   * `tsnpe` and `npe`: every round also learns the likelihood and pools it with the posterior as held-out simulations say.
   * Four fifths of the later simulations of `tsnpe` are then drawn around the posterior. Far more accurate where
   * simulations are few or parameters many; draws take seconds. Default false.
   */
  readonly likelihood?: boolean;
}

/** @throws FieldOutOfRange */
export function checkOptions(o: EstimationOptions): void {
  const integer = (name: "seed" | "members" | "atoms" | "drawBudget", min: number, max: number): void => {
    const value = o[name];
    if (value !== undefined && (!Number.isInteger(value) || value < min || value > max)) {
      throw new FieldOutOfRange(name, value, `the integers ${min}..${max}`);
    }
  };
  integer("seed", 0, Number.MAX_SAFE_INTEGER);
  integer("members", 1, 10);
  integer("atoms", 2, 30);
  integer("drawBudget", 1, 1_000_000);
  if (o.scheme !== undefined && !schemes.includes(o.scheme))
    throw new FieldOutOfRange("scheme", o.scheme, schemes.join(", "));
  const { truncatedMass = 5e-4, validationFraction = 0.1 } = o;
  if (!(truncatedMass > 0 && truncatedMass < 0.5))
    throw new FieldOutOfRange("truncatedMass", truncatedMass, "(0, 0.5)");
  if (!(validationFraction >= 0.02 && validationFraction <= 0.5)) {
    throw new FieldOutOfRange("validationFraction", validationFraction, "0.02..0.5");
  }
}
