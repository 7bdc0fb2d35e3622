/**
 * Training of an ensemble on simulations in the base space: features and affine maps from all rows, one network per
 * member, each judged by a validation fold of its own, so that the ensemble learns from every simulation. Sizes that
 * nobody set are functions of the number of simulations and of the dimensions; docs/results/sbibm.md says how they do.
 * Source of the ensemble: Hermans et al., TMLR 2022.
 */
import { FieldOutOfRange } from "../../base/errors.js";
import type { Rng } from "../../base/rng.js";
import type { Kernels } from "../../kernels/spaces.js";
import type { DensityShape, FlowDensityShape, MixtureDensityShape } from "../flow/density-estimator.js";
import { createEstimator } from "../flow/kernel-density.js";
import type { DensityLoss } from "../flow/objective.js";
import type { GradientHelpers } from "../flow/shared-gradients.js";
import { localTraining, type TrainingHost } from "../flow/training-host.js";
import type { TrainingOptions } from "../flow/training-options.js";
import { Ensemble, type EnsembleMember } from "./ensemble.js";
import { FeatureMap, type FeatureOptions } from "./features.js";
import { LinearGaussian } from "./linear-gaussian.js";

type Sizes<S> = Partial<Omit<S, "kind" | "numParameters" | "numFeatures" | "standardise">>;

export type EstimatorOptions =
  | ({ readonly kind: "flow" } & Sizes<FlowDensityShape>)
  | ({ readonly kind: "mixture" } & Sizes<MixtureDensityShape>);

export interface EnsembleOptions {
  /** Networks, 1..10. Default 2, from six parameters on 3, below 3000 simulations 4. */
  readonly members?: number;
  /** Default: an autoregressive spline flow; a mixture of normals is smaller and faster. */
  readonly estimator?: EstimatorOptions;
  readonly features?: FeatureOptions;
  /** Start from the linear Gaussian posterior; likelihood loss only. Default true. */
  readonly linear?: boolean;
  /** Share of simulations that a member is judged by, 0.02..0.5. Default 0.1, above 5000 simulations 0.05. */
  readonly validationFraction?: number;
  readonly training?: TrainingOptions;
  /** Where members train, perhaps at the same time; the result does not depend on it. Default on this thread. */
  readonly host?: TrainingHost | undefined;
  /** Threads that share every gradient; when there is no host that trains several members at the same time. */
  readonly helpers?: GradientHelpers | undefined;
}

export interface EpochProgress {
  /** 0-based member and how many there are. */
  readonly member: number;
  readonly members: number;
  /** 1-based epoch and how many the planned steps make; training may stop earlier. */
  readonly epoch: number;
  readonly plannedEpochs: number;
  /** Nats per simulation, of the mapped parameters; atomic losses are a cross-entropy. */
  readonly trainLoss: number;
  readonly validationLoss: number;
}

export interface EnsembleTraining {
  readonly kernels: Kernels;
  readonly d: number;
  readonly count: number;
  /** Parameters in the base space, shape (count, d); integers may be spread anew at every call. */
  readonly z: (rng: Rng | undefined) => Float64Array;
  /** Raw data, shape (count, inputSize), finite. */
  readonly x: Float32Array;
  readonly loss: DensityLoss;
  /** One member and half the steps. */
  readonly draft: boolean;
  readonly options: EnsembleOptions;
  /** Weights to start from, and features to keep. */
  readonly warmStart?: Ensemble | undefined;
  readonly rng: Rng;
  readonly signal?: AbortSignal | undefined;
  readonly onEpoch?: ((progress: EpochProgress) => void) | undefined;
}

/** Parameters from which on networks are smaller and more of them. */
export const manyParameters = 6;
/** Fewest simulations with which a member has enough to be judged by. */
export const fewestSimulations = 40;

/** @throws FieldOutOfRange (too few simulations) @throws TrainingDiverged @throws signal.reason */
export async function trainEnsemble(training: EnsembleTraining): Promise<Ensemble> {
  const { kernels, d, count, x, loss, options, warmStart, draft, rng } = training;
  if (count < fewestSimulations) throw new FieldOutOfRange("simulations", count, `${fewestSimulations} or more`);
  const features = warmStart?.features ?? FeatureMap.fit(x, count, options.features);
  const inputs = features.apply(x);
  const numFeatures = features.outputSize;
  const members = draft ? 1 : (options.members ?? defaultMembers(count, d));
  const planned = { ...trainingOf(count, d), ...options.training };
  const plannedSteps = Math.ceil(planned.plannedSteps / (draft ? 2 : 1));
  const order = rng.fork("folds").permutation(count);
  const useLinear = (options.linear ?? true) && loss.type === "likelihood" && warmStart === undefined;
  const fitted = useLinear ? LinearGaussian.fit(training.z(undefined), inputs, d, numFeatures) : undefined;
  const { linear, mean } = fitted ?? {};
  const theta = (stream: Rng): Float32Array => {
    const z = training.z(stream);
    return linear === undefined || mean === undefined ? Float32Array.from(z) : linear.whiten(z, mean, 1);
  };
  const fraction = options.validationFraction ?? (count > 5000 ? 0.05 : 0.1);
  const host = options.host ?? localTraining;
  const trainMember = async (member: number): Promise<EnsembleMember> => {
    const stream = rng.fork(`member-${member}`);
    const previous = warmStart?.members[member % warmStart.members.length];
    const shape = shapeOf(options.estimator ?? { kind: "flow" }, d, numFeatures, count);
    const { estimator } = await host.train({
      estimator: previous?.density ?? createEstimator(kernels, shape, stream.fork("weights")),
      data: { theta, x: inputs, count, ...fold(order, member, members, fraction) },
      loss,
      options: { ...planned, plannedSteps },
      rng: stream.fork("training"),
      signal: training.signal,
      helpers: host.parallel > 1 ? undefined : options.helpers,
      onEpoch: ({ epoch, plannedEpochs, trainLoss, validationLoss }) =>
        training.onEpoch?.({ member, members, epoch, plannedEpochs, trainLoss, validationLoss }),
    });
    return { density: estimator, linear: previous?.linear ?? linear };
  };
  const all = Array.from({ length: members }, (_, member) => member);
  if (host.parallel > 1) return new Ensemble(features, await Promise.all(all.map(trainMember)));
  const trained: EnsembleMember[] = [];
  for (const member of all) trained.push(await trainMember(member));
  return new Ensemble(features, trained);
}

/** Few simulations make networks disagree: their mixture is then more accurate, and less sure of itself. */
function defaultMembers(count: number, d: number): number {
  if (count < 3000) return 4;
  return d >= manyParameters ? 3 : 2;
}

/** Complete a shape with defaults: with many parameters each conditioner has less to learn and more to overfit. */
function shapeOf(options: EstimatorOptions, numParameters: number, numFeatures: number, count: number): DensityShape {
  if (options.kind === "mixture") {
    return { components: 8, hidden: 50, blocks: 1, ...options, numParameters, numFeatures };
  }
  const small = count < 3000 || numParameters >= manyParameters;
  return {
    layers: numParameters === 1 || numParameters >= manyParameters ? 2 : 4,
    hidden: Math.max(numParameters, small ? 32 : 64),
    blocks: 2,
    transform: { type: "spline", bins: 8, bound: 4 },
    ...options,
    numParameters,
    numFeatures,
  };
}

function trainingOf(count: number, numParameters: number): TrainingOptions & { readonly plannedSteps: number } {
  const many = numParameters >= manyParameters;
  return {
    batchSize: Math.min(many ? 128 : 256, Math.max(32, Math.round(count / 20))),
    plannedSteps: many || count < 3000 ? 1500 : 3000,
    learningRate: 4e-3,
    weightDecay: many ? 1 : 0.1,
    averaging: 0.99,
    patienceEpochs: 20,
    patienceSteps: 400,
  };
}

/** Disjoint validation folds: member m takes the m-th slice of the shuffled rows, or a wrapped one. */
export function fold(
  order: Uint32Array,
  member: number,
  members: number,
  fraction: number,
): { trainRows: Uint32Array; validationRows: Uint32Array } {
  const size = Math.max(1, Math.round(order.length * fraction));
  const start = Math.floor((member * order.length) / Math.max(members, Math.ceil(order.length / size)));
  const inFold = (place: number): boolean => place >= start && place < start + size;
  return {
    trainRows: order.filter((_, place) => !inFold(place)),
    validationRows: order.filter((_, place) => inFold(place)),
  };
}
