/**
 * The kernels of the trace (src/kernels/assembly/trace.ts) and the memory they work in: events become the columns of a
 * queue, and full packs of samples become bytes. The same as the loops of event-queue.ts and trace-encoder.ts.
 */
import { KernelSpace } from "../src/kernels/module.js";
import { fromFpgaMessages } from "../src/protocol/index.js";

/** Samples packed by one call at the most, and bytes that three of them take at the most: a jump of time and a pack. */
const samplesAtOnce = 3 * 512;
const bytesPerPack = 18;
/** The kernel writes so much beyond a pack, and takes events by fours. */
const slack = 16;
const atOnce = 4;

/** Limits on a row of packs, FPGA cycles; `TraceEncoder` explains them. */
export interface PackLimits {
  readonly newest: number;
  readonly farthest: number;
  readonly widestPack: number;
  readonly oldestAge: number;
  readonly jumpAge: number;
  readonly longestGap: number;
}

export interface PackedRow {
  /** Whole messages; good until the next call. */
  readonly bytes: Uint8Array;
  readonly samples: number;
  /** What the receiver's clock shows after them. */
  readonly time: number;
}

export class TraceKernel {
  readonly #space: KernelSpace;
  readonly #stateAt: number;
  readonly #outAt: number;
  readonly #mark: number;
  #cycleAt = 0;
  #bitsAt = 0;
  #timeAt = 0;
  #valueAt = 0;
  #capacity = 0;

  constructor(module: WebAssembly.Module) {
    const space = new KernelSpace(module);
    this.#space = space;
    this.#stateAt = space.allocate(2);
    this.#outAt = space.allocate(((samplesAtOnce / 3) * bytesPerPack + slack) / 4);
    this.#mark = space.mark();
  }

  /** Columns of a queue, empty; those made before are lost. */
  columns(capacity: number): { readonly cycle: Int32Array; readonly bits: Uint32Array } {
    const space = this.#space;
    space.release(this.#mark);
    const room = capacity + atOnce;
    this.#cycleAt = space.allocate(room);
    this.#bitsAt = space.allocate(room);
    this.#timeAt = space.allocate(room);
    this.#valueAt = space.allocate(room / 2);
    this.#capacity = capacity;
    const { buffer } = space.memory;
    return {
      cycle: new Int32Array(buffer, this.#cycleAt, capacity),
      bits: new Uint32Array(buffer, this.#bitsAt, capacity),
    };
  }

  /** Events into the columns from a place on, where the queue ends. @param offset added to their times */
  append(place: number, count: number, time: Int32Array, value: Uint16Array, offset: number): void {
    const { memory, call } = this.#space;
    new Int32Array(memory.buffer, this.#timeAt, this.#capacity).set(time);
    new Uint16Array(memory.buffer, this.#valueAt, this.#capacity).set(value);
    call.queueEvents(this.#cycleAt + 4 * place, this.#bitsAt + 4 * place, this.#timeAt, this.#valueAt, count, offset);
  }

  /** Packs of the samples `from` to `to - 1` at the most. @param time that the receiver's clock shows, |time| below 2^31 */
  pack(from: number, to: number, time: number, limits: PackLimits): PackedRow {
    const { memory, call } = this.#space;
    const state = new Int32Array(memory.buffer, this.#stateAt, 2);
    state[0] = time;
    const length = call.packSamples(
      this.#outAt,
      this.#cycleAt + 4 * from,
      this.#bitsAt + 4 * from,
      Math.min(to - from, samplesAtOnce),
      this.#stateAt,
      limits.newest,
      limits.farthest,
      limits.widestPack,
      limits.oldestAge,
      limits.jumpAge,
      limits.longestGap,
      fromFpgaMessages.madcPack3.opcode,
      fromFpgaMessages.sysdelta.opcode,
    );
    return {
      bytes: new Uint8Array(memory.buffer, this.#outAt, length),
      time: state[0] as number,
      samples: state[1] as number,
    };
  }
}
