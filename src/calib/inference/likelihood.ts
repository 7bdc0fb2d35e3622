/**
 * A learnt likelihood q(x | theta): the same flows with the roles exchanged, so that it may be trained on simulations from
 * any proposal. Densities are of the scaled features of x; their constant does not matter to posteriors. Source of the
 * idea: Papamakarios, Sterratt, Murray, "Sequential neural likelihood", AISTATS 2019.
 */
import type { Rng } from "../../base/rng.js";
import type { Kernels } from "../../kernels/spaces.js";
import type { FlowTransform } from "../flow/density-estimator.js";
import type { TrainingHost } from "../flow/training-host.js";
import { Ensemble, type EnsembleState, mixLogProbs } from "./ensemble.js";
import { type FeatureDescription, FeatureMap, type FeatureOptions } from "./features.js";
import { matchLosses, meanOf } from "./pooling.js";
import { type Rows, repeated } from "./simulations.js";
import {
  type EnsembleOptions,
  type EpochProgress,
  type EstimatorOptions,
  manyParameters,
  trainEnsemble,
} from "./train-ensemble.js";

export interface LikelihoodTraining {
  readonly kernels: Kernels;
  readonly learn: Rows;
  /** Simulations that nothing else has seen: they choose among candidates. */
  readonly judge: Rows;
  /** One candidate only. */
  readonly draft: boolean;
  /** How x is scaled, and where networks train. */
  readonly features?: FeatureOptions | undefined;
  readonly host?: TrainingHost | undefined;
  /** Planned steps of each candidate. Default 3000, 1500 below 3000 simulations. */
  readonly plannedSteps?: number | undefined;
  readonly rng: Rng;
  readonly signal?: AbortSignal | undefined;
  readonly onEpoch?: ((progress: EpochProgress) => void) | undefined;
}

export interface LikelihoodState {
  readonly data: FeatureDescription;
  readonly ensemble: EnsembleState;
}

const spline = { type: "spline", bins: 8, bound: 4, affine: true } as const;
const affine = { type: "affine" } as const;

function candidate(transform: FlowTransform, layers: number, weightDecay: number, members = 1): EnsembleOptions {
  const estimator: EstimatorOptions = { kind: "flow", layers, hidden: 64, blocks: 2, transform };
  return { members, estimator, training: { weightDecay } };
}

/** Normal data, nearly linear in theta: all else is overfitting there. */
const plain: EnsembleOptions = {
  members: 1,
  estimator: { kind: "flow", layers: 1, hidden: 32, blocks: 1, transform: affine },
  training: { weightDecay: 5 },
};

/**
 * No one of them serves all simulators: some data are normal given theta, some smooth in it, some neither. With many
 * parameters the error of one network is more variance than bias, and networks with affine transforms cost little.
 */
function candidatesFor(numParameters: number): EnsembleOptions[] {
  const members = numParameters >= manyParameters ? 5 : 1;
  return [
    candidate(spline, 3, 0.1),
    candidate(spline, 2, 1),
    candidate(affine, 2, 0.1),
    candidate(affine, 2, 1, members),
    plain,
  ];
}

/** Of a round that only guides the next proposal. */
function draftFor(numParameters: number): EnsembleOptions {
  return numParameters >= manyParameters ? candidate(affine, 2, 1) : candidate(spline, 3, 0.1);
}

export class LearntLikelihood {
  readonly #data: FeatureMap;
  readonly #ensemble: Ensemble;

  private constructor(data: FeatureMap, ensemble: Ensemble) {
    this.#data = data;
    this.#ensemble = ensemble;
  }

  /** @throws TrainingDiverged @throws signal.reason */
  static async train(training: LikelihoodTraining): Promise<LearntLikelihood> {
    const { learn, judge, draft, features, host, rng, kernels, signal, onEpoch } = training;
    const plannedSteps = training.plannedSteps ?? (learn.count < 3000 ? 1500 : 3000);
    const data = FeatureMap.fit(learn.x, learn.count, features);
    const values = Float64Array.from(data.apply(learn.x));
    const numParameters = learn.theta.length / learn.count;
    const tried = draft ? [draftFor(numParameters)] : candidatesFor(numParameters);
    const networks = tried.reduce((sum, { members = 1 }) => sum + members, 0);
    const trainOne = async (own: EnsembleOptions, index: number): Promise<Ensemble> => {
      const stream = rng.fork(`candidate-${index}`);
      const before = tried.slice(0, index).reduce((sum, { members = 1 }) => sum + members, 0);
      const progress = (p: EpochProgress): void => onEpoch?.({ ...p, member: before + p.member, members: networks });
      return trainEnsemble({
        kernels,
        d: data.outputSize,
        count: learn.count,
        x: Float32Array.from(learn.theta),
        z: () => values,
        loss: { type: "likelihood" },
        draft: false,
        options: { ...own, training: { ...own.training, plannedSteps }, host },
        rng: stream,
        signal,
        onEpoch: progress,
      });
    };
    const trained: Ensemble[] = [];
    if ((host?.parallel ?? 1) > 1) trained.push(...(await Promise.all(tried.map(trainOne))));
    else for (const [index, own] of tried.entries()) trained.push(await trainOne(own, index));
    const chosen = trained.length === 1 ? [0] : chooseMixture(pairLogProbs(trained, judge, data));
    const members = chosen.flatMap((k) => (trained[k] as Ensemble).members);
    return new LearntLikelihood(data, new Ensemble((trained[0] as Ensemble).features, members));
  }

  static from(kernels: Kernels, { data, ensemble }: LikelihoodState): LearntLikelihood {
    return new LearntLikelihood(new FeatureMap(data), Ensemble.from(kernels, ensemble));
  }

  /**
   * log q(x | theta) up to a constant of each x.
   * @param theta shape (n, p) @param x raw, shape (m, f), n a multiple of m, rows in order @returns shape (n)
   */
  logProb(theta: Float64Array, x: ArrayLike<number>): Float64Array {
    const features = this.#data.apply(x);
    const width = this.#data.outputSize;
    const n = theta.length / this.#ensemble.features.inputSize;
    const values = eachRepeated(features, width, (n * width) / features.length);
    return this.#ensemble.logProb(values, theta);
  }

  state(): LikelihoodState {
    return { data: this.#data.description, ensemble: this.#ensemble.state() };
  }
}

/** Each row so many times, one after the other. @param rows shape (m, width) */
function eachRepeated(rows: Float32Array, width: number, times: number): Float64Array {
  const out = new Float64Array(rows.length * times);
  for (let i = 0; i < rows.length / width; i++) {
    const own = rows.subarray(i * width, (i + 1) * width);
    for (let k = 0; k < times; k++) out.set(own, (i * times + k) * width);
  }
  return out;
}

/** Of each candidate its networks, log q(x_i | theta_j) of the judges, shape (n, n). */
function pairLogProbs(trained: readonly Ensemble[], { theta, x, count }: Rows, data: FeatureMap): Float64Array[][] {
  const values = eachRepeated(data.apply(x), data.outputSize, count);
  const thetas = repeated(theta, count);
  return trained.map((one) => one.memberLogProbs(values, thetas));
}

/**
 * Best first, then every other candidate that makes the equal mixture of all networks better. They are judged by what a
 * posterior needs of them, telling which theta made which x, and not by the density of x: how data are spread for reasons
 * that do not depend on theta is much of that, and nothing to a posterior.
 * @param logProbs of each candidate its networks, log q(x_i | theta_j), shape (n, n)
 */
function chooseMixture(logProbs: readonly (readonly Float64Array[])[]): number[] {
  const lossesOf = (chosen: readonly number[]): Float64Array =>
    matchLosses(mixLogProbs(chosen.flatMap((k) => logProbs[k] as readonly Float64Array[])));
  const alone = logProbs.map((_, k) => meanOf(lossesOf([k])));
  const [best, ...others] = logProbs.map((_, k) => k).sort((a, b) => (alone[a] as number) - (alone[b] as number));
  let chosen = [best as number];
  let losses = lossesOf(chosen);
  for (const k of others) {
    const tried = lossesOf([...chosen, k]);
    if (meanOf(tried) >= meanOf(losses)) continue;
    chosen = [...chosen, k];
    losses = tried;
  }
  return chosen;
}
