/**
 * The board on a byte pipe (serial line, worker's message port): datagrams travel in serial frames. What the line damages
 * the deframer drops and counts, and the link sends it again.
 */
import type { Clock } from "../../src/base/clock.js";
import type { BytePipe } from "../../src/base/pipe.js";
import { encodeSerialFrame, SerialDeframer } from "../../src/protocol/index.js";
import { type BoardCounters, VirtualBoard } from "../board.js";
import type { VirtualBoardOptions } from "../board-options.js";

/** Writes under way at which the pipe counts as congested. */
const maxWrites = 16;

export interface PipeListener {
  readonly counters: BoardCounters & { readonly discarded: SerialDeframer["discarded"] };
  close(): void;
}

/**
 * Serve one board on a pipe until the pipe is gone.
 * @throws FieldOutOfRange for an imperfection outside 0..10
 */
export function serveBoardOnPipe(pipe: BytePipe, options: VirtualBoardOptions, clock: Clock): PipeListener {
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
      return { ...board.counters, discarded: deframer.discarded };
    },
    close: () => board.close(),
  };
}
