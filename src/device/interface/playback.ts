/** Playback programs as the interface offers them: what a builder appends, and the tickets for what it reads. */
import type { ContainerType } from "../../protocol/containers/container.js";
import type { Coordinate } from "../../protocol/coordinates/coordinate.js";
import type { BarrierName } from "../../protocol/messages/streams.js";

/** Typed handle on data that exists after the run. */
export interface Ticket<T> {
  /** True once the program has run and the answer is there. */
  readonly isReady: boolean;
  /** @throws TicketNotReady before the run has completed */
  get(): T;
  /** Time of the answer, FPGA cycles. @throws TicketNotReady */
  fpgaTime(): number;
}

/** Builds one playback program: an ordered instruction stream with tickets for what it reads. */
export interface PlaybackProgramBuilder {
  /** Write a container; fields that are not given have their default. @throws FieldOutOfRange, AccessRefused */
  write<C extends string, F extends object>(
    container: ContainerType<C, F>,
    at: Coordinate<C>,
    fields: Partial<F>,
  ): this;
  /** Read a container. @throws AccessRefused when it is write-only */
  read<C extends string, F extends object>(container: ContainerType<C, F>, at: Coordinate<C>): Ticket<F>;
  /** Set the timer to zero. */
  resetTimer(): this;
  /** Stall until the timer has reached this value, FPGA cycles (8 ns), 0..2^32-1. */
  waitUntil(cycles: number): this;
  barrier(...what: readonly [BarrierName, ...BarrierName[]]): this;
  /** Inject spikes, 16-bit labels, 1..3 at once. */
  spikes(...labels: number[]): this;
  /** Append a tick; its ticket gives the FPGA time at which it passed. */
  tick(): Ticket<void>;
  /** Number of instructions so far. */
  readonly instructionCount: number;
  /** Finish: appends the halt. The builder is empty afterwards. @throws ProgramTooLong */
  build(): PlaybackProgram;
}

declare const programBrand: unique symbol;
/** A finished program, immutable; run once. */
export interface PlaybackProgram {
  readonly [programBrand]: true;
  readonly instructionCount: number;
}
