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
import type { Rows } from "./simulations.js";
import { type EnsembleOptions, type EpochProgress, type EstimatorOptions, trainEnsemble } from "./train-ensemble.js";

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

function candidate(transform: FlowTransform, layers: number, weightDecay: number): EnsembleOptions {
  const estimator: EstimatorOptions = { kind: "flow", layers, hidden: 64, blocks: 2, transform };
  return { members: 1, estimator, training: { weightDecay } };
}

/** No one of them serves all simulators: some data are normal given theta, some smooth in it, some neither. */
const candidates = [
  candidate(spline, 3, 0.1),
  candidate(spline, 2, 1),
  candidate(affine, 2, 0.1),
  candidate(affine, 2, 1),
];

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
    const tried = draft ? candidates.slice(0, 1) : candidates;
    const trainOne = async (own: EnsembleOptions, index: number): Promise<Ensemble> => {
      const stream = rng.fork(`candidate-${index}`);
      const progress = (p: EpochProgress): void => onEpoch?.({ ...p, member: index, members: tried.length });
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
    const held = Float64Array.from(data.apply(judge.x));
    const chosen = chooseMixture(trained.map((one) => one.logProb(held, judge.theta)));
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
    const per = (n * width) / features.length;
    const values = new Float64Array(n * width);
    for (let i = 0; i < n; i++) {
      const at = Math.floor(i / per) * width;
      values.set(features.subarray(at, at + width), i * width);
    }
    return this.#ensemble.logProb(values, theta);
  }

  state(): LikelihoodState {
    return { data: this.#data.description, ensemble: this.#ensemble.state() };
  }
}

/** Best first, then every other one that makes the equal mixture better. @param logProbs held-out values per candidate */
function chooseMixture(logProbs: readonly Float64Array[]): number[] {
  const mean = (values: Float64Array): number => values.reduce((sum, v) => sum + v, 0) / values.length;
  const order = logProbs
    .map((_, k) => k)
    .sort((a, b) => mean(logProbs[b] as Float64Array) - mean(logProbs[a] as Float64Array));
  const scoreOf = (chosen: readonly number[]): number =>
    mean(mixLogProbs(chosen.map((k) => logProbs[k] as Float64Array)));
  const chosen: number[] = [];
  for (const k of order) if (chosen.length === 0 || scoreOf([...chosen, k]) > scoreOf(chosen)) chosen.push(k);
  return chosen;
}
