/**
 * Trainings on worker threads: a host that keeps up to so many threads, gives each one training at a time, and answers
 * what a training asks for. Threads do not keep the process alive while they are idle.
 */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { FieldOutOfRange } from "../base/errors.js";
import type { DensityTrained, DensityTraining } from "../calib/flow/train.js";
import {
  jobOf,
  linkOf,
  localTraining,
  type TrainedWeights,
  type TrainingHost,
  type TrainingJob,
  type TrainingLink,
} from "../calib/flow/training-host.js";
import { TrainingDiverged } from "../calib/nn/errors.js";
import type { FromTrainer, ToTrainer } from "./training-messages.js";

/** The worker runs compiled code, also when this file is run from its source. */
const entry = import.meta.url.endsWith(".ts") ? "../../dist/src/api/training-worker.js" : "./training-worker.js";

export class TrainingThreads implements TrainingHost {
  readonly parallel: number;
  readonly #idle: Worker[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #threads = new Set<Worker>();
  #closed = false;

  /** @param parallel threads, 1 or more; default as many as the machine runs at the same time */
  constructor(parallel = availableParallelism()) {
    if (!Number.isInteger(parallel) || parallel < 1) throw new FieldOutOfRange("threads", parallel, "1 or more");
    this.parallel = parallel;
  }

  async train(training: DensityTraining): Promise<DensityTrained> {
    // An embedding is code, which does not travel.
    if (training.embedding !== undefined) return await localTraining.train(training);
    training.signal?.throwIfAborted();
    const worker = await this.#take();
    try {
      training.signal?.throwIfAborted();
      worker.ref();
      const { weights, ...rest } = await runOn(worker, jobOf(training), linkOf(training));
      this.#giveBack(worker);
      return { estimator: training.estimator.withWeights(weights), ...rest };
    } catch (error) {
      // What a failed or cancelled training left behind in the thread goes with it.
      await this.#drop(worker);
      throw error;
    }
  }

  /** End all threads; trainings that still run are rejected. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#idle.length = 0;
    await Promise.all([...this.#threads].map((worker) => this.#drop(worker)));
  }

  async #take(): Promise<Worker> {
    for (;;) {
      const idle = this.#idle.pop();
      if (idle !== undefined) return idle;
      if (this.#threads.size < this.parallel) {
        const worker = new Worker(new URL(entry, import.meta.url));
        this.#threads.add(worker);
        return worker;
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #giveBack(worker: Worker): void {
    if (this.#closed) return void this.#drop(worker);
    worker.unref();
    this.#idle.push(worker);
    this.#waiting.shift()?.();
  }

  async #drop(worker: Worker): Promise<void> {
    this.#threads.delete(worker);
    await worker.terminate();
    this.#waiting.shift()?.();
  }
}

/** One training on one thread. @throws signal.reason, what the training throws, or the thread's own failure */
function runOn(worker: Worker, job: TrainingJob, link: TrainingLink): Promise<TrainedWeights> {
  const { signal } = link;
  return new Promise<TrainedWeights>((resolve, reject) => {
    const send = (message: ToTrainer): void => worker.postMessage(message);
    const settle = (act: () => void): void => {
      worker.off("message", onMessage);
      worker.off("error", onError);
      worker.off("exit", onExit);
      signal.removeEventListener("abort", onAbort);
      act();
    };
    const fail = (error: unknown): void => settle(() => reject(error));
    const answer = async (message: FromTrainer): Promise<void> => {
      if (message.type === "theta") send({ type: "theta", theta: await link.theta(message.key) });
      else if (message.type === "epoch") link.epoch(message.report);
      else if (message.type === "state") {
        await link.state(message.state);
        send({ type: "go-on" });
      } else if (message.type === "done") settle(() => resolve(message.trained));
      else if (message.type === "diverged") fail(new TrainingDiverged(message.network, message.epoch, message.loss));
      else fail(message.error);
    };
    const onMessage = (message: FromTrainer): void => void answer(message).catch(fail);
    const onError = (error: unknown): void => fail(error);
    const onExit = (code: number): void => fail(new Error(`a training thread ended with code ${code}`));
    const onAbort = (): void => fail(signal.reason);
    worker.on("message", onMessage);
    worker.on("error", onError);
    worker.on("exit", onExit);
    signal.addEventListener("abort", onAbort, { once: true });
    send({ type: "train", job });
  });
}
