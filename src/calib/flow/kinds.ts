/** The kinds of density estimators: from a shape to its architecture and to an engine that runs it. */
import type { KernelSpace } from "../../kernels/module.js";
import { FlowArchitecture } from "./architecture.js";
import type { DensityArchitecture, DensityEngine, EngineOptions } from "./density-engine.js";
import type { DensityShape } from "./density-estimator.js";
import { FlowEngine } from "./flow-engine.js";
import { MixtureArchitecture, MixtureEngine } from "./mixture-engine.js";

export interface DensityKind extends DensityArchitecture {
  createEngine(space: KernelSpace, options: EngineOptions): DensityEngine;
}

/** @throws FieldOutOfRange */
export function densityKind(shape: DensityShape): DensityKind {
  if (shape.kind === "mixture") {
    const architecture = new MixtureArchitecture(shape);
    return {
      size: architecture.size,
      initialise: (rng) => architecture.initialise(rng),
      createEngine: (space, options) => new MixtureEngine(space, architecture, options),
    };
  }
  const architecture = new FlowArchitecture(shape);
  return {
    size: architecture.size,
    initialise: (rng) => architecture.initialise(rng),
    createEngine: (space, options) => new FlowEngine(space, architecture, options),
  };
}
