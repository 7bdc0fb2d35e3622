/**
 * Neurons of one or several chips as a simulator: whoever asks gets traces of any settings of any of them. Each chip has
 * a recorder of its own; neurons are numbered through all chips.
 */
import { type NeuronTraces, pickRows, recordTraces, thetasOf } from "../recording/neuron-traces.js";
import type { NeuronsRecorder } from "../recording/neurons-recorder.js";
import type { Task } from "../task/task.js";

export interface Member {
  /** Index of the chip in `Population`. */
  readonly chip: number;
  /** AtomicNeuronOnDls on it. */
  readonly neuron: number;
}

/** What to record: a member by its index, and codes. */
export interface Wanted {
  readonly member: number;
  readonly theta: Int32Array;
}

/** Usable recordings, in the order in which they were wanted. */
export interface PopulationTraces {
  readonly count: number;
  /** Shape (count, task.grid.length), MADC LSB. */
  readonly traces: Float32Array;
  /** Shape (count, numParameters). */
  readonly theta: Int32Array;
  /** Member of each row, shape (count). */
  readonly members: Uint32Array;
  /** Row of each wanted recording, or -1 when it could not be used. */
  readonly rowOf: Int32Array;
  /** Why recordings could not be used, and how many each. */
  readonly reasons: ReadonlyMap<string, number>;
}

/** Keeps what a stage of one chip gave, so that an interrupted study goes on. */
export interface TraceCache {
  get(key: string, theta: Int32Array): Promise<Omit<NeuronTraces, "items"> | undefined>;
  put(key: string, theta: Int32Array, traces: Omit<NeuronTraces, "items">): Promise<void>;
}

export interface PopulationChip {
  readonly name: string;
  readonly recorder: NeuronsRecorder;
}

export class Population {
  readonly task: Task;
  readonly members: readonly Member[];
  readonly #chips: readonly PopulationChip[];
  readonly #cache: TraceCache | undefined;

  constructor(task: Task, chips: readonly PopulationChip[], members: readonly Member[], cache?: TraceCache) {
    this.task = task;
    this.members = members;
    this.#chips = chips;
    this.#cache = cache;
  }

  /**
   * Chip after chip. @param stage names the recordings; each stage is recorded once
   * @param onProgress recordings that are done, and those among them that had been made before
   */
  async record(
    stage: string,
    wanted: readonly Wanted[],
    onProgress: (done: number, kept: number) => void = () => undefined,
  ): Promise<PopulationTraces> {
    const { length } = this.task.grid;
    const width = this.task.parameters.length;
    const all = new Float32Array(wanted.length * length);
    const reasons = new Array<string | undefined>(wanted.length).fill(undefined);
    let [before, kept] = [0, 0];
    for (const [chip, { name, recorder }] of this.#chips.entries()) {
      const rows = wanted.flatMap(({ member }, i) => (this.members[member]?.chip === chip ? [i] : []));
      if (rows.length === 0) continue;
      const items = rows.map((i) => {
        const { member, theta } = wanted[i] as Wanted;
        return { neuron: (this.members[member] as Member).neuron, theta };
      });
      const key = `${stage}/${name}`;
      const theta = thetasOf(items);
      const known = await this.#cache?.get(key, theta);
      if (known !== undefined) {
        kept += rows.length;
        recorder.skip(items);
      }
      const keptBefore = kept;
      const own =
        known ??
        (await recordTraces(recorder, this.task, stage, items, (done, fromStore) =>
          onProgress(before + done, keptBefore + fromStore),
        ));
      if (known === undefined) await this.#cache?.put(key, theta, own);
      for (const [k, i] of rows.entries()) {
        all.set(own.traces.subarray(k * length, (k + 1) * length), i * length);
        reasons[i] = own.reasons[k];
      }
      before += rows.length;
      onProgress(before, kept);
    }
    const usable = Uint32Array.from(reasons.flatMap((reason, i) => (reason === undefined ? [i] : [])));
    const rowOf = new Int32Array(wanted.length).fill(-1);
    for (const [row, i] of usable.entries()) rowOf[i] = row;
    const counts = new Map<string, number>();
    for (const reason of reasons) if (reason !== undefined) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    return {
      count: usable.length,
      traces: pickRows(all, length, usable),
      theta: pickRows(thetasOf(wanted.map(({ theta: codes }) => ({ neuron: 0, theta: codes }))), width, usable),
      members: Uint32Array.from(usable, (i) => (wanted[i] as Wanted).member),
      rowOf,
      reasons: counts,
    };
  }
}
