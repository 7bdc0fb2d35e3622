/**
 * Records planned batches, each kept in the store before it counts, and taken from the store when it is there already.
 * While one batch is decoded and kept, the device works on the next, or on as many as it has boards. Every batch begins
 * from cold, at a chip time of its own, so that it depends on its content and its number alone (`time-slots.ts`).
 */
import type { MadcSamples, PlaybackProgram, Session } from "../../device/interface/index.js";
import { BatchMismatch } from "../errors.js";
import type { Recording } from "../run-data.js";
import type { RunStore } from "../store.js";
import type { Task } from "../task/task.js";
import type { BatchProgram } from "./programs.js";
import { chipTicksPerFpgaCycle, cutRecordings, type SegmentLimits } from "./segment.js";
import type { TimeSlots } from "./time-slots.js";

/** Receives the batches in order, good until it returns. `fresh` is false when they came from the store. */
export type BatchListener = (recordings: readonly Recording[], fresh: boolean, index: number) => void;

/** What is to be recorded between one cold start and the next. */
export interface PlannedBatch {
  /** Codes of its settings end to end: a batch that was kept must have been recorded with the same. */
  readonly codes: Int32Array;
  readonly setup: (session: Session) => PlaybackProgram;
  readonly program: (session: Session) => BatchProgram;
}

/** Keeps batches: a run's store, or one that forgets. */
export type BatchStore = Pick<RunStore, "putBatch" | "getBatch">;

/** A batch's recordings, and the samples in whose memory they are. */
interface RecordedBatch {
  readonly recordings: readonly Recording[];
  readonly madc: MadcSamples;
}

interface RunningBatch {
  readonly index: number;
  readonly recorded: Promise<RecordedBatch>;
}

export class BatchRunner {
  readonly #session: Session;
  readonly #task: Task;
  readonly #store: BatchStore;
  readonly #signal: AbortSignal | undefined;
  readonly #slots: TimeSlots;
  /** Samples of batches that are over: the next ones take their memory. */
  readonly #spent: MadcSamples[] = [];

  /** @param slots where the batches of this runner lie on the chip's clock */
  constructor(session: Session, task: Task, slots: TimeSlots, store: BatchStore, signal?: AbortSignal) {
    this.#session = session;
    this.#task = task;
    this.#store = store;
    this.#signal = signal;
    this.#slots = slots;
  }

  /**
   * @param stage name under which the batches are kept
   * @throws BatchMismatch, what `Session.run` throws, signal.reason; every batch that had been recorded is kept
   */
  async record(stage: string, batches: readonly PlannedBatch[], onBatch: BatchListener): Promise<void> {
    const baseOf = this.#slots.reserve(batches.length);
    const running: RunningBatch[] = [];
    const keepUntil = async (left: number): Promise<void> => {
      for (let batch = running[0]; batch !== undefined && running.length > left; batch = running[0]) {
        const { recordings, madc } = await batch.recorded;
        await this.#store.putBatch(stage, batch.index, recordings);
        onBatch(recordings, true, batch.index);
        this.#spent.push(madc);
        running.shift();
      }
    };
    try {
      for (const [index, batch] of batches.entries()) {
        if (this.#signal?.aborted) break;
        const kept = await this.#store.getBatch(stage, index);
        if (kept === undefined) {
          running.push(this.#start(index, batch, baseOf(index)));
          await keepUntil(this.#session.lanes ?? 1);
          continue;
        }
        await keepUntil(0);
        if (!sameCodes(kept, batch.codes)) throw new BatchMismatch(stage, index);
        onBatch(kept, false, index);
      }
      await keepUntil(0);
    } finally {
      // After a failure nothing of ours may be left behind on the device.
      await Promise.allSettled(running.map(({ recorded }) => recorded));
      this.#spent.length = 0;
    }
    this.#signal?.throwIfAborted();
  }

  /** Set aside the time of batches that are known already, so that those after them lie where they always do. */
  skip(batches: number): void {
    this.#slots.reserve(batches);
  }

  #start(index: number, batch: PlannedBatch, systimeBase: number): RunningBatch {
    const recorded = this.#run(batch, systimeBase);
    // A rejection is met by whoever awaits the batch, which may be later than it happens.
    recorded.catch(() => undefined);
    return { index, recorded };
  }

  /** A batch depends on its content alone: what one board cannot do, another does as well. */
  async #run(batch: PlannedBatch, systimeBase: number): Promise<RecordedBatch> {
    for (;;) {
      try {
        return await this.#runOnce(batch, systimeBase);
      } catch (error) {
        if (this.#session.mayRetry?.(error) !== true) throw error;
        this.#signal?.throwIfAborted();
      }
    }
  }

  async #runOnce(batch: PlannedBatch, systimeBase: number): Promise<RecordedBatch> {
    const options = this.#signal === undefined ? {} : { signal: this.#signal };
    const { program, starts, thetas } = batch.program(this.#session);
    const spent = this.#spent.pop();
    // Queued one behind the other; the first failure is the one that is told, once nothing of ours is left waiting.
    const runs = [
      this.#session.reinit({ ...options, systimeBase }),
      this.#session.run(batch.setup(this.#session), options),
      this.#session.run(program, spent === undefined ? options : { ...options, spent }),
    ] as const;
    const [, , { madc }] = await Promise.all(runs).catch(async (error: unknown) => {
      await Promise.allSettled(runs);
      throw error;
    });
    const cuts = starts.map((start, row) => ({
      startChipTime: start.fpgaTime() * chipTicksPerFpgaCycle,
      theta: thetas[row] as Int32Array,
    }));
    return { recordings: cutRecordings(madc, cuts, segmentLimits(this.#task)), madc };
  }
}

function segmentLimits(task: Task): SegmentLimits {
  const { marginUs, madcSamplePeriodUs } = task.timing;
  return {
    fromUs: -marginUs,
    toUs: task.stimulus.endUs + marginUs,
    samplePeriodUs: madcSamplePeriodUs,
    maxGapUs: task.maxGapUs.recording,
    maxMissing: task.maxMissing,
  };
}

function sameCodes(recordings: readonly Recording[], codes: Int32Array): boolean {
  const kept = recordings.flatMap(({ theta }) => [...theta]);
  return kept.length === codes.length && kept.every((code, i) => code === codes[i]);
}
