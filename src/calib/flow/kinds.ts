/** The kinds of density estimators: from a shape to its architecture and to an engine that runs it. */
import type { KernelSpace } from "../../kernels/module.js";
import { FlowArchitecture } from "./architecture.js";
import type { DensityArchitecture, DensityEngine } from "./density-engine.js";
import type { DensityShape } from "./density-estimator.js";
import { FlowEngine } from "./flow-engine.js";

export interface DensityKind extends DensityArchitecture {
  /** @param rows observations per pass, a multiple of 8 @param atoms thetas per observation, 1 or more */
  createEngine(space: KernelSpace, rows: number, atoms: number): DensityEngine;
}

/** @throws FieldOutOfRange */
export function densityKind(shape: DensityShape): DensityKind {
  const architecture = new FlowArchitecture(shape);
  return {
    size: architecture.size,
    initialise: (rng) => architecture.initialise(rng),
    createEngine: (space, rows, atoms) => new FlowEngine(space, architecture, rows, atoms),
  };
}
