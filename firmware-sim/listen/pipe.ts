/**
 * The board on a byte pipe (serial line, worker's message port): datagrams travel in serial frames. What the line damages
 * the deframer drops and counts, and the link sends it again.
 */
import type { Clock } from "../../src/base/clock.js";
import type { BytePipe } from "../../src/base/pipe.js";
import { Rng } from "../../src/base/rng.js";
import { encodeCredit, encodeSerialFrame, parseCredit, parseMark, SerialDeframer } from "../../src/protocol/index.js";
import { type BoardCounters, VirtualBoard } from "../board.js";
import type { VirtualBoardOptions } from "../board-options.js";
import { LineGate } from "../line-gate.js";
import { type FaultyPipe, faultyPipe } from "./faulty-pipe.js";

/** Bytes from the host that may be on the line and in the board's input buffer. Our choice. */
const inputBufferBytes = 65_536;

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
  const gate = new LineGate(clock, (frame) => pipe.write(frame));
  const board = new VirtualBoard(
    options,
    {
      transmit: (datagram) => gate.send(encodeSerialFrame("data", datagram)),
      get isCongested() {
        return gate.isBusy;
      },
    },
    clock,
  );
  const deframer = new SerialDeframer((channel, payload) => {
    if (channel === "mark") {
      const position = parseMark(payload);
      if (position !== undefined) gate.sendNow(encodeCredit(position, inputBufferBytes));
    } else if (channel === "credit") {
      const credit = parseCredit(payload);
      if (credit) gate.onCredit(credit);
    } else {
      if (channel === "reset") gate.restart();
      board.receive(channel, payload);
    }
  });
  const end = (): void => {
    gate.close();
    board.close();
  };
  pipe.onClose(end);
  pipe.onData((chunk) => deframer.push(chunk));
  return {
    get counters() {
      return { ...board.counters, discarded: deframer.discarded, ...(faulty && { faults: faulty.faults }) };
    },
    close: end,
  };
}
