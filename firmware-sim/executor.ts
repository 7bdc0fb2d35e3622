/**
 * The playback executor: takes instruction words in order and runs them on virtual FPGA time, in slices. It stops while
 * the trace buffer is full, so that it never runs far ahead of the host. When words come, and how they were cut, has no
 * effect on what it answers. Knows nothing of links and wall clocks; the caller says when a slice is over.
 */
import { createToFpgaDecoder, type StreamDecoder } from "../src/protocol/index.js";
import type { Chip } from "../src/virtual-chip/index.js";
import { ByteFifo } from "./byte-fifo.js";
import { FpgaCore } from "./fpga-core.js";
import { Instructions } from "./instructions.js";
import { TraceEncoder } from "./trace-encoder.js";

/** Playback memory: 4,194,304 instructions (fisch `vx/constants.h`). */
const playbackMemoryBytes = 8 * 4_194_304;
/** Trace words that may wait for the host, bytes: two windows of the link. Our choice. */
const traceBufferBytes = 2 * 128 * 1440;
/** Instructions between two looks at the end of the slice. */
const instructionsPerLook = 64;

/** Why a slice ended: out of words, out of room in the trace buffer, or out of time. */
export type SliceEnd = "idle" | "traceFull" | "timeUp";

export interface ExecutorCounters {
  readonly instructions: number;
  /** Words that are no instruction. */
  readonly illegalWords: number;
  readonly strayData: number;
  readonly timeouts: number;
  /** Requests over JTAG that no register has answered. */
  readonly unansweredJtagRequests: number;
  readonly lateEvents: number;
  readonly delayedAnswers: number;
  /** Times that execution stopped because the trace buffer was full. */
  readonly traceStalls: number;
  readonly traceBytes: number;
}

export class Executor {
  /** Words for the host. */
  readonly traceBuffer = new ByteFifo();
  readonly #program = new ByteFifo();
  readonly #trace: TraceEncoder;
  readonly #core: FpgaCore;
  readonly #instructions: Instructions;
  #decoder: StreamDecoder;
  readonly #word = new Uint8Array(8);
  #executed = 0;
  #illegalWords = 0;
  #traceStalls = 0;
  #isTraceFull = false;

  /** @param kernels without them the answers are the same, but come more slowly */
  constructor(chip: Chip, kernels?: WebAssembly.Module) {
    this.#trace = new TraceEncoder(this.traceBuffer, kernels);
    this.#core = new FpgaCore(chip, this.#trace);
    this.#instructions = new Instructions(this.#core);
    this.#decoder = createToFpgaDecoder(this.#instructions);
  }

  get counters(): ExecutorCounters {
    return {
      instructions: this.#executed,
      illegalWords: this.#illegalWords,
      strayData: this.#instructions.counters.strayData,
      timeouts: this.#core.timeouts,
      unansweredJtagRequests: this.#instructions.tap.unanswered,
      ...this.#trace.counters,
      traceStalls: this.#traceStalls,
      traceBytes: this.#trace.byteLength,
    };
  }

  /** FPGA time since power-up, cycles. */
  get cycle(): number {
    return this.#core.cycle;
  }

  /** Whether the playback memory has room for `bytes` more. */
  hasRoomFor(bytes: number): boolean {
    return this.#program.length + bytes <= playbackMemoryBytes;
  }

  /** Append whole words; takes ownership. */
  push(words: Uint8Array): void {
    this.#program.push(words);
  }

  /** Run until words, room or time run out. Afterwards all answers stand in the trace buffer. */
  run(isTimeUp: () => boolean): SliceEnd {
    let end: SliceEnd | undefined;
    for (let step = 0; !end; step++) {
      if (this.#trace.byteLength >= traceBufferBytes) end = "traceFull";
      else if (this.#core.isStalled) {
        this.#core.progress();
        if (isTimeUp()) end = "timeUp";
      } else if (!this.#program.readInto(this.#word)) end = "idle";
      else {
        this.#execute();
        if (step % instructionsPerLook === 0 && isTimeUp()) end = "timeUp";
      }
    }
    if (end === "traceFull" && !this.#isTraceFull) this.#traceStalls++;
    this.#isTraceFull = end === "traceFull";
    this.#trace.transfer();
    return end;
  }

  /** A new host: program, answers and registers are gone; the chip and time go on. */
  reset(): void {
    this.#program.clear();
    this.traceBuffer.clear();
    this.#instructions.reset();
    this.#core.reset();
    this.#decoder = createToFpgaDecoder(this.#instructions);
    this.#isTraceFull = false;
  }

  #execute(): void {
    const before = this.#decoder.messageCount;
    try {
      this.#decoder.push(this.#word);
      // An idle word is no instruction and takes no time.
      if (this.#decoder.messageCount === before) return;
    } catch {
      this.#illegalWords++;
    }
    this.#executed++;
    if (!this.#core.isStalled) this.#core.finishInstruction();
  }
}
