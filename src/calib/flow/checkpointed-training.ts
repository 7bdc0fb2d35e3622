/**
 * Trainings that outlive their process: a host that keeps the state of each every few seconds and its end, and goes on
 * from what was kept. A training is known by the key of its random stream and by a checksum of what it learns from, so
 * that a state never meets other data. The bytes of a result do not depend on how often a training was broken off.
 */
import { type Clock, elapsedMs } from "../../base/clock.js";
import type { DensityTrained, DensityTraining } from "./train.js";
import type { TrainingHost } from "./training-host.js";
import type { TrainingState } from "./training-options.js";

/** A state, or the end of a training: then only the best weights are there. */
export interface KeptTraining {
  readonly state: TrainingState;
  readonly isOver: boolean;
}

/** Where states live. Each call is durable when it resolves, and atomic. */
export interface TrainingCheckpoints {
  getTraining(name: string): Promise<KeptTraining | undefined>;
  putTraining(name: string, kept: KeptTraining): Promise<void>;
}

/** What a crash may lose of a training. Our choice: a state costs milliseconds. */
const everyMs = 5000;

export class CheckpointedTraining implements TrainingHost {
  readonly #host: TrainingHost;
  readonly #checkpoints: TrainingCheckpoints;
  readonly #clock: Clock;

  constructor(host: TrainingHost, checkpoints: TrainingCheckpoints, clock: Clock) {
    this.#host = host;
    this.#checkpoints = checkpoints;
    this.#clock = clock;
  }

  get parallel(): number {
    return this.#host.parallel;
  }

  async train(training: DensityTraining): Promise<DensityTrained> {
    const { estimator } = training;
    const name = nameOf(training);
    const kept = await this.#checkpoints.getTraining(name);
    if (kept?.isOver === true) return endOf(training, kept.state);
    let last = this.#clock.now();
    const trained = await this.#host.train({
      ...training,
      ...(kept === undefined ? {} : { resumeFrom: kept.state }),
      onState: async (state) => {
        await training.onState?.(state);
        if (elapsedMs(last, this.#clock.now()) < everyMs) return;
        await this.#checkpoints.putTraining(name, { state, isOver: false });
        last = this.#clock.now();
      },
    });
    const { embeddingWeights, bestEpoch, bestLoss, epochs, steps, history } = trained;
    const best = new Float32Array(estimator.weights.length + embeddingWeights.length);
    best.set(trained.estimator.weights);
    best.set(embeddingWeights, estimator.weights.length);
    const none = new Float32Array(0);
    const vectors = { weights: none, mean: none, square: none, average: none, best };
    const state = { epoch: epochs, step: steps, bestEpoch, bestStep: steps, bestLoss, history, ...vectors };
    await this.#checkpoints.putTraining(name, { state, isOver: true });
    return trained;
  }
}

/** What a training gave that was over before. */
function endOf({ estimator, signal, onEpoch }: DensityTraining, state: TrainingState): DensityTrained {
  signal?.throwIfAborted();
  const { best, bestEpoch, bestLoss, epoch: epochs, step: steps, history } = state;
  const size = estimator.weights.length;
  const [trainLoss, validationLoss] = [history.train, history.validation].map((all) => all.at(-1) ?? Number.NaN);
  onEpoch?.({
    epoch: epochs,
    plannedEpochs: epochs,
    step: steps,
    trainLoss: trainLoss as number,
    validationLoss: validationLoss as number,
    bestEpoch,
  });
  const trained = estimator.withWeights(best.slice(0, size));
  return { estimator: trained, embeddingWeights: best.slice(size), bestEpoch, bestLoss, epochs, steps, history };
}

function nameOf({ rng, estimator, embedding, data, loss, options }: DensityTraining): string {
  const sum = new Checksum();
  for (const values of [estimator.weights, embedding?.weights, data.x, data.rowWeights]) {
    if (values !== undefined) sum.add(values);
  }
  for (const rows of [data.trainRows, data.validationRows]) sum.add(rows);
  if (data.theta instanceof Float32Array) sum.add(data.theta);
  const said = JSON.stringify({ shape: estimator.shape, count: data.count, loss: loss.type, options: options ?? {} });
  sum.add(Uint32Array.from(said, (letter) => letter.charCodeAt(0)));
  return [...rng.key, sum.value].map((word) => word.toString(16).padStart(8, "0")).join("-");
}

/** FNV-1a over 32-bit words. */
class Checksum {
  value = 0x811c9dc5;

  add(values: Float32Array | Uint32Array): void {
    const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
    let sum = this.value ^ values.length;
    for (let i = 0; i < words.length; i++) {
      sum = Math.imul(sum ^ (words[i] as number), 0x01000193);
      sum ^= sum >>> 15;
    }
    this.value = sum >>> 0;
  }
}
