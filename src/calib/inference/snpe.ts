/**
 * Sequential neural posterior estimation (SNPE-C): an ensemble of conditional flows, trained by likelihood while all
 * simulations come from the prior and by the atomic loss as soon as some come from a posterior. Since z has the prior as
 * its standard normal base, proposals never leave the box. Each member validates on a fold of its own, so that the
 * ensemble learns from every simulation. Sources: Greenberg et al., ICML 2019; Hermans et al., TMLR 2022 (ensembles).
 */
import { FieldOutOfRange } from "../../base/errors.js";
import { Rng } from "../../base/rng.js";
import { TrainedDensity } from "../nn/density-estimator.js";
import { type DensityLoss, trainDensity } from "../nn/density-training.js";
import { assertFinite, NotTrained, ShapeMismatch } from "../nn/errors.js";
import { defaultMafOptions, MafArchitecture, type MafOptions } from "../nn/maf.js";
import type { NetworkState } from "../store.js";
import type { Posterior, SequentialEstimator, TrainOptions } from "./api.js";
import { MixturePosterior } from "./posterior.js";
import type { IntegerBoxPrior } from "./prior.js";
import { SimulationLog } from "./simulations.js";
import { FeatureStandardiser } from "./standardise.js";
import { ThetaTransform } from "./theta-transform.js";

export interface SnpeOptions {
  /** 0..2^53-1; fixes weights, folds, batches and atoms. */
  readonly seed: number;
  /** Networks in the ensemble, 1..10. Default 3. */
  readonly members?: number;
  readonly estimator?: Partial<MafOptions>;
  /** Thetas per simulation in the atomic loss, 2 or more. Default 10. */
  readonly atoms?: number;
  /** Simulations per step. Default 100. */
  readonly batchSize?: number;
  /** Peak learning rate. Default 2e-3. */
  readonly learningRate?: number;
  /** Upper limit of epochs in the first round and in each later one. Default 100 and 60. */
  readonly maxEpochs?: number;
  readonly maxEpochsLater?: number;
  /** Epochs without a better validation loss after which a member stops. Default 20. */
  readonly patience?: number;
  /** Fraction of simulations that a member validates on, 0.05..0.5. Default 0.1. */
  readonly validationFraction?: number;
  /** Later rounds start from the weights of the round before; otherwise from new ones. Default true. */
  readonly warmStart?: boolean;
}

const defaults = {
  members: 3,
  atoms: 10,
  batchSize: 100,
  learningRate: 2e-3,
  maxEpochs: 100,
  maxEpochsLater: 60,
  patience: 20,
  validationFraction: 0.1,
  warmStart: true,
};

/** Fewest simulations with which a member has enough to validate on. */
const MIN_SIMULATIONS = 40;
/** A standardised feature farther out than this was never seen in training. */
const FAR_OUT = 8;

export class Snpe implements SequentialEstimator {
  readonly #options: Required<SnpeOptions>;
  readonly #transform: ThetaTransform;
  readonly #simulations: SimulationLog;
  readonly #rng: Rng;
  readonly #notices = new Set<string>();
  #standardiser: FeatureStandardiser | undefined;
  #members: readonly TrainedDensity[] = [];
  #round = 0;

  /** @throws FieldOutOfRange */
  constructor(prior: IntegerBoxPrior, options: SnpeOptions) {
    this.#options = { ...defaults, estimator: {}, ...options };
    check(this.#options);
    this.#transform = new ThetaTransform(prior);
    this.#simulations = new SimulationLog(prior);
    this.#rng = Rng.fromSeed(options.seed).fork("snpe");
  }

  get notices(): readonly string[] {
    return [...this.#notices];
  }

  /** Rounds trained so far. */
  get round(): number {
    return this.#round;
  }

  appendSimulations(theta: Int32Array, x: Float32Array, proposal: "prior" | Posterior): void {
    this.#simulations.append(theta, x, proposal === "prior");
  }

  async train({ signal, onEpoch }: TrainOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    const { count, numFeatures, x, theta } = this.#simulations;
    if (count < MIN_SIMULATIONS) throw new FieldOutOfRange("simulations", count, `${MIN_SIMULATIONS} or more`);
    const round = this.#round + 1;
    const rng = this.#rng.fork(`round-${round}`);
    const standardiser = this.#standardiser ?? FeatureStandardiser.fit(x, count, numFeatures);
    const features = standardiser.outputSize > 0 ? standardiser.apply(x) : new Float32Array(count);
    const { members, maxEpochs, maxEpochsLater, validationFraction, batchSize } = this.#options;
    const loss: DensityLoss = this.#simulations.sequential
      ? { type: "atomic", atoms: this.#options.atoms }
      : { type: "likelihood" };
    const order = rng.fork("folds").permutation(count);
    const trained: TrainedDensity[] = [];
    for (let member = 0; member < members; member++) {
      const stream = rng.fork(`member-${member}`);
      const previous = this.#options.warmStart ? this.#members[member] : undefined;
      const architecture = previous?.architecture ?? this.#newArchitecture(features.length / count);
      const limit = round === 1 ? maxEpochs : maxEpochsLater;
      const result = await trainDensity(
        architecture,
        previous?.weights ?? architecture.initialise(stream.fork("weights")),
        {
          x: features,
          count,
          drawTheta: (noise) => this.#transform.dequantise(theta, noise),
          ...fold(order, member, members, validationFraction),
        },
        loss,
        {
          maxEpochs: limit,
          batchSize,
          learningRate: this.#options.learningRate,
          clipNorm: 5,
          weightDecay: 1e-4,
          averaging: 0.99,
          patience: this.#options.patience,
          rng: stream,
          signal,
          onEpoch: (epoch, trainLoss, validationLoss) =>
            onEpoch?.({ round, member, members, epoch, maxEpochs: limit, trainLoss, validationLoss }),
        },
      );
      trained.push(new TrainedDensity(architecture, result.weights));
    }
    // Only a whole round counts: an abort or a failure above leaves the previous one in place.
    this.#members = trained;
    this.#standardiser = standardiser;
    this.#round = round;
    this.#noticeDropped(standardiser);
  }

  posterior(xObs: Float32Array): Posterior {
    const standardiser = this.#standardiser;
    if (standardiser === undefined) throw new NotTrained("posterior");
    if (xObs.length !== standardiser.inputSize) {
      throw new ShapeMismatch("observation", xObs.length, `${standardiser.inputSize} features`);
    }
    assertFinite("observation", xObs);
    const x = standardiser.outputSize > 0 ? standardiser.apply(xObs) : new Float32Array(1);
    const far = standardiser.kept.filter((_, j) => Math.abs(x[j] as number) > FAR_OUT);
    if (far.length > 0) {
      this.#notices.add(
        `the observation is far outside the simulations in feature ${far.join(", ")}: the posterior extrapolates`,
      );
    }
    return new MixturePosterior(
      this.#members.map((density) => ({ density, x })),
      this.#transform,
    );
  }

  states(): NetworkState[] {
    return this.#members.map(({ architecture, weights }, member) => ({
      name: `density-estimator-${member}`,
      config: {
        kind: architecture.kind,
        architecture: architecture.config,
        parameters: this.#transform.prior.parameters,
        features: this.#standardiser?.toJSON(),
        rounds: this.#round,
      },
      weights: Float32Array.from(weights),
    }));
  }

  /** Forget the trained networks. Posteriors handed out before stay usable. */
  dispose(): void {
    this.#members = [];
    this.#standardiser = undefined;
  }

  #newArchitecture(numFeatures: number): MafArchitecture {
    return new MafArchitecture(this.#transform.prior.size, numFeatures, {
      ...defaultMafOptions,
      ...this.#options.estimator,
    });
  }

  #noticeDropped({ dropped, outputSize }: FeatureStandardiser): void {
    if (outputSize === 0) this.#notices.add("no feature varies between simulations: the posterior equals the prior");
    else if (dropped.length > 0) {
      this.#notices.add(`feature ${dropped.join(", ")} never varies between simulations and is left out`);
    }
  }
}

/** Disjoint validation folds: member m takes the m-th slice of the shuffled rows, or a wrapped one. */
function fold(
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

function check(o: Required<SnpeOptions>): void {
  const integer = (name: keyof SnpeOptions, min: number, max: number): void => {
    const value = o[name] as number;
    if (!Number.isInteger(value) || value < min || value > max)
      throw new FieldOutOfRange(name, value, `${min}..${max}`);
  };
  integer("seed", 0, Number.MAX_SAFE_INTEGER);
  integer("members", 1, 10);
  integer("atoms", 2, 30);
  integer("batchSize", 1, 10_000);
  integer("maxEpochs", 1, 100_000);
  integer("maxEpochsLater", 1, 100_000);
  integer("patience", 1, 100_000);
  if (!(o.learningRate > 0 && o.learningRate < 1)) throw new FieldOutOfRange("learningRate", o.learningRate, "(0, 1)");
  if (!(o.validationFraction >= 0.05 && o.validationFraction <= 0.5)) {
    throw new FieldOutOfRange("validationFraction", o.validationFraction, "0.05..0.5");
  }
}
