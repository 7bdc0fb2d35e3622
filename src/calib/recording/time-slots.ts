/**
 * Where on the chip's clock a batch lies. Each batch is recorded from a cold start of its own whose time begins at a
 * base that belongs to the batch's number and to the run's seed. So what a batch meets does not depend on what ran
 * before it: a run that was interrupted and resumed records what an undisturbed one records, and two runs with
 * different seeds meet different noise. On silicon the times of batches do not overlap either.
 */
import { FieldOutOfRange } from "../../base/errors.js";
import { Rng } from "../../base/rng.js";
import { fpgaCyclesPerUs } from "../../device/interface/index.js";
import type { Task } from "../task/task.js";

/** Time of chip and FPGA has 43 bits. */
const timeSpanCycles = 2 ** 43;
/** Cold start, set-up and the way from setting to setting beyond the waits of the task; microseconds. Our choice. */
const startUs = 20_000;
const perSettingUs = 200;

/** Length of a batch's stretch of time, FPGA cycles: the power of two that a full batch fits into. */
export function slotCycles(task: Task): number {
  const { settleUs, madcWarmUpUs, marginUs } = task.timing;
  const settingUs = settleUs + madcWarmUpUs + task.stimulus.endUs + 2 * marginUs + perSettingUs;
  const batchUs = startUs + settleUs + task.batchSize * settingUs;
  return 2 ** Math.ceil(Math.log2(batchUs * fpgaCyclesPerUs));
}

/** Hands out stretches of time, one per batch, in the order of the calls. */
export class TimeSlots {
  readonly #cycles: number;
  readonly #count: number;
  readonly #first: number;
  #used = 0;

  /** @param what is recorded: runs of different things meet different noise */
  constructor(task: Task, what: string, seed: number) {
    this.#cycles = slotCycles(task);
    this.#count = timeSpanCycles / this.#cycles;
    this.#first = Rng.fromSeed(seed).fork(`time slots of ${what}`).int(this.#count);
  }

  /**
   * Set aside stretches for a stage of so many batches.
   * @returns the base of batch `index` of the stage, FPGA cycles
   * @throws FieldOutOfRange when the chip's clock has no stretch left that was not used
   */
  reserve(batches: number): (index: number) => number {
    const from = this.#used;
    this.#used += batches;
    if (this.#used > this.#count) throw new FieldOutOfRange("batches of a run", this.#used, `0..${this.#count}`);
    return (index) => ((this.#first + from + index) % this.#count) * this.#cycles;
  }
}
