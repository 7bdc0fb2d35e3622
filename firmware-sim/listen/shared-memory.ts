/**
 * The board behind two rings of shared memory, as a host in another thread of the same process reaches it. Datagrams are
 * those of UDP; a message port is the bell of whoever sleeps.
 */
import type { MessagePort } from "node:worker_threads";
import { yieldToEvents } from "../../src/base/async.js";
import { Bell } from "../../src/base/bell.js";
import type { Clock } from "../../src/base/clock.js";
import { DatagramRing } from "../../src/base/datagram-ring.js";
import { VirtualBoard } from "../board.js";
import type { VirtualBoardOptions } from "../board-options.js";

/** Datagrams taken in one turn of the event loop: half a window. Our choice. */
const datagramsPerTurn = 64;
const resetTag = 1;

/**
 * Serve one board until the port is closed.
 * @throws FieldOutOfRange for an imperfection outside 0..10
 */
export function serveBoardOnRings(
  port: MessagePort,
  memory: { readonly toBoard: SharedArrayBuffer; readonly toHost: SharedArrayBuffer },
  options: VirtualBoardOptions,
  clock: Clock,
): void {
  const incoming = new DatagramRing(memory.toBoard);
  const outgoing = new DatagramRing(memory.toHost);
  const bell = new Bell(outgoing, () => port.postMessage(0));
  const board = new VirtualBoard(
    options,
    {
      transmit(datagram) {
        // A full ring loses it, as a full socket would; the link sends it again.
        outgoing.write(0, datagram);
        bell.soon();
      },
      get isCongested() {
        return outgoing.used > 0;
      },
    },
    clock,
  );
  let isClosed = false;
  const takeIn = (): void => {
    if (isClosed) return;
    const count = incoming.read(
      (tag, datagram) => board.receive(tag === resetTag ? "reset" : "data", datagram.slice()),
      datagramsPerTurn,
    );
    // A board at work looks again in its next turn, and need not be woken.
    if (count < datagramsPerTurn && !board.isWorking && incoming.sleep()) return;
    void yieldToEvents().then(takeIn);
  };
  port.on("message", takeIn);
  port.on("close", () => {
    isClosed = true;
    board.close();
  });
  takeIn();
}
