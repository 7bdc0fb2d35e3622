/**
 * The board on a byte pipe (serial line, worker's message port): datagrams travel in serial frames. What the line damages
 * the deframer drops and counts, and the link sends it again.
 */
import type { Clock } from "../../src/base/clock.js";
import type { BytePipe } from "../../src/base/pipe.js";
import { Rng } from "../../src/base/rng.js";
import { encodeSerialFrame, SerialDeframer } from "../../src/protocol/index.js";
import { type BoardCounters, VirtualBoard } from "../board.js";
import type { VirtualBoardOptions } from "../board-options.js";
import { type FaultyPipe, faultyPipe } from "./faulty-pipe.js";

/** Writes under way at which the pipe counts as congested. */
const maxWrites = 16;

export interface PipeListener {
  readonly counters: BoardCounters & {
    readonly discarded: SerialDeframer["discarded"];
    /** Present when there are faults on the line. */
    readonly faults?: FaultyPipe["faults"];
  };
  close(): void;
}

/**
 * Serve one board on a pipe until the pipe is gone.
 * @throws FieldOutOfRange for an imperfection outside 0..10
 */
export function serveBoardOnPipe(line: BytePipe, options: VirtualBoardOptions, clock: Clock): PipeListener {
  const { faults: spec, faultSeed = 0 } = options;
  const restart = (): void => board.powerCycle();
  const faulty = spec && faultyPipe(line, { spec, rng: Rng.fromSeed(faultSeed).fork("faults"), clock, restart });
  const pipe = faulty ?? line;
  let writes = 0;
  const written = (): void => {
    writes--;
  };
  const board = new VirtualBoard(
    options,
    {
      transmit(datagram) {
        writes++;
        // A pipe that is gone tells so through `onClose`.
        pipe.write(encodeSerialFrame("data", datagram)).then(written, written);
      },
      get isCongested() {
        return writes > maxWrites;
      },
    },
    clock,
  );
  const deframer = new SerialDeframer((port, datagram) => board.receive(port, datagram));
  pipe.onClose(() => board.close());
  pipe.onData((chunk) => deframer.push(chunk));
  return {
    get counters() {
      return { ...board.counters, discarded: deframer.discarded, ...(faulty && { faults: faulty.faults }) };
    },
    close: () => board.close(),
  };
}
