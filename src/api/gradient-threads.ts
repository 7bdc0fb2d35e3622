/** Threads that compute parts of one training's gradients; see `flow/shared-gradients.ts`. One training at a time. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { FieldOutOfRange } from "../base/errors.js";
import type { GradientHelpers, SharedTask } from "../calib/flow/shared-gradients.js";

/** What a thread gets. */
export interface HelperMessage {
  readonly task: SharedTask;
  /** 1 for the first helper. */
  readonly thread: number;
}

/** The worker runs compiled code, also when this file is run from its source. */
const entry = import.meta.url.endsWith(".ts") ? "../../dist/src/api/gradient-worker.js" : "./gradient-worker.js";

export class GradientThreads implements GradientHelpers {
  readonly count: number;
  readonly #workers: readonly Worker[];

  /** @param count helpers beside the training's own thread; default one less than the machine runs at the same time */
  constructor(count = availableParallelism() - 1) {
    if (!Number.isInteger(count) || count < 0) throw new FieldOutOfRange("gradient helpers", count, "0 or more");
    this.count = count;
    this.#workers = Array.from({ length: count }, () => {
      const worker = new Worker(new URL(entry, import.meta.url));
      // What went wrong stands in the memory, where the training looks.
      worker.on("error", () => {});
      worker.unref();
      return worker;
    });
  }

  start(task: SharedTask): void {
    this.#workers.forEach((worker, i) => {
      const message: HelperMessage = { task, thread: i + 1 };
      worker.postMessage(message);
    });
  }

  /** End all threads. */
  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
