/** The board on a byte pipe: datagrams of both ports in serial frames. */
import type { Clock } from "../../src/base/clock.js";
import type { BytePipe } from "../../src/base/pipe.js";
import { encodeSerialFrame, SerialDeframer } from "../../src/protocol/index.js";
import { Board } from "../board.js";
import type { VirtualBoardOptions } from "../board-options.js";

/** Serve one board on a pipe until the pipe closes. */
export function listenOnPipe(pipe: BytePipe, options: VirtualBoardOptions, clock: Clock): Board {
  const board = new Board(options, clock, (datagram) => void pipe.write(encodeSerialFrame("data", datagram)));
  const deframer = new SerialDeframer((port, datagram) => board.receive(port, datagram));
  pipe.onData((chunk) => deframer.push(chunk));
  pipe.onClose(() => board.close());
  return board;
}
