/** Records any number of settings of one neuron, in batches of the task's size. */
import type { Session } from "../../device/interface/index.js";
import type { RunStore } from "../store.js";
import type { Task } from "../task/task.js";
import { type BatchListener, BatchRunner, type PlannedBatch } from "./batch-runner.js";
import { batchProgram, setupProgram } from "./programs.js";
import { TimeSlots } from "./time-slots.js";

/** What is recorded, and the seed that places it in time. */
export interface RecordingPlan {
  readonly task: Task;
  /** AtomicNeuronOnDls, 0..511. */
  readonly neuron: number;
  readonly seed: number;
}

export class Recorder {
  readonly #plan: RecordingPlan;
  readonly #runner: BatchRunner;

  constructor(session: Session, plan: RecordingPlan, store: RunStore, signal?: AbortSignal) {
    this.#plan = plan;
    const slots = new TimeSlots(plan.task, `neuron ${plan.neuron}`, plan.seed);
    this.#runner = new BatchRunner(session, plan.task, slots, store, signal);
  }

  /**
   * @param stage name under which the batches are kept @param theta codes, shape (count, numParameters), row-major
   * @throws BatchMismatch, what `Session.run` throws, signal.reason; every batch that had been recorded is kept
   */
  async record(stage: string, theta: Int32Array, onBatch: BatchListener): Promise<void> {
    const { task, neuron } = this.#plan;
    const rowsPerBatch = task.batchSize * task.parameters.length;
    const batches = Array.from({ length: Math.ceil(theta.length / rowsPerBatch) }, (_, index): PlannedBatch => {
      const codes = theta.slice(index * rowsPerBatch, (index + 1) * rowsPerBatch);
      return {
        codes,
        setup: (session) => setupProgram(session, task, neuron),
        program: (session) => batchProgram(session, task, neuron, codes),
      };
    });
    await this.#runner.record(stage, batches, onBatch);
  }
}
