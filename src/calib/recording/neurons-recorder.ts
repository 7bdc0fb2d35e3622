/**
 * Records settings of many neurons of one chip. A batch sets several neurons at once, lets all of them settle, and then
 * records one after the other: the settling of the CapMem, twenty times as long as a recording, is waited for once for
 * all of them. The neurons of a batch are there together, as they will be in use, with the crosstalk that goes with it.
 */
import {
  AtomicNeuronOnDls,
  CapMemCell,
  capMemCellOfNeuron,
  MadcConfig,
  type NeuronCapMemRow,
  NeuronConfig,
  type PlaybackProgram,
  ReadoutSourceSelection,
  type Session,
  theChip,
} from "../../device/interface/index.js";
import { writeCodes } from "../codes.js";
import type { Recording } from "../run-data.js";
import { settingOf, type Task } from "../task/task.js";
import { BatchRunner, type BatchStore, type PlannedBatch } from "./batch-runner.js";
import {
  addProtocol,
  type BatchProgram,
  beforeOnset,
  command,
  readoutOf,
  samplesPerStart,
  settle,
  waitUntilUs,
} from "./programs.js";
import { TimeSlots } from "./time-slots.js";

/** One thing to record. */
export interface NeuronItem {
  /** AtomicNeuronOnDls, 0..511. */
  readonly neuron: number;
  /** Codes, shape (numParameters). */
  readonly theta: Int32Array;
}

/** Codes of single neurons that differ from the task's, by neuron. */
export type GivenCodes = ReadonlyMap<number, Readonly<Partial<Record<NeuronCapMemRow, number>>>>;

export interface NeuronsPlan {
  readonly task: Task;
  readonly seed: number;
  readonly given?: GivenCodes | undefined;
}

/** Neurons that settle together. Our choice: more save little, and pull at each other's levels. */
const neuronsAtOnce = 16;
/** After the readout was switched to another neuron, us; its dead time is 1 us. */
const switchUs = 2;

export class NeuronsRecorder {
  readonly #plan: NeuronsPlan;
  readonly #runner: BatchRunner;

  constructor(session: Session, plan: NeuronsPlan, store: BatchStore, signal?: AbortSignal) {
    this.#plan = plan;
    this.#runner = new BatchRunner(
      session,
      plan.task,
      new TimeSlots(plan.task, "many neurons", plan.seed),
      store,
      signal,
    );
  }

  /** The recordings of these are known already. */
  skip(items: readonly NeuronItem[]): void {
    this.#runner.skip(batchesOf(items, this.#plan.task.batchSize).length);
  }

  /**
   * @param onRecording gets the recording of each item with its place in `items`, in the order of recording
   * @throws BatchMismatch, what `Session.run` throws, signal.reason; every batch that had been recorded is kept
   */
  async record(
    stage: string,
    items: readonly NeuronItem[],
    onRecording: (index: number, recording: Recording, fresh: boolean) => void,
  ): Promise<void> {
    const { task } = this.#plan;
    const batches = batchesOf(items, task.batchSize);
    const planned = batches.map((waves): PlannedBatch => {
      const own = waves.map((wave) => wave.map((index) => items[index] as NeuronItem));
      return {
        codes: Int32Array.from(own.flat().flatMap(({ theta }) => [...theta])),
        setup: (session) => setup(session, this.#plan, own.flat()),
        program: (session) => wavesProgram(session, task, own),
      };
    });
    await this.#runner.record(stage, planned, (recordings, fresh, batch) => {
      const indices = (batches[batch] as number[][]).flat();
      for (const [k, recording] of recordings.entries()) onRecording(indices[k] as number, recording, fresh);
    });
  }
}

/**
 * Items in batches of at most `size`, each of waves that settle together and hold a neuron once.
 * @returns places in `items`, by batch and wave
 */
export function batchesOf(items: readonly NeuronItem[], size: number): number[][][] {
  const waiting = new Map<number, number[]>();
  for (const [index, { neuron }] of items.entries()) waiting.set(neuron, [...(waiting.get(neuron) ?? []), index]);
  const atOnce = Math.min(neuronsAtOnce, size);
  const batches: number[][][] = [];
  let waves: number[][] = [];
  let room = size;
  while (waiting.size > 0) {
    // Those with most left go first, so that the last waves are full as well.
    const order = [...waiting].sort(([a, left], [b, right]) => right.length - left.length || a - b);
    const wave = order.slice(0, Math.min(atOnce, room)).map(([neuron, left]) => {
      const index = left.shift() as number;
      if (left.length === 0) waiting.delete(neuron);
      return index;
    });
    waves.push(wave);
    room -= wave.length;
    if (room > 0 && waiting.size > 0 && room >= Math.min(atOnce, waiting.size)) continue;
    batches.push(waves);
    [waves, room] = [[], size];
  }
  if (waves.length > 0) batches.push(waves);
  return batches;
}

/** Configure every neuron of the batch; none is on the readout line yet. */
function setup(session: Session, { task, given }: NeuronsPlan, items: readonly NeuronItem[]): PlaybackProgram {
  const builder = session.program();
  const neurons = [...new Set(items.map(({ neuron }) => neuron))].sort((a, b) => a - b);
  writeCodes(builder, {
    sharedCodes: task.sharedCodes,
    commonBackend: task.commonBackendConfig,
    neurons: neurons.map((neuron) => ({
      neuron,
      codes: { ...task.neuronCodes, ...given?.get(neuron) },
      switches: { ...task.neuronConfig, enableReadout: false },
      backend: task.backendConfig,
    })),
  });
  builder.write(MadcConfig, theChip, { ...task.madcConfig, numberOfSamples: samplesPerStart(task) });
  command(builder.resetTimer(), 0, { wakeUp: true });
  settle(builder, task.timing.settleUs);
  return builder.barrier("omnibus").build();
}

function wavesProgram(session: Session, task: Task, waves: readonly (readonly NeuronItem[])[]): BatchProgram {
  const builder = session.program();
  const starts: BatchProgram["starts"][number][] = [];
  for (const wave of waves) {
    const settings = wave.map(({ neuron, theta }) => ({ neuron, ...settingOf(task, theta) }));
    for (const { neuron, cells, neuronConfig } of settings) {
      const at = AtomicNeuronOnDls.at(neuron);
      for (const [name, value] of cells) builder.write(CapMemCell, capMemCellOfNeuron(at, name), { value });
      builder.write(NeuronConfig, at, { ...beforeOnset(task, neuronConfig), enableReadout: false });
    }
    builder.barrier("omnibus").resetTimer();
    let nowUs = task.timing.settleUs;
    settle(builder, nowUs);
    for (const { neuron, neuronConfig } of settings) {
      const at = AtomicNeuronOnDls.at(neuron);
      builder.write(ReadoutSourceSelection, theChip, readoutOf(neuron));
      builder.write(NeuronConfig, at, { ...beforeOnset(task, neuronConfig), enableReadout: true });
      nowUs += switchUs;
      waitUntilUs(builder, nowUs);
      const { start, endUs } = addProtocol(builder, task, neuron, { ...neuronConfig, enableReadout: true }, nowUs);
      starts.push(start);
      builder.write(NeuronConfig, at, { ...neuronConfig, enableReadout: false });
      nowUs = endUs;
    }
    builder.barrier("omnibus");
  }
  return { program: builder.build(), thetas: waves.flat().map(({ theta }) => theta), starts };
}
